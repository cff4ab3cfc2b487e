"""Open TCP ports of all filler hosts, held by one process that has sockets in every namespace.

It never reads more than one request from a connection, and keeps at most 512 connections.
`filler.py` starts it: filler_ports.py FILLERS.json READY.json
"""

import ctypes
import json
import os
import resource
import selectors
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
OPEN_MAX = 512
IDLE_S = 10
BANNERS = {22: b"SSH-2.0-OpenSSH_9.6\r\n"}
PAGE = (
    b"HTTP/1.0 200 OK\r\nServer: filler\r\nContent-Type: text/html\r\nContent-Length: 56\r\n\r\n"
    b"<html><head><title>Filler host</title></head></html>    "
)

libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    """Moves this process into a network namespace."""
    fd = os.open(path, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"setns {path}")
    os.close(fd)


def main():
    """Opens everything, says so, serves for ever."""
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    selector = selectors.DefaultSelector()
    for path, ports in plan["hosts"]:
        enter(path)
        for port in ports:
            listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)
            listener.setblocking(False)
            selector.register(listener, selectors.EVENT_READ, ("listener", port))
    enter(plan["home"])
    with open(f"{sys.argv[2]}.new", "w", encoding="ascii") as file:
        json.dump({"pid": os.getpid()}, file)
    os.replace(f"{sys.argv[2]}.new", sys.argv[2])
    serve(selector)


def serve(selector):
    """Accepts, greets or answers once, closes."""
    taken = {}

    def drop(connection):
        del taken[connection]
        selector.unregister(connection)
        connection.close()

    while True:
        for key, _ in selector.select(IDLE_S if taken else None):
            role, port = key.data
            try:
                if role == "listener":
                    connection, _ = key.fileobj.accept()
                    connection.setblocking(False)
                    if len(taken) >= OPEN_MAX:
                        drop(next(iter(taken)))
                    taken[connection] = time.monotonic()
                    selector.register(connection, selectors.EVENT_READ, ("connection", port))
                    if port in BANNERS:
                        connection.send(BANNERS[port])
                else:
                    data = key.fileobj.recv(4096)
                    if data.startswith((b"GET ", b"HEAD ")) and port not in BANNERS:
                        key.fileobj.send(PAGE)
                    drop(key.fileobj)
            except OSError:
                if role == "connection":
                    drop(key.fileobj)
        limit = time.monotonic() - IDLE_S
        for connection in [item for item, since in taken.items() if since < limit]:
            drop(connection)


main()
