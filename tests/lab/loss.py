"""Random loss of frames on the bridge.

It never touches frames outside the lab's own bridge namespace; each copy of a broadcast is lost on its own.
`cli.py` calls it.
"""

from .errors import LabError
from .kernel import run

TABLE = "labloss"


def set_loss(lab, word, what):
    """Drops this share of forwarded frames (ARP only, or all); both directions pass the same rule. `off` ends it."""
    percent = 0 if word == "off" else int(word) if word.isdigit() else -1
    if not 0 <= percent <= 100:
        raise LabError("loss takes 0 to 100 or off")
    match = "ether type arp " if what == "arp" else ""
    # Declaring the table before deleting it makes the deletion work whether it is there or not.
    text = f"table bridge {TABLE}\ndelete table bridge {TABLE}\n"
    if percent:
        text += (
            f"table bridge {TABLE} {{\n chain loss {{ type filter hook forward priority 0;\n"
            f"  {match}numgen random mod 100 < {percent} drop\n }}\n}}\n"
        )
    run(["ip", "netns", "exec", lab.bridge_ns, "nft", "-f", "-"], text)
    lab.loss_percent = percent
    lab.loss_what = what
    lab.save()
