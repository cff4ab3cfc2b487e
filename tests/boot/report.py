"""Verdicts of a test run: one PASS or FAIL line each, and the exit code they add up to.

It never hides a verdict and never turns a failure into a note.
The programs `qemu` and `user` beside it make one Report and end with its exit code.
"""

import sys
import time


class Report:
    """Counts verdicts and prints them as they come."""

    def __init__(self):
        self.started = time.monotonic()
        self.failures = 0
        self.verdicts = 0

    def check(self, holds, what, detail=""):
        """Prints the verdict on `what`; `detail` says why when it does not hold. Returns whether it holds."""
        self.verdicts += 1
        if holds:
            print(f"PASS {what}", flush=True)
        else:
            self.failures += 1
            print(f"FAIL {what}{': ' if detail else ''}{detail}", flush=True)
        return bool(holds)

    def note(self, text):
        """A measurement or a remark: no verdict."""
        print(f"     {text}", flush=True)

    def finish(self):
        """Prints the sum and returns the exit code: 0 only when something was checked and all of it held."""
        seconds = time.monotonic() - self.started
        print(f"{self.verdicts - self.failures} of {self.verdicts} held, {seconds:.0f} s", flush=True)
        sys.stdout.flush()
        return 0 if self.verdicts and not self.failures else 1
