"""Namespaces and processes: entering a network namespace, starting a host's first process, ending processes.

It never signals a process it did not find inside a namespace of the lab.
`segment.py`, `body.py`, `filler.py` and `ready.py` call it.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time

from .errors import LabError

NETNS_DIR = "/run/netns"
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{what}: {os.strerror(errno)}")


def enter_net(namespace):
    """Moves the calling thread into a named network namespace."""
    fd = os.open(f"{NETNS_DIR}/{namespace}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(fd, CLONE_NEWNET), f"setns {namespace}")
    finally:
        os.close(fd)


def unshare(flags):
    """Gives the calling process new namespaces."""
    _check(_libc.unshare(flags), "unshare")


def in_net(namespace, function, *arguments):
    """Runs `function` in a thread of its own inside the namespace; the caller stays where it is."""
    outcome = {}

    def work():
        try:
            enter_net(namespace)
            outcome["value"] = function(*arguments)
        except BaseException as problem:  # handed to the caller below
            outcome["problem"] = problem

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if "problem" in outcome:
        raise outcome["problem"]
    return outcome["value"]


def run(argv, text=None):
    """Runs a program to its end and returns its output; a failure becomes a LabError with what it said."""
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as problem:
        raise LabError(f"{argv[0]} is missing: run tests/install lab") from problem
    except subprocess.TimeoutExpired as problem:
        raise LabError(f"{' '.join(argv)}: no end after 60 s") from problem
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def spawn(namespace, argv, log, flags=CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID):
    """Starts `argv` detached inside the namespace and returns its process id as seen from here.

    With CLONE_NEWPID the new process is PID 1 of its namespace: ending it ends everything it started.
    The parent of that process exits at once, so nobody has to wait for it.
    """
    reader, writer = os.pipe()
    first = os.fork()
    if first == 0:
        try:
            os.close(reader)
            os.setsid()
            enter_net(namespace)
            # Opened on this side of the mount namespace: a writer inside would keep its root from becoming read-only.
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            unshare(flags)
            second = os.fork()
            if second:
                os.write(writer, str(second).encode())
                os._exit(0)
            os.close(writer)
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.closerange(3, 256)
            os.chdir("/")
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)  # Python ignores them, the daemons expect the default
            os.execv(argv[0], argv)
        except BaseException as problem:
            sys.stderr.write(f"lab: starting {argv[0]} in {namespace}: {problem}\n")
            sys.stderr.flush()
        os._exit(127)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(first, 0)
    if not answer:
        raise LabError(f"no process came up in {namespace}")
    return int(answer)


def alive(pid):
    """Whether the process exists and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


def namespaces(prefix):
    """Names of the lab's network namespaces."""
    try:
        return sorted(name for name in os.listdir(NETNS_DIR) if name.startswith(f"{prefix}-"))
    except FileNotFoundError:
        return []


def members(names):
    """Process ids whose network namespace is one of the named ones."""
    wanted = set()
    for name in names:
        try:
            status = os.stat(f"{NETNS_DIR}/{name}")
        except OSError:
            continue
        # An entry that lost its mount (a killed `ip netns add`) is a plain file of another file system.
        wanted.add((status.st_dev, status.st_ino))
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            status = os.stat(f"/proc/{entry}/ns/net")
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in wanted and int(entry) != os.getpid():
            found.append(int(entry))
    return [pid for pid in found if alive(pid)]


def end(pids, seconds=10):
    """Kills the processes and waits until they are gone."""
    handles = []
    for pid in pids:
        try:
            handles.append(os.pidfd_open(pid))
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + seconds
    for handle in handles:
        left = max(0, deadline - time.monotonic())
        gone, _, _ = select.select([handle], [], [], left)
        os.close(handle)
        if not gone:
            raise LabError("a process of the lab survived SIGKILL")
