#!/usr/bin/env python3
"""Time and memory of an evaluation over image sizes, whole and in tiles under a budget, and over ranks. See README.md beside
this file."""
import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import scale_ranks
from machine import cpu_count, machine, sha256
from process import Failure, child, mib, positive, say

try:
    from matplotlib import pyplot, ticker
except ImportError:
    pyplot = None  # --svg alone needs it

HERE = os.path.dirname(os.path.abspath(__file__))
COLORS = ("#2f81c7", "#dd6b20", "#2f9e62", "#c2438a")


def command(options, size, budget, extra):
    out = [os.path.abspath(options.pastiche), options.content, options.style, "--model", options.model, "--image-size",
           str(size), "--style-scale", "%.6g" % (options.style_size / size), "--preset", "0.1", "--scales", "1", "--start", "content",
           "--save-iter", "0", "--no-tune", "--lbfgs-num-correction", str(options.pairs), "--no-metadata", "--quiet"]
    if budget:
        out += ["--memory", budget]
    if options.spill:
        out += ["--spill", options.spill]
    if options.device:
        out += ["--device", options.device]
    return out + extra


def plan(options, size, budget):
    """What --plan says of tiles; None where it does not fit."""
    try:
        text = child(command(options, size, budget, ["--plan", "--ranks", "1"]), options.threads)[0]  # nothing is tried
    except Failure as e:
        say("%d, %s: %s" % (size, budget or "whole", e))
        return None
    tile = re.search(r"tiles of (\d+x\d+) pixels", text)
    work = re.search(r"takes ([0-9.]+) times", text)
    halo = re.search(r"Halos take ([0-9.]+) %", text)
    return {"tile": tile.group(1) if tile else "", "work": float(work.group(1)) if work else 1,
            "halo_percent": float(halo.group(1)) if halo else 0}


def measure(options, size, budget, folder):
    """Seconds of each evaluation but the first, with its step, and the process's peak."""
    log, out = os.path.join(folder, "log.jsonl"), os.path.join(folder, "out.bmp")
    _, seconds, peak = child(command(options, size, budget, ["-o", out, "--iterations", str(options.evaluations + 1),
                                                             "--log", log]), options.threads)
    with open(log) as f:
        ends = [line for line in map(json.loads, f) if "iteration" in line]
    each = [b["seconds"] - a["seconds"] for a, b in zip(ends, ends[1:])]
    return {"seconds": each, "width": ends[-1]["width"], "height": ends[-1]["height"], "process_seconds": seconds,
            "peak_bytes": peak, "last_loss": ends[-1]["loss"]}


def measure_all(options, folder):
    out = []
    for size in options.sizes:
        row = {"size": size, "runs": {}}
        ways = [(budget or "whole", budget) for budget in options.budgets]
        plans = {name: plan(options, size, budget) for name, budget in ways}
        for name, budget in ways:
            if plans[name] is None:
                continue
            if budget and not plans[name]["tile"] and options.skip_whole:
                say("%d, %s: fits whole" % (size, name))
                continue
            row["runs"][name] = dict(plans[name], rounds=[])
        for k in range(options.repeats):
            for name, budget in ways:  # in turn
                if name in row["runs"]:
                    result = measure(options, size, budget, folder)
                    row["runs"][name]["rounds"].append(result)
                    say("%d, %s: round %d of %d: %.4g s, peak %s MiB" % (
                        size, name, k + 1, options.repeats, statistics.median(result["seconds"]), mib(result["peak_bytes"])))
        for run in row["runs"].values():
            seconds = [s for r in run["rounds"] for s in r["seconds"]]
            run.update(median_seconds=statistics.median(seconds), min_seconds=min(seconds), max_seconds=max(seconds),
                       peak_bytes=max(r["peak_bytes"] for r in run["rounds"]), width=run["rounds"][0]["width"],
                       height=run["rounds"][0]["height"])
        whole = row["runs"].get("whole")
        for name, run in row["runs"].items():
            if whole and name != "whole":
                run["time_of_whole"] = run["median_seconds"] / whole["median_seconds"]
        out.append(row)
    return out


def report(kept):
    m = kept["machine"]
    print("%s, %d threads, %s MiB, %s; %s" % (m["cpu"], kept["settings"]["threads"], m["memory_mib"], m["os"], kept["version"]))
    print("%-12s %-8s %9s %8s %10s %21s %9s %10s %9s" % ("pixels", "budget", "tile", "halos %", "seconds", "min .. max",
                                                        "of whole", "peak MiB", "ns/pixel"))
    for row in kept["sizes"]:
        for name, r in row["runs"].items():
            print("%-12s %-8s %9s %8.1f %10.4g %21s %9s %10s %9.0f" % (
                "%d x %d" % (r["width"], r["height"]), name, r["tile"] or "-", r["halo_percent"], r["median_seconds"],
                "%.4g .. %.4g" % (r["min_seconds"], r["max_seconds"]),
                "%.3f" % r["time_of_whole"] if "time_of_whole" in r else "-", mib(r["peak_bytes"]),
                1e9 * r["median_seconds"] / (r["width"] * r["height"])))


def draw(kept, path):
    if not pyplot:
        raise Failure("--svg needs Matplotlib: on Debian, apt install python3-matplotlib")
    ranks = "strong" in kept or "weak" in kept
    figure, grid = pyplot.subplots(1 + ranks, 2, figsize=(9, 3.8 + 3.8 * ranks), squeeze=False)
    axes = grid[0]
    names = list(dict.fromkeys(name for row in kept["sizes"] for name in row["runs"]))
    for axis, key, scale, title in ((axes[0], "median_seconds", 1, "seconds of an evaluation with its step"),
                                    (axes[1], "peak_bytes", 2**30, "peak memory of the process, GiB")):
        for name, color in zip(names, COLORS):
            rows = [(r["width"] * r["height"] / 1e6, r[key] / scale) for row in kept["sizes"]
                    for n, r in row["runs"].items() if n == name]
            axis.plot(*zip(*rows), "o-", color=color, label=name)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("million pixels")
        axis.set_title(title, fontsize=10)
        axis.grid(True, which="both", color="#e4e4e4")
        axis.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
        axis.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    if names:
        axes[0].legend(frameon=False)
    if ranks:
        scale_ranks.draw(kept, *grid[1], COLORS)
    figure.tight_layout()
    figure.savefig(path)


def parse():
    p = argparse.ArgumentParser(description="Measures an evaluation over image sizes, whole and under budgets of memory.")
    p.add_argument("--model", required=True, metavar="FILE", help="a network, or its name")
    p.add_argument("--content", required=True, metavar="IMAGE")
    p.add_argument("--style", required=True, metavar="IMAGE")
    p.add_argument("--pastiche", default=os.path.join(HERE, "..", "build", "pastiche"), metavar="PROGRAM")
    p.add_argument("--device", help="the OpenCL device, as pastiche names it (its best)")
    p.add_argument("--sizes", type=lambda s: [positive(n) for n in s.split(",")], default=[512, 1024, 2048, 4096],
                   metavar="LIST", help="longer sides (512,1024,2048,4096)")
    p.add_argument("--budgets", type=lambda s: [None if b == "whole" else b for b in s.split(",")], default=[None, "1G"],
                   metavar="LIST", help='of device memory; "whole" is without one (whole,1G)')
    p.add_argument("--skip-whole", action="store_true", help="leave out budgets in which the image fits whole")
    p.add_argument("--spill", metavar="FOLDER", help="for what does not fit in memory")
    p.add_argument("--style-size", type=positive, default=512, metavar="N", help="longer side of the style (512)")
    p.add_argument("--pairs", type=positive, default=5, metavar="N", help="vector pairs of L-BFGS (5)")
    p.add_argument("--evaluations", type=positive, default=2, metavar="N", help="timed in each run (2)")
    p.add_argument("--repeats", type=positive, default=1, metavar="N", help="rounds, each way in turn (1)")
    p.add_argument("--threads", type=positive, default=cpu_count(), metavar="N", help="of the device (all cores)")
    p.add_argument("--parts", type=lambda s: s.split(","), default=["sizes", "strong", "weak"], metavar="LIST",
                   help="what to measure (sizes,strong,weak)")
    counts = lambda s: [positive(n) for n in s.split(",")]
    p.add_argument("--pastiche-mpi", default=os.path.join(HERE, "..", "build", "pastiche-mpi"), metavar="PROGRAM")
    p.add_argument("--mpirun", default="mpirun", metavar="PROGRAM")
    p.add_argument("--strong-sizes", type=counts, default=[1024, 2048], metavar="LIST", help="(1024,2048)")
    p.add_argument("--strong-ranks", type=counts, default=[1, 2, 4], metavar="LIST", help="(1,2,4)")
    p.add_argument("--strong-repeats", type=positive, default=5, metavar="N", help="rounds, the numbers of ranks in turn (5)")
    p.add_argument("--weak-size", type=positive, default=4096, metavar="N", help="longer side for one rank (4096)")
    p.add_argument("--weak-ranks", type=counts, default=[1, 4, 16], metavar="LIST", help="that are planned for (1,4,16)")
    p.add_argument("--weak-memory", default="4G", metavar="SIZE", help="of the device of each (4G)")
    p.add_argument("--paper-size", type=positive, default=32768, metavar="N", help="side of the image on paper (32768)")
    p.add_argument("--paper-ranks", type=positive, default=64, metavar="N", help="its ranks (64)")
    p.add_argument("--gigabits", type=float, default=10, metavar="X", help="a second, of the links between them (10)")
    p.add_argument("--json", metavar="FILE", help="write every figure")
    p.add_argument("--svg", metavar="FILE", help="draw them")
    return p.parse_args()


def main():
    options = parse()
    scale_ranks.check(options)
    options.content, options.style = os.path.abspath(options.content), os.path.abspath(options.style)
    kept = {"format": 1, "date": time.strftime("%Y-%m-%d"), "machine": machine(),
            "version": child([os.path.abspath(options.pastiche), "--version"], options.threads)[0].strip(),
            "inputs": {"content": os.path.basename(options.content), "style": os.path.basename(options.style),
                       "model": sha256(options.model) if os.path.exists(options.model) else options.model},
            "settings": {"threads": options.threads, "pairs": options.pairs, "style_size": options.style_size,
                         "evaluations": options.evaluations, "repeats": options.repeats, "spill": bool(options.spill)}}
    if kept["machine"]["load_average_at_start"] > 0.5:
        say("warning: the machine is not idle (load %.1f)" % kept["machine"]["load_average_at_start"])
    with tempfile.TemporaryDirectory() as folder:
        kept["sizes"] = measure_all(options, folder) if "sizes" in options.parts else []
        if "strong" in options.parts:
            kept["strong"] = scale_ranks.strong(options, command, folder)
        if "weak" in options.parts:
            kept["weak"] = scale_ranks.weak(options, command)
            kept["paper"] = scale_ranks.paper(options, kept["sizes"], kept["weak"])
    report(kept)
    scale_ranks.report(kept)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(kept, f, indent=1)
            f.write("\n")
    if options.svg:
        draw(kept, options.svg)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as e:
        print("scale.py: %s" % e, file=sys.stderr)
        sys.exit(1)
