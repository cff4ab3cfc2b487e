"""Running a command inside the appliance or a host; the command takes this process's place.

It never returns when all goes well, so signals and exit codes are the command's own.
`cli.py` calls it.
"""

import os

from . import body, kernel
from .errors import LabError

# Debian's and Ubuntu's user without rights.
NOBODY = 65534
SETUP = """mount --make-rprivate / && mount -t sysfs sysfs /sys && \
{ mount --bind "$1" /etc/resolv.conf 2>/dev/null || true; } && shift && exec "$@\""""


def _replace(argv):
    try:
        os.execvp(argv[0], argv)
    except FileNotFoundError as problem:
        raise LabError(f"{argv[0]} is missing: run tests/install lab") from problem


def appliance(lab, command, user=False, capabilities=()):
    """Runs the command in the appliance's namespace: as root, or as a user with nothing but these capabilities."""
    if not os.path.exists(f"{kernel.NETNS_DIR}/{lab.appliance_ns}"):
        raise LabError(f"lab {lab.prefix!r} is not up")
    resolver = f"{lab.state}/resolv.conf"
    with open(resolver, "w", encoding="ascii") as file:
        file.write(f"nameserver {lab.gateway}\nsearch lan\n")
    if user or capabilities:
        drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
        plus = "".join(f",+{name}" for name in capabilities)
        drop += [f"--bounding-set=-all{plus}", f"--inh-caps=-all{plus}", f"--ambient-caps=-all{plus}", "--"]
        command = drop + command
    _replace(
        [
            "nsenter",
            f"--net={kernel.NETNS_DIR}/{lab.appliance_ns}",
            "--",
            "unshare",
            "--mount",
            "--",
            "sh",
            "-c",
            SETUP,
            "lab",
            resolver,
            *command,
        ]
    )


def host(lab, name, command):
    """Runs the command as root inside a host, with the host's own processes and files."""
    place = lab.host(name)
    pid = body.first_process(lab, place)
    if pid is None:
        _replace(["nsenter", f"--net={kernel.NETNS_DIR}/{lab.namespace(place)}", "--", *command])
    _replace(["nsenter", f"--target={pid}", "--net", "--mount", "--uts", "--pid", "--", *command])
