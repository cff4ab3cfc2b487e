"""Looking at the network from the appliance with plain tools and sockets.

It never reads the lab's plan beyond the truth it is given.
The test modules of this package call it.
"""

import errno
import json
import os
import re
import select
import socket
import struct
import subprocess
import time

from .. import kernel

LAB = f"{os.path.dirname(os.path.dirname(os.path.realpath(__file__)))}/lab"
# A busy machine may need this long until a name or an address is announced.
PATIENCE_S = 20
ETH_P_ARP = 0x0806


class Watcher:
    """The appliance of one lab and what can be seen from it."""

    def __init__(self, prefix):
        self.prefix = prefix

    def lab(self, *words, fails=False, seconds=180):
        """Runs the lab's command line and returns what it printed; `fails` expects exit code 1 and returns stderr."""
        done = subprocess.run(
            [LAB, "--prefix", self.prefix, *words], capture_output=True, text=True, timeout=seconds, check=False
        )
        if (done.returncode != 0) != fails:
            raise AssertionError(f"lab {' '.join(words)}: exit {done.returncode}\n{done.stdout[-500:]}{done.stderr}")
        return done.stderr if fails else done.stdout

    def change(self, *words):
        """Applies a change."""
        self.lab("change", *words)

    def truth(self):
        """The ground truth."""
        return json.loads(self.lab("truth"))

    def host(self, name):
        """One host of the truth."""
        return next(host for host in self.truth()["hosts"] if host["name"] == name)

    def counts(self):
        """The counters."""
        return json.loads(self.lab("counts"))

    def tool(self, *argv, seconds=30):
        """Output of a tool run in the appliance's namespace, whatever its exit code."""
        done = subprocess.run(
            [LAB, "--prefix", self.prefix, "appliance", "--", *argv],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return done.stdout + done.stderr

    def macs(self, ip, count=1, probe=False):
        """MACs that answer ARP for an address. With one `count` the first answer ends it."""
        words = ["-D"] if probe else []
        said = self.tool("arping", *words, "-I", "eth0", "-c", str(count), "-w", str(count + 1), ip)
        return {mac.lower() for mac in re.findall(r"\[([0-9A-Fa-f:]{17})\]", said)}

    def inside(self, function, *arguments):
        """Runs a function of this process in the appliance's namespace."""
        return kernel.in_net(f"{self.prefix}-appliance", function, *arguments)

    def sweep(self, addresses, rounds=3, wait=0.3):
        """Asks for all addresses by ARP and returns {ip: set of MACs}; `wait` is the pause for answers per round.

        A single round ends with the first answer of each; several rounds also see a second claimant.
        """
        return self.inside(_sweep, list(addresses), rounds, wait)

    def open_ports(self, ip, ports):
        """Which of the ports accept a connection."""
        return self.inside(_open_ports, ip, ports)

    def resolve(self, name, *words):
        """What the router's DNS says, one answer per line."""
        router = self.truth()["gateway"]["ip"]
        return self.tool("dig", "+short", "+time=2", "+tries=2", f"@{router}", *words, name).split()

    def mdns(self, name):
        """IPv4 address told for a .local name in answer to a one-shot multicast question (RFC 6762, 5.1), or None."""
        return self.inside(_mdns, name)

    def udp(self, ip, port, payload):
        """The first datagram that comes back within a second, as text."""
        return self.inside(_udp, ip, port, payload)


def eventually(condition, seconds=PATIENCE_S):
    """Repeats a look until it holds; the last value either way."""
    deadline = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return value


def _sweep(addresses, rounds, wait):
    card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
    card.bind(("eth0", ETH_P_ARP))
    card.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    mac = card.getsockname()[4]
    own = socket.inet_aton(_own_address())
    found = {}

    def listen(seconds):
        deadline = time.monotonic() + seconds
        while (
            (left := deadline - time.monotonic()) > 0
            and not (rounds == 1 and len(found) == len(addresses))
            and select.select([card], [], [], left)[0]
        ):
            frame = card.recv(128)
            if len(frame) >= 42 and frame[20:22] == b"\x00\x02" and frame[38:42] == own:
                found.setdefault(socket.inet_ntoa(frame[28:32]), set()).add(frame[22:28].hex(":"))

    for _ in range(rounds):
        for address in addresses:
            card.send(
                b"\xff" * 6
                + mac
                + b"\x08\x06"
                + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
                + mac
                + own
                + b"\0" * 6
                + socket.inet_aton(address)
            )
            listen(0.001)
        listen(wait)
    card.close()
    return found


def _udp(ip, port, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.settimeout(1)
        caller.sendto(payload, (ip, port))
        try:
            return caller.recv(65536).decode("utf-8", "replace")
        except TimeoutError:
            return ""


def _mdns(name):
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0" + b"\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        caller.settimeout(1)
        caller.sendto(b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + question, ("224.0.0.251", 5353))
        try:
            while True:
                answer = caller.recv(9000)
                # An A record in the cache-flush class or the plain one, four octets long.
                found = re.search(rb"\x00\x01[\x00\x80]\x01....\x00\x04(....)", answer, re.DOTALL)
                if answer[6:8] != b"\0\0" and found and name.split(".")[0].lower().encode() in answer.lower():
                    return socket.inet_ntoa(found.group(1))
        except TimeoutError:
            return None


def _own_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("10.255.255.255", 9))
        return probe.getsockname()[0]


def _open_ports(ip, ports):
    found, waiting = set(), {}
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    address, _, zone = ip.partition("%")
    target = (address, socket.if_nametoindex(zone) if zone else 0) if family == socket.AF_INET6 else (address,)
    for port in ports:
        call = socket.socket(family, socket.SOCK_STREAM)
        call.setblocking(False)
        code = call.connect_ex(target + (port,) if family == socket.AF_INET else (target[0], port, 0, target[1]))
        if code == errno.EINPROGRESS:
            waiting[call] = port
        else:
            if code == 0:
                found.add(port)
            call.close()
    deadline = time.monotonic() + 3
    while waiting and (left := deadline - time.monotonic()) > 0:
        _, ready, _ = select.select([], list(waiting), [], left)
        for call in ready:
            if call.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.add(waiting[call])
            del waiting[call]
            call.close()
    for call in waiting:
        call.close()
    return found
