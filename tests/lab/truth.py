"""Ground truth: what a perfect observer of the lab would report.

It reads the plan and the kernel, never the wire.
`cli.py` prints it; tests compare a scanner's findings with it.
"""

from . import addressing, ready, segment
from .software.files import has_wsdd

# Types that tell their UUID by UPnP or ONVIF.
UUID_TYPES = ("nas", "tv", "camera")


def _names(lab, host):
    """Names the host tells the LAN, by the protocol that tells them."""
    name = host.hostname
    found = {}
    if 5353 in host.open_udp:
        found["mdns"] = f"{name}.local"
    if 137 in host.open_udp:
        found["nbns"] = name.upper()[:15]
    if host.dhcp:
        found["dhcp"] = name
        found["dns"] = f"{name.lower()}.lan"
    if 161 in host.open_udp:
        found["snmp"] = name
    if host.options.get("dns"):
        found["dns"] = f"{name.lower()}.lan"
    return found


def _tells_uuid(host):
    """wsdd takes the host's UUID for WS-Discovery, wsdd2 makes one up."""
    return host.type in UUID_TYPES or (host.type == "windows" and has_wsdd())


def _ssh_host_key(lab, host):
    """The public host key of an sshd host as its .pub file has it, without the comment."""
    try:
        with open(f"{lab.folder(host)}/host_key.pub", encoding="ascii") as file:
            return " ".join(file.read().split()[:2])
    except FileNotFoundError:
        return None


def _host(lab, host):
    reachable = host.online and host.plugged
    ipv4 = list(host.ipv4)
    if host.dhcp:
        leased = ready.first_ipv4(lab.namespace(host)) if host.online else None
        ipv4 = [leased] if leased else []
    closed = host.ports_closed
    return {
        "name": host.name,
        "type": host.type,
        "kind": host.kind,
        "online": reachable,
        "mac": host.mac,
        "random_mac": bool(int(host.mac[:2], 16) & 2),
        "ipv4": ipv4 + host.borrowed_ipv4,
        # With a cloned MAC the kernel's address test fails and the link-local address stays unused.
        "ipv6": ([addressing.link_local(host.mac)] if host.ipv6 and not host.own_mac else []) + host.ula,
        "dhcp": host.dhcp,
        "open_tcp": [] if closed else sorted(host.open_tcp),
        "open_udp": sorted(host.open_udp),
        "names": _names(lab, host),
        "vendor_expect": host.vendor or None,
        "typed": host.typed,
        "forbidden_ports": host.forbidden_ports,
        "model": host.options.get("model"),
        "friendly": host.options.get("friendly") or host.options.get("instance"),
        "same_as": host.options.get("same_as"),
        "ssh_host_key": _ssh_host_key(lab, host),
        "uuid": host.options["uuid"] if _tells_uuid(host) else None,
    }


def _conflicts(lab, hosts):
    """Addresses that two reachable MACs answer for, and MACs seen at two places."""
    found, holders, places = [], {}, {}
    for host in hosts:
        if host["online"]:
            for address in host["ipv4"]:
                holders.setdefault(address, []).append(host)
            places.setdefault(host["mac"], []).append(host)
    for address, claims in holders.items():
        macs = sorted({host["mac"] for host in claims})
        if len(macs) > 1:
            found.append({"type": "ip", "ip": address, "macs": macs, "hosts": [host["name"] for host in claims]})
    for mac, claims in places.items():
        if len(claims) > 1:
            found.append({"type": "mac", "mac": mac, "hosts": [host["name"] for host in claims]})
    return found


def _proxied(lab):
    """The range one host answers ARP for without holding it."""
    proxy = lab.hosts.get("proxy")
    if not lab.proxied or proxy is None:
        return None
    return {"cidr": lab.proxied, "host": proxy.name, "mac": proxy.mac}


def _virtual(lab):
    """The address with the VRRP MAC and who holds it now."""
    for host in lab.hosts.values():
        if "vrrp" in host.options:
            return {"ip": host.options["vrrp"], "mac": addressing.VRRP_MAC, "host": host.name}
    return None


def _multi_homed(lab):
    """Hosts with a second card: its MAC and address, and whether the cards answer for each other."""
    return [
        {
            "host": host.name,
            "macs": [host.mac, host.options["second"]["mac"]],
            "ips": [host.ipv4[0], host.options["second"]["ip"]],
            "flux": host.options["second"]["flux"],
        }
        for host in lab.hosts.values()
        if host.options.get("second")
    ]


def truth(lab):
    """The whole truth as a dictionary ready for JSON."""
    hosts = [_host(lab, host) for host in lab.hosts.values()]
    servers = [
        {"host": host["name"], "ip": host["ipv4"][0], "rogue": host["type"] == "rogue"}
        for host in hosts
        if host["online"] and host["type"] in ("router", "rogue")
    ]
    return {
        "prefix": lab.prefix,
        "segment": lab.subnet,
        "gateway": {"ip": lab.gateway, "mac": lab.hosts["router"].mac if "router" in lab.hosts else None},
        "appliance": {"ns": lab.appliance_ns, "iface": segment.IFACE, "ip": lab.appliance_ip, "mac": lab.appliance_mac},
        "loss": {"percent": lab.loss_percent, "what": lab.loss_what},
        "dhcp_servers": servers,
        "conflicts": _conflicts(lab, hosts),
        "proxied": _proxied(lab),
        "virtual": _virtual(lab),
        "multi_homed": _multi_homed(lab),
        "hosts": hosts,
    }
