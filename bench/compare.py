#!/usr/bin/env python3
"""Compares pastiche with PyTorch: the same evaluations, images and weights, in turn. See README.md beside this file."""
import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import bmp
from machine import cpu_count, machine, sha256
from pastiche_side import Pastiche
from process import Failure, child, mib, positive, say

HERE = os.path.dirname(os.path.abspath(__file__))
SAME_LOSS = 1e-3  # relative; float32 in another order of summation differs by about 1e-6
PACKAGES = "on Debian: apt install python3-torch libopenblas0-pthread, and --python /usr/bin/python3"


class Timed(Pastiche):
    def run(self, scene, evaluations, warm, start, output=None):
        log = os.path.join(self.folder, "log.jsonl")
        out = output or os.path.join(self.folder, "out.bmp")
        _, seconds, peak = child(
            [self.path, scene["content"], scene["style"], "-o", out, "--model", self.options.model,
             "--preset", "0.1", "--image-size", str(scene["size"]), "--start", start, "--iterations", str(warm + evaluations),
             "--scales", "1", "--remainder", "floor", "--optimizer", "lbfgs", "--lbfgs-num-correction", str(self.options.pairs),
             "--save-iter", "0", "--quiet",
             "--log", log] + self.extra, self.options.threads)
        with open(log) as f:
            lines = [line for line in map(json.loads, f) if "iteration" in line]
        if len(lines) != warm + evaluations:
            raise Failure("pastiche logged %d evaluations of %d" % (len(lines), warm + evaluations))
        return result([line["seconds"] for line in lines], [line["loss"] for line in lines], warm, seconds, peak)


class Torch:
    def __init__(self, options, python, precision="fp32", device="cpu", layout="contiguous"):
        self.options, self.python, self.precision, self.device, self.layout = options, python, precision, device, layout

    def _child(self, job):
        command = [self.python, os.path.abspath(__file__), "--torch-child", json.dumps(job)]
        text, seconds, peak = child(command, self.options.threads)
        return json.loads(text.splitlines()[-1]), seconds, peak

    def probe(self):
        return self._child({"mode": "probe"})[0]

    def run(self, mode, scene, evaluations, warm, start, output=None):
        job = {"mode": mode, "model": self.options.model, "content": scene["content"], "style": scene["style"],
               "start": start, "evaluations": evaluations, "warm": warm, "pairs": self.options.pairs, "output": output,
               "threads": self.options.threads, "device": self.device, "layout": self.layout, "precision": self.precision}
        told, seconds, peak = self._child(job)
        out = result(told["ends"], told["losses"], warm, seconds, peak)
        if "device_peak_bytes" in told:
            out["device_peak_bytes"] = told["device_peak_bytes"]
        return out


def result(ends, losses, warm, process_seconds, peak_bytes):
    """`ends` are the times at which the evaluations were done; the first `warm` of them are not counted."""
    begin = ends[warm - 1] if warm else 0
    return {"seconds": (ends[-1] - begin) / (len(ends) - warm), "first_loss": losses[0], "last_loss": losses[-1],
            "process_seconds": process_seconds, "peak_bytes": peak_bytes}


def summary(runs):
    seconds = [run["seconds"] for run in runs]
    out = {"median_seconds": statistics.median(seconds), "min_seconds": min(seconds), "max_seconds": max(seconds),
           "seconds": seconds, "peak_bytes": max(run["peak_bytes"] for run in runs), "last_loss": runs[-1]["last_loss"]}
    if "device_peak_bytes" in runs[0]:
        out["device_peak_bytes"] = max(run["device_peak_bytes"] for run in runs)
    return out


def ratios(ours, theirs):
    pairs = [a / b for a, b in zip(ours["seconds"], theirs["seconds"])]
    return {"time": ours["median_seconds"] / theirs["median_seconds"], "time_min": min(pairs), "time_max": max(pairs),
            "memory": ours["peak_bytes"] / theirs["peak_bytes"]}


def make_scene(pastiche, folder, options, size):
    path = lambda name: os.path.join(folder, "%s_%d.bmp" % (name, size))
    rows = {"content": pastiche.image(options.content, size, size), "style": pastiche.image(options.style, size, size)}
    # From half of each no term of the loss is zero, so that one number compares them all.
    rows["blend"] = bmp.blend(rows["content"], rows["style"])
    for name in rows:
        bmp.write_bmp(path(name), rows[name])
    return dict({name: path(name) for name in rows}, size=size)


def same_loss(name, ours, theirs):
    apart = abs(ours - theirs) / abs(theirs)
    if not apart < SAME_LOSS:
        raise Failure("the first loss is %.8g in pastiche and %.8g in %s: they do not compute the same" % (ours, theirs, name))
    return apart


def enough(options, seconds):
    """Evaluations in one run: two, or as many as a second takes where they are short (the log counts milliseconds)."""
    return options.evaluations or min(max(2, math.ceil(1 / seconds)), 300)


def compare_size(pastiche, torches, scene, options):
    size, warm = scene["size"], 5 if pastiche.on_gpu else 1
    say("%d: trial runs" % size)
    # The first fills the caches of the driver and of the program; the second tells how long an evaluation takes.
    pastiche.run(scene, 1, 1, scene["blend"])
    trial = pastiche.run(scene, 2, warm, scene["blend"])
    counts, out = {"pastiche": enough(options, trial["seconds"])}, {"size": size, "warm": warm, "layouts": {}, "loss_apart": {}}
    for name, torch in torches.items():
        trials = {}
        for layout in ("contiguous", "channels_last") if options.layout == "auto" else (options.layout,):
            torch.layout = layout
            trials[layout] = torch.run("evaluation", scene, 2, warm, scene["blend"])
        torch.layout = min(trials, key=lambda k: trials[k]["seconds"])
        best = trials[torch.layout]
        out["layouts"][name] = {"taken": torch.layout, "seconds": {k: v["seconds"] for k, v in trials.items()},
                                "peak_bytes": {k: v["peak_bytes"] for k, v in trials.items()}}
        # TF32 has 10 bits of mantissa: it is not held to the agreement of float32, only shown.
        out["loss_apart"][name] = (same_loss(name, trial["first_loss"], best["first_loss"]) if torch.precision == "fp32"
                                   else abs(trial["first_loss"] / best["first_loss"] - 1))
        counts[name] = enough(options, best["seconds"])

    runs = {name: [] for name in counts}
    for k in range(options.repeats):
        runs["pastiche"].append(pastiche.run(scene, counts["pastiche"], warm, scene["blend"]))
        for name, torch in torches.items():
            runs[name].append(torch.run("evaluation", scene, counts[name], warm, scene["blend"]))
        say("%d: round %d of %d: %s" % (size, k + 1, options.repeats,
                                        ", ".join("%s %.4g s" % (name, r[-1]["seconds"]) for name, r in runs.items())))
    out["evaluation"] = {name: summary(r) for name, r in runs.items()}
    out["evaluation_ratio"] = {name: ratios(out["evaluation"]["pastiche"], out["evaluation"][name]) for name in torches}

    if not options.descents:
        return out
    # The history is full after pairs + 1 evaluations; only then has either taken all the memory that it takes.
    say("%d: whole iterations of L-BFGS" % size)
    runs = {name: [] for name in counts}
    count = max(options.pairs + 2 - warm, 2)
    for _ in range(options.descents):
        runs["pastiche"].append(pastiche.run(scene, max(count, counts["pastiche"]), warm, scene["blend"]))
        for name, torch in torches.items():
            runs[name].append(torch.run("descent", scene, max(count, counts[name]), warm, scene["blend"]))
    out["iteration"] = {name: summary(r) for name, r in runs.items()}
    out["iteration_ratio"] = {name: ratios(out["iteration"]["pastiche"], out["iteration"][name]) for name in torches}
    return out


def compare_whole(pastiche, torches, scene, options, folder):
    """From the start of the process to the finished file, once each."""
    say("%d: %d evaluations, from start to file" % (scene["size"], options.iterations))
    pastiche.run(scene, 1, 1, scene["content"])
    file = lambda name: os.path.join(folder, "whole_%s.bmp" % name)
    runs = {"pastiche": pastiche.run(scene, options.iterations, 0, scene["content"], file("pastiche"))}
    for name, torch in torches.items():
        if options.layout == "auto":
            torch.layout = min(("contiguous", "channels_last"), key=lambda k: layout_seconds(torch, k, scene))
        runs[name] = torch.run("descent", scene, options.iterations, 0, scene["content"], file(name))
    keep = ("process_seconds", "peak_bytes", "first_loss", "last_loss", "device_peak_bytes")
    out = {name: {k: run[k] for k in keep if k in run} for name, run in runs.items()}
    ours = out["pastiche"]
    return {"size": scene["size"], "evaluations": options.iterations, "runs": out,
            "ratio": {name: {"time": ours["process_seconds"] / out[name]["process_seconds"],
                             "memory": ours["peak_bytes"] / out[name]["peak_bytes"]} for name in torches}}


def layout_seconds(torch, layout, scene):
    torch.layout = layout
    return torch.run("evaluation", scene, 1, 1, scene["content"])["seconds"]


def table(title, group, ratio):
    print("\n" + title)
    print("  %-26s %10s %21s %10s" % ("", "seconds", "min .. max", "peak MiB"))
    for name, s in group.items():
        print("  %-26s %10.4g %21s %10s%s" % (
            name, s["median_seconds"], "%.4g .. %.4g" % (s["min_seconds"], s["max_seconds"]), mib(s["peak_bytes"]),
            "  + %s on the GPU" % mib(s["device_peak_bytes"]) if "device_peak_bytes" in s else ""))
    for name, r in ratio.items():
        print("  pastiche / %-15s %10.3f %21s %10.3f" % (name, r["time"], "%.3f .. %.3f" % (r["time_min"], r["time_max"]),
                                                         r["memory"]))


def report(kept, options):
    m = kept["machine"]
    print("%s, %d threads, %s MiB, %s" % (m["cpu"], options.threads, m["memory_mib"], m["os"]))
    print("%s on %s" % (kept["pastiche"]["version"], kept["pastiche"]["device"][0]))
    for t in kept["torch"]:
        print("PyTorch %s on %s, products by %s" % (t["torch"], t["gpu"] if t["device"] == "cuda" else "the CPU", t["blas"]))
    for s in kept["sizes"]:
        layout = ", ".join("%s %s (%s)" % (name, l["taken"], ", ".join("%s %.3g s" % kv for kv in l["seconds"].items()))
                           for name, l in s["layouts"].items())
        print("\n%d x %d; layout: %s\nfirst loss apart by %s" % (
            s["size"], s["size"], layout, ", ".join("%.1e (%s)" % (v, k) for k, v in s["loss_apart"].items())))
        table("one evaluation: pastiche with its step of L-BFGS, PyTorch forward and backward alone; medians of %d"
              % options.repeats, s["evaluation"], s["evaluation_ratio"])
        if "iteration" in s:
            table("one iteration of L-BFGS with %d pairs on both sides; medians of %d" % (options.pairs, options.descents),
                  s["iteration"], s["iteration_ratio"])
    if "whole" in kept:
        w = kept["whole"]
        print("\n%d x %d, %d evaluations of L-BFGS, from start to file, once" % (w["size"], w["size"], w["evaluations"]))
        for name, r in w["runs"].items():
            print("  %-26s %8.1f s %8s MiB   loss %.6g to %.6g" % (
                name, r["process_seconds"], mib(r["peak_bytes"]), r["first_loss"], r["last_loss"]))
        for name, r in w["ratio"].items():
            print("  pastiche / %-15s %8.3f   %8.3f" % (name, r["time"], r["memory"]))


def side(text):
    n = int(text)
    if n < 32:
        raise argparse.ArgumentTypeError("the least size is 32")
    return n


def sizes(text):
    return [] if text == "none" else [side(n) for n in text.split(",")]


def parse():
    p = argparse.ArgumentParser(description="Runs pastiche and PyTorch side by side and prints the ratios.")
    p.add_argument("--model", required=True, metavar="FILE", help="VGG-19 as safetensors, for both")
    p.add_argument("--content", required=True, metavar="IMAGE")
    p.add_argument("--style", required=True, metavar="IMAGE")
    p.add_argument("--pastiche", default=os.path.join(HERE, "..", "build", "pastiche"), metavar="PROGRAM")
    p.add_argument("--device", help="the OpenCL device, as pastiche names it (its best)")
    p.add_argument("--python", type=lambda t: t.split(","), default=[sys.executable], metavar="PROGRAM",
                   help="an interpreter with PyTorch, or a list of them to compare versions (this one)")
    p.add_argument("--torch-device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: of pastiche's kind")
    p.add_argument("--layout", choices=("auto", "contiguous", "channels_last"), default="auto",
                   help="of PyTorch's tensors; auto tries both and takes the faster")
    p.add_argument("--sizes", type=sizes, default=[512, 1024], metavar="LIST", help="of the squares, or none (512,1024)")
    p.add_argument("--repeats", type=positive, default=5, metavar="N", help="rounds, each program in turn (5)")
    p.add_argument("--descents", type=int, default=1, metavar="N", help="rounds of whole L-BFGS iterations (1; 0: none)")
    p.add_argument("--evaluations", type=positive, metavar="N", help="timed in each run (2, more where they are short)")
    p.add_argument("--threads", type=positive, default=cpu_count(), metavar="N", help="of either program (all cores)")
    p.add_argument("--pairs", type=positive, default=10, metavar="N", help="that L-BFGS keeps, on both sides (10)")
    p.add_argument("--iterations", type=positive, metavar="N", help="also a whole run of N evaluations, start to file")
    p.add_argument("--size", type=side, default=512, metavar="N", help="of that whole run (512)")
    p.add_argument("--json", metavar="FILE", help="keep every figure, with the machine's description")
    return p.parse_args()


def compare(options, folder):
    for path in (options.model, options.content, options.style):
        if not os.path.isfile(path):
            raise Failure("%s: there is no such file" % path)
    options.model = os.path.abspath(options.model)
    kept = {"format": 2, "date": time.strftime("%Y-%m-%d"), "machine": machine()}
    if kept["machine"]["load_average_at_start"] > 0.3 * cpu_count():
        say("note: other work runs on this machine (load %.1f); the figures will suffer"
            % kept["machine"]["load_average_at_start"])
    pastiche = Timed(options, folder)
    probed = [Torch(options, python).probe() for python in options.python]
    device = options.torch_device
    if device == "auto":
        device = "cuda" if pastiche.on_gpu and all(p["gpu"] for p in probed) else "cpu"
    if device == "cuda" and not all(p["gpu"] for p in probed):
        raise Failure("this PyTorch finds no GPU")
    if pastiche.on_gpu != (device == "cuda"):
        say("note: one of the two runs on a GPU and the other does not")
    torches = {}
    for python, p in zip(options.python, probed):
        p.update(device=device, name="torch" if len(probed) == 1 else "torch %s" % ".".join(p["torch"].split(".")[:2]))
        if device == "cpu" and p["blas"] in ("reference BLAS", "unknown"):
            say("note: PyTorch's matrix products may be slow here (%s); install libopenblas0-pthread" % p["blas"])
        if p["name"] + " fp32" in torches:
            raise Failure("two of --python have the same PyTorch, %s" % p["torch"])
        torches[p["name"] + " fp32"] = Torch(options, python, "fp32", device)
        if device == "cuda":
            torches[p["name"] + " TF32"] = Torch(options, python, "default", device)

    kept["pastiche"] = {"version": pastiche.version, "device": pastiche.device}
    kept["torch"] = probed
    kept["inputs"] = {"model_sha256": sha256(options.model), "content": os.path.basename(options.content),
                      "style": os.path.basename(options.style)}
    kept["settings"] = {k: getattr(options, k) for k in ("threads", "repeats", "descents", "pairs")}
    kept["sizes"] = [compare_size(pastiche, torches, make_scene(pastiche, folder, options, n), options)
                     for n in options.sizes]
    if options.iterations:
        scene = make_scene(pastiche, folder, options, options.size)
        kept["whole"] = compare_whole(pastiche, torches, scene, options, folder)
    report(kept, options)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(kept, f, indent=1)
            f.write("\n")


def torch_child(job):
    try:
        import torch  # noqa: F401; torch_side needs it, and says it less clearly
    except ImportError as e:
        sys.exit("PyTorch is missing here (%s); %s" % (e, PACKAGES))
    import torch_side
    print(json.dumps(torch_side.run(job)))


def main():
    if sys.argv[1:2] == ["--torch-child"]:
        return torch_child(json.loads(sys.argv[2]))
    options = parse()
    try:
        with tempfile.TemporaryDirectory(prefix="pastiche-compare-") as folder:
            compare(options, folder)
    except (Failure, bmp.ImageError, OSError) as e:
        sys.exit("compare: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)


main()
