"""How much of the truth a tool found, and what it made up.

It never runs anything.
`trial.py` calls it after each run.
"""

import ipaddress


def _bare(name):
    """A name without domain, as all sources can be compared."""
    return name.rstrip(".").split(".")[0].casefold()


def _claimed(truth):
    """Addresses that are no mistake although no row of `hosts` has them."""
    extra = {truth["appliance"]["ip"], truth["gateway"]["ip"]}
    if truth["virtual"]:
        extra.add(truth["virtual"]["ip"])
    for host in truth["multi_homed"]:
        extra.update(host["ips"])
    return extra


def _proxied(truth, address):
    return bool(truth["proxied"]) and ipaddress.ip_address(address) in ipaddress.ip_network(truth["proxied"]["cidr"])


def score(truth, findings, ports):
    """Hosts, MACs, names and ports found of those there are, and false ones, as a dictionary ready for JSON."""
    hosts = [host for host in truth["hosts"] if host["online"]]
    own = truth["appliance"]["ip"]
    findings = [finding for finding in findings if finding.addresses != {own}]
    at = {}
    for finding in findings:
        for key in finding.addresses | finding.macs:
            at.setdefault(key, []).append(finding)
    result = dict.fromkeys(("hosts", "ipv6_only", "macs", "names", "ports", "false_hosts", "false_ports"), 0)
    result["missing"], result["nameless"], result["made_up"] = [], [], []
    asked = set(ports)
    of = dict.fromkeys(("hosts", "ipv6_only", "names", "ports"), 0)
    used = set()
    for host in hosts:
        addresses = set(host["ipv4"]) | set(host["ipv6"])
        mine = [finding for key in (*addresses, host["mac"]) for finding in at.get(key, [])]
        used.update(id(finding) for finding in mine)
        names = {_bare(name) for name in host["names"].values()}
        open_ports = (set(host["open_tcp"]) - set(host["forbidden_ports"])) & asked
        told = {port for finding in mine for port in finding.ports}
        of["hosts"] += 1
        of["ipv6_only"] += not host["ipv4"]
        of["names"] += bool(names)
        of["ports"] += len(open_ports)
        result["hosts"] += bool(mine)
        result["ipv6_only"] += bool(mine) and not host["ipv4"]
        result["macs"] += any(host["mac"] in finding.macs for finding in mine)
        named = any(names & {_bare(name) for name in finding.names} for finding in mine)
        result["names"] += named
        result["ports"] += len(open_ports & told)
        made_up = told - set(host["open_tcp"])
        result["false_ports"] += len(made_up)
        result["made_up"] += [f"{host['name']}:{port}" for port in sorted(made_up)]
        if not mine:
            result["missing"].append(host["name"])
        elif names and not named:
            result["nameless"].append(host["name"])
    claimed = _claimed(truth)
    for finding in findings:
        known = finding.addresses & claimed or any(
            ":" not in address and _proxied(truth, address) for address in finding.addresses
        )
        if id(finding) not in used and not known:
            result["false_hosts"] += 1
    result["of"] = of
    return result
