"""What is left after `down`: nothing, whatever happened before.

It never looks at other labs than its own.
`selftest` runs it.
"""

import os
import signal
import subprocess
import time
import unittest

from .. import kernel, plan
from .observe import LAB, Watcher


def leftovers(prefix):
    """Everything of a lab that can still be found on the machine."""
    found = kernel.namespaces(prefix)
    found += [
        path for path in (f"{plan.STATE_ROOT}/{prefix}", f"{plan.STATE_ROOT}/{prefix}.lock") if os.path.exists(path)
    ]
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read()
        except OSError:
            continue
        if f"{plan.STATE_ROOT}/{prefix}/".encode() in words:
            found.append(f"process {entry}")
    return found


class Clearing(unittest.TestCase):
    """Labs of their own for each test."""

    def tearDown(self):
        for prefix in ("lcheckd", "lchecke"):
            Watcher(prefix).lab("down")

    def test_down_leaves_nothing_and_twice_is_fine(self):
        watcher = Watcher("lcheckd")
        watcher.lab("up", "--set", "small")
        names = kernel.namespaces("lcheckd")
        pids = kernel.members(names)
        self.assertEqual(len(names), 10)
        self.assertGreater(len(pids), 10)
        watcher.lab("down")
        self.assertEqual(leftovers("lcheckd"), [])
        self.assertEqual([pid for pid in pids if kernel.alive(pid)], [])
        watcher.lab("down")

    def test_killed_up_is_cleared_or_mended(self):
        for pause in (0.05, 0.15, 0.3, 0.6, 1.0):
            process = subprocess.Popen([LAB, "--prefix", "lcheckd", "up"], stdout=subprocess.DEVNULL)
            time.sleep(pause)  # the point in time is the test
            process.send_signal(signal.SIGKILL)
            process.wait()
            Watcher("lcheckd").lab("down")
            self.assertEqual(leftovers("lcheckd"), [], pause)
        process = subprocess.Popen([LAB, "--prefix", "lcheckd", "up", "--set", "small"], stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        process.kill()
        process.wait()
        watcher = Watcher("lcheckd")
        watcher.lab("up", "--set", "small")
        self.assertEqual(len(watcher.sweep([host["ipv4"][0] for host in watcher.truth()["hosts"] if host["ipv4"]])), 7)

    def test_two_labs_side_by_side(self):
        one, two = Watcher("lcheckd"), Watcher("lchecke")
        one.lab("up", "--set", "small", "--hosts", "3")
        two.lab("up", "--set", "small", "--hosts", "4", "--subnet", "10.77.0.0/24")
        self.assertEqual((len(one.truth()["hosts"]), len(two.truth()["hosts"])), (3, 4))
        addresses = [host["ipv4"][0] for host in two.truth()["hosts"]]
        self.assertEqual((len(one.sweep(addresses)), len(two.sweep(addresses))), (3, 4))
        one.lab("down")
        self.assertEqual(leftovers("lcheckd"), [])
        self.assertEqual(len(two.sweep(addresses)), 4)

    def test_bad_arguments_are_refused(self):
        for prefix, words in (
            ("lchecke", ["--subnet", "8.8.8.0/24"]),
            ("lchecke", ["--subnet", "10.0.0.0/8"]),
            ("lchecke", ["--hosts", "2000"]),
            ("a-b", []),
            ("lchecke", ["--hosts", "400"]),
        ):
            self.assertIn("lab:", Watcher(prefix).lab("up", *words, fails=True))
        self.assertEqual(leftovers("lchecke"), [])
