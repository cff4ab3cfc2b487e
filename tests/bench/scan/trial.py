"""One run of one tool: from a cold neighbour table to a score.

It never decides what is good; it records, and a run that fails is recorded as failed.
`cli.py` calls it; `report.py` shows what it gives.
"""

import os
import re
import subprocess
import tempfile

from . import machine, score, tools

# Prints seconds, peak resident KB, and processor seconds outside and inside the kernel. A `getrusage` of our own would
# not do: a forked child's peak begins with its parent's.
GNU_TIME = ("/usr/bin/time", "-q", "-f", "%e %M %U %S")
# What `vigie scan` says of its sweep on standard error, if it does: without process start, last answers and printing.
SWEEP_LINE = re.compile(
    r"(\d+) hosts in ([\d.]+) s, (\d+) frames, (\d+) rounds"
    r"(?:, discovered after ([\d.]+) s)?(?:, ports after ([\d.]+) s)?"
)
# The lab's switch answers SNMP to those who know its community, which its owner would have given.
ENVIRONMENT = {"LC_ALL": "C", "VIGIE_NETWORK_SNMP_COMMUNITY": "public"}
# Beyond the tool's own limit, for the namespace and the interpreter of the lab.
GRACE_S = 20


def run(field, truth, tool, program):
    """Runs the tool once, cold, and scores what it said."""
    field.forget_neighbours()
    field.reset_counts()
    load = machine.load()
    with tempfile.NamedTemporaryFile("r", prefix="vigie-bench-") as timing:
        timed = [*GNU_TIME, "-o", timing.name, "--", "timeout", str(tool.limit_s), *tool.command(program, truth)]
        done = subprocess.run(
            field.inside(timed),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=tool.limit_s + GRACE_S,
            check=False,
            env=os.environ | ENVIRONMENT,
        )
        measured = timing.read().split()
    counts = field.counts()
    seconds, peak_kb, user_s, system_s = (float(word) for word in measured[-4:])
    result = {
        "seconds": seconds,
        "rss_mb": round(peak_kb / 1024, 1),
        "cpu_user_s": user_s,
        "cpu_system_s": system_s,
        "frames": counts["sent"]["packets"],
        "frames_per_host": round(counts["sent"]["packets"] / max(1, len(truth["hosts"])), 1),
        "printer_frames": counts["printer_ports"]["packets"],
        "load": load,
        "exit": done.returncode,
    }
    sweep = SWEEP_LINE.search(done.stderr)
    if sweep:
        _, took, frames, rounds, discovered, ported = sweep.groups()
        result["sweep"] = {"sweep_s": float(took), "asked_frames": int(frames), "rounds": int(rounds)}
        result["sweep"] |= {"discovered_s": float(discovered)} if discovered else {}
        result["sweep"] |= {"ports_s": float(ported)} if ported else {}
    if done.returncode not in tool.fine:
        result["failed"] = "did not end" if done.returncode == 124 else done.stderr.strip()[-300:]
        return result
    try:
        said = tool.read(done.stdout)
    except Exception as problem:  # whatever a tool prints must not end the bench
        result["failed"] = f"unreadable: {problem!r}"
        return result
    result.update(score.score(truth, said, tools.PORTS))
    return result


def series(field, truth, chosen, repeat, tell):
    """Runs all tools in turn, `repeat` times after a warm-up, so that the machine's mood falls on all of them alike."""
    results = {tool.key: [] for tool, _ in chosen}
    for number in range(repeat + 1):
        for tool, program in chosen:
            result = run(field, truth, tool, program)
            word = "warm-up" if number == 0 else f"{number}/{repeat}"
            tell(f"{tool.key} {word}: {result['seconds']} s, {result.get('hosts', result.get('failed'))} hosts")
            if number:
                results[tool.key].append(result)
    return results
