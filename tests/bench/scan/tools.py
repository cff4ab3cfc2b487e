"""The scanners that are measured: their command lines and who reads their answers.

It never starts one.
`cli.py` chooses from it, `trial.py` runs what it says.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from . import findings

# Every port that is open in the lab, printing ports aside, and two that are open nowhere.
PORTS = (21, 22, 53, 80, 139, 443, 445, 554, 1883, 3389, 5060, 5357, 5900, 6053, 8001, 8008, 8009, 8080, 8200, 9197)
PORT_LIST = ",".join(str(port) for port in PORTS)


@dataclass(frozen=True)
class Tool:
    """One command line."""

    key: str
    program: str
    # Words after the program; {net} is the segment, {iface} the appliance's interface.
    words: tuple
    read: Callable
    # What the tool is able to tell at all; the rest is shown as a dash.
    tells: frozenset
    # Exit codes that are no failure: fping ends with 1 when somebody did not answer.
    fine: tuple = (0,)
    limit_s: int = 120

    def command(self, program, truth):
        """The command line for this segment."""
        fill = {"net": truth["segment"], "iface": truth["appliance"]["iface"]}
        return [program, *(word.format(**fill) for word in self.words)]

    def installed(self):
        """Where it is, or None."""
        return shutil.which(self.program)


TOOLS = (
    Tool("vigie", "vigie", ("scan", "--json"), findings.vigie, frozenset({"macs", "names"})),
    Tool(
        "vigie-ports",
        "vigie",
        ("scan", "--json", "--full", "--ports", PORT_LIST),
        findings.vigie,
        frozenset({"macs", "names", "ports"}),
    ),
    Tool("arp-scan", "arp-scan", ("-I", "{iface}", "-l"), findings.arp_scan, frozenset({"macs"})),
    Tool(
        # What NetAlertX and Pi.Alert run by default.
        "arp-scan-r6",
        "arp-scan",
        ("-I", "{iface}", "-l", "--retry=6", "--bandwidth=256k"),
        findings.arp_scan,
        frozenset({"macs"}),
    ),
    Tool("nmap-sn", "nmap", ("-sn", "-oX", "-", "{net}"), findings.nmap, frozenset({"macs", "names"})),
    Tool(
        "nmap-ports",
        "nmap",
        ("-n", "-sS", "-T4", "-p", PORT_LIST, "-oX", "-", "{net}"),
        findings.nmap,
        frozenset({"macs", "ports"}),
    ),
    Tool(
        "rustscan",
        "rustscan",
        ("--no-config", "-a", "{net}", "-p", PORT_LIST, "-t", "1500", "--greppable"),
        findings.rustscan,
        frozenset({"ports"}),
    ),
    Tool("fping", "fping", ("-q", "-a", "-g", "{net}"), findings.fping, frozenset(), fine=(0, 1)),
)
BY_KEY = {tool.key: tool for tool in TOOLS}
# Those that are compared where ARP frames are lost.
UNDER_LOSS = ("vigie", "arp-scan", "arp-scan-r6", "nmap-sn")
