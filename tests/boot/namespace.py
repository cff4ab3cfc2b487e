"""A network namespace of its own for the running program, with nothing in it but loopback.

It never touches an interface of the machine: what runs inside cannot reach it.
The programs `qemu` and `user` call `enter` first.
"""

import os
import sys

# Not VIGIE_...: the service refuses variables of that name it does not know.
INSIDE = "BOOT_TEST_NAMESPACE"


def enter():
    """Starts this program again inside a new namespace, as root or, without root, in a user namespace as well."""
    if os.environ.get(INSIDE):
        return
    os.environ[INSIDE] = "1"
    flags = ["--net"] if os.geteuid() == 0 else ["--net", "--user", "--map-root-user"]
    # --kill-child: nothing started inside outlives an interrupted test.
    command = ["unshare", *flags, "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
               'ip link set lo up && exec "$@"', "sh", sys.executable, *sys.argv]
    os.execvp("unshare", command)
