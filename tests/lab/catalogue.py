"""The types of hosts, the sets of them, and the plans of hosts made from them.

It starts nothing and knows no daemon but the one whose ports differ between systems; `bodies.py` knows the others.
`lifecycle.py` asks it for the hosts of a set, `changes` for one more host.
"""

import uuid
from typing import NamedTuple

from . import addressing
from .errors import LabError
from .plan import Host
from .software import files as file_servers

PRINTER_PORTS = [515, 631, *range(9100, 9108)]


class Type(NamedTuple):
    """One type of host: the vendor as the IEEE registry begins it, ports open to the LAN, and what its daemons need."""

    kind: str
    vendor_prefix: str
    vendor: str
    hostname: str
    tcp: tuple = ()
    udp: tuple = ()
    options: dict = {}


TYPES = {
    "router": Type("router", "3CA62F", "AVM", "router", (53, 80), (53, 67), {"dns": True}),
    "linux": Type("computer", "90B11C", "Dell", "buildbox", (22,), (), {"dns": True}),
    "windows": Type("computer", "5C514F", "Intel", "DESKTOP-7F3K2QA", (139, 445), (137, 138)),
    "mac": Type("computer", "F84D89", "Apple", "Annas-MacBook-Pro", (22, 445), (5353,), {"model": "MacBookPro18,3"}),
    "printer": Type(
        "printer",
        "3CD92B",
        "Hewlett Packard",
        "NPI8A1C2D",
        (80, 515, 631, 9100),
        (5353,),
        {"instance": "HP LaserJet Pro M404n", "dns": True},
    ),
    "nas": Type(
        "nas", "001132", "Synology", "diskstation", (80, 139, 443, 445, 8200), (137, 138, 1900, 5353), {"dns": True}
    ),
    "switch": Type(
        "switch",
        "204E7F",
        "NETGEAR",
        "sw-core-1",
        (),
        (161,),
        {"description": "GS724Tv4 ProSafe 24-port Gigabit Ethernet Smart Switch, 6.3.1.4"},
    ),
    "web": Type("server", "AC1F6B", "Super Micro", "www", (80, 443), (), {"dns": True}),
    "arponly": Type("unknown", "00E04C", "REALTEK", "arponly"),
    "phone": Type("phone", "", "", "Galaxy-S23", options={"vendor_class": "android-dhcp-14"}),
    "tablet": Type("tablet", "", "", "iPad-von-Jan"),
    "console": Type("console", "00D9D1", "Sony Interactive", "PS5-4A1", options={"vendor_class": "PS5"}),
    "speaker": Type(
        "speaker",
        "F4F5D8",
        "Google",
        "Google-Nest-Mini",
        (8008, 8009),
        (5353,),
        {"model": "Google Nest Mini", "friendly": "Kitchen speaker"},
    ),
    "six": Type("computer", "00248C", "ASUSTek", "six", (22,), (5353,)),
    "tv": Type(
        "tv",
        "8C71F8",
        "Samsung",
        "Samsung-TV",
        (8001, 9197),
        (1900,),
        {"model": "UE55AU7179", "friendly": "[TV] Living room"},
    ),
    "camera": Type("camera", "4419B6", "Hangzhou Hikvision", "ipcam", (80, 554), (3702,), {"model": "DS-2CD2143G2-I"}),
    "mqtt": Type("server", "001FC6", "ASUSTek", "broker", (1883,), (5353,), {"dns": True}),
    "plug": Type("iot", "240AC4", "Espressif", "kitchen-plug", (80, 6053), (5353,), {"model": "sonoff_s20"}),
    "raspberry": Type("computer", "B827EB", "Raspberry Pi", "raspberrypi", (22,), (5353,)),
    "voip": Type("voip", "805EC0", "YEALINK", "SIP-T46S", (80, 5060), (5060,), {"model": "SIP-T46S"}),
}
# Hosts that only changes add.
EXTRA_TYPES = {
    "rogue": Type("router", "001D0F", "TP-LINK", "rogue", (), (67,)),
    "proxy": Type("router", "4C5E0C", "Routerboard", "proxy"),
    "dual": Type("computer", "90B11C", "Dell", "laptop", (22,)),
}
DHCP_TYPES = ("phone", "tablet", "console")
SMALL = ("router", "linux", "windows", "printer", "arponly", "phone", "speaker", "six")
TEN = ("router", "linux", "windows", "mac", "printer", "nas", "switch", "phone", "speaker", "tv")
SETS = {
    "small": (SMALL, 0),
    "ten": (TEN, 0),
    "standard": (tuple(TYPES), 0),
    "fifty": (tuple(TYPES), 30),
    "full250": (tuple(TYPES), 230),
}

# What fillers look like, in turn: vendor prefix, vendor, open TCP ports.
FILLERS = (
    ("90B11C", "Dell", [22]),
    ("F84D89", "Apple", []),
    ("240AC4", "Espressif", [80]),
    ("001788", "Philips", [80, 443]),
    ("B827EB", "Raspberry Pi", [22, 8080]),
    ("8C71F8", "Samsung", []),
    ("34CE00", "XIAOMI", []),
    ("5C514F", "Intel", [22, 443]),
    ("00155D", "Microsoft", [3389]),
    ("001D0F", "TP-LINK", [80]),
    ("D8BBC1", "Micro-Star", []),
    ("18B430", "Nest", [443]),
)


def build(network, host_set, count):
    """The hosts of a set, or as many of it as `count` says; beyond the typed ones come fillers."""
    names, fillers = SETS[host_set]
    if count:
        if host_set in ("standard", "fifty", "full250"):
            names, fillers = tuple(TYPES)[:count], max(0, count - len(TYPES))
        else:
            names, fillers = names[:count], max(0, count - len(names))
    hosts = {}
    for name in names:
        number = 1 if name == "router" else addressing.TYPED_FIRST + list(TYPES).index(name)
        hosts[name] = typed(name, name, str(network[number]))
    taken = {str(network[1]), str(network[2])} | {address for host in hosts.values() for address in host.ipv4}
    free = addressing.filler_addresses(network, taken)
    for number in range(1, fillers + 1):
        address = next(free, None)
        if address is None:
            raise LabError(f"{network} has no room for {len(names) + fillers} hosts")
        prefix, vendor, ports = FILLERS[number % len(FILLERS)]
        name = f"f{number:03}"
        hosts[name] = Host(
            name=name,
            type="filler",
            kind="unknown",
            vendor=vendor,
            typed=False,
            hostname=name,
            mac=addressing.vendor_mac(prefix, name),
            ipv4=[address],
            open_tcp=list(ports),
        )
    return hosts


def typed(name, type_name, address, mac=""):
    """The plan of one typed host."""
    form = (TYPES | EXTRA_TYPES)[type_name]
    made_up = addressing.vendor_mac(form.vendor_prefix, name) if form.vendor_prefix else addressing.random_mac()
    host = Host(
        name=name,
        type=type_name,
        kind=form.kind,
        mac=mac or made_up,
        vendor=form.vendor,
        hostname=form.hostname,
        open_tcp=list(form.tcp),
        open_udp=list(form.udp),
        options=dict(form.options),
        dhcp=type_name in DHCP_TYPES,
    )
    host.options["uuid"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {host.mac}"))
    if type_name == "six":
        host.ula = [addressing.ula(host.mac)]
    elif not host.dhcp:
        host.ipv4 = [address]
    if type_name == "arponly":
        host.ipv6 = False
    if type_name == "windows":
        tcp, udp = file_servers.wsdd_ports()
        host.open_tcp += tcp
        host.open_udp += udp
    if type_name == "printer":
        host.forbidden_ports = list(PRINTER_PORTS)
    return host
