"""Whether hosts are what they were declared to be: listening sockets and addresses, read from the kernel.

It never sends a frame, so waiting leaves no trace in the counters.
`lifecycle.py` and `changes.py` wait with it, `truth.py` reads live addresses through it.
"""

import fcntl
import socket
import struct
import threading
import time

from . import filler, kernel, segment
from .errors import LabError

SIOCGIFADDR = 0x8915
# Twenty daemons on two busy cores take about 4 s; a machine that compiles beside us takes several times that.
WAIT_S = 60
PAUSE_S = 0.1
TCP_LISTEN, UDP_OPEN = "0A", "07"
LOOPBACK = ("0100007F", "00000000000000000000000001000000")


def _ports(table, state):
    found = set()
    for suffix in ("", "6"):
        try:
            with open(f"/proc/{threading.get_native_id()}/net/{table}{suffix}", encoding="ascii") as file:
                next(file)
                for line in file:
                    words = line.split()
                    address, _, port = words[1].partition(":")
                    if words[3] == state and address not in LOOPBACK:
                        found.add(int(port, 16))
        except FileNotFoundError:
            continue
    return found


def listening(namespace):
    """TCP and UDP ports that are open to the LAN in a namespace."""
    return kernel.in_net(namespace, lambda: (_ports("tcp", TCP_LISTEN), _ports("udp", UDP_OPEN)))


def first_ipv4(namespace):
    """The first IPv4 address of the host's interface, or None."""

    def ask():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", segment.IFACE.encode()))
            except OSError:
                return None
            return socket.inet_ntoa(answer[20:24])

    return kernel.in_net(namespace, ask)


def _missing(lab, host):
    """What a host still lacks, in words; empty when it is ready."""
    namespace = lab.namespace(host)
    tcp, udp = listening(namespace)
    lacking = [f"TCP {port}" for port in host.open_tcp if port not in tcp]
    lacking += [f"UDP {port}" for port in host.open_udp if port not in udp]
    if host.dhcp and first_ipv4(namespace) is None:
        lacking.append("a DHCP lease")
    return lacking


def wait(lab, hosts, seconds=WAIT_S):
    """Waits until every online host is ready; LabError names what is missing and shows the end of the host's log."""
    deadline = time.monotonic() + seconds
    waiting = [host for host in hosts if host.online and host.typed]
    fillers = any(not host.typed for host in hosts)
    while True:
        lacking = {host.name: missing for host in waiting if (missing := _missing(lab, host))}
        if not lacking and (not fillers or filler.running(lab)):
            return
        waiting = [host for host in waiting if host.name in lacking]
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE_S)
    text = [f"not ready after {seconds} s:"]
    for name, missing in lacking.items():
        text.append(f"  {name}: {', '.join(missing)} not there; its log ends:")
        text += [f"    {line}" for line in _tail(f"{lab.folder(lab.hosts[name])}/log")]
    if fillers and not filler.running(lab):
        text += ["  fillers: not all ports are open; the log ends:", *_tail(f"{lab.state}/fillers.log")]
    raise LabError("\n".join(text))


def until(condition, complaint, seconds=WAIT_S):
    """Waits until the condition holds; LabError with the complaint when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{complaint} within {seconds} s")
        time.sleep(PAUSE_S)


def _tail(path, lines=8):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line.rstrip() for line in file.readlines()[-lines:]]
    except OSError:
        return ["(no log)"]
