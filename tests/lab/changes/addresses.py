"""Addresses that move: new IPs, swapped IPs, IPs and MACs taken by two hosts.

It never announces a new address unless told to: quiet moves are the harder case for a watcher.
`changes.apply` calls it.
"""

import ipaddress
import os
import signal

from .. import addressing, body, lifecycle, ready, segment
from ..errors import LabError
from ..kernel import run
from .services import processes, refresh_names

# Their daemons name or bind their address, so they start anew after it changed.
BOUND_TO_ADDRESS = ("nas", "windows", "speaker", "tv", "camera", "voip", "router")
ANNOUNCEMENTS = 2


def _static(lab, name):
    host = lab.host(name)
    if host.dhcp or not host.ipv4:
        raise LabError(f"{name} has no static IPv4 address" + ("; use dhcprenew" if host.dhcp else ""))
    if not host.online:
        raise LabError(f"{name} is off")
    return host


def holder(lab, address):
    """Name of the host that holds an address now, or None."""
    if address == lab.appliance_ip:
        return segment.APPLIANCE_PORT
    for host in lab.hosts.values():
        second = host.options.get("second", {}).get("ip")
        if address in host.ipv4 or address in host.borrowed_ipv4 or address in (second, host.options.get("vrrp")):
            return host.name
        if host.dhcp and host.online and ready.first_ipv4(lab.namespace(host)) == address:
            return host.name
    return None


def _checked(lab, text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError as problem:
        raise LabError(str(problem)) from problem
    network = lab.network
    if address not in network or address in (network.network_address, network.broadcast_address):
        raise LabError(f"{address} is no host address of {network}")
    return str(address)


def _announce(lab, host, address, word):
    """Sends ARP announcements (RFC 5227, 2.3) when the caller asked for them."""
    if word not in ("", "announce"):
        raise LabError(f"announce or nothing, not {word!r}")
    if word:
        run(
            [
                "ip",
                "netns",
                "exec",
                lab.namespace(host),
                "arping",
                "-q",
                "-U",
                "-c",
                str(ANNOUNCEMENTS),
                "-w",
                "3",
                "-I",
                segment.IFACE,
                "-s",
                address,
                address,
            ]
        )


def _give(lab, host, address):
    """Takes the static address the host has and gives it another one; the default route goes with the old one."""
    length = lab.network.prefixlen
    old = host.ipv4[0]
    lines = [f"addr del {old}/{length} dev {segment.IFACE}", f"addr add {address}/{length} brd + dev {segment.IFACE}"]
    if host.type != "router":
        lines.append(f"route replace default via {lab.gateway}")
    segment.inside(lab, host, *lines)
    host.ipv4 = [address]


def _settle(lab, hosts):
    for host in hosts:
        if host.type in BOUND_TO_ADDRESS:
            lifecycle.restart(lab, host)
    refresh_names(lab)


def move(lab, name, new, word=""):
    """The host has another static address from now on."""
    host, address = _static(lab, name), _checked(lab, new)
    if holder(lab, address):
        raise LabError(f"{address} belongs to {holder(lab, address)}")
    _give(lab, host, address)
    _announce(lab, host, address, word)
    _settle(lab, [host])


def swap(lab, first, second, word=""):
    """Two hosts exchange their static addresses."""
    one, two = _static(lab, first), _static(lab, second)
    if one is two:
        raise LabError("two different hosts, please")
    old_one, old_two = one.ipv4[0], two.ipv4[0]
    # Neither address is ever held twice: the first host waits without one.
    segment.inside(lab, one, f"addr del {old_one}/{lab.network.prefixlen} dev {segment.IFACE}")
    _give(lab, two, old_one)
    segment.inside(
        lab,
        one,
        f"addr add {old_two}/{lab.network.prefixlen} brd + dev {segment.IFACE}",
        f"route replace default via {lab.gateway}",
    )
    one.ipv4 = [old_two]
    _announce(lab, one, old_two, word)
    _announce(lab, two, old_one, word)
    _settle(lab, [one, two])


def dupip(lab, name, victim, word=""):
    """The host answers for an address of the victim as well."""
    host, robbed = lab.host(name), lab.host(victim)
    if not (host.online and robbed.online) or host is robbed:
        raise LabError("two different hosts that are on, please")
    address = ready.first_ipv4(lab.namespace(robbed))
    if address is None:
        raise LabError(f"{victim} has no IPv4 address")
    if address in host.borrowed_ipv4:
        return
    segment.inside(lab, host, f"addr add {address}/{lab.network.prefixlen} brd + dev {segment.IFACE}")
    host.borrowed_ipv4.append(address)
    _announce(lab, host, address, word)


def undupip(lab, name):
    """The host gives back every address it took."""
    host = lab.host(name)
    if host.online:
        segment.inside(
            lab,
            host,
            *(f"addr del {address}/{lab.network.prefixlen} dev {segment.IFACE}" for address in host.borrowed_ipv4),
        )
    host.borrowed_ipv4 = []


def clonemac(lab, name, victim):
    """The host comes back with the victim's MAC, at its own place on the bridge and with its own addresses."""
    host, robbed = lab.host(name), lab.host(victim)
    if host is robbed or not host.online:
        raise LabError("two different hosts that are on, please")
    host.own_mac = host.own_mac or host.mac
    _come_back(lab, host, robbed.mac)


def unclonemac(lab, name):
    """The host comes back with its own MAC."""
    host = lab.host(name)
    if host.own_mac:
        mac, host.own_mac = host.own_mac, ""
        _come_back(lab, host, mac)


def _come_back(lab, host, mac):
    if host.online:
        lifecycle.stop(lab, [host])
    host.mac = mac
    if host.online:
        lifecycle.start(lab, [host])


def dhcprenew(lab, name, wanted=""):
    """The DHCP host releases its lease and asks anew, for a certain address of the pool when one is given."""
    host = lab.host(name)
    if not host.dhcp or not host.online:
        raise LabError(f"{name} is no DHCP host that is on")
    if wanted:
        wanted = _checked(lab, wanted)
        if holder(lab, wanted) not in (None, name):
            raise LabError(f"{wanted} belongs to {holder(lab, wanted)}")
    clients = processes(lab, host, "udhcpc")
    for pid in clients:
        os.kill(pid, signal.SIGUSR2)
    ready.until(lambda: ready.first_ipv4(lab.namespace(host)) is None, f"{name} did not release its lease")
    body.stop(lab, host)
    host.options["wanted_ip"] = wanted
    lifecycle.start_bodies(lab, [host])
    ready.wait(lab, [host])
    if wanted and ready.first_ipv4(lab.namespace(host)) != wanted:
        raise LabError(f"the router leased {ready.first_ipv4(lab.namespace(host))} instead of {wanted}")


def free_address(lab):
    """An address nobody holds, outside the DHCP pool when there is one left there."""
    taken = {lab.gateway, lab.appliance_ip}
    for address in addressing.filler_addresses(lab.network, taken):
        if holder(lab, address) is None:
            return address
    last = int(ipaddress.ip_address(addressing.pool(lab.network)[1]))
    for number in range(last, last - 3, -1):  # the top of the pool is leased last
        address = str(ipaddress.ip_address(number))
        if holder(lab, address) is None:
            return address
    raise LabError("the segment is full")
