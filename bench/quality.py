#!/usr/bin/env python3
"""Time to quality: seconds until an image is as good as neural-style-pt's after 100, 200 and 500 evaluations. See README.md
beside this file."""
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
from process import Failure, positive, say
from quality_sides import WAYS, Objective, Painter, Program, Torch

try:
    from matplotlib import pyplot, ticker
except ImportError:
    pyplot = None  # --svg alone needs it

HERE = os.path.dirname(os.path.abspath(__file__))
THEIRS = "neural-style-pt"
COLORS = ("#808080", "#8a68d6", "#2f81c7", "#8a8a3a", "#2f9e62", "#dd6b20", "#c2438a", "#c04a3f", "#222222")


def key(scene):
    return tuple(scene[k] for k in ("content", "style", "start", "width", "height"))


def name(path):
    return os.path.splitext(os.path.basename(path))[0]


def make_scenes(options, painter, folder):
    scenes, width, height = [], options.size, options.size * 3 // 4
    for n, (content, style) in enumerate(options.pair):
        paths = [os.path.join(folder, "%s_%d.bmp" % (what, n)) for what in ("content", "style")]
        bmp.write_bmp(paths[0], painter.image(content, width, height))
        bmp.write_bmp(paths[1], painter.resized(style, width)[2])
        scenes += [{"content": name(content), "style": name(style), "start": start, "width": width, "height": height, "runs": {},
                    "content_path": paths[0], "style_path": paths[1]} for start in options.starts]
    return scenes


# ---- measuring ----

def lengths(way, options):
    """Numbers of iterations, each a run of its own."""
    return options.budgets if way.scaled else [max(options.targets)]


def curve(run, torch, scene, every):
    """What is kept of a run: how many evaluations at each width, their losses where some are judged, the losses of the files."""
    evaluations, files = run
    widths = {}
    for _, width, _ in evaluations:
        widths[str(width)] = widths.get(str(width), 0) + 1
    judged = torch.judge(scene, files)
    return {"iterations": len(evaluations), "widths": widths, "judged": judged,
            "own": [[k, evaluations[k - 1][2]] for k, _ in judged]}


def run_curves(scene, ways, theirs, painter, torch, options, keep):
    jobs = [(THEIRS, max(options.targets), lambda n: theirs.run(scene, n, options.every))]
    jobs += [(way.name, n, lambda n, way=way: painter.run(way, scene, n, options.every))
             for way in ways for n in lengths(way, options)]
    for label, iterations, run in jobs:
        runs = scene["runs"].setdefault(label, [])
        if not any(r["asked"] == iterations for r in runs):
            kept = dict({"asked": iterations}, **curve(run(iterations), torch, scene, options.every))
            runs.append(kept)
            keep()
            say("%s, %s from %s, %s: loss %.6g after %d evaluations" % (scene["content"], scene["style"], scene["start"], label,
                                                                       min(v for _, v in kept["judged"]), kept["iterations"]))


def run_speeds(kept, scene, ways, theirs, painter, options, keep):
    """Seconds of an evaluation with its step, by width, in rounds of all in turn; the first two of each width are not counted."""
    said = kept["speeds"].setdefault(str(options.threads), {}).setdefault("%dx%d" % (scene["width"], scene["height"]), {})
    for n in range(options.rounds):
        jobs = {THEIRS: lambda: theirs.run(scene, options.timed + 2, 0)[0]}
        jobs.update({way.name: lambda way=way: painter.run(way, scene, (options.timed + 2) * (3 if way.scaled else 1), 0)[0]
                     for way in ways})
        for label, run in jobs.items():
            times = {}
            evaluations = run()
            for before, (seconds, width, _) in zip(evaluations, evaluations[1:]):
                times.setdefault(str(width), []).append(seconds - before[0])
            for width, taken in times.items():
                said.setdefault(label, {}).setdefault(width, []).append(float("%.4g" % statistics.median(taken[2:] or taken)))
        say("round %d of %d: %s" % (n + 1, options.rounds, ", ".join("%s %.3g s" % (k, v[str(scene["width"])][-1])
                                                                    for k, v in said.items())))
        keep()


# ---- what follows ----

def per_evaluation(kept, scene, label):
    """By width, with the threads of this run; None: it was not measured."""
    speeds = kept["speeds"].get(str(kept["threads"]), {}).get("%dx%d" % (scene["width"], scene["height"]), {}).get(label)
    return speeds and {width: statistics.median(seconds) for width, seconds in speeds.items()}


def points(kept, scene, label, judge):
    """[seconds, evaluations, loss] of what is better than all that comes sooner, by the `judged` images or the program's `own` loss."""
    speeds, out = per_evaluation(kept, scene, label), []
    for run in scene["runs"].get(label, []) if speeds else []:
        before = {w: n for w, n in run["widths"].items() if w != str(scene["width"])}  # at coarser scales
        coarse = sum(n * speeds[w] for w, n in before.items())
        out += [[coarse + (k - sum(before.values())) * speeds[str(scene["width"])], k, loss] for k, loss in run[judge]]
    lowest, front = math.inf, []
    for point in sorted(out):
        if point[2] < lowest:
            lowest = point[2]
            front.append(point)
    return front


def reached(front, loss):
    return next((point for point in front if point[2] <= loss), None)


def goals(kept, scene, targets, judge):
    """neural-style-pt's [seconds, evaluations, loss], with the lowest loss until then."""
    second, losses = per_evaluation(kept, scene, THEIRS)[str(scene["width"])], scene["runs"][THEIRS][0][judge]
    return [[k * second, k, min(loss for at, loss in losses if at <= k)] for k in targets]


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def cell(kept, scenes, label, goal, judge):
    """Part of neural-style-pt's seconds, and evaluations: geometric means over the scenes that reach its loss."""
    pairs = []
    for scene in scenes:
        wanted = goal(scene)
        got = reached(points(kept, scene, label, judge), wanted[2])
        if got:
            pairs.append([got[0] / wanted[0], got[1]])
    if not pairs:
        return "–"
    some = "" if len(pairs) == len(scenes) else ", %d of %d" % (len(pairs), len(scenes))
    return "%.2f (%.2f), %.0f%s" % (mean([p[0] for p in pairs]), max(p[0] for p in pairs), mean([p[1] for p in pairs]), some)


def report(kept, ways, targets):
    """Tables in Markdown for each size: by the loss that the programs print, then by their images."""
    groups = {}
    for scene in kept["scenes"]:
        if THEIRS in scene["runs"] and per_evaluation(kept, scene, THEIRS):
            groups.setdefault((scene["width"], scene["height"]), []).append(scene)
    for (width, height), scenes in groups.items():
        print("\n%dx%d, %d runs; %s takes %.3g s an evaluation" % (
            width, height, len(scenes), THEIRS, per_evaluation(kept, scenes[0], THEIRS)[str(width)]))
        for judge, title in (("own", "by the loss that it prints"), ("judged", "by its images")):
            print("\n| %s | s an evaluation | %s | lowest loss |\n|%s" % (
                title, " | ".join("%d evaluations" % k for k in targets), " --- |" * (len(targets) + 3)))
            for way in ways:
                own = [s for s in scenes if points(kept, s, way.name, judge)]
                if own and (way.same or judge == "judged"):
                    cells = [cell(kept, own, way.name, lambda s, n=n: goals(kept, s, targets, judge)[n], judge)
                             for n in range(len(targets))]
                    least = [points(kept, s, way.name, judge)[-1][2] / goals(kept, s, targets, judge)[-1][2] for s in own]
                    print("| %s | %.3g | %s | %.3f (%.3f) |" % (way.name, per_evaluation(kept, own[0], way.name)[str(width)],
                                                             " | ".join(cells), mean(least), max(least)))


def plot(axes, kept, scene, ways, targets, judge):
    wanted = goals(kept, scene, targets, judge)
    for _, evaluations, loss in wanted:
        axes.axhline(loss, color="#808080", lw=.6, ls=":")
        axes.text(1, loss, " %d" % evaluations, transform=axes.get_yaxis_transform(), va="center")
    lowest = []
    for n, label in enumerate([THEIRS] + [way.name for way in ways]):
        front = points(kept, scene, label, judge)
        if front and (judge == "judged" or n == 0 or ways[n - 1].same):
            axes.plot([p[0] for p in front], [p[2] for p in front], color=COLORS[n % len(COLORS)], lw=2 if n == 0 else 1.2)
            lowest.append(front[-1][2])
    axes.set(xscale="log", yscale="log", ylim=(min(lowest) / 1.05, max(lowest + [wanted[0][2]]) * 2), xlabel="seconds",
             ylabel="loss of the image" if judge == "judged" else "loss as printed")
    axes.set_title("%s, %s" % (scene["content"], scene["style"]), loc="left", fontweight="bold", fontsize=9, pad=18)
    axes.text(0, 1.03, "from %s, %dx%d pixels" % (scene["start"], scene["width"], scene["height"]), transform=axes.transAxes)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda loss, _: ("%.1e" % loss).replace("e+0", "e")))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda seconds, _: "%g" % seconds))
    axes.spines[["top", "right"]].set_visible(False)


def draw(kept, ways, targets, path):
    scenes = [s for s in kept["scenes"] if THEIRS in s["runs"] and per_evaluation(kept, s, THEIRS)]
    if not scenes:
        raise Failure("nothing to draw")
    # With the salt, the same figures give the same file.
    pyplot.rcParams.update({"font.size": 8, "svg.hashsalt": "quality", "svg.fonttype": "none"})
    figure, panels = pyplot.subplots(len(scenes), 2, squeeze=False, figsize=(12, 3.5 * len(scenes) + .6), layout="constrained")
    for row, scene in zip(panels, scenes):
        plot(row[0], kept, scene, ways, targets, "own")
        plot(row[1], kept, scene, ways, targets, "judged")
    drawn = [label for label in [THEIRS] + [way.name for way in ways] if any(label in s["runs"] for s in scenes)]
    lines = [pyplot.Line2D([], [], color=COLORS[n % len(COLORS)], label=label)
             for n, label in enumerate([THEIRS] + [way.name for way in ways]) if label in drawn]
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - .55 / figure.get_figheight()))  # room for the legend
    figure.legend(handles=lines, loc="upper left", ncols=4, frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})


# ---- the whole ----

def keep_in(path, kept):
    if path:
        public = dict(kept, scenes=[{k: v for k, v in s.items() if not k.endswith("_path")} for s in kept["scenes"]])
        with open(path + ".part", "w") as f:
            json.dump(public, f, indent=1)
            f.write("\n")
        os.replace(path + ".part", path)


def resume(options, kept):
    """Takes over what the file has already."""
    if not options.json or not os.path.exists(options.json):
        return
    with open(options.json) as f:
        before = json.load(f)
    for what in ("model_sha256", "neural_style_pt", "torch"):
        if before.get(what) != kept[what]:
            raise Failure("%s: measured with another %s; name another file" % (options.json, what))
    kept.update({k: before[k] for k in ("date", "machine", "pastiche", "speeds")})
    old = {key(scene): scene for scene in before["scenes"]}
    for scene in kept["scenes"]:
        scene["runs"] = old.pop(key(scene), scene)["runs"]
    kept["scenes"] += old.values()


def measure(options, folder):
    if options.svg and not pyplot:
        raise Failure("--svg needs matplotlib; on Debian: apt install python3-matplotlib")
    for path in [options.model] + [p for pair in options.pair for p in pair]:
        if not os.path.isfile(path):
            raise Failure("%s: there is no such file" % path)
    options.model = os.path.abspath(options.model)
    painter, torch = Painter(options, folder), Torch(options, folder)
    theirs = Program(torch, options.neural_style_pt) if options.neural_style_pt else Objective(torch)
    ways = [way for way in WAYS if not options.ways or way.name in options.ways]
    scenes = make_scenes(options, painter, folder)
    kept = {"format": 1, "date": time.strftime("%Y-%m-%d"), "machine": machine(), "model_sha256": sha256(options.model),
            "pastiche": {"version": painter.version, "device": painter.device}, "torch": torch.ask("probe"),
            "neural_style_pt": theirs.told, "threads": options.threads, "speeds": {}, "scenes": list(scenes)}
    resume(options, kept)
    keep = lambda: keep_in(options.json, kept)
    if options.rounds:
        run_speeds(kept, scenes[0], ways, theirs, painter, options, keep)
    for scene in scenes if not options.speeds_only else []:
        run_curves(scene, ways, theirs, painter, torch, options, keep)
    print("%s, %d threads; PyTorch %s; %s: %s" % (kept["machine"]["cpu"], options.threads, kept["torch"]["torch"], THEIRS,
                                                  theirs.told["what"]))
    report(kept, WAYS, options.targets)
    if options.svg:
        draw(kept, WAYS, options.targets, options.svg)


def numbers(text):
    return sorted(positive(n) for n in text.split(","))


def words(text):
    return text.split(",")


def parse():
    p = argparse.ArgumentParser(description="Measures how soon images are as good as neural-style-pt's.")
    p.add_argument("--model", required=True, metavar="FILE", help="VGG-19 as safetensors, for both")
    p.add_argument("--pair", required=True, nargs=2, action="append", metavar=("CONTENT", "STYLE"), help="may be repeated")
    p.add_argument("--starts", type=words, default=["content", "noise"], metavar="LIST", help="content, noise (both)")
    p.add_argument("--size", type=positive, default=256, metavar="N", help="width; the height is 3/4 of it (256)")
    p.add_argument("--neural-style-pt", metavar="FOLDER", help="run the program itself, from there")
    p.add_argument("--targets", type=numbers, default=[100, 200, 500], metavar="LIST", help="its evaluations (100,200,500)")
    p.add_argument("--budgets", type=numbers, default=[200, 500, 1000], metavar="LIST",
                   help="iterations of runs over several scales (200,500,1000)")
    p.add_argument("--every", type=positive, default=5, metavar="N", help="judge each Nth image (5)")
    p.add_argument("--ways", type=lambda t: t.split(";"), metavar="LIST", help="some of: " + "; ".join(w.name for w in WAYS))
    p.add_argument("--rounds", type=int, default=5, metavar="N", help="of measuring seconds; 0: none, only curves (5)")
    p.add_argument("--timed", type=positive, default=8, metavar="N", help="evaluations that a round times (8)")
    p.add_argument("--speeds-only", action="store_true", help="measure seconds, no curves")
    p.add_argument("--pastiche", default=os.path.join(HERE, "..", "build", "pastiche"), metavar="PROGRAM")
    p.add_argument("--device", help="the OpenCL device, as pastiche names it (its best)")
    p.add_argument("--python", default=sys.executable, metavar="PROGRAM", help="an interpreter with PyTorch (this one)")
    p.add_argument("--threads", type=positive, default=cpu_count(), metavar="N", help="of either program (all cores)")
    p.add_argument("--json", metavar="FILE", help="keep the figures; those that it has are taken from there")
    p.add_argument("--svg", metavar="FILE", help="draw them, a panel for each pair and start")
    return p.parse_args()


def main():
    options = parse()
    try:
        with tempfile.TemporaryDirectory(prefix="pastiche-quality-") as folder:
            measure(options, folder)
    except (Failure, bmp.ImageError, OSError) as e:
        sys.exit("quality: %s" % e)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
