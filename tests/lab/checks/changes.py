"""Every change to the lab's own hosts, applied, seen from the appliance, and undone.

Each test leaves the lab as it found it.
`selftest` runs it.
"""

import socket
import time
import unittest
from xml.etree import ElementTree

from .observe import Watcher, eventually


class Changes(unittest.TestCase):
    """One standard lab for all tests of this class."""

    @classmethod
    def setUpClass(cls):
        cls.watcher = Watcher("lcheckb")
        cls.watcher.lab("up")

    @classmethod
    def tearDownClass(cls):
        cls.watcher.lab("down")

    def address(self, name):
        """The host's first IPv4 address."""
        return self.watcher.host(name)["ipv4"][0]

    def mac(self, name):
        """The host's MAC."""
        return self.watcher.host(name)["mac"]

    def test_off_and_on(self):
        address, mac = self.address("linux"), self.mac("linux")
        key = self.watcher.host("linux")["ssh_host_key"]
        self.watcher.change("off", "linux")
        self.assertEqual(self.watcher.macs(address), set())
        self.assertFalse(self.watcher.host("linux")["online"])
        self.assertEqual(eventually(lambda: not self.watcher.resolve("buildbox.lan")), True)
        self.watcher.change("on", "linux")
        self.assertEqual(self.watcher.macs(address), {mac})
        self.assertEqual(self.watcher.open_ports(address, [22]), {22})
        self.assertEqual(self.watcher.host("linux")["ssh_host_key"], key)

    def test_ip(self):
        old, mac = self.address("web"), self.mac("web")
        self.watcher.change("ip", "web", "10.77.0.200")
        self.assertEqual(self.watcher.macs(old), set())
        self.assertEqual(self.watcher.macs("10.77.0.200"), {mac})
        self.assertEqual(self.watcher.open_ports("10.77.0.200", [80, 443]), {80, 443})
        self.assertTrue(eventually(lambda: self.watcher.resolve("www.lan") == ["10.77.0.200"]))
        self.assertIn("belongs to linux", self.watcher.lab("change", "ip", "web", self.address("linux"), fails=True))
        self.watcher.change("ip", "web", old, "announce")
        self.assertEqual(self.watcher.macs(old), {mac})
        self.assertEqual(self.watcher.macs("10.77.0.200"), set())

    def test_ip_of_hosts_that_are_bound_to_it(self):
        old = self.address("camera")
        self.watcher.change("ip", "camera", "10.77.0.201")
        self.assertEqual(self.watcher.open_ports("10.77.0.201", [80, 554]), {80, 554})
        self.watcher.change("ip", "camera", old)
        self.assertEqual(self.watcher.open_ports(old, [80, 554]), {80, 554})

    def test_swap(self):
        one, two = self.watcher.host("linux"), self.watcher.host("web")
        for pair in ((two, one), (one, two)):
            self.watcher.change("swap", "linux", "web")
            self.assertEqual(self.watcher.macs(one["ipv4"][0]), {pair[0]["mac"]})
            self.assertEqual(self.watcher.macs(two["ipv4"][0]), {pair[1]["mac"]})
            self.watcher.tool(
                "ip", "neigh", "flush", "dev", "eth0"
            )  # the swap was quiet, the appliance's kernel is wrong
            self.assertEqual(self.watcher.open_ports(self.address("linux"), [22, 80]), {22})
            self.assertEqual(self.watcher.open_ports(self.address("web"), [22, 80]), {80})

    def test_rename_by_every_protocol(self):
        def netbios(name):
            return f"{name} " in self.watcher.tool("nmblookup", "-s", "/dev/null", "-A", self.address("windows"))

        def snmp(name):
            return name in self.watcher.tool(
                "snmpget", "-v2c", "-c", "public", self.address("switch"), "1.3.6.1.2.1.1.5.0"
            )

        def mdns(name):
            return self.watcher.mdns(f"{name}.local") == self.address("mac")

        def dhcp(name):
            return self.watcher.resolve(f"{name}.lan") == [self.address("phone")]

        for host, seen in (("windows", netbios), ("switch", snmp), ("mac", mdns), ("phone", dhcp)):
            old = self.watcher.host(host)["names"]
            old = old.get("nbns") or old.get("snmp") or old.get("mdns", "").removesuffix(".local") or old.get("dhcp")
            for name in (f"NEW-{host.upper()}", old):
                self.watcher.change("rename", host, name)
                self.assertTrue(eventually(lambda s=seen, n=name: s(n)), f"{host} as {name}")

    def test_hostile_friendly_name(self):
        hostile = "=cmd|'/C calc'!A0 <script>alert(1)</script> \"\u202e"
        for name in (hostile, "[TV] Living room"):
            self.watcher.change("friendly", "tv", name)
            self.assertEqual(self.watcher.host("tv")["friendly"], name)
            page = self.watcher.tool("curl", "-s", "-m", "5", f"http://{self.address('tv')}:9197/dmr")
            self.assertEqual(ElementTree.fromstring(page).findtext(".//{*}friendlyName"), name)

    def test_dupip(self):
        victim = self.watcher.host("linux")
        self.watcher.change("dupip", "raspberry", "linux")
        both = {victim["mac"], self.mac("raspberry")}
        self.assertEqual(eventually(lambda: (seen := self.watcher.macs(victim["ipv4"][0], 3)) == both and seen), both)
        conflict = self.watcher.truth()["conflicts"]
        self.assertEqual(
            [(item["type"], item["ip"], set(item["macs"])) for item in conflict], [("ip", victim["ipv4"][0], both)]
        )
        self.watcher.change("undupip", "raspberry")
        self.assertEqual(self.watcher.macs(victim["ipv4"][0], 3), {victim["mac"]})
        self.assertEqual(self.watcher.truth()["conflicts"], [])

    def test_clonemac(self):
        own, victim = self.watcher.host("raspberry"), self.watcher.host("mqtt")
        self.watcher.change("clonemac", "raspberry", "mqtt")
        self.assertEqual(self.watcher.macs(own["ipv4"][0]), {victim["mac"]})
        self.assertEqual(self.watcher.macs(victim["ipv4"][0]), {victim["mac"]})
        self.assertEqual([item["type"] for item in self.watcher.truth()["conflicts"]], ["mac"])
        self.watcher.change("unclonemac", "raspberry")
        self.assertEqual(self.watcher.macs(own["ipv4"][0]), {own["mac"]})
        self.assertEqual(self.watcher.truth()["conflicts"], [])

    def test_newphone(self):
        old = self.watcher.host("tablet")
        self.watcher.change("newphone", "tablet")
        new = self.watcher.host("tablet2")
        self.assertFalse(self.watcher.host("tablet")["online"])
        self.assertNotEqual(new["mac"], old["mac"])
        self.assertTrue(new["random_mac"])
        self.assertEqual((new["names"]["dhcp"], new["same_as"]), (old["names"]["dhcp"], "tablet"))
        self.assertEqual(self.watcher.macs(new["ipv4"][0]), {new["mac"]})
        self.watcher.change("off", "tablet2")
        self.watcher.change("on", "tablet")
        self.assertEqual(self.watcher.macs(self.address("tablet")), {old["mac"]})

    def test_ports(self):
        address = self.address("nas")
        self.watcher.change("ports", "nas", "close")
        self.assertEqual(self.watcher.open_ports(address, [80, 139, 443, 445, 8200]), set())
        self.assertEqual(self.watcher.host("nas")["open_tcp"], [])
        self.watcher.change("ports", "nas", "open")
        self.assertEqual(self.watcher.open_ports(address, [80, 139, 443, 445, 8200]), {80, 139, 443, 445, 8200})

    def test_half(self):
        everyone = {
            host["ipv4"][0]: host["name"] for host in self.watcher.truth()["hosts"] if host["ipv4"] and host["online"]
        }
        for word, share in (("off", "60"), ("on", None)):
            self.watcher.change(*["half", word] + ([share] if share else []))
            told = {host["ipv4"][0] for host in self.watcher.truth()["hosts"] if host["ipv4"] and host["online"]}
            self.assertEqual(set(self.watcher.sweep(everyone)), told)
            self.assertEqual(len(told), 8 if word == "off" else 19)

    def test_cable(self):
        gateway = self.watcher.truth()["gateway"]["ip"]
        self.watcher.change("cable", "pull")
        self.assertIn("NO-CARRIER", self.watcher.tool("ip", "link", "show", "eth0"))
        self.watcher.change("cable", "plug")
        self.assertTrue(eventually(lambda: self.watcher.macs(gateway)))
        self.watcher.change("cable", "remove")
        self.assertIn("does not exist", self.watcher.tool("ip", "link", "show", "eth0"))
        self.watcher.change("cable", "plug")
        self.assertTrue(eventually(lambda: self.watcher.macs(gateway)))
        self.assertIn(self.watcher.truth()["appliance"]["mac"], self.watcher.tool("ip", "link", "show", "eth0"))
        self.watcher.change("cable", "pull", "linux")
        self.assertEqual(self.watcher.macs(self.address("linux")), set())
        self.watcher.change("cable", "plug", "linux")
        self.assertTrue(eventually(lambda: self.watcher.macs(self.address("linux"))))

    def test_dhcprenew(self):
        old, mac = self.address("console"), self.mac("console")
        self.watcher.change("dhcprenew", "console", "10.77.0.46")
        self.assertEqual(self.watcher.macs("10.77.0.46"), {mac})
        self.assertEqual(self.watcher.macs(old), set())
        self.watcher.change("dhcprenew", "console", old)
        self.assertEqual(self.watcher.macs(old), {mac})

    def test_sleep_and_wake(self):
        address, mac = self.address("linux"), self.mac("linux")
        octets = bytes.fromhex(mac.replace(":", ""))

        def call(packet):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                sender.sendto(packet, ("10.77.0.255", 9))

        self.watcher.change("sleep", "linux", "01:02:03:04:05:06")
        self.assertEqual(self.watcher.macs(address), set())
        self.watcher.inside(call, b"\xff" * 6 + octets * 16)
        time.sleep(1)  # nothing is to happen: there is no event to wait for
        self.assertFalse(self.watcher.host("linux")["online"])
        self.watcher.inside(call, b"\xff" * 6 + octets * 16 + b"\1\2\3\4\5\6")
        self.assertTrue(eventually(lambda: self.watcher.host("linux")["online"]))
        self.assertEqual(self.watcher.macs(address), {mac})
        self.watcher.change("sleep", "linux")
        self.watcher.change("on", "linux")
        self.assertEqual(self.watcher.macs(address), {mac})

    def test_wrong_words_are_refused(self):
        for words in (
            ["off"],
            ["off", "nobody"],
            ["half", "maybe"],
            ["ip", "web", "10.78.0.1"],
            ["ip", "phone", "10.77.0.99"],
            ["ip", "web", "10.77.0.255"],
            ["dhcprenew", "web"],
            ["nonsense"],
            ["ports", "switch", "close"],
        ):
            self.assertIn("lab:", self.watcher.lab("change", *words, fails=True))
