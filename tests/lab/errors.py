"""The one error the lab reports to people, and the reading of its on/off words.

It never carries a traceback to the terminal.
Every module of the package raises it, `cli.py` prints it.
"""


class LabError(Exception):
    """Something the caller can act on: a wrong argument, a missing program, a port that stayed closed."""


def switch(word, on="on", off="off"):
    """True or False for the two words of a switch."""
    if word not in (on, off):
        raise LabError(f"{on} or {off}, not {word!r}")
    return word == on
