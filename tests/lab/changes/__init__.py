"""What can happen to a lab while a scanner watches, one module per duty.

A change alters the plan and the network together and saves the plan, so the truth stays true.
`cli.py` calls `apply`.
"""

from ..errors import LabError
from . import addresses, beyond, intruders, presence, services

# word on the command line: (function, least and most arguments after the lab, how to use it)
CHANGES = {
    "off": (presence.off, 1, 1, "HOST"),
    "on": (presence.on, 1, 1, "HOST"),
    "half": (presence.half, 1, 2, "off|on [PERCENT]"),
    "cable": (presence.cable, 1, 2, "pull|remove|plug [HOST]"),
    "newphone": (presence.newphone, 1, 1, "HOST"),
    "sleep": (presence.sleep, 1, 2, "HOST [SECUREON-PASSWORD]"),
    "ip": (addresses.move, 2, 3, "HOST NEWIP [announce]"),
    "swap": (addresses.swap, 2, 3, "HOST1 HOST2 [announce]"),
    "dupip": (addresses.dupip, 2, 3, "HOST VICTIM [announce]"),
    "undupip": (addresses.undupip, 1, 1, "HOST"),
    "clonemac": (addresses.clonemac, 2, 2, "HOST VICTIM"),
    "unclonemac": (addresses.unclonemac, 1, 1, "HOST"),
    "dhcprenew": (addresses.dhcprenew, 1, 2, "HOST [NEWIP]"),
    "rename": (services.rename, 2, 2, "HOST NEWNAME"),
    "friendly": (services.friendly, 2, 2, "HOST TEXT"),
    "ports": (services.ports, 2, 2, "HOST close|open"),
    "roguedhcp": (intruders.roguedhcp, 1, 1, "on|off"),
    "proxyarp": (intruders.proxyarp, 1, 2, "on [CIDR]|off"),
    "dual": (intruders.dual, 1, 2, "on [flux]|off"),
    "far": (beyond.far, 1, 2, "on|off|lose ADDRESS"),
    "vrrp": (intruders.vrrp, 1, 1, "on|move|off"),
}


def usage():
    """One line per change."""
    return "\n".join(f"  change {word} {entry[3]}" for word, entry in CHANGES.items())


def apply(lab, words):
    """Applies one change and saves the plan."""
    if not words or words[0] not in CHANGES:
        raise LabError(f"which change?\n{usage()}")
    function, least, most, form = CHANGES[words[0]]
    if not least <= len(words) - 1 <= most:
        raise LabError(f"change {words[0]} {form}")
    try:
        function(lab, *words[1:])
    finally:
        lab.save()
