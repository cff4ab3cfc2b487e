"""The virtual board: QEMU with the image's kernel, started paused so that the kernel's start is known to the millisecond.

It never uses hardware virtualisation, because where it exists it does not run every kernel; emulation runs everywhere.
`qemu` starts one per boot.
"""

import json
import socket
import time
from pathlib import Path

from process import Process

# A board of the smallest memory we support.
MEMORY_MIB = 512
CORES = 2
# QEMU opens its control socket within milliseconds; a loaded machine may need longer.
CONTROL_WAIT_S = 20


class Machine(Process):
    """One boot. `started` is the moment the first instruction of the kernel ran."""

    def __init__(self, image, disk, folder, ports, initramfs=None, extra="", silent=False, echo=False):
        """`ports` are pairs: one of this side and the guest's it leads to. `extra` goes to the kernel's command line; `silent` leaves the guest alone on its network."""
        self.control = Path(folder) / "control"
        self.control.unlink(missing_ok=True)
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{port}-:{guest}" for port, guest in ports)
        network = "hubport,id=lan,hubid=0" if silent else f"user,id=lan{forwards}"
        super().__init__([
            "nice", "-n", "5", "qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-accel", "tcg",
            "-smp", str(CORES), "-m", str(MEMORY_MIB), "-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio",
            "-kernel", str(image / "kernel"), "-initrd", str(initramfs or image / "initramfs"),
            "-append", (image / "cmdline").read_text(encoding="ascii").strip() + " " + extra,
            "-drive", f"file={disk},format=raw,if=none,id=card", "-device", "virtio-blk-pci,drive=card",
            "-netdev", network, "-device", "virtio-net-pci,netdev=lan,romfile=",
            # The board's timer that restarts it unless it is fed; the board `virt` has none of its own.
            "-device", "i6300esb", "-action", "watchdog=reset",
            "-qmp", f"unix:{self.control},server=on,wait=off", "-S"], echo=echo)
        try:
            self._release()
        except BaseException:
            self.kill()
            raise

    def _release(self):
        """Lets the paused machine run, over QEMU's control socket."""
        deadline = time.monotonic() + CONTROL_WAIT_S
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(CONTROL_WAIT_S)
            while True:
                try:
                    link.connect(str(self.control))
                    break
                except OSError:
                    if self.child.poll() is not None or time.monotonic() > deadline:
                        raise RuntimeError("QEMU does not start:\n" + "\n".join(self.tail())) from None
                    time.sleep(0.01)
            answers = link.makefile("r", encoding="utf-8")
            answers.readline()
            for command in ("qmp_capabilities", "cont"):
                link.sendall(json.dumps({"execute": command}).encode() + b"\n")
                while "return" not in json.loads(answers.readline()):
                    pass
            self.started = time.monotonic()
