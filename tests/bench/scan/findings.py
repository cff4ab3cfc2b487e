"""What a scanner said, in one shape, whatever its own words are.

It never compares with the truth; `score.py` does.
`tools.py` names one reader per tool.
"""

import ipaddress
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

ARP_LINE = re.compile(r"^(\d+\.\d+\.\d+\.\d+)\t([0-9a-fA-F:]{17})\b", re.MULTILINE)
GREPPABLE_LINE = re.compile(r"^(\d+\.\d+\.\d+\.\d+) -> \[([\d,]*)\]", re.MULTILINE)


@dataclass
class Finding:
    """One device as a tool reports it."""

    addresses: set = field(default_factory=set)
    macs: set = field(default_factory=set)
    names: set = field(default_factory=set)
    ports: set = field(default_factory=set)


def vigie(text):
    """`vigie scan --json`; the appliance's own row is left out."""
    found = []
    for row in json.loads(text):
        if "myself" in row["roles"] or not row["online"]:
            continue
        now = [address["ip"] for leg in row["interfaces"] for address in leg["ips"]]
        found.append(
            Finding(
                addresses={*now, *([row["ip"]] if row["ip"] else [])},
                macs={leg["mac"] for leg in row["interfaces"] if leg["mac"]},
                names={name["name"] for name in row["hostnames"]} | {row["hostname"] or ""} - {""},
                ports={port["port"] for port in row["open_ports"] if port["open"] and port["proto"] == "tcp"},
            )
        )
    return found


def arp_scan(text):
    """Lines of address, MAC and maker."""
    return [Finding(addresses={ip}, macs={mac.lower()}) for ip, mac in ARP_LINE.findall(text)]


def nmap(text):
    """`nmap -oX -`."""
    found = []
    for host in ET.fromstring(text).iter("host"):
        if host.find("status").get("state") != "up" or host.find("status").get("reason") == "localhost-response":
            continue
        finding = Finding()
        for address in host.iter("address"):
            (finding.macs if address.get("addrtype") == "mac" else finding.addresses).add(address.get("addr").lower())
        finding.names = {name.get("name") for name in host.iter("hostname")}
        finding.ports = {
            int(port.get("portid")) for port in host.iter("port") if port.find("state").get("state") == "open"
        }
        found.append(finding)
    return found


def rustscan(text):
    """`rustscan --greppable`."""
    return [
        Finding(addresses={ip}, ports={int(port) for port in ports.split(",") if port})
        for ip, ports in GREPPABLE_LINE.findall(text)
    ]


def fping(text):
    """One address a line."""
    found = []
    for line in text.split():
        try:
            found.append(Finding(addresses={str(ipaddress.ip_address(line))}))
        except ValueError:
            continue
    return found
