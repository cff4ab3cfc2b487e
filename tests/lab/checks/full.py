"""The set of 250 hosts: every address and every filler port against the truth.

It measures nothing; timings belong to the benchmarks.
`selftest` runs it.
"""

import unittest

from .observe import Watcher


class Full(unittest.TestCase):
    """One large lab."""

    @classmethod
    def setUpClass(cls):
        cls.watcher = Watcher("lcheckf")
        cls.watcher.lab("up", "--set", "full250")
        cls.truth = cls.watcher.truth()

    @classmethod
    def tearDownClass(cls):
        cls.watcher.lab("down")

    def test_every_host_answers(self):
        told = {ip: {host["mac"]} for host in self.truth["hosts"] for ip in host["ipv4"]}
        self.assertEqual((len(self.truth["hosts"]), len(told)), (250, 249))
        self.assertEqual(self.watcher.sweep(told), told)

    def test_filler_ports(self):
        for host in self.truth["hosts"]:
            if not host["typed"]:
                seen = self.watcher.open_ports(host["ipv4"][0], (22, 80, 443, 3389, 8080))
                self.assertEqual(sorted(seen), host["open_tcp"], host["name"])

    def test_filler_goes_and_comes(self):
        filler = next(host for host in self.truth["hosts"] if not host["typed"] and 22 in host["open_tcp"])
        address = filler["ipv4"][0]
        self.watcher.change("off", filler["name"])
        self.assertEqual(self.watcher.macs(address), set())
        self.watcher.change("on", filler["name"])
        self.assertEqual(self.watcher.macs(address), {filler["mac"]})
        self.assertIn(22, self.watcher.open_ports(address, [22]))

    def test_more_hosts_fit_and_intruders_find_room(self):
        self.watcher.change("roguedhcp", "on")
        self.assertEqual(len(self.watcher.truth()["dhcp_servers"]), 2)
        self.watcher.change("roguedhcp", "off")
