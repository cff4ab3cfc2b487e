"""The service with every table full, under load, in a cage of 64 MiB: what it holds, and whether that grows.

It never stops at a bad number: it records it.
`run` calls it.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from scan import machine
from scan.field import Field, FieldError

from .cage import Cage
from .crowd import PACKETS, mac_of

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "../../.."))
# Two full /22 segments: the table of the product.
TABLE = 2048
CAGE_BYTES = 64 * 2**20
START_LIMIT_S, STOP_LIMIT_S = 60, 20
SETTLE_S = 10
# How often memory is looked at while it sweeps.
SWEEP_MARKS = 4
CONFIG = '[network]\ninterval_minutes = 1\npace = "fast"\n'


def _options(words):
    parser = argparse.ArgumentParser(prog="tests/bench/memory/run", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--vigie", default=os.path.join(ROOT, "target/release/vigie"), help="the program to measure")
    parser.add_argument("--size", type=int, default=10, choices=(10, 20, 50, 250), help="real machines of the lab")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of the crowd and of load")
    parser.add_argument("--seconds", type=float, default=20, help="of load in each round")
    parser.add_argument("--sweeps", type=int, default=200, help="quick sweeps one after the other, at the end")
    parser.add_argument("--readers", type=int, default=32)
    parser.add_argument("--listeners", type=int, default=64)
    parser.add_argument("--pace", type=int, default=1500, help="packets of the crowd a second")
    parser.add_argument("--prefix", default="benchm", help="name of the lab")
    return parser.parse_args(words)


def _tell(text):
    print(text, file=sys.stderr, flush=True)


def _resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        # A process that ended and was not waited for yet has no memory.
        return next((int(line.split()[1]) for line in file if line.startswith("VmRSS")), 0)


class Watch:
    """Reads the memory of the service five times a second, and that of the broker, which was started and whose child it is."""

    def __init__(self, pid):
        self.pid, self.peaks, self.on = pid, (0.0, 0.0), True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def now(self):
        """Resident memory in MiB: of the service, and of both, where what they share is counted twice."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
            service = sum(_resident_kib(pid) for pid in file.read().split()) / 1024
        broker = _resident_kib(self.pid) / 1024
        # Without rights there is no broker, and one process is all.
        return (service or broker), service + broker

    def _run(self):
        while self.on:
            try:
                self.peaks = tuple(map(max, self.peaks, self.now()))
            except OSError:
                return
            time.sleep(0.2)

    def take(self):
        """What it is now and the peaks since the last call, as columns of the table."""
        now, (peaks, self.peaks) = self.now(), (self.peaks, (0.0, 0.0))
        return [f"{value:.1f}" for pair in zip(now, map(max, peaks, now)) for value in pair]


def _list(folder):
    path = os.path.join(folder, "devices.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("mac,label,owner,notes,tags\n")
        for number in range(TABLE):
            mac = ":".join(f"{byte:02x}" for byte in mac_of(number))
            notes = (f"notes on machine {number}, which stands somewhere and belongs to somebody; " * 8)[:500]
            file.write(f'{mac},Machine number {number},Owner {number % 97},"{notes}","shop;cellar;tag {number % 31}"\n')
    return path


class Bench:
    """One service in one lab."""

    def __init__(self, options, field, folder):
        self.options, self.field, self.folder = options, field, folder

    def _client(self, *words):
        command = self.field.inside([sys.executable, os.path.join(HERE, "client.py"), *map(str, words)])
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode or not done.stdout.strip():
            raise FieldError(f"client {words}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def _vigie(self, name, *words):
        places = ["--data", f"{self.folder}/data", "--config", f"{self.folder}/vigie.toml"]
        return self.field.inside([self.options.vigie, name, *places, *words])

    def _start(self, cage):
        with open(f"{self.folder}/vigie.toml", "w", encoding="ascii") as file:
            file.write(CONFIG)
        set_up = self._vigie("setup", "--admin", "ada", "--password-stdin")
        subprocess.run(set_up, input="correct horse battery\n", text=True, check=True, capture_output=True, timeout=60)
        log = open(f"{self.folder}/log", "w", encoding="utf-8")  # noqa: SIM115  (lives as long as the service)
        # The cage is entered by the one who becomes the service, so that all of it is counted from the start.
        enter = (lambda: cage.take(os.getpid())) if cage.kind else None
        child = subprocess.Popen(
            self._vigie("run", "--listen", "127.0.0.1:18080"),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=enter,
        )  # fmt: skip
        return child

    def _await(self, child):
        until = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until:
            if child.poll() is not None:
                raise FieldError(f"the service ended: {open(f'{self.folder}/log', encoding='utf-8').read()[-400:]}")
            try:
                return self._client("login")
            except FieldError:
                time.sleep(0.5)
        raise FieldError("the service does not answer")

    def _stats(self):
        stats = json.loads(self._client("get", "/api/network/v2/stats"))
        return {key: stats[key] for key in ("devices", "online", "turned_away") if key in stats}

    def _longest(self):
        page = json.loads(self._client("get", "/api/network/v2/devices?limit=200"))
        rows = page["items"]
        most = lambda key: max(len(row[key]) for row in rows)  # noqa: E731
        return {"devices": page["count"], **{key: most(key) for key in ("ips", "hostnames", "open_ports", "tags")}}

    def measure(self):
        """All of it; rows for the table, and what the cage saw."""
        with open(os.path.join(HERE, "crowd.py"), encoding="utf-8") as file:
            # As text: a host of the lab has a /tmp of its own, and the checkout may lie there.
            crowd = file.read()
        cage = Cage(f"vigie-bench-{os.getpid()}", CAGE_BYTES)
        child = self._start(cage)
        rows = []
        try:
            self._await(child)
            time.sleep(SETTLE_S)
            watch = Watch(child.pid)
            time.sleep(1)
            rows.append(("at rest, the lab's machines only", *watch.take(), ""))
            _tell(rows[-1])
            self._client("import", _list(self.folder))
            rows.append((f"{TABLE} devices by hand, with notes and tags", *watch.take(), ""))
            _tell(rows[-1])
            for turn in range(self.options.rounds):
                words = (sys.executable, "-c", crowd, str(TABLE), str(turn), str(self.options.pace))
                self.field._lab("exec", "linux", "--", *words)  # noqa: SLF001
                time.sleep(SETTLE_S)
                rows.append((f"each told of in {PACKETS} packets, round {turn + 1}", *watch.take(), ""))
                _tell(rows[-1])
                heard = json.loads(
                    self._client("load", self.options.seconds, self.options.readers, self.options.listeners)
                )
                rows.append((f"under load, round {turn + 1}", *watch.take(), json.dumps(heard)))
                _tell(rows[-1])
            for turn in range(SWEEP_MARKS):
                heard = json.loads(self._client("sweep", max(1, self.options.sweeps // SWEEP_MARKS)))
                words = f"after {(turn + 1) * (self.options.sweeps // SWEEP_MARKS)} sweeps more"
                rows.append((words, *watch.take(), json.dumps(heard)))
                _tell(rows[-1])
            tables = self._longest()
            alive = child.poll() is None
            return rows, cage.state(), tables, alive
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if cage.kind:
                cage.open()


def _report(measured, options, hardware):
    rows, cage, tables, alive = measured
    print(f"\n{machine.line(hardware)}\n")
    print("| when | service, MiB | its peak | with the broker, MiB | their peak | answers |\n" + "| --- " * 6 + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(f"\nThe fullest of the first devices: {json.dumps(tables)}")
    print(f"{options.readers} readers, {options.listeners} event streams, {options.seconds:.0f} s a round.")
    if cage["kind"]:
        print(f"Cage of 64 MiB ({cage['kind']}): peak {cage['peak_mb']} MiB with page cache, limit met {cage['limit_met']}"
              f" times; the service {'lived' if alive else 'DIED'}.")  # fmt: skip
    else:
        print("No cage: this machine has no memory control group that can be made.")


def main(words):
    """The bench. 0 unless it could not be run at all."""
    options = _options(words)
    if os.geteuid():
        _tell("run: needs root to make namespaces")
        return 77
    if not os.path.isfile(options.vigie):
        _tell(f"run: no program {options.vigie}: cargo build --release -p vigie, or --vigie FILE")
        return 66
    options.vigie = os.path.realpath(options.vigie)
    hardware = machine.describe()
    field = Field(options.prefix)
    folder = tempfile.mkdtemp(prefix="vigie-bench-")
    try:
        field.up(options.size)
        measured = Bench(options, field, folder).measure()
        hardware["load_at_end"] = machine.load()
        _report(measured, options, hardware)
    except (FieldError, subprocess.SubprocessError) as problem:
        _tell(f"run: {problem}")
        return 70
    finally:
        field.down()
        shutil.rmtree(folder, ignore_errors=True)
    return 0
