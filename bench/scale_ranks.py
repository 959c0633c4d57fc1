"""The parts of scale.py on ranks: strong scaling as measured, weak scaling as counted, and what follows on paper."""
import json
import math
import os
import re
import statistics

from process import Failure, child, mib, say

UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
ONE_THREAD = {"POCL_DEVICES": "basic", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def run_ranks(options, command, size, ranks, folder):
    """Seconds of each evaluation but the first on so many ranks of one thread."""
    log, out = os.path.join(folder, "log.jsonl"), os.path.join(folder, "out.bmp")
    program = [os.path.abspath(options.pastiche_mpi)]
    if ranks > 1:  # one rank runs whole, which is its fastest way
        program = [options.mpirun, "--oversubscribe", "--bind-to", "none", "-n", str(ranks)] + program
    child(program + command(options, size, None, ["-o", out, "--iterations", str(options.evaluations + 1), "--log", log])[1:],
          1, ONE_THREAD)
    with open(log) as f:
        ends = [line["seconds"] for line in map(json.loads, f) if "iteration" in line]
    return [b - a for a, b in zip(ends, ends[1:])]


def strong(options, command, folder):
    out = []
    for size in options.strong_sizes:
        runs = {ranks: [] for ranks in options.strong_ranks}
        for k in range(options.strong_repeats):
            for ranks in runs:  # in turn
                runs[ranks].append(statistics.median(run_ranks(options, command, size, ranks, folder)))
                say("%d on %d ranks: round %d of %d: %.4g s" % (size, ranks, k + 1, options.strong_repeats, runs[ranks][-1]))
        first = statistics.median(next(iter(runs.values())))
        out.append({"size": size, "runs": [{"ranks": ranks, "seconds": seconds, "median_seconds": statistics.median(seconds),
                                            "speedup": first / statistics.median(seconds)} for ranks, seconds in runs.items()]})
    return out


def quantity(text, pattern):
    found = re.search(pattern, text)
    return float(found.group(1)) * UNITS[found.group(2)] if found else 0


def weak(options, command):
    """What the plan counts where each rank has as many pixels."""
    out = []
    for ranks in options.weak_ranks:
        size = round(options.weak_size * ranks**0.5)
        text = child(command(options, size, options.weak_memory, ["--plan", "--ranks", str(ranks)]), options.threads)[0]
        pixels = re.search(r"(\d+)x(\d+) pixels", text)
        sums = [int(n) for n in re.findall(r"^  all +(\d+)", text, re.M)]  # of the device, of memory, of files
        work = re.search(r"ranks does ([0-9.]+) times", text) or re.search(r"takes ([0-9.]+) times", text)
        tile = re.search(r"in tiles of (\d+x\d+)", text)
        out.append({"ranks": ranks, "size": size, "pixels": int(pixels.group(1)) * int(pixels.group(2)),
                    "tile": tile.group(1) if tile else "", "busiest_work": float(work.group(1)) if work else 1,
                    "device_bytes": sums[0], "host_bytes": sum(sums[1:]),
                    "exchange_bytes": quantity(text, r"exchanges up to ([0-9.]+) (\w+)"),
                    "gather_bytes": quantity(text, r"with others, ([0-9.]+) (\w+) are put"),
                    "sum_bytes": quantity(text, r"sums of ([0-9.]+) (\w+)")})
        say("%d on %d ranks: planned" % (size, ranks))
    return out


def grown(counted, name, ranks):
    """What the last plan counts, as it would be for so many ranks: it goes on as from the plan before to the last."""
    before, last = counted[-2:]
    if before[name] <= 0 or last[name] <= before[name]:
        return last[name]
    step = math.log(last[name] / before[name]) / math.log(last["ranks"] / before["ranks"])
    return last[name] * (ranks / last["ranks"])**step


def paper(options, sizes, counted):
    """An image on many ranks, from the last two plans and the measured speed. What a rank has grows with its pixels, what
    all have with the image's."""
    whole = [row["runs"]["whole"] for row in sizes if "whole" in row["runs"]]
    last = counted[-1]
    if not whole or len(counted) < 2:
        return None
    ranks, pixels, rate = options.paper_ranks, options.paper_size**2, options.gigabits * 1e9 / 8
    own = pixels / ranks / (last["pixels"] / last["ranks"])
    per_pixel = whole[-1]["median_seconds"] / (whole[-1]["width"] * whole[-1]["height"])
    coarse = 4  # bytes of the coarser scales, which every rank has whole, for a pixel of the image
    work = grown(counted, "busiest_work", ranks)
    parts = {"exchange": grown(counted, "exchange_bytes", ranks) * own / 2, "gather": last["gather_bytes"] * pixels / last["pixels"],
             "sum": 2 * last["sum_bytes"]}  # one way: links send and receive at once, and sums go there and back
    return {"size": options.paper_size, "ranks": ranks, "gigabits": options.gigabits, "tile": last["tile"],
            "busiest_work": work, "device_bytes": last["device_bytes"],
            "host_bytes": (last["host_bytes"] - coarse * last["pixels"]) * own + coarse * pixels,
            "image_bytes": 3 * pixels, "arithmetic_seconds": per_pixel * pixels / ranks * work,
            "bytes": parts, "seconds": {name: n / rate for name, n in parts.items()}}


def report(kept):
    for row in kept.get("strong", []):
        for r in row["runs"]:
            print("%5d, %2d ranks of one thread: %8.4g s (%s), %.2f times as fast" % (
                row["size"], r["ranks"], r["median_seconds"],
                "%.4g .. %.4g" % (min(r["seconds"]), max(r["seconds"])), r["speedup"]))
    for r in kept.get("weak", []):
        print("%5d, %2d ranks: tiles %s, the busiest does %.2f, device %s MiB, host %s MiB, exchange %s MiB, gather %s MiB, sums %s MiB"
              % (r["size"], r["ranks"], r["tile"] or "none", r["busiest_work"], mib(r["device_bytes"]), mib(r["host_bytes"]),
                 mib(r["exchange_bytes"]), mib(r["gather_bytes"]), mib(r["sum_bytes"])))
    r = kept.get("paper")
    if r:
        print("on paper: %d x %d on %d such machines: %.3g s of arithmetic and %.3g s of exchange (%s) an evaluation, if one "
              "waits for the other; a rank takes %s MiB of the device, %s MiB of memory and %s MiB for each whole image" % (
                  r["size"], r["size"], r["ranks"], r["arithmetic_seconds"], sum(r["seconds"].values()),
                  ", ".join("%s %.3g" % item for item in r["seconds"].items()), mib(r["device_bytes"]), mib(r["host_bytes"]),
                  mib(r["image_bytes"])))


def draw(kept, strong_axis, weak_axis, colors):
    for row, color in zip(kept.get("strong", []), colors):
        ranks = [r["ranks"] for r in row["runs"]]
        strong_axis.plot(ranks, [r["speedup"] for r in row["runs"]], "o-", color=color, label=str(row["size"]))
        strong_axis.plot(ranks, ranks, ":", color="#999999")
    strong_axis.set_title("ranks of one thread: times as fast as one", fontsize=10)
    weak = kept.get("weak", [])
    weak_axis.plot([r["ranks"] for r in weak], [r["busiest_work"] for r in weak], "o-", color=colors[0], label="work, of a rank's part")
    weak_axis.plot([r["ranks"] for r in weak], [(r["exchange_bytes"] / 2 + r["gather_bytes"] + 2 * r["sum_bytes"]) / 2**30 for r in weak],
                   "o-", color=colors[1], label="GiB to or from a rank")
    weak_axis.set_title("the busiest rank, equal pixels for each", fontsize=10)
    for axis in (strong_axis, weak_axis):
        axis.set_xlabel("ranks")
        axis.grid(True, color="#e4e4e4")
        if axis.get_legend_handles_labels()[0]:
            axis.legend(frameon=False)


def check(options):
    if "strong" in options.parts and not os.path.exists(options.pastiche_mpi):
        raise Failure("%s is not there; --parts sizes,weak leaves it out" % options.pastiche_mpi)
