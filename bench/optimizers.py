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
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True

from machine import machine, sha256

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
               "--image-size", str(options.size), "--start", scene["start"], "--content-weight", scene["content_weight"],
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

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 430, 250, 62, 44, 14, 40  # of a panel, and what surrounds its axes

STYLE = """text{font:11px sans-serif;fill:#333}.title{font-weight:bold;font-size:12px}.grid{stroke:#999;stroke-opacity:.3}
.axis{stroke:#777;fill:none}.curve{fill:none;stroke-width:1.6}@media(prefers-color-scheme:dark){text{fill:#ccc}}"""


def ticks(low, high):
    out = []
    for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        out += [m * 10.0 ** e for m in (1, 2, 5) if low <= m * 10.0 ** e <= high]
    return out


def panel(scene, labels, evaluations, x0, y0, number):
    curves = {label: scene["curves"][label] for label in labels if label in scene["curves"]}
    low = min(curve[-1][1] for curve in curves.values())
    # What comes in the first evaluations would flatten all the rest.
    high = max(value_at(curve, max(5, evaluations // 25)) or curve[-1][1] for curve in curves.values())
    low, high = low / 1.04, max(high, low * 1.3)
    right, bottom = x0 + WIDTH - RIGHT, y0 + HEIGHT - BOTTOM
    left, top = x0 + LEFT, y0 + TOP
    x = lambda k: left + (right - left) * k / evaluations
    y = lambda loss: bottom - (bottom - top) * math.log(loss / low) / math.log(high / low)
    out = ['<text class="title" x="%d" y="%d">%s</text>' % (left, y0 + 16, escape(scene["title"])),
           '<text x="%d" y="%d">from %s, content : style = %s : %s, %d pixels</text>'
           % (left, y0 + 32, scene["start"], scene["content_weight"], scene["style_weight"], scene["size"]),
           '<clipPath id="c%d"><rect x="%d" y="%d" width="%d" height="%d"/></clipPath>'
           % (number, left, top, right - left, bottom - top)]
    for loss in ticks(low, high):
        out.append('<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>'
                   % (left, y(loss), right, left - 5, y(loss) + 4, ("%.0e" % loss).replace("e+0", "e")))
    step = 10 ** math.floor(math.log10(evaluations))
    step = step if evaluations / step >= 4 else step / 2 if evaluations / step >= 2 else step / 5
    for n in range(int(evaluations / step) + 1):
        out.append('<text x="%.1f" y="%d" text-anchor="middle">%g</text>' % (x(n * step), bottom + 15, n * step))
    out.append('<path class="axis" d="M%d %dV%dH%d"/>' % (left, top, bottom, right))
    out.append('<text x="%d" y="%d" text-anchor="middle">evaluations</text>' % ((left + right) / 2, bottom + 31))
    out.append('<text transform="translate(%d %d) rotate(-90)" text-anchor="middle">loss</text>' % (x0 + 12, (top + bottom) / 2))
    for n, label in enumerate(labels):
        if label in curves:
            path = " ".join("%.1f,%.1f" % (x(k), y(loss)) for k, loss in curves[label] if loss < math.inf)
            out.append('<polyline class="curve" clip-path="url(#c%d)" stroke="%s" points="%s"/>'
                       % (number, COLORS[n % len(COLORS)], path))
    return out


def draw(scenes, labels, evaluations):
    columns = min(2, len(scenes))
    rows = math.ceil(len(scenes) / columns)
    width, legend = columns * WIDTH, 18 * math.ceil(len(labels) / 3) + 12
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d">'
           % (width, rows * HEIGHT + legend, width, rows * HEIGHT + legend), "<style>%s</style>" % STYLE]
    for n, label in enumerate(labels):
        x, y = 20 + n % 3 * (width - 40) // 3, 16 + 18 * (n // 3)
        out.append('<path d="M%d %dh24" stroke="%s" stroke-width="3"/><text x="%d" y="%d">%s</text>'
                   % (x, y - 4, COLORS[n % len(COLORS)], x + 30, y, escape(label)))
    for n, scene in enumerate(scenes):
        out += panel(scene, labels, evaluations, n % columns * WIDTH, legend + n // columns * HEIGHT, n)
    return "\n".join(out + ["</svg>", ""])


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
        write(options.svg, draw(scenes, labels, options.evaluations))


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
