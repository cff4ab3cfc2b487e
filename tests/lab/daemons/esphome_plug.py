"""A smart plug: the web page of an ESPHome device and its API port.

It switches nothing; the API port closes as a device with encryption does when spoken to in plain.
The plug host runs it with its settings: esphome_plug.py SETTINGS.json
"""

import json
import socket
import sys
import threading

with open(sys.argv[1], encoding="utf-8") as _file:
    SETTINGS = json.load(_file)
PAGE = (
    f"<!DOCTYPE html><html><head><meta charset=UTF-8><title>{SETTINGS['name']}</title></head>"
    "<body><esp-app></esp-app></body></html>"
).encode()
# ESPHome's noise handshake refuses a first byte other than 1 with this frame and this sentence.
REFUSAL = b"\x01\x00\x13\x01Bad indicator byte"


def serve(port, reply):
    """One connection at a time, as the small device does it."""
    listener = socket.create_server(("", port), backlog=5)
    while True:
        connection, _ = listener.accept()
        connection.settimeout(3)
        try:
            data = connection.recv(2048)
            if data:
                connection.sendall(reply(data))
        except OSError:
            pass
        connection.close()


def page(data):
    """The start page for `/`, nothing else."""
    if data.startswith((b"GET / ", b"GET /?")):
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(PAGE)
            + PAGE
        )
    return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


threading.Thread(target=serve, args=(6053, lambda _: REFUSAL), daemon=True).start()
serve(80, page)
