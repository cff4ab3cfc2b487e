"""The wire: the bridge's namespace, one namespace and one veth pair per host, addresses on them.

It never creates a link in the machine's own namespace, and never starts a daemon.
`lifecycle.py` and `changes.py` call it.
"""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from . import kernel
from .errors import LabError
from .kernel import run

BRIDGE = "br0"
# Name of the one interface inside every host and the appliance.
IFACE = "eth0"
APPLIANCE_PORT = "appliance"
# A host with two network cards has this one as well, on a bridge port of its own.
SECOND_IFACE = "eth1"
# Two cores share the work of hundreds of short `ip` runs; more threads only wait for each other.
WORKERS = 4


def _sysctl(path, value):
    """Writes a sysctl of the calling thread's network namespace; one the kernel does not have is skipped."""
    try:
        with open(f"/proc/sys/net/{path}", "w", encoding="ascii") as file:
            file.write(str(value))
    except FileNotFoundError:
        pass


def _batch(namespace, lines):
    if lines:
        run(["ip", "-n", namespace, "-batch", "-"], "\n".join(lines) + "\n")


def create_namespaces(names):
    """Makes the namespaces that are not there yet."""
    missing = [name for name in names if not os.path.exists(f"{kernel.NETNS_DIR}/{name}")]
    if missing:
        run(["ip", "-batch", "-"], "".join(f"netns add {name}\n" for name in missing))


def remove_namespaces(names):
    """Removes the namespaces; their links go with them."""
    for name in names:
        try:
            run(["ip", "netns", "delete", name])
        except LabError:
            # A killed `ip netns add` leaves the entry without its mount.
            try:
                os.unlink(f"{kernel.NETNS_DIR}/{name}")
            except FileNotFoundError:
                pass


def create_bridge(lab):
    """The bridge: no IPv6 of its own (it would answer as a ghost), no spanning tree delay, floods all multicast."""
    create_namespaces([lab.bridge_ns])
    if links(lab.bridge_ns).get(BRIDGE):
        return

    def settle():
        _sysctl("ipv6/conf/all/disable_ipv6", 1)
        _sysctl("ipv6/conf/default/disable_ipv6", 1)
        for table in ("iptables", "ip6tables", "arptables"):
            _sysctl(f"bridge/bridge-nf-call-{table}", 0)

    kernel.in_net(lab.bridge_ns, settle)
    _batch(
        lab.bridge_ns,
        [
            f"link add {BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"link set {BRIDGE} up",
        ],
    )


def links(namespace):
    """Names of the interfaces in a namespace, each with True when its switch is on."""

    def look():
        found = {}
        for name in os.listdir("/proc/sys/net/ipv4/conf"):
            if name not in ("all", "default", "lo"):
                found[name] = True
        return found

    return kernel.in_net(namespace, look)


def add_ports(lab, hosts, appliance=False):
    """Connects hosts (and the appliance) to the bridge, with their addresses; existing ports stay as they are."""
    wanted = [(host.name, lab.namespace(host), host.mac, host) for host in hosts]
    if appliance:
        wanted.append((APPLIANCE_PORT, lab.appliance_ns, lab.appliance_mac, None))
    existing = links(lab.bridge_ns)
    wanted = [port for port in wanted if port[0] not in existing]
    lines = []
    for port, namespace, mac, _ in wanted:
        lines.append(f"link add {port} type veth peer name {IFACE} address {mac} netns {namespace}")
        lines.append(f"link set {port} master {BRIDGE} up")
    for host in (port[3] for port in wanted if port[3] is not None and port[3].options.get("second")):
        lines.append(
            f"link add {second_port(host)} type veth peer name {SECOND_IFACE} address"
            f" {host.options['second']['mac']} netns {lab.namespace(host)}"
        )
        lines.append(f"link set {second_port(host)} master {BRIDGE} up")
    _batch(lab.bridge_ns, lines)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda port: _address(lab, port[1], port[3]), wanted))


def second_port(host):
    """Name of the bridge port of a host's second card."""
    return f"{host.name}-2"


def _address(lab, namespace, host):
    """Gives a fresh interface its addresses and switches it on."""
    length = lab.network.prefixlen
    lines = ["link set lo up"]
    if host is None:
        lines += [f"addr add {lab.appliance_ip}/{length} brd + dev {IFACE}"]
    else:
        lines += [f"addr add {address}/{length} brd + dev {IFACE}" for address in host.ipv4 + host.borrowed_ipv4]
        lines += [f"addr add {address}/64 dev {IFACE} nodad" for address in host.ula]
    lines += [f"link set {IFACE} up"]
    if host is not None and host.options.get("second"):
        lines += [
            f"addr add {host.options['second']['ip']}/{length} brd + dev {SECOND_IFACE}",
            f"link set {SECOND_IFACE} up",
        ]
    routed = host is None or (host.ipv4 and host.type != "router")
    if routed:
        lines += [f"route replace default via {lab.gateway}"]

    def work():
        _sysctl("ipv6/conf/all/accept_ra", 0)
        _sysctl("ipv6/conf/default/accept_ra", 0)
        if host is not None and not host.ipv6:
            _sysctl(f"ipv6/conf/{IFACE}/disable_ipv6", 1)
        if host is not None and not host.typed:
            _sysctl(f"ipv6/conf/{IFACE}/accept_dad", 0)  # hundreds of fillers need no address test each
        if host is None:
            _sysctl("ipv4/ping_group_range", "0 2147483647")  # what systemd sets on Debian and Ubuntu
        done = subprocess.run(
            ["ip", "-batch", "-"],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise LabError(f"{namespace}: {done.stderr.strip()}")
        if not lab.checksums:
            done = subprocess.run(
                ["ethtool", "-K", IFACE, "tx", "off"], capture_output=True, text=True, timeout=60, check=False
            )
            if done.returncode != 0:
                raise LabError(f"{namespace}: ethtool: {done.stderr.strip()}")

    kernel.in_net(namespace, work)


def remove_ports(lab, names):
    """Takes the cables out for good: both ends of each veth pair vanish."""
    existing = links(lab.bridge_ns)
    _batch(lab.bridge_ns, [f"link delete {name}" for name in names if name in existing])


def set_plugged(lab, names, plugged):
    """Switches the bridge's side of the cables; the far ends see the carrier go or come."""
    _batch(lab.bridge_ns, [f"link set {name} {'up' if plugged else 'down'}" for name in names])


def inside(lab, host, *lines):
    """Runs `ip` lines inside a host's namespace."""
    _batch(lab.namespace(host), list(lines))


def set_in(lab, host, path, value):
    """Writes a network sysctl inside a host's namespace."""
    kernel.in_net(lab.namespace(host), _sysctl, path, value)
