"""Programs run for their figures, and how figures are told."""
import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time


class Failure(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


def child(command, threads, more=None):
    """Runs to the end, with `more` in its environment; (standard output, seconds, peak resident bytes of that process alone, or
    of the largest one that it waited for)."""
    n = str(threads)
    env = dict(os.environ, OMP_NUM_THREADS=n, OPENBLAS_NUM_THREADS=n, MKL_NUM_THREADS=n,
               POCL_MAX_PTHREAD_COUNT=n, POCL_CPU_MAX_CU_COUNT=n)  # PoCL's name to version 4, and its later one
    env.update(more or {})
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        try:
            p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        except OSError as e:
            raise Failure("%s cannot be run: %s" % (command[0], e.strerror))
        try:
            _, status, usage = os.wait4(p.pid, 0)  # not p.wait(): this one tells the memory
        except BaseException:
            p.kill()
            raise
        seconds = time.monotonic() - begun
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if p.returncode != 0:
            why = "exit code %d" % p.returncode
            if p.returncode < 0:
                why = signal.Signals(-p.returncode).name + (", perhaps out of memory" if p.returncode == -9 else "")
            tail = err.read().decode(errors="replace").strip().splitlines()[-8:]
            raise Failure("%s failed (%s)%s" % (os.path.basename(command[0]), why, "".join("\n  " + line for line in tail)))
        text = out.read().decode(errors="replace")
    return text, seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def mib(n):
    return "%.0f" % (n / 2**20)


def positive(text):
    n = int(text)
    if n < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return n
