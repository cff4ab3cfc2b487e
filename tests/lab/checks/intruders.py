"""Things that look like trouble: rogue DHCP, proxy ARP, a virtual router.

Each test leaves the lab as it found it.
`selftest` runs it.
"""

import os
import socket
import time
import unittest

from .observe import Watcher, eventually


def offers(seconds=3):
    """Addresses of the servers that offer a lease to a made-up client (RFC 2131)."""
    transaction, mac = os.urandom(4), b"\x02" + os.urandom(5)
    discover = (
        b"\x01\x01\x06\x00"
        + transaction
        + b"\0\0\x80\0"
        + b"\0" * 16
        + mac
        + b"\0" * 202
        + b"\x63\x82\x53\x63\x35\x01\x01\xff"
    )
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        client.bind(("", 68))
        client.sendto(discover, ("255.255.255.255", 67))
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            try:
                data, sender = client.recvfrom(2048)
            except TimeoutError:
                break
            if data[4:8] == transaction:
                found.add(sender[0])
    return found


class Intruders(unittest.TestCase):
    """One small lab for all tests of this class."""

    @classmethod
    def setUpClass(cls):
        cls.watcher = Watcher("lcheckc")
        cls.watcher.lab("up", "--set", "small", "--no-csum")

    @classmethod
    def tearDownClass(cls):
        cls.watcher.lab("down")

    def told_servers(self):
        """DHCP servers of the truth."""
        return {server["ip"] for server in self.watcher.truth()["dhcp_servers"]}

    def test_rogue_dhcp(self):
        for word, count in (("off", 1), ("on", 2), ("off", 1)):
            self.watcher.change("roguedhcp", word)
            self.assertEqual(self.watcher.inside(offers), self.told_servers())
            self.assertEqual(len(self.told_servers()), count)

    def test_proxy_arp(self):
        range_ = ["10.77.0.193", "10.77.0.222", "10.77.0.250"]
        self.watcher.change("proxyarp", "on")
        told = self.watcher.truth()
        self.assertEqual(told["proxied"]["cidr"], "10.77.0.192/26")
        self.assertEqual(told["conflicts"], [])
        seen = eventually(lambda: (found := self.watcher.sweep(range_)) and len(found) == 3 and found)
        self.assertEqual(seen, {ip: {told["proxied"]["mac"]} for ip in range_})
        self.watcher.change("proxyarp", "off")
        self.assertEqual(self.watcher.sweep(range_), {})
        self.assertIsNone(self.watcher.truth()["proxied"])

    def test_virtual_router(self):
        self.watcher.change("vrrp", "on")
        told = self.watcher.truth()["virtual"]
        self.assertEqual((told["mac"], told["host"]), ("00:00:5e:00:01:33", "router"))
        self.assertEqual(self.watcher.macs(told["ip"], 3), {told["mac"]})
        self.watcher.change("vrrp", "move")
        self.assertEqual(self.watcher.truth()["virtual"], told | {"host": "linux"})
        self.assertTrue(eventually(lambda: self.watcher.macs(told["ip"], 2) == {told["mac"]}))
        self.watcher.change("vrrp", "off")
        self.assertEqual(self.watcher.macs(told["ip"]), set())
        self.assertEqual(len(self.watcher.macs(self.watcher.truth()["gateway"]["ip"])), 1)

    def test_two_cards(self):
        for words in (["on"], ["on", "flux"]):
            self.watcher.change("dual", *words)
            told = self.watcher.truth()["multi_homed"][0]
            for number, ip in enumerate(told["ips"]):
                expected = set(told["macs"]) if told["flux"] else {told["macs"][number]}
                self.assertEqual(
                    eventually(lambda i=ip, e=expected: (s := self.watcher.macs(i, 3)) == e and s), expected
                )
            self.assertEqual(self.watcher.truth()["conflicts"], [])
            self.watcher.change("off", "dual")
            self.assertEqual(self.watcher.sweep(told["ips"]), {})
            self.watcher.change("on", "dual")
            self.assertEqual(set(self.watcher.sweep(told["ips"])), set(told["ips"]))
            self.watcher.change("dual", "off")
        self.assertEqual(self.watcher.truth()["multi_homed"], [])

    def test_hosts_fill_in_checksums(self):
        said = self.watcher.tool("ethtool", "-k", "eth0")
        self.assertIn("tx-checksumming: off", said)
