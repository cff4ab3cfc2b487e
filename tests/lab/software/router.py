"""dnsmasq as the LAN's DHCP and DNS server, and as a rogue DHCP server.

It never forwards a question: there is no world outside the lab.
`catalogue.py` calls it for the router, `changes.py` rewrites the names and adds the rogue.
"""

from .. import addressing


def names_file(lab):
    """The hosts file of the router: every online host with static addresses and a DNS name."""
    lines = [f"{lab.gateway} router.lan router"]
    for host in lab.hosts.values():
        if host.options.get("dns") and host.online and host.type != "router":
            short = host.hostname.lower()
            for address in host.ipv4 + host.ula:
                lines.append(f"{address} {short}.lan {short}")
    return "\n".join(lines) + "\n"


def dnsmasq(files, lab):
    """DHCP from a small pool and DNS for `lan`, without upstream servers.

    Without `bogus-priv` a server that forwards nowhere answers REFUSED to reverse questions, and some scanners then
    wait a minute for another server.
    """
    first, last = addressing.pool(lab.network)
    files.write("lan.hosts", names_file(lab))
    path = files.write(
        "dnsmasq.conf",
        f"""\
keep-in-foreground
user=root
pid-file=/run/dnsmasq.pid
interface=eth0
bind-interfaces
no-resolv
no-hosts
bogus-priv
domain-needed
domain=lan
local=/lan/
addn-hosts=/mnt/lan.hosts
dhcp-range={first},{last},{lab.network.netmask},1h
dhcp-sequential-ip
dhcp-authoritative
no-ping
dhcp-leasefile=/mnt/leases
log-dhcp
log-facility=-
""",
    )
    return [f"exec dnsmasq -C {path}"]


def rogue(files, lab, address):
    """A second DHCP server that names itself as gateway and DNS server."""
    first, last = addressing.pool(lab.network)
    path = files.write(
        "rogue.conf",
        f"""\
keep-in-foreground
user=root
port=0
pid-file=/run/dnsmasq.pid
interface=eth0
bind-interfaces
dhcp-range={first},{last},{lab.network.netmask},2m
dhcp-option=option:router,{address}
dhcp-option=option:dns-server,{address}
dhcp-authoritative
no-ping
dhcp-leasefile=/run/leases
log-dhcp
log-facility=-
""",
    )
    return [f"exec dnsmasq -C {path}"]
