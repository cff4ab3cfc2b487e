"""A child process whose output is waited on, line by line, with a bound.

It never sleeps to let something happen and never outlives the test.
`machine` starts QEMU with it, `user` the service itself.
"""

import re
import subprocess
import threading
import time


class Ended(Exception):
    """The process ended, or the time was over, before the awaited line came."""


class Process:
    """Starts `command` and collects what it prints, each line with the time it came."""

    def __init__(self, command, echo=False, **options):
        self.lines = []
        self.changed = threading.Condition()
        self.over = False
        self.echo = echo
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, **options)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for raw in self.child.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if self.echo:
                print(f"     | {line}", flush=True)
            with self.changed:
                self.lines.append((time.monotonic(), line))
                self.changed.notify_all()
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def wait_for(self, pattern, seconds):
        """Waits until a line, past or future, matches; returns (time, match) or raises Ended."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + seconds
        seen = 0
        with self.changed:
            while True:
                for at, line in self.lines[seen:]:
                    match = wanted.search(line)
                    if match:
                        return at, match
                seen = len(self.lines)
                left = deadline - time.monotonic()
                if self.over or left <= 0:
                    raise Ended(f"no line like '{pattern}' ({'the process ended' if self.over else f'{seconds} s'})")
                self.changed.wait(left)

    def find(self, pattern):
        """The first match in what was printed so far, or None."""
        with self.changed:
            return next((m for _, line in self.lines if (m := re.search(pattern, line))), None)

    def tail(self, count=25):
        """The last lines, for a person who wants to know what happened."""
        with self.changed:
            return [line for _, line in self.lines[-count:]]

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        self.child.kill()
        self.child.wait()
        self.reader.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
