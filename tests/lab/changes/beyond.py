"""A second network behind the lab's router, which only routing reaches.

It is no part of the segment: it never appears in the truth, and its hosts know nothing of the lab's.
`changes.apply` calls it.
"""

import json
import os
import sys

from .. import kernel, segment
from ..errors import LabError, switch

# The network, the router's address in it, and its hosts: one with a web server, one whose firewall drops echo requests,
# one whose printing ports count what they get.
NETWORK = "10.78.0.0/24"
ROUTER = "10.78.0.1"
WEB = "10.78.0.10"
SILENT = "10.78.0.11"
PRINTER = "10.78.0.12"
PORT = "far0"
PRINTING = ("515", "9100", "9107")
COUNTS = "far_printer.json"

NO_ECHO = f"""\
table ip far {{
 chain in {{
  type filter hook input priority 0;
  ip daddr {SILENT} icmp type echo-request drop
 }}
}}
"""


def far(lab, word, address=""):
    """Three hosts on a network of their own, one namespace for all of them, behind the router; `lose` takes one away."""
    namespace = f"{lab.prefix}-far"
    router = lab.host("router")
    if word == "lose":
        kernel.run(["ip", "-n", namespace, "addr", "del", f"{address}/24", "dev", segment.IFACE])
        return
    if not switch(word):
        kernel.end(kernel.members([namespace]))
        segment.remove_namespaces([namespace])
        return
    if namespace in kernel.namespaces(lab.prefix):
        raise LabError("far is on already")
    segment.create_namespaces([namespace])
    segment.inside(
        lab,
        router,
        f"link add {PORT} type veth peer name {segment.IFACE} netns {namespace}",
        f"addr add {ROUTER}/24 dev {PORT}",
        f"link set {PORT} up",
    )
    segment.set_in(lab, router, "ipv4/ip_forward", 1)
    # Taking the first address away must leave the others.
    kernel.run(["ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.conf.all.promote_secondaries=1"])
    lines = [f"addr add {address}/24 dev {segment.IFACE}" for address in (WEB, SILENT, PRINTER)]
    lines += [f"link set lo up\nlink set {segment.IFACE} up", f"route add default via {ROUTER}"]
    kernel.run(["ip", "-n", namespace, "-batch", "-"], "\n".join(lines) + "\n")
    kernel.run(["ip", "netns", "exec", namespace, "nft", "-f", "-"], NO_ECHO)
    log = os.path.join(lab.state, "far.log")
    sink = os.path.join(os.path.dirname(__file__), "..", "daemons", "printer_sink.py")
    counts = os.path.join(lab.state, COUNTS)
    with open(counts, "w", encoding="ascii") as file:
        json.dump({}, file)
    for argv in (
        ["-S", "-m", "http.server", "80", "--bind", WEB, "--directory", "/var/empty"],
        ["-S", "-m", "http.server", "443", "--bind", SILENT, "--directory", "/var/empty"],
        ["-S", os.path.abspath(sink), counts, *PRINTING],
    ):
        kernel.spawn(namespace, [sys.executable, *argv], log, flags=kernel.CLONE_NEWUTS)
