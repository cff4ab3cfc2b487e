"""The numbers as Markdown tables.

It never leaves a failed run out: a cell says how many failed.
`cli.py` prints it.
"""

from statistics import median

from . import machine
from .tools import BY_KEY

# What the product promises: tool, number of devices, seconds, words.
PROMISES = (
    ("vigie", 50, 1.5, "cold sweep /24, 50 hosts"),
    ("vigie-ports", 250, 1.5, "250 hosts, 20 ports, fast"),
)
NAMES_WITHIN_S = 4.0
KINDS_OF_MISTAKE = (("missing", "not found"), ("nameless", "without its name"), ("made_up", "said to be open"))


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def _spread(values, digits):
    low, middle, high = (f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low}–{high})"


def _found(runs, what):
    """Median and spread of what was found, of how many there are."""
    of = {run["of"][what] if what in run["of"] else run["of"]["hosts"] for run in runs}
    return f"{_spread([run[what] for run in runs], 0)} / {'–'.join(str(count) for count in sorted(of))}"


def _cells(tool, runs):
    whole = [run for run in runs if "failed" not in run]
    if not whole:
        why = runs[0]["failed"] if runs else "not run"
        return [f"failed: {why}", *["-"] * 8]
    failed = f", {len(runs) - len(whole)} of {len(runs)} failed" if len(whole) < len(runs) else ""
    ports = "-"
    if "ports" in tool.tells:
        ports = f"{_found(whole, 'ports')}, false {max(run['false_ports'] for run in whole)}"
    return [
        _spread([run["seconds"] for run in whole], 2) + failed,
        f"{_found(whole, 'hosts')}, false {max(run['false_hosts'] for run in whole)}",
        _found(whole, "ipv6_only"),
        _found(whole, "macs") if "macs" in tool.tells else "-",
        _found(whole, "names") if "names" in tool.tells else "-",
        ports,
        _spread([run["frames"] for run in whole], 0),
        _spread([run["rss_mb"] for run in whole], 1),
        _spread([run["cpu_user_s"] + run["cpu_system_s"] for run in whole], 2),
    ]


def _sizes(results):
    head = ("tool", "seconds", "hosts", "IPv6-only", "MACs", "names", "ports", "frames sent", "RSS MB", "CPU s")
    for size, series in results["sizes"].items():
        rows = [(f"`{key}`", *_cells(BY_KEY[key], runs)) for key, runs in series.items()]
        rows += [(f"`{key}`", "not installed", *["-"] * 8) for key in results["not_installed"]]
        yield f"## {size} hosts\n\n{_table(head, rows)}"


def _loss(results):
    loss = results.get("loss")
    if not loss:
        return
    rows = []
    for key, runs in loss["tools"].items():
        whole = [run for run in runs if "failed" not in run]
        if not whole:
            rows.append((f"`{key}`", "failed", "-", "-"))
            continue
        # Without IPv6 a tool cannot find the host that has nothing else: that is no loss.
        hosts = [run["hosts"] - run["ipv6_only"] for run in whole]
        of = whole[0]["of"]["hosts"] - whole[0]["of"]["ipv6_only"]
        found = f"{min(hosts)} / {median(hosts):g} / {max(hosts)} of {of}"
        rows.append((f"`{key}`", found, _spread([run["seconds"] for run in whole], 2), len(runs) - len(whole)))
    head = ("tool", "IPv4 hosts found: min / median / max", "seconds", "failed runs")
    yield f"## {loss['percent']} % of ARP frames lost each way, {loss['size']} hosts\n\n{_table(head, rows)}"


def _services(results):
    rows = []
    for size, service in results.get("service", {}).items():
        if "idle" not in service:
            rows.append((size, f"failed: {service['failed']}", "-", "-", "-", "-", "-"))
            continue
        total = {what: round(sum(one[what] for one in service["idle"]), 1) for what in service["idle"][0]}
        later = service.get("later")
        after = f"{sum(one['rss_mb'] for one in later['processes']):.1f} after {later['after_s']} s" if later else "-"
        first = service.get("failed") or f"{service['first_sweep_s']} s"
        parts = " + ".join(str(one["rss_mb"]) for one in service["idle"])
        cells = (parts, total["share_mb"], total["anonymous_mb"], total["peak_mb"], after, first)
        rows.append((size, *cells))
    if rows:
        # Pages of the program that both have are counted once in the second column, and in each process in the first.
        memory = ("RSS MiB, idle: broker + service", "together", "private", "peak", "later")
        head = ("hosts", *memory, "first sweep over after")
        yield f"## The service at rest\n\n{_table(head, rows)}"
    binary = results.get("binary")
    if binary:
        yield f"Binary: {binary['bytes'] / 2**20:.2f} MiB ({binary['path']})"


def _promise_lines(results):
    for key, size, promised, words in PROMISES:
        runs = [run for run in results["sizes"].get(str(size), {}).get(key, []) if "failed" not in run]
        if not runs:
            continue
        text = f"- {words}: {_spread([run['seconds'] for run in runs], 2)} s for the whole command"
        for part, title in (("discovered_s", "discovery"), ("ports_s", "with ports"), ("sweep_s", "whole sweep")):
            values = [run["sweep"][part] for run in runs if part in run.get("sweep", {})]
            text += f", {title} {_spread(values, 2)} s" if values else ""
        complete = sum(run["hosts"] == run["of"]["hosts"] for run in runs)
        text += f" (promise {promised} s); all hosts in {complete} of {len(runs)} runs"
        if key == "vigie-ports":
            text += f", all ports in {sum(run['ports'] == run['of']['ports'] for run in runs)}"
        yield text
    for size, series in results["sizes"].items():
        for key in ("vigie", "vigie-ports"):
            runs = [run for run in series.get(key, []) if "failed" not in run]
            if runs:
                within = sum(run["names"] == run["of"]["names"] and run["seconds"] <= NAMES_WITHIN_S for run in runs)
                yield f"- all names within {NAMES_WITHIN_S:g} s, {size} hosts, `{key}`: {within} of {len(runs)} runs"
    printed = sum(
        run["printer_frames"]
        for series in results["sizes"].values()
        for key in ("vigie", "vigie-ports")
        for run in series.get(key, [])
    )
    yield f"- frames to printing ports: {printed} (promise 0)"


def _missing(results):
    for size, series in results["sizes"].items():
        for key in ("vigie", "vigie-ports"):
            for what, words in KINDS_OF_MISTAKE:
                names = sorted({name for run in series.get(key, []) for name in run.get(what, [])})
                if names:
                    yield f"- `{key}`, {size} hosts, at least once {words}: {', '.join(names)}"


def markdown(results):
    """All tables, with the machine first."""
    parts = ["# The scan beside its peers", machine.line(results["machine"]), *_sizes(results), *_loss(results)]
    parts += [*_services(results), "## Promises\n\n" + "\n".join([*_promise_lines(results), *_missing(results)])]
    return "\n\n".join(parts)
