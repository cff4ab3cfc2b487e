"""The service at rest: what it holds in memory after its first sweep.

It never logs in: the public health route tells when the first sweep is over.
`cli.py` calls it once a size.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time

# The first sweep goes at background pace through the long list of ports: a minute and a half with 250 devices.
FIRST_SWEEP_LIMIT_S = 300
# What was freed is given back and what was sighted is settled by then.
SETTLE_S = 5
LOOK_EVERY_S = 1
STOP_LIMIT_S = 15
ADDRESS = "127.0.0.1:18080"


def _memory(pid):
    """Resident, peak and private memory of a process in MB, and its share of what several processes have in memory."""
    found = {}
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name in ("VmRSS", "VmHWM", "RssAnon", "Threads"):
                found[name] = int(value.split()[0])
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        share = next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return {
        "rss_mb": round(found["VmRSS"] / 1024, 1),
        "share_mb": round(share / 1024, 1),
        "peak_mb": round(found["VmHWM"] / 1024, 1),
        "anonymous_mb": round(found["RssAnon"] / 1024, 1),
        "threads": found["Threads"],
    }


def _family(pid):
    """The process and its children, which share the work when there is a broker."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = [int(word) for word in file.read().split()]
    except FileNotFoundError:
        children = []
    return [pid, *(member for child in children for member in _family(child))]


def _status(field):
    """The word of the health route; empty while nobody answers."""
    ask = ["curl", "-s", "-m", "3", f"http://{ADDRESS}/api/network/v2/health"]
    done = subprocess.run(field.inside(ask), capture_output=True, text=True, timeout=30, check=False)
    for word in ("ok", "degraded", "no_network", "starting"):
        if f'"{word}"' in done.stdout:
            return word
    return ""


def measure(field, program, rest_s, tell):
    """Starts the service, waits for its first sweep, and reads its memory; after `rest_s` more, again."""
    folder = tempfile.mkdtemp(prefix="vigie-bench-")
    command = field.inside([program, "run", "--no-tls", "--data", f"{folder}/data", "--listen", ADDRESS])
    with open(f"{folder}/log", "w", encoding="utf-8") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    began = time.monotonic()
    result = {}
    try:
        status = ""
        while time.monotonic() - began < FIRST_SWEEP_LIMIT_S and status not in ("ok", "degraded"):
            if child.poll() is not None:
                with open(f"{folder}/log", encoding="utf-8", errors="replace") as log:
                    return {"failed": f"ended with {child.returncode}: {log.read()[-300:]}"}
            time.sleep(LOOK_EVERY_S)
            status = _status(field)
        result["first_sweep_s"] = round(time.monotonic() - began)
        result["status"] = status or "silent"
        if status not in ("ok", "degraded"):
            result["failed"] = f"no first sweep in {FIRST_SWEEP_LIMIT_S} s"
        time.sleep(SETTLE_S)
        result["idle"] = [_memory(pid) for pid in _family(child.pid)]
        tell(f"service: {result['idle']} after {result['first_sweep_s']} s, {result['status']}")
        if rest_s:
            time.sleep(rest_s)
            result["later"] = {"after_s": rest_s, "processes": [_memory(pid) for pid in _family(child.pid)]}
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return result


def binary(root, program):
    """The size of the binary for the card, else of the one measured."""
    for path in (os.path.join(root, "image/out/aarch64/vigie"), program):
        if os.path.isfile(path):
            return {
                "path": os.path.relpath(path, root) if path.startswith(root) else path,
                "bytes": os.path.getsize(path),
            }
    return None
