"""The inside of a typed host: a mount, UTS and PID namespace around one shell as PID 1.

It never lets a daemon write outside the host's own folder and file systems in memory.
`lifecycle.py` and `changes.py` start and stop bodies; what runs in them comes from `catalogue.py`.
"""

import os
import shlex

from . import kernel

# The host's folder appears here inside; /run is hidden below a fresh file system.
INSIDE = "/mnt"
# Places where daemons keep state; each gets an empty file system in memory.
EMPTY = (
    "/run",
    "/tmp",
    "/var/tmp",
    "/var/log",
    "/var/cache",
    "/var/spool",
    "/var/lib/samba",
    "/var/lib/snmp",
    "/var/lib/nginx",
)


class Files:
    """Collects the files of one host's folder; written in one go when the host starts."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, text, mode=0o644):
        """Writes a file of the host's folder and returns its path as the host sees it."""
        path = f"{self.folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{path}.new", mode)
        os.replace(f"{path}.new", path)
        return f"{INSIDE}/{name}"

    def daemon(self, name):
        """Puts one of the lab's own small daemons into the folder and returns its path inside."""
        source = f"{os.path.dirname(os.path.realpath(__file__))}/daemons/{name}"
        with open(source, encoding="utf-8") as file:
            return self.write(name, file.read())


def _first_shell(lab, host, commands):
    """The script of PID 1: file systems first, then each daemon in the background, then waiting for orphans."""
    lines = [
        "set -eu",
        "mount --make-rprivate /",
        f"mount --bind {shlex.quote(lab.folder(host))} {INSIDE}",
        "mount -t proc proc /proc",
        "mount -t sysfs sysfs /sys",
        *(
            f"mount -t tmpfs -o size=32m,mode={'1777' if 'tmp' in place else '755'} lab {place}"
            for place in EMPTY
            if os.path.isdir(place)
        ),
        f"mount --bind {INSIDE}/hosts /etc/hosts",
        f"mount --bind {INSIDE}/resolv.conf /etc/resolv.conf || echo 'no own resolv.conf'",
        # A daemon (or an SSH session) that tries to write elsewhere fails instead of changing this machine.
        "mount -o remount,bind,ro /",
        f"hostname {shlex.quote(host.hostname)}",
        "umask 022",
        *(f"( {command} ) &" for command in commands),
        # dash reaps orphans of daemons as long as one child of its own is left to wait for.
        "sleep infinity &",
        f"echo $! > {INSIDE}/started",
        "wait",
    ]
    return "\n".join(lines) + "\n"


def start(lab, host, commands):
    """Writes the host's common files and starts its first process."""
    files = Files(lab.folder(host))
    files.write("hosts", f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {host.hostname}\n")
    files.write("resolv.conf", f"nameserver {lab.gateway}\nsearch lan\n")
    files.write("init.sh", _first_shell(lab, host, commands))
    for stale in ("started", "pid"):
        if os.path.exists(f"{lab.folder(host)}/{stale}"):
            os.unlink(f"{lab.folder(host)}/{stale}")
    pid = kernel.spawn(lab.namespace(host), ["/bin/sh", f"{lab.folder(host)}/init.sh"], f"{lab.folder(host)}/log")
    files.write("pid", str(pid))


def stop(lab, host):
    """Ends everything that runs in the host; its links and addresses stay."""
    kernel.end(kernel.members([lab.namespace(host)]))


def first_process(lab, host):
    """Process id of the host's PID 1 as seen from outside, or None when it does not run."""
    try:
        with open(f"{lab.folder(host)}/pid", encoding="ascii") as file:
            pid = int(file.read())
        own = os.stat(f"/proc/{pid}/ns/net").st_ino
        return pid if own == os.stat(f"{kernel.NETNS_DIR}/{lab.namespace(host)}").st_ino and kernel.alive(pid) else None
    except (OSError, ValueError):
        return None
