"""A desk telephone: answers SIP OPTIONS over UDP and TCP and refuses every call.

It never registers anywhere and never rings.
The telephone host runs it with its settings: sip_phone.py SETTINGS.json
"""

import json
import selectors
import socket
import sys

PORT = 5060
OPEN_MAX = 64
REQUEST_MAX = 8192

with open(sys.argv[1], encoding="utf-8") as _file:
    SETTINGS = json.load(_file)


def answer(data):
    """The answer to one request (RFC 3261, 8.2 and 11.2), or nothing when it is none."""
    head = data.decode("utf-8", "replace").split("\r\n\r\n")[0].split("\r\n")
    words = head[0].split()
    if len(words) != 3 or words[2] != "SIP/2.0" or words[0] == "ACK":
        return b""
    copied = [
        line
        for line in head[1:]
        if line.split(":")[0].strip().lower() in ("via", "v", "from", "f", "call-id", "i", "cseq")
    ]
    for line in head[1:]:
        if line.split(":")[0].strip().lower() in ("to", "t"):
            copied.append(line if "tag=" in line else f"{line};tag=lab")
    status = "200 OK" if words[0] == "OPTIONS" else "486 Busy Here"
    own = [
        f"User-Agent: Yealink {SETTINGS['model']} 66.86.0.15",
        "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, NOTIFY",
        "Content-Length: 0",
    ]
    return "\r\n".join([f"SIP/2.0 {status}", *copied, *own, "", ""]).encode()


def main():
    """Serves both transports from one loop."""
    selector = selectors.DefaultSelector()
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", PORT))
    tcp = socket.create_server(("", PORT), backlog=32)
    selector.register(udp, selectors.EVENT_READ)
    selector.register(tcp, selectors.EVENT_READ)
    calls = {}
    while True:
        for key, _ in selector.select():
            if key.fileobj is udp:
                data, sender = udp.recvfrom(REQUEST_MAX)
                if reply := answer(data):
                    udp.sendto(reply, sender)
            elif key.fileobj is tcp:
                call, _ = tcp.accept()
                call.settimeout(1)
                if len(calls) >= OPEN_MAX:
                    drop(selector, calls, next(iter(calls)))
                calls[call] = b""
                selector.register(call, selectors.EVENT_READ)
            else:
                serve(selector, calls, key.fileobj)


def serve(selector, calls, call):
    """Reads what came on one connection and answers whole requests."""
    try:
        data = call.recv(REQUEST_MAX)
        calls[call] += data
        while b"\r\n\r\n" in calls[call]:
            request, _, calls[call] = calls[call].partition(b"\r\n\r\n")
            call.sendall(answer(request + b"\r\n\r\n"))
    except OSError:
        data = b""
    if not data or len(calls[call]) > REQUEST_MAX:
        drop(selector, calls, call)


def drop(selector, calls, call):
    """Closes one connection."""
    selector.unregister(call)
    del calls[call]
    call.close()


main()
