"""The machine that figures come from."""
import hashlib
import os
import platform


def cpu_count():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def machine():
    def first(path, key, sep):
        try:
            with open(path) as f:
                for line in f:
                    if line.startswith(key):
                        return line.split(sep, 1)[1].strip().strip('"')
        except OSError:
            pass
        return None

    memory = first("/proc/meminfo", "MemTotal", ":")
    return {"cpu": first("/proc/cpuinfo", "model name", ":") or platform.processor() or None, "cores": cpu_count(),
            "architecture": platform.machine(), "memory_mib": int(memory.split()[0]) // 1024 if memory else None,
            "os": first("/etc/os-release", "PRETTY_NAME", "=") or platform.system(),
            "load_average_at_start": os.getloadavg()[0]}


def sha256(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for piece in iter(lambda: f.read(1 << 20), b""):
            h.update(piece)
    return h.hexdigest()
