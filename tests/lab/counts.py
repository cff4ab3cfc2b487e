"""Counters on the bridge: what the appliance sends, to whom, and what it must never send.

They see every frame once, as it enters the bridge; they never hold a frame back (`loss.py` does).
`lifecycle.py` installs them, `cli.py` prints and resets them.
"""

import json
import os

from . import segment
from .kernel import run

TABLE = "labcount"
# Ports of printing protocols: LPD, IPP and the raw ports. Some printers print whatever arrives there.
PRINTER_PORTS = "{ 515, 631, 9100-9107 }"
PRINTER_PORT_NUMBERS = (515, 631, *range(9100, 9108))
# One element per host and port that was tried; a port scan of everything fills it and the rest goes uncounted.
SET_SIZE = 65536


def _rules(lab):
    port = f'iifname "{segment.APPLIANCE_PORT}"'
    return f"""table bridge {TABLE} {{
 set frames {{ typeof ether daddr; size {SET_SIZE}; flags dynamic; counter;
 }}
 set asked {{ typeof arp daddr ip; size {SET_SIZE}; flags dynamic; counter;
 }}
 set syns {{ typeof ether daddr . tcp dport; size {SET_SIZE}; flags dynamic; counter;
 }}
 set printing {{ typeof ether daddr . tcp dport; size {SET_SIZE}; flags dynamic; counter;
 }}
 counter sent {{ }}
 counter received {{ }}
 counter printing {{ }}
 counter leaving {{ }}
 counter leaving6 {{ }}
 chain in {{ type filter hook prerouting priority -200;
  {port} counter name sent
  {port} update @frames {{ ether daddr }}
  {port} ether type arp arp operation request update @asked {{ arp daddr ip }}
  {port} ether type ip tcp flags & (syn | ack) == syn update @syns {{ ether daddr . tcp dport }}
  {port} ether type ip6 tcp flags & (syn | ack) == syn update @syns {{ ether daddr . tcp dport }}
  {port} ether type ip tcp dport {PRINTER_PORTS} counter name printing update @printing {{ ether daddr . tcp dport }}
  {port} ether type ip6 tcp dport {PRINTER_PORTS} counter name printing update @printing {{ ether daddr . tcp dport }}
  {port} ether type ip ip daddr != {{ {lab.subnet}, 224.0.0.0/4, 255.255.255.255 }} counter name leaving
  {port} ether type ip6 ip6 daddr != {{ fe80::/10, fc00::/7, ff00::/8 }} counter name leaving6
 }}
 chain out {{ type filter hook postrouting priority 200;
  oifname "{segment.APPLIANCE_PORT}" counter name received
 }}
}}
"""


def _nft(lab, *words, text=None):
    return run(["ip", "netns", "exec", lab.bridge_ns, "nft", *words], text)


def install(lab):
    """Puts the counters in place, at zero; those that are there stay as they are."""
    if TABLE not in _nft(lab, "list", "tables", "bridge"):
        _nft(lab, "-f", "-", text=_rules(lab))


def reset(lab):
    """Sets all counters and the printers' own counts of the lab to zero."""
    _nft(lab, "-f", "-", text=f"delete table bridge {TABLE}\n" + _rules(lab))


def _elements(items, name):
    found = {}
    for item in items:
        if item.get("set", {}).get("name") != name:
            continue
        for element in item["set"].get("elem", []):
            element = element["elem"]
            value = element["val"]
            value = value["concat"] if isinstance(value, dict) else [value]
            found[tuple(value)] = element["counter"]
    return found


def read(lab):
    """All counters as a dictionary ready for JSON; packets are frames, bytes include IP headers but not Ethernet."""
    items = json.loads(_nft(lab, "-j", "list", "table", "bridge", TABLE))["nftables"]
    named = {
        item["counter"]["name"]: {"packets": item["counter"]["packets"], "bytes": item["counter"]["bytes"]}
        for item in items
        if "counter" in item
    }
    by_mac = {}
    for host in lab.hosts.values():  # a cloned MAC stays with the one it was cloned from
        if not host.own_mac:
            by_mac[host.mac] = host.name
            by_mac.update({host.options["second"]["mac"]: host.name} if host.options.get("second") else {})
    by_mac["ff:ff:ff:ff:ff:ff"] = "broadcast"
    frames, multicast = {}, {"packets": 0, "bytes": 0}
    for (mac,), counter in _elements(items, "frames").items():
        if mac not in by_mac and int(mac[:2], 16) & 1:
            multicast["packets"] += counter["packets"]
            multicast["bytes"] += counter["bytes"]
        else:
            frames[by_mac.get(mac, mac)] = counter
    frames["multicast"] = multicast
    syns = _per_port(items, "syns", by_mac)
    tried = sum(count for ports in syns.values() for port, count in ports.items() if int(port) in PRINTER_PORT_NUMBERS)
    return {
        "sent": named["sent"],
        "received": named["received"],
        "printer_ports": {**named["printing"], "connects": tried, "by_host": _per_port(items, "printing", by_mac)},
        "leaving_segment": {
            "packets": named["leaving"]["packets"] + named["leaving6"]["packets"],
            "bytes": named["leaving"]["bytes"] + named["leaving6"]["bytes"],
        },
        "printer_listeners": _listeners(lab),
        "frames_to": frames,
        "arp_requests_for": {ip: counter["packets"] for (ip,), counter in _elements(items, "asked").items()},
        "syns_to": syns,
    }


def _per_port(items, name, by_mac):
    found = {}
    for (mac, port), counter in _elements(items, name).items():
        found.setdefault(by_mac.get(mac, mac), {})[str(port)] = counter["packets"]
    return found


def _listeners(lab):
    """What the printers' own listeners took since the printer started."""
    found = {}
    for host in lab.hosts.values():
        path = f"{lab.folder(host)}/printer_sink.json"
        if host.type == "printer" and os.path.exists(path):
            with open(path, encoding="ascii") as file:
                found[host.name] = json.load(file)
    return found
