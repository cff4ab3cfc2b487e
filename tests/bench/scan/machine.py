"""What the numbers were measured on: processor, cores, kernel, load.

It never judges whether the machine was idle enough; it writes the load down.
`cli.py` and `report.py` call it.
"""

import os
import platform


def load():
    """Runnable tasks on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def describe():
    """The machine as a dictionary ready for JSON."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.lower().startswith(("model name", "hardware")):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="ascii") as file:
        memory_kb = int(file.readline().split()[1])
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_mb": memory_kb // 1024,
        "kernel": platform.release(),
        "arch": platform.machine(),
        "load_at_start": load(),
    }


def line(machine):
    """The same as one line of text."""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_mb']} MB, Linux {machine['kernel']} "
        f"{machine['arch']}, load {machine['load_at_start']} at the start and {machine['load_at_end']} at the end"
    )
