"""The lab as the bench uses it: up, down, truth, counters, loss, and commands in the appliance's namespace.

It never runs a scanner outside that namespace.
`trial.py`, `service.py` and `cli.py` call it.
"""

import json
import os
import subprocess

LAB = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../lab/lab"))
# How many devices each set of the lab has.
SETS = {10: "ten", 20: "standard", 50: "fifty", 250: "full250"}
# Longer than the largest set takes on a loaded machine.
LAB_LIMIT_S = 300


class FieldError(Exception):
    """The lab did not do what it was asked."""


class Field:
    """One lab, by the prefix of its namespaces."""

    def __init__(self, prefix):
        self.prefix = prefix

    def _lab(self, *words):
        command = [LAB, "--prefix", self.prefix, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LAB_LIMIT_S, check=False)
        if done.returncode:
            raise FieldError(f"lab {' '.join(words)}: {done.stderr.strip() or done.returncode}")
        return done.stdout

    def up(self, size):
        """Builds the set with this many devices."""
        self._lab("up", "--set", SETS[size])

    def down(self):
        """Removes everything."""
        self._lab("down")

    def truth(self):
        """What a perfect observer would report."""
        return json.loads(self._lab("truth"))

    def forget_neighbours(self):
        """Empties the appliance's neighbour table, so that every run begins cold."""
        self._lab("appliance", "--", "ip", "neigh", "flush", "all")

    def reset_counts(self):
        """Sets the counters of the bridge to zero."""
        self._lab("counts", "--reset")

    def counts(self):
        """What the appliance sent since."""
        return json.loads(self._lab("counts"))

    def lose(self, percent):
        """Drops this share of ARP frames, each way; 0 ends it."""
        self._lab("loss", str(percent) if percent else "off")

    def inside(self, command):
        """The words that run a command in the appliance's namespace."""
        return [LAB, "--prefix", self.prefix, "appliance", "--", *command]
