"""The command line of the bench, and the order in which things are measured.

It never judges: a slow run or a missed host is a number in a table, and the exit code stays 0.
The entry file `run` calls `main`.
"""

import argparse
import json
import os
import sys

from . import machine, report, service, tools, trial
from .field import SETS, Field, FieldError

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
LOSS_PERCENT = 20
LOSS_SIZE = 50
SERVICE_SIZES = (50, 250)


def _sizes(text):
    sizes = [int(word) for word in text.split(",")]
    if not set(sizes) <= set(SETS):
        raise argparse.ArgumentTypeError(f"sizes are {', '.join(str(size) for size in SETS)}")
    return sizes


def _tools(text):
    keys = text.split(",")
    if not set(keys) <= set(tools.BY_KEY):
        raise argparse.ArgumentTypeError(f"tools are {', '.join(tools.BY_KEY)}")
    return keys


def _parser():
    parser = argparse.ArgumentParser(prog="run", description="Measure the scan beside its peers, in the lab.")
    parser.add_argument("--vigie", default=f"{ROOT}/target/release/vigie", help="the program to measure")
    parser.add_argument("--sizes", type=_sizes, default=[10, 50, 250], help="numbers of devices (10,50,250)")
    parser.add_argument("--repeat", type=int, default=5, help="runs per tool after the warm-up (5)")
    parser.add_argument("--tools", type=_tools, default=list(tools.BY_KEY), help=f"of {','.join(tools.BY_KEY)}")
    parser.add_argument("--loss-repeat", type=int, default=10, help="cold runs with lost frames; 0: none (10)")
    parser.add_argument("--no-service", action="store_true", help="leave the service's memory out")
    parser.add_argument("--rest", type=int, default=0, help="seconds until the service's memory is read again (0)")
    parser.add_argument("--prefix", default="bench", help="name of the lab (bench)")
    parser.add_argument("--json", default="scan-bench.json", help="where the numbers go (scan-bench.json)")
    return parser


def _tell(text):
    print(text, file=sys.stderr, flush=True)


def _chosen(arguments):
    """The tools that are there with their programs, and the keys of those that are not."""
    chosen, absent = [], []
    for key in arguments.tools:
        tool = tools.BY_KEY[key]
        program = os.path.realpath(arguments.vigie) if tool.program == "vigie" else tool.installed()
        if program:
            chosen.append((tool, program))
        else:
            absent.append(key)
    return chosen, absent


def _size(field, size, arguments, chosen, results):
    _tell(f"{size} hosts")
    field.up(size)
    truth = field.truth()
    strange = {port for host in truth["hosts"] for port in set(host["open_tcp"]) - set(host["forbidden_ports"])}
    if strange - set(tools.PORTS):
        _tell(f"ports open in the lab that nobody is asked for: {sorted(strange - set(tools.PORTS))}")
    results["sizes"][str(size)] = trial.series(field, truth, chosen, arguments.repeat, _tell)
    if size == LOSS_SIZE and arguments.loss_repeat:
        field.lose(LOSS_PERCENT)
        lossy = [(tool, program) for tool, program in chosen if tool.key in tools.UNDER_LOSS]
        measured = trial.series(field, field.truth(), lossy, arguments.loss_repeat, _tell)
        results["loss"] = {"percent": LOSS_PERCENT, "size": size, "tools": measured}
        field.lose(0)
    if size in SERVICE_SIZES and not arguments.no_service:
        program = os.path.realpath(arguments.vigie)
        results["service"][str(size)] = service.measure(field, program, arguments.rest, _tell)


def _measure(arguments, results):
    chosen, results["not_installed"] = _chosen(arguments)
    field = Field(arguments.prefix)
    try:
        for size in arguments.sizes:
            field.down()
            _size(field, size, arguments, chosen, results)
            with open(arguments.json, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
    finally:
        field.down()


def main(argv):
    """Measures what was asked for; prints Markdown, writes JSON, and returns the exit code."""
    arguments = _parser().parse_args(argv)
    if os.geteuid() != 0:
        print("run: needs root to make namespaces", file=sys.stderr)
        return 1
    if not os.access(arguments.vigie, os.X_OK):
        print(f"run: no program {arguments.vigie}: cargo build --release -p vigie, or --vigie FILE", file=sys.stderr)
        return 1
    results = {"machine": machine.describe(), "repeat": arguments.repeat, "sizes": {}, "service": {}}
    results["binary"] = service.binary(ROOT, os.path.realpath(arguments.vigie))
    try:
        _measure(arguments, results)
    except FieldError as problem:
        print(f"run: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    results["machine"]["load_at_end"] = machine.load()
    with open(arguments.json, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print(report.markdown(results))
    return 0
