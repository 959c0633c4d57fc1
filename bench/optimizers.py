#!/usr/bin/env python3
"""Runs optimizers of pastiche on the same images and draws the loss against evaluations. See README.md beside this file."""
import argparse
import concurrent.futures
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from machine import machine, sha256

try:
    from matplotlib import pyplot, ticker
except ImportError:
    pyplot = None  # --svg alone needs it

HERE = os.path.dirname(os.path.abspath(__file__))
MARKS = (20, 50, 100, 150, 200, 300, 500, 1000)  # evaluations at which the table compares
STARTS = ("content", "noise")
COLORS = ("#2f81c7", "#dd6b20", "#2f9e62", "#c2438a", "#8a68d6", "#8a8a3a", "#808080", "#c04a3f")


class Failure(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


class Optimizer:
    """[NAME=PROGRAM@]KIND[:NUMBER], the number being pairs of L-BFGS or the rate of the others."""

    def __init__(self, text, program):
        self.label, rest = text, text
        self.program = program
        if "@" in text:
            named, rest = text.rsplit("@", 1)
            name, _, self.program = named.partition("=")
            self.label = "%s %s" % (name, rest)
        self.kind, _, number = rest.partition(":")
        self.arguments = ["--optimizer", self.kind]
        if number:
            self.arguments += ["--lbfgs-num-correction" if "lbfgs" in self.kind else "--learning-rate", number]
        found = shutil.which(self.program)
        if not found:
            raise Failure("%s: there is no such program; build it, or name it by --pastiche" % self.program)
        self.program = os.path.abspath(found)


def losses(optimizer, scene, options, folder):
    """Of every evaluation, the lowest so far."""
    log = tempfile.mktemp(suffix=".jsonl", dir=folder)
    command = [optimizer.program, scene["content_path"], scene["style_path"], "-o", log + ".bmp", "--model", options.model,
               "--preset", "0.1", "--image-size", str(options.size), "--start", scene["start"], "--content-weight", scene["content_weight"],
               "--style-weight", scene["style_weight"], "--iterations", str(options.evaluations), "--seed", "0",
               "--save-iter", "0", "--quiet", "--scales", "1", "--no-tune", "--log", log] + optimizer.arguments
    if options.device:
        command += ["--device", options.device]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure("%s failed: %s" % (optimizer.label, done.stderr.strip()))
    with open(log) as f:
        lines = [line["loss"] for line in map(json.loads, f) if "iteration" in line]
    lowest, out = math.inf, []
    for loss in lines:
        lowest = min(lowest, loss if loss is not None else math.inf)
        out.append(lowest)
    return out


def points(count):
    """All of the first evaluations, then closer and closer in proportion: about a hundred, those of the table among them."""
    kept = set(range(1, min(count, 20) + 1)) | {m for m in MARKS if m <= count} | {count}
    at = 20.0
    while at < count:
        kept.add(int(at))
        at *= 1.04
    return sorted(kept)


def thin(curve):
    return [[k, float("%.6g" % curve[k - 1])] for k in points(len(curve))]


def make_scenes(options):
    scenes = []
    for content, style in options.pair:
        for weights in options.weights:
            for start in options.starts:
                name = lambda path: os.path.splitext(os.path.basename(path))[0]
                scenes.append({"content": os.path.basename(content), "style": os.path.basename(style), "start": start,
                               "content_weight": weights[0], "style_weight": weights[1], "size": options.size,
                               "title": "%s, %s" % (name(content), name(style)),
                               "content_path": content, "style_path": style, "curves": {}})
    return scenes


def same_scene(a, b):
    keys = ("content", "style", "start", "content_weight", "style_weight", "size")
    return all(a[k] == b[k] for k in keys)


# ---- the table ----

def value_at(curve, k):
    """The lowest loss after k evaluations, from a thinned curve."""
    held = [loss for at, loss in curve if at <= k]
    return held[-1] if held and curve[-1][0] >= k else None


def ratios(scenes, label, base, k):
    out = []
    for scene in scenes:
        if label in scene["curves"] and base in scene["curves"]:
            a, b = value_at(scene["curves"][label], k), value_at(scene["curves"][base], k)
            if a and b:
                out.append(a / b)
    return out


def report(scenes, labels):
    base = labels[0]
    marks = [m for m in MARKS if all(ratios(scenes, label, base, m) for label in labels)]
    print("lowest loss, divided by that of %s: geometric mean (worst), over %d runs" % (base, len(scenes)))
    print("%-28s%s" % ("evaluations", "".join("%16d" % m for m in marks)))
    for label in labels:
        cells = []
        for m in marks:
            r = ratios(scenes, label, base, m)
            cells.append("%.3f (%.3f)" % (math.exp(sum(map(math.log, r)) / len(r)), max(r)))
        print("%-28s%s" % (label, "".join("%16s" % c for c in cells)))


# ---- the drawing ----

def plot(axes, scene, labels, evaluations):
    curves = {label: scene["curves"][label] for label in labels if label in scene["curves"]}
    low = min(curve[-1][1] for curve in curves.values())
    # The first evaluations have losses that would flatten all the rest.
    high = max(value_at(curve, max(5, evaluations // 25)) or curve[-1][1] for curve in curves.values())
    for n, label in enumerate(labels):
        if label in curves:
            axes.plot(*zip(*curves[label]), color=COLORS[n % len(COLORS)], label=label)
    axes.set(xlim=(0, evaluations), yscale="log", ylim=(low / 1.04, max(high, low * 1.3)), xlabel="evaluations", ylabel="loss")
    axes.set_title(scene["title"], loc="left", fontweight="bold", fontsize=9, pad=18)
    axes.text(0, 1.03, "from %s, content : style = %s : %s, %d pixels"
              % (scene["start"], scene["content_weight"], scene["style_weight"], scene["size"]), transform=axes.transAxes)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda loss, _: ("%.0e" % loss).replace("e+0", "e")))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.grid(axis="y", alpha=.4)
    axes.spines[["top", "right"]].set_visible(False)


def draw(scenes, labels, evaluations, path):
    columns = min(2, len(scenes))
    rows = math.ceil(len(scenes) / columns)
    pyplot.rcParams.update({"font.size": 8, "svg.hashsalt": "optimizers", "svg.fonttype": "none"})  # the same curves give the same file
    figure, panels = pyplot.subplots(rows, columns, squeeze=False, figsize=(6 * columns, 3.5 * rows + .4), layout="constrained")
    for n, axes in enumerate(panels.flat):
        if n < len(scenes):
            plot(axes, scenes[n], labels, evaluations)
        else:
            axes.set_visible(False)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - .35 / figure.get_figheight()))  # room for the legend
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="upper left", ncols=4, frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})


# ---- the whole ----

def write(path, text):
    part = path + ".part"
    with open(part, "w") as f:
        f.write(text)
    os.replace(part, path)


def keep(options, kept):
    if options.json:
        public = dict(kept, scenes=[{k: v for k, v in s.items() if not k.endswith("_path")} for s in kept["scenes"]])
        write(options.json, compact(public))


def compact(kept):
    """A curve a line: a number a line would be most of the file."""
    head = {k: v for k, v in kept.items() if k != "scenes"}
    lines = [json.dumps(head, indent=1)[:-2] + ',\n "scenes": [']
    for n, scene in enumerate(kept["scenes"]):
        rest = {k: v for k, v in scene.items() if k != "curves"}
        lines.append("  " + json.dumps(rest)[:-1] + ', "curves": {')
        curves = ["   %s: %s" % (json.dumps(k), json.dumps(v, separators=(",", ":"))) for k, v in scene["curves"].items()]
        lines.append(",\n".join(curves))
        lines.append("  }}" + ("," if n + 1 < len(kept["scenes"]) else ""))
    return "\n".join(lines + [" ]", "}", ""])


def resume(options, kept):
    """Takes over the curves that the file has already."""
    if not options.json or not os.path.exists(options.json):
        return
    with open(options.json) as f:
        before = json.load(f)
    if before.get("evaluations") != options.evaluations or before.get("model_sha256") != kept["model_sha256"]:
        raise Failure("%s: from another network or number of evaluations; name another file" % options.json)
    kept["machine"], kept["date"] = before["machine"], before["date"]
    for scene in kept["scenes"]:
        for old in before["scenes"]:
            if same_scene(scene, old):
                scene["curves"].update(old["curves"])
    # What is not asked for this time stays.
    kept["scenes"] += [dict(old) for old in before["scenes"] if not any(same_scene(old, s) for s in kept["scenes"])]


def measure(options, folder):
    if options.svg and not pyplot:
        raise Failure("--svg needs matplotlib; on Debian: apt install python3-matplotlib")
    for path in [options.model] + [p for pair in options.pair for p in pair]:
        if not os.path.isfile(path):
            raise Failure("%s: there is no such file" % path)
    optimizers = [Optimizer(text, options.pastiche) for text in options.optimizers]
    labels = [o.label for o in optimizers]
    kept = {"format": 1, "date": time.strftime("%Y-%m-%d"), "machine": machine(), "model_sha256": sha256(options.model),
            "evaluations": options.evaluations, "scenes": make_scenes(options)}
    version = subprocess.run([optimizers[0].program, "--version"], capture_output=True, text=True).stdout.strip()
    kept["pastiche"] = version
    asked = list(kept["scenes"])
    resume(options, kept)

    def work(job):
        optimizer, scene = job
        return optimizer, scene, thin(losses(optimizer, scene, options, folder))

    jobs = [(o, s) for s in asked for o in optimizers if o.label not in s["curves"]]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(work, job) for job in jobs]
        try:
            for n, future in enumerate(concurrent.futures.as_completed(futures)):
                optimizer, scene, curve = future.result()
                scene["curves"][optimizer.label] = curve
                say("%d of %d: %s from %s with %s: %.6g" % (n + 1, len(jobs), scene["title"], scene["start"], optimizer.label,
                                                            curve[-1][1]))
                keep(options, kept)
        finally:
            for future in futures:
                future.cancel()
    keep(options, kept)
    scenes = [s for s in kept["scenes"] if all(label in s["curves"] for label in labels)]  # those of the file too
    report(scenes, labels)
    if options.svg:
        draw(scenes, labels, options.evaluations, options.svg)


def positive(text):
    n = int(text)
    if n < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return n


def starts(text):
    names = text.split(",")
    for name in names:
        if name not in STARTS:
            raise argparse.ArgumentTypeError("%s is none of %s" % (name, ", ".join(STARTS)))
    return names


def weights(text):
    out = [tuple(pair.split(":")) for pair in text.split(",")]
    if any(len(pair) != 2 for pair in out):
        raise argparse.ArgumentTypeError("a list such as 5:100,1:1000 is wanted")
    return out


def parse():
    p = argparse.ArgumentParser(description="Runs optimizers on the same images and compares how low they come.")
    p.add_argument("--model", required=True, metavar="FILE", help="VGG-19 as safetensors")
    p.add_argument("--pair", required=True, nargs=2, action="append", metavar=("CONTENT", "STYLE"), help="may be repeated")
    p.add_argument("--optimizers", type=lambda t: t.split(","), default=["lbfgs", "lbfgs-plain", "adam"], metavar="LIST",
                   help="of [NAME=PROGRAM@]KIND[:PAIRS or RATE]; the first is compared with (lbfgs,lbfgs-plain,adam)")
    p.add_argument("--starts", type=starts, default=["content"], metavar="LIST", help="content, noise (content)")
    p.add_argument("--weights", type=weights, default=[("5", "100")], metavar="LIST", help="content:style (5:100)")
    p.add_argument("--size", type=positive, default=192, metavar="N", help="the longer side (192)")
    p.add_argument("--evaluations", type=positive, default=200, metavar="N", help="of each run (200)")
    p.add_argument("--pastiche", default=os.path.join(HERE, "..", "build", "pastiche"), metavar="PROGRAM")
    p.add_argument("--device", help="the OpenCL device, as pastiche names it (its best)")
    p.add_argument("--jobs", type=positive, default=1, metavar="N", help="runs at a time (1)")
    p.add_argument("--json", metavar="FILE", help="keep the curves; those that it has already are not run again, and are drawn and compared too")
    p.add_argument("--svg", metavar="FILE", help="draw them, a panel for each pair, start and weights")
    return p.parse_args()


def main():
    options = parse()
    try:
        with tempfile.TemporaryDirectory(prefix="pastiche-optimizers-") as folder:
            measure(options, folder)
    except (Failure, OSError) as e:
        sys.exit("optimizers: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)


main()
