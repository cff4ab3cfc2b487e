"""Things on the LAN that look like trouble: rogue DHCP, a proxy for many addresses, a virtual router, two cards.

It never harms the lab's own hosts beyond what the real thing would do.
`changes.apply` calls it.
"""

import ipaddress

from .. import addressing, catalogue, lifecycle, segment
from ..errors import LabError, switch
from .addresses import free_address

# The virtual router's address moves between these two.
VRRP_HOLDERS = ("router", "linux")
VRRP_IFACE = "vrrp0"


# Vendor prefix of the USB network card in a laptop's dock.
DOCK_PREFIX = "00E04C"


def _add(lab, type_name, second=False):
    host = catalogue.typed(type_name, type_name, free_address(lab))
    lab.hosts[host.name] = host
    if second:
        mac = addressing.vendor_mac(DOCK_PREFIX, f"{type_name} dock")
        host.options["second"] = {"mac": mac, "ip": free_address(lab), "flux": False}
    lab.save()
    lifecycle.start(lab, [host])
    return host


def _remove(lab, name):
    host = lab.hosts.get(name)
    if host is not None:
        lifecycle.stop(lab, [host])
        segment.remove_namespaces([lab.namespace(host)])
        del lab.hosts[name]


def roguedhcp(lab, word):
    """A second DHCP server answers, with itself as gateway."""
    if not switch(word):
        _remove(lab, "rogue")
    elif "rogue" not in lab.hosts:
        _add(lab, "rogue")


def proxyarp(lab, word, cidr=""):
    """One host answers ARP for a whole range (the last quarter of the segment unless told otherwise)."""
    if not switch(word):
        _remove(lab, "proxy")
        lab.proxied = ""
        return
    if "proxy" in lab.hosts:
        raise LabError("proxyarp is on already")
    try:
        wanted = ipaddress.ip_network(cidr) if cidr else list(lab.network.subnets(prefixlen_diff=2))[-1]
        inside = wanted.subnet_of(lab.network)
    except (ValueError, TypeError) as problem:
        raise LabError(str(problem)) from problem
    if not inside:
        raise LabError(f"{wanted} is not inside {lab.network}")
    lab.proxied = str(wanted)
    _add(lab, "proxy")


def dual(lab, word, flux=""):
    """A computer with two cards in this segment; with `flux` each card answers for the other's address as well.

    Flux is what Linux does unless it is told otherwise, and what balancing bonds look like from outside.
    """
    if not switch(word):
        _remove(lab, "dual")
        return
    if "dual" in lab.hosts or flux not in ("", "flux"):
        raise LabError("dual on, dual on flux or dual off; it is on once only")
    host = _add(lab, "dual", second=True)
    if flux:
        host.options["second"]["flux"] = True
    else:
        segment.set_in(lab, host, "ipv4/conf/all/arp_ignore", 1)
        segment.set_in(lab, host, "ipv4/conf/all/arp_announce", 2)


def vrrp(lab, word):
    """An address with the VRRP MAC: on the router first, `move` takes it to the other holder and back."""
    holder = next((host for host in lab.hosts.values() if "vrrp" in host.options), None)
    if word == "on" and holder is None:
        _take_over(lab, lab.host(VRRP_HOLDERS[0]), free_address(lab))
    elif word == "move" and holder is not None:
        address = holder.options["vrrp"]
        other = lab.host(next(name for name in VRRP_HOLDERS if name != holder.name))
        _leave(lab, holder)
        _take_over(lab, other, address)
    elif word == "off" and holder is not None:
        _leave(lab, holder)
    elif word not in ("on", "off"):
        raise LabError("vrrp on, vrrp move or vrrp off; move needs it on")


def _take_over(lab, host, address):
    # Without arp_ignore the host would answer for the virtual address with its own MAC as well.
    segment.set_in(lab, host, "ipv4/conf/all/arp_ignore", 1)
    segment.inside(
        lab,
        host,
        f"link add link {segment.IFACE} name {VRRP_IFACE} address {addressing.VRRP_MAC} type macvlan mode bridge",
        f"addr add {address}/{lab.network.prefixlen} brd + dev {VRRP_IFACE}",
        f"link set {VRRP_IFACE} up",
    )
    host.options["vrrp"] = address


def _leave(lab, host):
    segment.inside(lab, host, f"link delete {VRRP_IFACE}")
    segment.set_in(lab, host, "ipv4/conf/all/arp_ignore", 0)
    del host.options["vrrp"]
