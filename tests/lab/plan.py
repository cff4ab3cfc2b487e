"""What a lab is made of: its parameters and hosts, kept as one JSON file under /run.

It never looks at the network; it holds what was asked for, `truth.py` adds what is.
All other modules read it, `changes.py` alters it.
"""

import dataclasses
import fcntl
import ipaddress
import json
import os
import re
import shutil

from .errors import LabError

STATE_ROOT = "/run/vigie-lab"
# Namespace names carry `PREFIX-HOST`, so a prefix with a dash could contain another lab.
PREFIX_FORM = re.compile(r"[a-z][a-z0-9]{0,11}\Z")
# A bridge of the kernel takes 1,023 ports; some stay free for hosts that changes add.
HOSTS_MAX = 1000


@dataclasses.dataclass
class Host:
    """One device of the lab as asked for. Addresses without DHCP are static; `ula` is its IPv6 beyond link-local."""

    name: str
    type: str
    kind: str
    mac: str
    hostname: str
    vendor: str = ""
    typed: bool = True
    dhcp: bool = False
    ipv6: bool = True
    ipv4: list = dataclasses.field(default_factory=list)
    ula: list = dataclasses.field(default_factory=list)
    open_tcp: list = dataclasses.field(default_factory=list)
    open_udp: list = dataclasses.field(default_factory=list)
    forbidden_ports: list = dataclasses.field(default_factory=list)
    options: dict = dataclasses.field(default_factory=dict)
    online: bool = True
    plugged: bool = True
    ports_closed: bool = False
    borrowed_ipv4: list = dataclasses.field(default_factory=list)
    own_mac: str = ""


@dataclasses.dataclass
class Lab:
    """A whole lab: parameters given to `up`, the hosts, and the switches that changes have set."""

    prefix: str
    subnet: str
    host_set: str
    count: int
    checksums: bool
    hosts: dict
    complete: bool = False
    loss_percent: int = 0
    loss_what: str = "arp"
    proxied: str = ""
    raised_neighbours: bool = False
    appliance_mac: str = "02:56:49:47:00:01"

    @property
    def network(self):
        """The segment as an ipaddress network."""
        return ipaddress.ip_network(self.subnet)

    @property
    def gateway(self):
        """Address of the router: the first of the segment."""
        return str(self.network[1])

    @property
    def appliance_ip(self):
        """Address of the appliance: the second of the segment."""
        return str(self.network[2])

    @property
    def state(self):
        """Folder that holds the plan and one folder per host."""
        return f"{STATE_ROOT}/{self.prefix}"

    @property
    def bridge_ns(self):
        """Namespace of the bridge."""
        return f"{self.prefix}-br"

    @property
    def appliance_ns(self):
        """Namespace of the appliance."""
        return f"{self.prefix}-appliance"

    def namespace(self, host):
        """Namespace of a host."""
        return f"{self.prefix}-{host.name}"

    def folder(self, host):
        """Folder of a host: configuration, keys, log."""
        return f"{self.state}/hosts/{host.name}"

    def host(self, name):
        """The host of that name; LabError when there is none."""
        if name not in self.hosts:
            raise LabError(f"no host {name!r} in lab {self.prefix!r}")
        return self.hosts[name]

    def save(self):
        """Writes the plan in one step, so a killed command leaves the old one."""
        os.makedirs(self.state, exist_ok=True)
        path = f"{self.state}/plan.json"
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(self), file, indent=1)
        os.replace(f"{path}.new", path)


def load(prefix):
    """The plan of a lab, or None when there is none."""
    try:
        with open(f"{STATE_ROOT}/{prefix}/plan.json", encoding="utf-8") as file:
            data = json.load(file)
    except FileNotFoundError:
        return None
    data["hosts"] = {name: Host(**host) for name, host in data["hosts"].items()}
    return Lab(**data)


def present():
    """Prefixes of all labs that have a plan."""
    try:
        entries = os.listdir(STATE_ROOT)
    except FileNotFoundError:
        return []
    return sorted(name for name in entries if os.path.exists(f"{STATE_ROOT}/{name}/plan.json"))


def forget(prefix):
    """Removes the folder of a lab; its lock goes with `tidy`."""
    shutil.rmtree(f"{STATE_ROOT}/{prefix}", ignore_errors=True)


def tidy(prefix):
    """Removes the lock file of a lab that is not there, and the common folder with the last of them."""
    if os.path.exists(f"{STATE_ROOT}/{prefix}"):
        return
    try:
        os.unlink(f"{STATE_ROOT}/{prefix}.lock")
        os.rmdir(STATE_ROOT)
    except OSError:
        pass  # others are still there, or it is gone already


def lock(prefix):
    """Takes the lab's lock until this process ends: two commands never alter one lab at once."""
    if not PREFIX_FORM.match(prefix):
        raise LabError("a prefix is 1 to 12 of a-z and 0-9, a letter first")
    path = f"{STATE_ROOT}/{prefix}.lock"
    while True:
        os.makedirs(STATE_ROOT, exist_ok=True)
        try:
            file = open(path, "w", encoding="ascii")
        except FileNotFoundError:
            continue  # another lab's `down` removed the folder just now
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if os.stat(path).st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except FileNotFoundError:
            pass  # the one before us was `down`, and took the file with it
        file.close()
