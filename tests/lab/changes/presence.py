"""Hosts and cables that go and come back.

It never changes who a host is; `newphone` leaves the old host off and adds another one.
`changes.apply` calls it.
"""

import os

from .. import addressing, catalogue, kernel, lifecycle, segment
from ..errors import LabError
from .services import refresh_names

PYTHON = "/usr/bin/python3"


def off(lab, name):
    """The host's power fails: all its processes end, its port leaves the bridge."""
    host = lab.host(name)
    lifecycle.stop(lab, [host])
    host.online = False
    refresh_names(lab)


def on(lab, name):
    """The host boots; a sleeping one stops listening for its magic packet."""
    host = lab.host(name)
    _stop_watching(lab, host)
    host.online, host.plugged = True, True
    lifecycle.start(lab, [host])
    refresh_names(lab)


def half(lab, word, percent="50"):
    """A switch fails: this share of the hosts loses its carrier at once, the router never; `on` brings all back."""
    if word == "on":
        names = [host.name for host in lab.hosts.values() if host.online and not host.plugged]
    elif word == "off" and percent.isdigit() and 1 <= int(percent) <= 100:
        online = [host.name for host in lab.hosts.values() if host.online and host.plugged and host.type != "router"]
        share = int(percent)
        names = [name for number, name in enumerate(online) if (number + 1) * share // 100 > number * share // 100]
    else:
        raise LabError("half off [1-100] or half on")
    segment.set_plugged(lab, names, word == "on")
    for name in names:
        lab.hosts[name].plugged = word == "on"


def cable(lab, word, name=segment.APPLIANCE_PORT):
    """Pulls a cable (no carrier), removes the interface altogether, or brings either back."""
    appliance = name == segment.APPLIANCE_PORT
    host = None if appliance else lab.host(name)
    if word == "pull":
        segment.set_plugged(lab, [name], False)
    elif word == "remove" and appliance:
        segment.remove_ports(lab, [name])
    elif word == "plug":
        if appliance:
            segment.add_ports(lab, [], appliance=True)
        segment.set_plugged(lab, [name], True)
    else:
        raise LabError("cable pull|plug [HOST], cable remove for the appliance only")
    if host is not None:
        host.plugged = word == "plug"


def newphone(lab, name):
    """The host leaves, and one of the same type and host name comes with another random MAC."""
    old = lab.host(name)
    if not old.dhcp:
        raise LabError(f"{name} is no DHCP host")
    first = old.options.get("same_as", old.name)
    number = 2
    while f"{first}{number}" in lab.hosts:
        number += 1
    if old.online:
        off(lab, name)
    new = catalogue.typed(f"{first}{number}", old.type, "", mac=addressing.random_mac())
    new.hostname = old.hostname
    new.vendor = ""
    new.options["same_as"] = first
    lab.hosts[new.name] = new
    lab.save()
    lifecycle.start(lab, [new])


def sleep(lab, name, password=""):
    """The host sleeps and answers nothing; a magic packet with its MAC (and password) from the appliance wakes it."""
    host = lab.host(name)
    if password and len(password.replace(":", "")) != 12:
        raise LabError("a SecureOn password is six octets, written as a MAC")
    off(lab, name)
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    pid = kernel.spawn(
        lab.bridge_ns,
        [
            PYTHON,
            "-S",
            f"{package}/daemons/wake_listener.py",
            segment.APPLIANCE_PORT,
            host.mac,
            password or "-",
            f"{package}/lab",
            "--prefix",
            lab.prefix,
            "change",
            "on",
            name,
        ],
        f"{lab.state}/wake.log",
        flags=0,
    )
    host.options["wake_listener"] = pid


def _stop_watching(lab, host):
    pid = host.options.pop("wake_listener", None)
    if pid in kernel.members([lab.bridge_ns]):
        kernel.end([pid])
