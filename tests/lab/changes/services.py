"""Names and open ports of hosts.

It never touches addresses.
`changes.apply` calls it; the other changes refresh the router's names through it.
"""

import os
import signal

from .. import body, kernel, lifecycle
from ..errors import LabError, switch
from ..kernel import run
from ..software import router

PORTS_TABLE = "labports"
# One TXT string of DNS-SD holds 255 bytes, `fn=` included (RFC 6763, 6.1).
FRIENDLY_MAX_BYTES = 250
# What else says the host's name: an instance or friendly name in the options.
SPOKEN = ("friendly", "instance")


def refresh_names(lab):
    """Writes the router's host records anew and makes dnsmasq read them."""
    host = lab.hosts.get("router")
    if host is None or not host.online:
        return
    body.Files(lab.folder(host)).write("lan.hosts", router.names_file(lab))
    for pid in processes(lab, host, "dnsmasq"):
        os.kill(pid, signal.SIGHUP)


def processes(lab, host, word):
    """Processes of a host whose command line has this word."""
    found = []
    for pid in kernel.members([lab.namespace(host)]):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if any(os.path.basename(item) == word.encode() for item in words[:2]):
            found.append(pid)
    return found


def rename(lab, name, new):
    """The host gets another name and tells it by every protocol it speaks; its daemons start anew for it."""
    host = lab.host(name)
    if not host.typed:
        raise LabError(f"{name} is a filler: it tells nobody its name")
    if not new or len(new) > 63 or not all(letter.isalnum() or letter == "-" for letter in new):
        raise LabError("a host name is 1 to 63 letters, digits and dashes")
    host.hostname = new
    for key in SPOKEN:
        if key in host.options:
            host.options[key] = new
    if host.online:
        lifecycle.restart(lab, host)
    refresh_names(lab)


def friendly(lab, name, text):
    """The speaker or TV gets another friendly name, which may hold anything a hostile device would say."""
    host = lab.host(name)
    if "friendly" not in host.options or not 1 <= len(text.encode()) <= FRIENDLY_MAX_BYTES:
        raise LabError(f"friendly takes a speaker or TV and 1 to {FRIENDLY_MAX_BYTES} bytes")
    host.options["friendly"] = text
    if host.online:
        lifecycle.restart(lab, host)


def ports(lab, name, word):
    """Every declared TCP port refuses connections, as if the daemons had ended; `open` undoes it."""
    host = lab.host(name)
    close = switch(word, "close", "open")
    if close == host.ports_closed:
        return
    enter = ["ip", "netns", "exec", lab.namespace(host), "nft"]
    if close:
        numbers = ", ".join(str(port) for port in host.open_tcp)
        if not numbers:
            raise LabError(f"{name} has no open TCP port")
        run(
            [*enter, "-f", "-"],
            f"table inet {PORTS_TABLE} {{\n chain in {{ type filter hook input priority -10;\n"
            f"  iifname eth0 tcp dport {{ {numbers} }} reject with tcp reset\n }}\n}}\n",
        )
    else:
        run([*enter, "delete", "table", "inet", PORTS_TABLE])
    host.ports_closed = close
