"""Building and clearing a lab, starting and stopping single hosts.

It never leaves half a lab unnoticed: the plan is written first, so `down` and the next `up` know what there may be.
`cli.py` calls it for up and down, `changes.py` for single hosts.
"""

import os
import time

from . import bodies, body, catalogue, counts, filler, kernel, neighbours, plan, ready, segment
from .errors import LabError

DOWN_ROUNDS = 20


def up(wanted):
    """Makes the lab of these parameters exist; one that is there already is checked and completed."""
    lab = plan.load(wanted.prefix)
    if lab is None or not lab.complete:
        down(wanted.prefix)  # what a killed `up` may have left
        lab = wanted
        lab.hosts = catalogue.build(lab.network, lab.host_set, lab.count)
        if len(lab.hosts) > plan.HOSTS_MAX:
            raise LabError(f"at most {plan.HOSTS_MAX} hosts fit on one bridge")
        lab.save()
    elif (lab.subnet, lab.host_set, lab.count, lab.checksums) != (
        wanted.subnet,
        wanted.host_set,
        wanted.count,
        wanted.checksums,
    ):
        raise LabError(f"lab {lab.prefix!r} is up with other parameters: lab --prefix {lab.prefix} down first")
    online = [host for host in lab.hosts.values() if host.online]
    neighbours.make_room(lab)
    segment.create_bridge(lab)
    segment.create_namespaces([lab.appliance_ns, *(lab.namespace(host) for host in lab.hosts.values())])
    counts.install(lab)
    segment.add_ports(lab, online, appliance=True)
    filler.start(lab)
    start_bodies(lab, [host for host in online if host.typed and body.first_process(lab, host) is None])
    ready.wait(lab, online)
    if not lab.complete:
        lab.complete = True
        lab.save()
    return lab


def start_bodies(lab, hosts):
    """Starts what runs inside typed hosts."""
    for host in hosts:
        os.makedirs(lab.folder(host), exist_ok=True)
        body.start(lab, host, bodies.commands(lab, host, body.Files(lab.folder(host))))


def start(lab, hosts):
    """Connects hosts and starts them, as if their power came back."""
    segment.create_namespaces([lab.namespace(host) for host in hosts])
    segment.add_ports(lab, hosts)
    start_bodies(lab, [host for host in hosts if host.typed])
    ready.wait(lab, hosts)


def stop(lab, hosts):
    """Ends all that runs in hosts and takes their links away, as if their power failed."""
    for host in hosts:
        host.options.pop("vrrp", None)  # a virtual router's interface goes with the link below it
        if host.typed:
            body.stop(lab, host)
    segment.remove_ports(lab, [name for host in hosts for name in (host.name, segment.second_port(host))])


def restart(lab, host):
    """Ends and starts what runs inside one host; its link and addresses stay."""
    body.stop(lab, host)
    start_bodies(lab, [host])
    ready.wait(lab, [host])


def down(prefix):
    """Removes everything of a lab, also what a killed command left half done."""
    lab = plan.load(prefix)
    for _ in range(DOWN_ROUNDS):
        names = kernel.namespaces(prefix)
        if not names:
            break
        pids = kernel.members(names)
        kernel.end(pids)
        # A command that was cut off may still be adding namespaces: look again until nothing is left.
        segment.remove_namespaces(names)
        if pids:
            time.sleep(0.05)
    else:
        raise LabError(f"namespaces of {prefix!r} keep coming back: {' '.join(kernel.namespaces(prefix))}")
    if lab is not None:
        neighbours.give_back(lab)
    plan.forget(prefix)
