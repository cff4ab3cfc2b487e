"""Clients of the appliance, from inside its namespace: log in, bring a list, listen, and read as fast as they are let.

It never counts an error as an answer.
`cli.py` runs it: client.py login | import FILE | load SECONDS READERS LISTENERS |
sweep COUNT; what came of it is JSON.
"""

import http.client
import json
import os
import sys
import threading
import time
from collections import Counter

ADDRESS = ("127.0.0.1", 18080)
ADMIN, PASSWORD = "ada", "correct horse battery"
PATHS = (
    "/api/network/v2/devices?limit=200",
    "/api/network/v2/export.json",
    "/api/network/v2/export.csv",
    "/machines",
    "/api/network/v2/stats",
    "/api/network/v2/events?limit=200",
    "/api/network/v2/scans",
    "/metrics",
    "/readyz",
)
# Of the eight connections a session may have; the readers have the rest.
PER_SESSION = 4


def ask(method, path, token=None, body=None, kind="application/json", limit_s=120):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(*ADDRESS, timeout=limit_s)
    try:
        headers = {"Content-Type": kind} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def log_in():
    """A new session."""
    status, body = ask("POST", "/api/token", body=json.dumps({"username": ADMIN, "password": PASSWORD}))
    if status != 200:
        sys.exit(f"log-in: {status} {body[:200]}")
    return json.loads(body)["access"]


def bring(file, token):
    """Imports a list of devices, in pieces the service takes."""
    with open(file, encoding="utf-8") as lines:
        head, *rows = lines.readlines()
    done = Counter()
    for start in range(0, len(rows), 512):
        body = (head + "".join(rows[start : start + 512])).encode()
        status, answer = ask("POST", "/api/network/v2/import", token, body, "text/csv")
        done[status] += 1
        if status >= 300:
            sys.exit(f"import: {status} {answer[:300]}")
    return done


def listen(token, until, heard):
    """One event stream."""
    connection = http.client.HTTPConnection(*ADDRESS, timeout=30)
    try:
        connection.request("GET", "/api/events", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        heard[f"stream {answer.status}"] += 1
        while time.monotonic() < until and answer.status == 200:
            if not answer.read1(65_536):
                break
    except OSError:
        heard["stream ended"] += 1
    finally:
        connection.close()


def read(token, until, turn, heard):
    """One reader, path after path."""
    while time.monotonic() < until:
        path = PATHS[turn % len(PATHS)]
        turn += 1
        try:
            status, body = ask("GET", path, token)
            heard[status] += 1
            heard["bytes"] += len(body)
        except OSError:
            heard["cut"] += 1


def load(seconds, readers, listeners):
    """Everybody at once."""
    tokens = [log_in() for _ in range(max(1, listeners // PER_SESSION, readers // PER_SESSION))]
    until = time.monotonic() + seconds
    heard = Counter()
    crowd = [
        threading.Thread(target=listen, args=(tokens[turn % len(tokens)], until, heard)) for turn in range(listeners)
    ]
    crowd += [
        threading.Thread(target=read, args=(tokens[turn % len(tokens)], until, turn, heard)) for turn in range(readers)
    ]
    for thread in crowd:
        thread.daemon = True
        thread.start()
    for thread in crowd:
        thread.join(max(0.0, until + 30 - time.monotonic()))
    return {**{str(key): count for key, count in heard.items()}, "sessions": len(tokens)}


def sweep(count):
    """Quick sweeps, one after the other; how many ended within their time."""
    token, done = log_in(), Counter()
    for _ in range(count):
        status, body = ask("POST", "/api/network/v2/scan", token, json.dumps({"kind": "quick"}))
        if status == 401:
            token = log_in()
            continue
        job = json.loads(body).get("job", {}).get("id") if status == 202 else None
        until = time.monotonic() + 60
        while job is not None and time.monotonic() < until:
            now = json.loads(ask("GET", "/api/network/v2/scan", token)[1])
            if now.get("job", {}).get("id") == job and now["job"].get("state") == "done":
                done["swept"] += 1
                break
            time.sleep(0.05)
        if job is None:
            # One of the schedule runs.
            done[str(status)] += 1
            time.sleep(0.5)
    return done


def main(words):
    match words:
        case ["login"]:
            print(json.dumps({"token": log_in()}))
        case ["import", file]:
            print(json.dumps({str(key): count for key, count in bring(file, log_in()).items()}))
        case ["load", seconds, readers, listeners]:
            print(json.dumps(load(float(seconds), int(readers), int(listeners))))
        case ["sweep", count]:
            print(json.dumps(sweep(int(count))))
        case ["get", path]:
            sys.stdout.buffer.write(ask("GET", path, log_in())[1])
        case _:
            sys.exit(64)


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stdout.flush()
    # Threads that still wait for an answer are not worth waiting for.
    os._exit(0)
