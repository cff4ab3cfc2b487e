"""A limit on the memory of one process: a control group of its own, version 2 or 1, whichever the machine has.

It never touches a group it did not make.
`cli.py` puts the service into it.
"""

import os
import time

V2 = "/sys/fs/cgroup"
V1 = "/sys/fs/cgroup/memory"


class Cage:
    """A group with a limit; `kind` says which sort, empty when the machine has none."""

    def __init__(self, name, limit_bytes):
        self.path, self.kind = "", ""
        for kind, parent, limit in (
            ("cgroup v2 memory.max", V2, "memory.max"),
            ("cgroup v1 memory.limit_in_bytes", V1, "memory.limit_in_bytes"),
        ):
            path = os.path.join(parent, name)
            if not os.path.exists(os.path.join(parent, "cgroup.procs")):
                # No control group here, but a folder that would take any file.
                continue
            try:
                os.mkdir(path)
            except OSError:
                continue
            try:
                with open(os.path.join(path, limit), "r+", encoding="ascii") as file:
                    file.write(str(limit_bytes))
            except OSError:
                os.rmdir(path)
                continue
            self.path, self.kind = path, kind
            return

    def take(self, pid):
        """Puts a process in, before it has grown."""
        with open(os.path.join(self.path, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write(str(pid))

    def _number(self, *names):
        for name in names:
            try:
                with open(os.path.join(self.path, name), encoding="ascii") as file:
                    return int(file.read())
            except (OSError, ValueError):
                continue
        return None

    def state(self):
        """The most it held, page cache included, and how often the limit was met."""
        return {
            "kind": self.kind,
            "peak_mb": round((self._number("memory.peak", "memory.max_usage_in_bytes") or 0) / 2**20, 1),
            "limit_met": self._number("memory.failcnt"),
        }

    def open(self):
        """Removes the group; its process is gone."""
        for _ in range(50):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.1)
