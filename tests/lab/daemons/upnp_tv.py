"""A TV: UPnP media renderer with SSDP and a description page, and Samsung's device page on 8001.

It plays nothing.
The TV host runs it with its settings: upnp_tv.py SETTINGS.json
"""

import http.server
import json
import selectors
import socket
import struct
import sys
import threading
import time

GROUP, SSDP_PORT, PAGE_PORT, DEVICE_PORT = "239.255.255.250", 1900, 9197, 8001
DEVICE_TYPE = "urn:schemas-upnp-org:device:MediaRenderer:1"
SERVER = "SHP, UPnP/1.0, Samsung UPnP SDK/1.0"
ALIVE_EVERY_S = 60

with open(sys.argv[1], encoding="utf-8") as _file:
    SETTINGS = json.load(_file)
LOCATION = f"http://{SETTINGS['address']}:{PAGE_PORT}/dmr"
USN = f"uuid:{SETTINGS['uuid']}"
# The name may hold anything; only here it has to be XML.
FRIENDLY_XML = SETTINGS["friendly"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>{DEVICE_TYPE}</deviceType><friendlyName>{FRIENDLY_XML}</friendlyName>
<manufacturer>Samsung Electronics</manufacturer><manufacturerURL>http://www.samsung.com/sec</manufacturerURL>
<modelDescription>Samsung TV DMR</modelDescription>
<modelName>{SETTINGS["model"]}</modelName><modelNumber>AllShare1.0</modelNumber>
<serialNumber>20210101</serialNumber><UDN>{USN}</UDN>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:RenderingControl:1</serviceType>
<serviceId>urn:upnp-org:serviceId:RenderingControl</serviceId><SCPDURL>/rc.xml</SCPDURL><controlURL>/rc</controlURL>
<eventSubURL>/rce</eventSubURL></service></serviceList></device></root>
"""
DEVICE = json.dumps(
    {
        "device": {
            "type": "Samsung SmartTV",
            "name": SETTINGS["friendly"],
            "modelName": SETTINGS["model"],
            "id": USN,
            "OS": "Tizen",
        },
        "version": "2.0.25",
    }
)


class Page(http.server.BaseHTTPRequestHandler):
    """The description on one port, the device page on the other."""

    timeout = 10
    server_version, sys_version = "SHP", ""

    def do_GET(self):
        """Answers the two known paths."""
        found = {"/dmr": ("text/xml", DESCRIPTION), "/api/v2/": ("application/json", DEVICE)}.get(self.path)
        if found is None:
            self.send_error(404)
            return
        body = found[1].encode()
        self.send_response(200)
        self.send_header("Content-Type", found[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Writes no access log."""


def targets():
    """The search targets of the device (UPnP Device Architecture 1.0, 1.2.2)."""
    return {"upnp:rootdevice": f"{USN}::upnp:rootdevice", USN: USN, DEVICE_TYPE: f"{USN}::{DEVICE_TYPE}"}


def answer(search):
    """The replies to one M-SEARCH; none when it asks for something else."""
    head = search.decode("latin-1").split("\r\n")
    if not head[0].startswith("M-SEARCH * HTTP/1.1"):
        return []
    fields = {name.strip().upper(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    if fields.get("MAN") != '"ssdp:discover"':
        return []
    wanted = fields.get("ST", "")
    return [
        f"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: {LOCATION}\r\nSERVER: {SERVER}\r\n"
        f"ST: {target}\r\nUSN: {usn}\r\n\r\n".encode()
        for target, usn in targets().items()
        if wanted in ("ssdp:all", target)
    ]


def announce(sender):
    """Says ssdp:alive for every target."""
    for target, usn in targets().items():
        sender.sendto(
            f"NOTIFY * HTTP/1.1\r\nHOST: {GROUP}:{SSDP_PORT}\r\nCACHE-CONTROL: max-age=1800\r\n"
            f"LOCATION: {LOCATION}\r\nNT: {target}\r\nNTS: ssdp:alive\r\n"
            f"SERVER: {SERVER}\r\nUSN: {usn}\r\n\r\n".encode(),
            (GROUP, SSDP_PORT),
        )


def main():
    """Serves the pages in threads and SSDP here."""
    for port in (PAGE_PORT, DEVICE_PORT):
        server = http.server.ThreadingHTTPServer(("", port), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ssdp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ssdp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ssdp.bind(("", SSDP_PORT))
    membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(SETTINGS["address"]))
    ssdp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    ssdp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(SETTINGS["address"]))
    ssdp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    selector = selectors.DefaultSelector()
    selector.register(ssdp, selectors.EVENT_READ)
    due = time.monotonic()
    while True:
        if time.monotonic() >= due:
            due = time.monotonic() + ALIVE_EVERY_S
            try:
                announce(ssdp)
            except OSError:
                pass  # the cable is out
        if selector.select(max(0, due - time.monotonic())):
            data, sender = ssdp.recvfrom(2048)
            for reply in answer(data):
                ssdp.sendto(reply, sender)


main()
