"""A cast speaker: `_googlecast._tcp` by python-zeroconf, the information page on 8008 and a silent 8009.

It plays nothing.
The speaker host runs it with its settings: cast_speaker.py SETTINGS.json
"""

import http.server
import json
import socket
import sys
import threading

from zeroconf import IPVersion, ServiceInfo, Zeroconf

with open(sys.argv[1], encoding="utf-8") as _file:
    SETTINGS = json.load(_file)
INFO = json.dumps(
    {
        "name": SETTINGS["friendly"],
        "model_name": SETTINGS["model"],
        "build_version": "1.68",
        "ssdp_udn": SETTINGS["id"],
        "setup_state": 60,
    }
).encode()


class Page(http.server.BaseHTTPRequestHandler):
    """The information page."""

    timeout = 10
    server_version, sys_version = "Eureka", ""

    def do_GET(self):
        """Answers the one known path."""
        if not self.path.startswith("/setup/eureka_info"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(INFO)))
        self.end_headers()
        self.wfile.write(INFO)

    def log_message(self, *_):
        """Writes no access log."""


def silent(port):
    """Accepts and closes: the real one speaks TLS."""
    listener = socket.create_server(("", port), backlog=16)
    while True:
        connection, _ = listener.accept()
        connection.close()


def main():
    """Announces, then serves."""
    threading.Thread(target=silent, args=(8009,), daemon=True).start()
    responder = Zeroconf(interfaces=[SETTINGS["address"]], ip_version=IPVersion.V4Only)
    responder.register_service(
        ServiceInfo(
            "_googlecast._tcp.local.",
            f"{SETTINGS['model'].replace(' ', '-')}-{SETTINGS['id']}._googlecast._tcp.local.",
            addresses=[socket.inet_aton(SETTINGS["address"])],
            port=8009,
            server=f"{SETTINGS['host']}.local.",
            properties={
                "id": SETTINGS["id"],
                "md": SETTINGS["model"],
                "fn": SETTINGS["friendly"],
                "ve": "05",
                "ca": "199172",
                "st": "0",
                "rs": "",
            },
        )
    )
    http.server.ThreadingHTTPServer(("", 8008), Page).serve_forever()


main()
