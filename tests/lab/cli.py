"""The command line of the lab.

It holds no knowledge of networks; it reads arguments, takes the lock, prints JSON.
The entry file `lab` calls `main`.
"""

import argparse
import json
import os
import sys

from . import addressing, catalogue, changes, counts, enter, lifecycle, loss, plan, truth
from .errors import LabError

DEFAULT_SUBNET = "10.77.0.0/24"


def _parser():
    parser = argparse.ArgumentParser(prog="lab", description="A LAN of real daemons in network namespaces.")
    parser.add_argument("--prefix", default=os.environ.get("LAB_PREFIX", "lab"), help="name of the lab (default: lab)")
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name, text):
        command = commands.add_parser(name, help=text)
        command.add_argument("--prefix", default=argparse.SUPPRESS)
        return command

    up = add("up", "build the lab, or complete it")
    up.add_argument("--set", dest="host_set", choices=sorted(catalogue.SETS), default="standard")
    up.add_argument("--hosts", type=int, default=0, help="this many hosts instead of all of the set")
    up.add_argument("--subnet", default=DEFAULT_SUBNET)
    up.add_argument("--no-csum", action="store_true", help="let hosts fill in checksums (tx offload off)")
    add("down", "remove everything of the lab")
    add("truth", "print the ground truth as JSON")
    counters = add("counts", "print what the appliance sent as JSON")
    counters.add_argument("--reset", action="store_true", help="set the counters to zero instead")
    inside = add("exec", "run a command inside a host")
    inside.add_argument("host")
    inside.add_argument("argv", nargs=argparse.REMAINDER)
    change = commands.add_parser(
        "change",
        help="let something happen",
        epilog=changes.usage(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    change.add_argument("--prefix", default=argparse.SUPPRESS)
    change.add_argument("words", nargs=argparse.REMAINDER)
    losing = add("loss", "drop frames on the bridge, each way")
    losing.add_argument("percent", help="0 to 100, or off")
    losing.add_argument("--what", choices=("arp", "all"), default="arp")
    appliance = add("appliance", "run a command in the appliance's namespace")
    appliance.add_argument("--user", action="store_true", help="as a user without any capability")
    appliance.add_argument("--cap", action="append", default=[], help="as that user with this one, such as net_raw")
    appliance.add_argument("argv", nargs=argparse.REMAINDER)
    return parser


def _loaded(prefix):
    lab = plan.load(prefix)
    if lab is None or not lab.complete:
        raise LabError(f"lab {prefix!r} is not up")
    return lab


def _up(arguments):
    network = addressing.check_subnet(arguments.subnet)
    if not 0 <= arguments.hosts <= plan.HOSTS_MAX:
        raise LabError(f"--hosts takes 1 to {plan.HOSTS_MAX}")
    lab = lifecycle.up(
        plan.Lab(
            prefix=arguments.prefix,
            subnet=str(network),
            host_set=arguments.host_set,
            count=arguments.hosts,
            checksums=not arguments.no_csum,
            hosts={},
        )
    )
    print(json.dumps({"prefix": lab.prefix, "hosts": len(lab.hosts), "appliance": lab.appliance_ns}))


def _command(argv):
    words = argv[1:] if argv[:1] == ["--"] else argv
    if not words:
        raise LabError("which command?")
    return words


def _run(arguments):
    if arguments.command == "appliance":
        enter.appliance(_loaded(arguments.prefix), _command(arguments.argv), arguments.user, arguments.cap)
    if arguments.command == "exec":
        enter.host(_loaded(arguments.prefix), arguments.host, _command(arguments.argv))
    lock = plan.lock(arguments.prefix)  # held until this process ends
    try:
        if arguments.command == "up":
            _up(arguments)
        elif arguments.command == "down":
            lifecycle.down(arguments.prefix)
        elif arguments.command == "truth":
            print(json.dumps(truth.truth(_loaded(arguments.prefix)), indent=1))
        elif arguments.command == "change":
            changes.apply(_loaded(arguments.prefix), arguments.words)
        elif arguments.command == "loss":
            loss.set_loss(_loaded(arguments.prefix), arguments.percent, arguments.what)
        elif arguments.command == "counts":
            lab = _loaded(arguments.prefix)
            if arguments.reset:
                counts.reset(lab)
            else:
                print(json.dumps(counts.read(lab), indent=1))
    finally:
        plan.tidy(arguments.prefix)  # before the lock goes, or two commands could hold two locks
        lock.close()


def main(argv):
    """Runs one command and returns the exit code."""
    arguments = _parser().parse_args(argv)
    if os.geteuid() != 0:
        print("lab: needs root to make namespaces", file=sys.stderr)
        return 1
    try:
        _run(arguments)
    except LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
