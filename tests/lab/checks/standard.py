"""The standard set against its own truth: addresses, ports, names, pages, counters.

It changes nothing in the lab but the counters.
`selftest` runs it.
"""

import json
import os
import subprocess
import unittest

from .. import plan, ready
from ..errors import LabError
from .observe import Watcher, eventually

PORTS = (
    22,
    53,
    80,
    139,
    443,
    445,
    515,
    554,
    631,
    1883,
    3389,
    3702,
    5060,
    5355,
    5357,
    6053,
    8001,
    8008,
    8009,
    8080,
    8200,
    9100,
    9197,
)
BROWSE = """mount -t tmpfs lab /run && mkdir -p /run/dbus /run/avahi-daemon && dbus-daemon --system --nopidfile
printf '[server]\\nallow-interfaces=eth0\\n[publish]\\ndisable-publishing=yes\\n' > /run/avahi.conf
avahi-daemon -D --no-drop-root --no-chroot --no-rlimits -f /run/avahi.conf >/dev/null 2>&1
timeout 8 avahi-browse -atrpk; avahi-daemon -k; kill $(pgrep -x dbus-daemon --ns $$ --nslist mnt)"""


class Standard(unittest.TestCase):
    """One lab for all tests of this class."""

    @classmethod
    def setUpClass(cls):
        cls.watcher = Watcher("lchecka")
        cls.watcher.lab("up")
        cls.truth = cls.watcher.truth()
        cls.hosts = {host["name"]: host for host in cls.truth["hosts"]}

    @classmethod
    def tearDownClass(cls):
        cls.watcher.lab("down")

    def test_every_address_answers_with_its_mac_and_no_other_does(self):
        network = plan.load("lchecka").network
        own = self.truth["appliance"]["ip"]
        found = self.watcher.sweep(str(address) for address in network.hosts() if str(address) != own)
        told = {ip: {host["mac"]} for host in self.hosts.values() for ip in host["ipv4"]}
        self.assertEqual(found, told)
        self.assertEqual(len(told), 19)

    def test_ipv6_addresses_answer(self):
        for host in self.hosts.values():
            for address in host["ipv6"]:
                zone = "%eth0" if address.startswith("fe80") else ""
                if zone == "":
                    continue  # the appliance has no address under the ULA prefix
                self.assertTrue(
                    eventually(
                        lambda a=address: "bytes from" in self.watcher.tool("ping", "-6", "-c1", "-W1", f"{a}%eth0")
                    ),
                    f"{host['name']} {address}",
                )

    def test_open_ports_are_exactly_the_told_ones(self):
        for host in self.hosts.values():
            address = host["ipv4"][0] if host["ipv4"] else f"{host['ipv6'][0]}%eth0"
            self.assertEqual(sorted(self.watcher.open_ports(address, PORTS)), host["open_tcp"], host["name"])

    def test_arp_only_host_answers_nothing_else(self):
        address = self.hosts["arponly"]["ipv4"][0]
        self.assertIn("100% packet loss", self.watcher.tool("ping", "-c1", "-W1", address))

    def test_dns_names_both_ways(self):
        for host in self.hosts.values():
            if "dns" in host["names"]:
                self.assertEqual(self.watcher.resolve(host["names"]["dns"]), host["ipv4"], host["name"])
                reverse = [name.lower() for name in self.watcher.resolve(host["ipv4"][0], "-x")]
                self.assertEqual(reverse, [host["names"]["dns"] + "."])

    def test_unknown_reverse_name_is_refused_at_once(self):
        said = self.watcher.tool("dig", f"@{self.truth['gateway']['ip']}", "-x", "10.77.0.199")
        self.assertIn("NXDOMAIN", said)

    def test_mdns_names(self):
        for host in self.hosts.values():
            if "mdns" in host["names"] and host["ipv4"]:
                address = host["ipv4"][0]
                self.assertTrue(
                    eventually(lambda h=host, a=address: self.watcher.mdns(h["names"]["mdns"]) == a), host["name"]
                )

    def test_mdns_services(self):
        said = self.watcher.tool("sh", "-c", BROWSE, seconds=40)
        for part in (
            "_googlecast._tcp",
            "fn=Kitchen speaker",
            "md=Google Nest Mini",
            "model=MacBookPro18,3",
            "_ipp._tcp",
            "_esphomelib._tcp",
            "_mqtt._tcp",
            "six.local",
            "raspberrypi",
        ):
            self.assertIn(part, said)

    def test_netbios_names(self):
        for name in ("windows", "nas"):
            host = self.hosts[name]
            self.assertTrue(
                eventually(
                    lambda h=host: (
                        f"{h['names']['nbns']} "
                        in self.watcher.tool("nmblookup", "-s", "/dev/null", "-A", h["ipv4"][0])
                    )
                ),
                name,
            )

    def test_snmp_name_in_both_versions(self):
        address = self.hosts["switch"]["ipv4"][0]
        name = self.hosts["switch"]["names"]["snmp"]
        oid = "1.3.6.1.2.1.1.5.0"
        self.assertIn(name, self.watcher.tool("snmpget", "-v2c", "-c", "public", address, oid))
        self.assertIn(
            name,
            self.watcher.tool(
                "snmpget",
                "-v3",
                "-u",
                "lab",
                "-l",
                "authPriv",
                "-a",
                "SHA",
                "-A",
                "lab-authentication",
                "-x",
                "AES",
                "-X",
                "lab-privacy",
                address,
                oid,
            ),
        )

    def test_pages_and_certificates(self):
        pages = {"router": "FRITZ!Box", "web": "Intranet", "nas": "Synology", "voip": "Yealink", "plug": "kitchen-plug"}
        for name, title in pages.items():
            self.assertIn(title, self.watcher.tool("curl", "-s", "-m", "5", f"http://{self.hosts[name]['ipv4'][0]}/"))
        said = self.watcher.tool(
            "sh",
            "-c",
            f"openssl s_client -connect {self.hosts['web']['ipv4'][0]}:443 </dev/null"
            " 2>/dev/null | openssl x509 -noout -ext subjectAltName",
        )
        self.assertIn("DNS:intranet.example.org", said)
        tv = self.hosts["tv"]
        self.assertIn(tv["uuid"], self.watcher.tool("curl", "-s", "-m", "5", f"http://{tv['ipv4'][0]}:9197/dmr"))

    def test_camera_answers_rtsp_and_discovery(self):
        camera = self.hosts["camera"]
        said = self.watcher.tool(
            "sh",
            "-c",
            f"printf 'OPTIONS * RTSP/1.0\\r\\nCSeq: 7\\r\\n\\r\\n' | busybox nc -w 1 {camera['ipv4'][0]} 554",
        )
        self.assertIn("CSeq: 7", said)
        self.assertIn("Server: Hikvision", said)
        probe = (
            '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"><e:Header><w:MessageID>urn:uuid:1</w:MessageID>'
            "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header></e:Envelope>"
        )
        self.assertIn(camera["uuid"], self.watcher.udp(camera["ipv4"][0], 3702, probe.encode()))

    def test_ssh_host_key_and_client_key(self):
        for name in ("linux", "mac", "raspberry"):
            host = self.hosts[name]
            self.assertIn(
                host["ssh_host_key"], self.watcher.tool("ssh-keyscan", "-T", "5", "-t", "ed25519", host["ipv4"][0])
            )
        said = self.watcher.tool(
            "ssh",
            "-i",
            "/run/vigie-lab/lchecka/client_key",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            f"root@{self.hosts['linux']['ipv4'][0]}",
            "hostname",
        )
        self.assertIn("buildbox", said)

    def test_sip_options(self):
        message = (
            "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.77.0.2;branch=z\r\nFrom: <sip:a>;tag=1\r\n"
            "To: <sip:x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
        )
        said = self.watcher.udp(self.hosts["voip"]["ipv4"][0], 5060, message.encode())
        self.assertIn("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.77.0.2;branch=z", said)
        self.assertIn("Yealink SIP-T46S", said)

    def test_user_has_no_capability_and_gains_the_named_one(self):
        command = ["sh", "-c", "id -u; grep CapEff /proc/self/status"]
        plain = self.watcher.lab("appliance", "--user", "--", *command).split()
        self.assertEqual((plain[0], int(plain[2], 16)), ("65534", 0))
        raw = self.watcher.lab("appliance", "--user", "--cap", "net_raw", "--", *command).split()
        self.assertEqual((raw[0], int(raw[2], 16)), ("65534", 1 << 13))

    def test_counters_see_what_is_forbidden(self):
        printer = self.hosts["printer"]["ipv4"][0]
        before = self.watcher.counts()["printer_listeners"]["printer"]["9100"]
        self.watcher.lab("counts", "--reset")
        self.watcher.tool("arping", "-c", "1", "-w", "2", "-I", "eth0", printer)
        clean = self.watcher.counts()
        self.assertEqual((clean["printer_ports"]["packets"], clean["printer_ports"]["connects"]), (0, 0))
        self.assertEqual(clean["leaving_segment"]["packets"], 0)
        self.assertGreaterEqual(clean["arp_requests_for"][printer], 1)
        self.watcher.tool("sh", "-c", f"printf hello | busybox nc -w 1 {printer} 9100")
        self.watcher.tool("ping", "-c", "2", "-W", "1", "192.0.2.1")
        dirty = eventually(
            lambda: (
                (c := self.watcher.counts())
                and c["printer_listeners"]["printer"]["9100"]["bytes"] >= before["bytes"] + 5
                and c
            )
        )
        self.assertEqual(
            dirty["printer_listeners"]["printer"]["9100"],
            {"connections": before["connections"] + 1, "bytes": before["bytes"] + 5},
        )
        self.assertEqual(
            (list(dirty["printer_ports"]["by_host"]), dirty["printer_ports"]["connects"]), (["printer"], 1)
        )
        self.assertGreaterEqual(dirty["leaving_segment"]["packets"], 1)
        self.assertGreaterEqual(dirty["frames_to"]["printer"]["packets"], 3)
        self.assertEqual(dirty["syns_to"]["printer"], {"9100": 1})

    def test_loss_is_random_and_each_way(self):
        address = self.hosts["linux"]["ipv4"][0]
        self.watcher.lab("loss", "30")
        try:
            got = sum(address in self.watcher.sweep([address], 1, 0.05) for _ in range(200))
        finally:
            self.watcher.lab("loss", "off")
        # 0.7 * 0.7 = 98 of 200 come back, four standard deviations are 28; lost one way only it would be 140.
        self.assertTrue(70 <= got <= 126, got)
        self.assertEqual(sum(address in self.watcher.sweep([address], 1, 0.1) for _ in range(20)), 20)

    def test_up_again_changes_nothing_and_mends_a_dead_host(self):
        path = "/run/vigie-lab/lchecka/hosts/linux/pid"

        def first():
            with open(path, encoding="ascii") as file:
                return int(file.read())

        before = first()
        self.watcher.lab("up")
        self.assertEqual(first(), before)
        os.kill(before, 9)
        self.assertTrue(eventually(lambda: not self.watcher.open_ports(self.hosts["linux"]["ipv4"][0], [22])))
        self.watcher.lab("up")
        self.assertEqual(self.watcher.open_ports(self.hosts["linux"]["ipv4"][0], [22]), {22})
        self.assertIn("other parameters", self.watcher.lab("up", "--set", "small", fails=True))

    def test_a_port_that_stays_closed_is_told(self):
        lab = plan.load("lchecka")
        lab.hosts["web"].open_tcp.append(4)
        with self.assertRaisesRegex(LabError, "web: TCP 4 not there"):
            ready.wait(lab, [lab.hosts["web"]], seconds=0.2)

    def test_hosts_cannot_see_the_machine(self):
        said = self.watcher.lab(
            "exec", "linux", "--", "sh", "-c", "ps -e | wc -l; ip -o link | wc -l; ls /run/vigie-lab 2>&1; true"
        )
        processes, links, listing = said.split("\n", 2)
        self.assertLess(int(processes), 12)
        self.assertEqual(int(links), 2)
        self.assertIn("No such file", listing)

    def test_machine_keeps_its_own_network(self):
        links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
        self.assertFalse(
            [link["ifname"] for link in links if link.get("linkinfo", {}).get("info_kind") in ("veth", "bridge")]
        )
        rules = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("lab", rules)
