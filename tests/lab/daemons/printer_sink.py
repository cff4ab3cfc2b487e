"""Listeners on a printer's raw ports that count every connection and byte.

They never answer: whatever arrives would have been printed.
The printer host runs it: printer_sink.py COUNTS.json PORT...
"""

import json
import os
import selectors
import socket
import sys

OPEN_MAX = 256


def main():
    """Accepts for ever; the file always holds the newest counts."""
    path, ports = sys.argv[1], [int(port) for port in sys.argv[2:]]
    counts = {str(port): {"connections": 0, "bytes": 0} for port in ports}

    def save():
        with open(f"{path}.new", "w", encoding="ascii") as file:
            json.dump(counts, file)
        os.replace(f"{path}.new", path)

    selector = selectors.DefaultSelector()
    for port in ports:
        listener = socket.create_server(("", port), backlog=64)
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ, str(port))
    save()
    taken = {}
    while True:
        for key, _ in selector.select():
            count = counts[key.data]
            if key.fileobj not in taken:
                connection, _ = key.fileobj.accept()
                connection.setblocking(False)
                count["connections"] += 1
                if len(taken) >= OPEN_MAX:
                    oldest = next(iter(taken))
                    del taken[oldest]
                    selector.unregister(oldest)
                    oldest.close()
                taken[connection] = True
                selector.register(connection, selectors.EVENT_READ, key.data)
            else:
                try:
                    data = key.fileobj.recv(65536)
                except OSError:
                    data = b""
                count["bytes"] += len(data)
                if not data:
                    del taken[key.fileobj]
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            save()


main()
