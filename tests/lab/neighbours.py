"""The kernel's limit of neighbour entries, which all namespaces of the machine share.

It never lowers the limit below what was there before; small labs leave it alone.
`lifecycle.py` calls it first on the way up and last on the way down.
"""

import json
import os

from . import plan

# Each host knows a few others and the appliance knows all: beyond this many hosts 1,024 entries are not enough.
HOSTS_WITHOUT = 100
LIMITS = {"gc_thresh1": 4096, "gc_thresh2": 16384, "gc_thresh3": 32768}
FAMILIES = ("ipv4", "ipv6")


def _path(family, name):
    return f"/proc/sys/net/{family}/neigh/default/{name}"


def _saved():
    return f"{plan.STATE_ROOT}/neighbours.json"


def make_room(lab):
    """Raises the limits for a large lab and remembers the old ones."""
    if len(lab.hosts) <= HOSTS_WITHOUT or lab.raised_neighbours:
        return
    if not os.path.exists(_path("ipv4", "gc_thresh3")):
        return  # only the machine's first network namespace has them, and this process is in another one
    lab.raised_neighbours = True
    lab.save()
    before = {}
    for family in FAMILIES:
        for name in LIMITS:
            with open(_path(family, name), encoding="ascii") as file:
                before[f"{family} {name}"] = int(file.read())
    if not os.path.exists(_saved()):
        with open(f"{_saved()}.new", "w", encoding="ascii") as file:
            json.dump(before, file)
        os.replace(f"{_saved()}.new", _saved())
    for family in FAMILIES:
        for name, value in LIMITS.items():
            if value > before[f"{family} {name}"]:
                with open(_path(family, name), "w", encoding="ascii") as file:
                    file.write(str(value))


def give_back(lab):
    """Puts the old limits back when the last large lab goes."""
    others = [plan.load(prefix) for prefix in plan.present() if prefix != lab.prefix]
    if not os.path.exists(_saved()) or any(other is not None and other.raised_neighbours for other in others):
        return
    with open(_saved(), encoding="ascii") as file:
        before = json.load(file)
    for key, value in before.items():
        with open(_path(*key.split()), "w", encoding="ascii") as file:
            file.write(str(value))
    os.unlink(_saved())
