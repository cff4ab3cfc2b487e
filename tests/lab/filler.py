"""The process that holds the TCP ports of all fillers.

It never belongs to a host: a filler that is off loses its cable, its sockets wait for the cable to come back.
`lifecycle.py` starts it after the namespaces are there.
"""

import json
import os

from . import kernel

PYTHON = "/usr/bin/python3"


def start(lab):
    """Starts the process unless it runs; it is ready when its file names its process id."""
    fillers = [host for host in lab.hosts.values() if not host.typed]
    if not fillers or running(lab):
        return
    plan = {
        "home": f"{kernel.NETNS_DIR}/{lab.bridge_ns}",
        "hosts": [[f"{kernel.NETNS_DIR}/{lab.namespace(host)}", host.open_tcp] for host in fillers],
    }
    with open(f"{lab.state}/fillers.json", "w", encoding="utf-8") as file:
        json.dump(plan, file)
    if os.path.exists(_ready(lab)):
        os.unlink(_ready(lab))
    daemon = f"{os.path.dirname(os.path.realpath(__file__))}/daemons/filler_ports.py"
    kernel.spawn(
        lab.bridge_ns,
        [PYTHON, "-S", daemon, f"{lab.state}/fillers.json", _ready(lab)],
        f"{lab.state}/fillers.log",
        flags=0,
    )


def _ready(lab):
    return f"{lab.state}/fillers.ready"


def running(lab):
    """Whether the process runs and has opened everything."""
    try:
        with open(_ready(lab), encoding="ascii") as file:
            return kernel.alive(json.load(file)["pid"])
    except (OSError, ValueError):
        return False
