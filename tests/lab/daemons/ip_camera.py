"""A camera's doors: RTSP that asks for a password, a web page, and ONVIF WS-Discovery.

It streams nothing and accepts no password.
The camera host runs it with its settings: ip_camera.py SETTINGS.json
"""

import json
import os
import re
import socket
import socketserver
import struct
import sys
import threading

GROUP, DISCOVERY_PORT = "239.255.255.250", 3702
REALM = "IP Camera(C6496)"
REQUEST_MAX = 8192

with open(sys.argv[1], encoding="utf-8") as _file:
    SETTINGS = json.load(_file)

PAGE = (
    b"<!DOCTYPE html><html><head><title>index</title></head><body>"
    b"<script>window.location.href='/doc/page/login.asp'</script></body></html>"
)
SCOPES = (
    "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming "
    f"onvif://www.onvif.org/hardware/{SETTINGS['model']} onvif://www.onvif.org/name/HIKVISION%20{SETTINGS['model']}"
)
MATCHES = """<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" \
xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><env:Header>\
<a:MessageID>urn:uuid:{message}</a:MessageID><a:RelatesTo>{relates}</a:RelatesTo>\
<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>\
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></env:Header><env:Body><d:ProbeMatches>\
<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{uuid}</a:Address></a:EndpointReference>\
<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>\
<d:XAddrs>http://{address}/onvif/device_service</d:XAddrs><d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch>\
</d:ProbeMatches></env:Body></env:Envelope>"""


def uuid4():
    """A random UUID (RFC 9562) without the module that would cost memory."""
    octets = bytearray(os.urandom(16))
    octets[6], octets[8] = octets[6] & 0x0F | 0x40, octets[8] & 0x3F | 0x80
    text = octets.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Door(socketserver.StreamRequestHandler):
    """One connection with requests of the HTTP family, until the far end is silent for ten seconds."""

    timeout = 10

    def handle(self):
        """Answers request after request."""
        try:
            while head := self._head():
                self.wfile.write(self.reply(head))
        except OSError:
            return

    def _head(self):
        lines, size = [], 0
        while True:
            line = self.rfile.readline(REQUEST_MAX)
            size += len(line)
            if not line or size > REQUEST_MAX:
                return None
            if line in (b"\r\n", b"\n"):
                if lines:
                    return [item.decode("latin-1").rstrip() for item in lines]
                continue
            lines.append(line)

    def reply(self, head):
        """The whole answer to one request head."""
        raise NotImplementedError


class Rtsp(Door):
    """OPTIONS for everyone, everything else needs a password (RFC 2326, RFC 7616)."""

    def reply(self, head):
        """One RTSP answer."""
        words = head[0].split()
        if len(words) != 3 or not words[2].startswith("RTSP/"):
            return b"RTSP/1.0 400 Bad Request\r\n\r\n"
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        common = f"CSeq: {fields.get('cseq', '0')}\r\nServer: Hikvision RTSP Server\r\n"
        if words[0] == "OPTIONS":
            return (
                f"RTSP/1.0 200 OK\r\n{common}Public: OPTIONS, DESCRIBE, PLAY, PAUSE, SETUP, TEARDOWN, "
                "SET_PARAMETER, GET_PARAMETER\r\n\r\n"
            ).encode()
        nonce = os.urandom(16).hex()
        return (
            f'RTSP/1.0 401 Unauthorized\r\n{common}WWW-Authenticate: Digest realm="{REALM}", nonce="{nonce}", '
            f'stale="FALSE"\r\nWWW-Authenticate: Basic realm="{REALM}"\r\n\r\n'
        ).encode()


class Web(Door):
    """The login page for every path, a refusal for ONVIF calls."""

    def reply(self, head):
        """One HTTP answer."""
        if head[0].startswith("POST"):
            return (
                f'HTTP/1.1 401 Unauthorized\r\nServer: App-webs/\r\nWWW-Authenticate: Digest qop="auth", '
                f'realm="{REALM}", nonce="{os.urandom(16).hex()}"\r\nContent-Length: 0\r\n\r\n'
            ).encode()
        body = b"" if head[0].startswith("HEAD") else PAGE
        head = "HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Type: text/html\r\n"
        return f"{head}Content-Length: {len(PAGE)}\r\n\r\n".encode() + body


class Server(socketserver.ThreadingTCPServer):
    """A thread per connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def discovery():
    """Answers WS-Discovery probes for video transmitters or for everything."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.bind(("", DISCOVERY_PORT))
    membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(SETTINGS["address"]))
    udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    while True:
        data, sender = udp.recvfrom(65536)
        text = data.decode("utf-8", "replace")
        message = re.search(r"MessageID[^>]*>\s*([^<\s]{1,128})\s*<", text)
        types = re.search(r"<(?:\w+:)?Types[^>]*>([^<]*)<", text)
        if "ws/2005/04/discovery/Probe<" not in text.replace(" ", "") or not message:
            continue
        if types and types.group(1).strip() and "NetworkVideoTransmitter" not in types.group(1):
            continue
        udp.sendto(
            MATCHES.format(
                message=uuid4(),
                relates=message.group(1),
                uuid=SETTINGS["uuid"],
                scopes=SCOPES,
                address=SETTINGS["address"],
            ).encode(),
            sender,
        )


def main():
    """Opens all doors."""
    for port, handler in ((554, Rtsp), (80, Web)):
        threading.Thread(target=Server(("", port), handler).serve_forever, daemon=True).start()
    discovery()


main()
