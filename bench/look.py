#!/usr/bin/env python3
"""Paints pairs of images in several ways and measures what the results look like.

    python3 bench/look.py --images FOLDER --work FOLDER --variants bench/look.json --json FILE --sheet FILE

Needs NumPy, Pillow and, for --svg, matplotlib. bench/README.md explains the measures. What lies in the work folder is not
painted again.
"""
import argparse
import hashlib
import json
import pathlib
import statistics
import sys

import look_measures as measures
from look_pairs import PAIRS, paths
from look_sheet import make_sheet, plot
from machine import cpu_count, machine
from process import Failure, child, positive, say

HERE = pathlib.Path(__file__).resolve().parent
MEASURES = ("grain", "palette", "structure", "strokes", "borders", "cost", "seconds")


def read_log(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def program(o, content, style, out, log, *more):
    child([o.program, content, style, "-o", out, "--log", log, "--no-tune", "--save-iter", "0", "--quiet", *map(str, more)],
          o.threads)


def paint(o, pair, options):
    """The result's file; painted unless it is there."""
    content, style = paths(o.images, o.drawn, pair)
    settings = ["--model", o.model, "--image-size", o.size, "--iterations", o.iterations, "--seed", o.seed, *options]
    key = json.dumps([pair[:2], list(map(str, settings)), o.revision])
    out = o.work / (hashlib.sha256(key.encode()).hexdigest()[:16] + ".png")
    if not out.exists():
        program(o, content, style, out, out.with_suffix(".jsonl"), *settings)
    return out


def style_loss(o, pair, start, name):
    """VGG-19's Gram loss of an image, as neural-style weighs it."""
    log = o.work / (name + ".strokes.jsonl")
    if not log.exists():
        content, style = paths(o.images, o.drawn, pair)
        program(o, content, style, o.work / "scratch.png", log, "--preset", "neural-style", "--model", o.judge, "--image-size", o.size,
                "--iterations", 1, "--start", start)
    return sum(value for term, value in read_log(log)[0]["terms"].items() if term.startswith("style."))


def measure(o, pair, out):
    content_path, style_path = paths(o.images, o.drawn, pair)
    result = measures.oklab(out)
    content = measures.oklab(content_path, size=(result.shape[1], result.shape[0]))
    style = measures.oklab(style_path, longer=o.size)
    log = read_log(out.with_suffix(".jsonl"))
    pixels = result.shape[0] * result.shape[1]
    row = {"grain": measures.grain(result, content, style), "palette": measures.palette(result, style),
           "structure": measures.structure(result, content), "borders": measures.borders(result, content),
           "evaluations": len(log), "cost": sum(line["width"] * line["height"] for line in log) / pixels,
           "seconds": log[-1]["seconds"], "loss": log[-1]["loss"]}
    if o.judge:
        row["strokes"] = style_loss(o, pair, out, out.stem) / style_loss(o, pair, "content", hashlib.sha256(
            json.dumps([pair[:2], o.size]).encode()).hexdigest()[:16])
    return row


def mean(rows, name):
    return statistics.mean(abs(row[name]) for row in rows)


def print_table(variants, results):
    shown = [m for m in MEASURES if m in next(iter(results.values()))[0]]
    print("| | " + " | ".join(shown) + " |\n" + "|---" * (len(shown) + 1) + "|")
    for name in variants:
        print("| %s | %s |" % (name, " | ".join("%.3g" % mean(results[name], m) for m in shown)))


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--images", required=True, type=pathlib.Path, help="folder with test_content, test_style and art")
    p.add_argument("--drawn", type=pathlib.Path, default=HERE.parent / "tests" / "pictures", help="folder with mosaic.jpg")
    p.add_argument("--work", required=True, type=pathlib.Path, help="keeps what was painted")
    p.add_argument("--variants", type=pathlib.Path, default=HERE / "look.json", help="names and their options")
    p.add_argument("--only", help="names of the variants to compare, with commas")
    p.add_argument("--program", default=str(HERE.parent / "build" / "pastiche"))
    p.add_argument("--model", default="small")
    p.add_argument("--judge", help="VGG-19, for strokes")
    p.add_argument("--size", type=positive, default=256)
    p.add_argument("--iterations", type=positive, default=200)
    p.add_argument("--pairs", help="numbers from 1, with commas; all without it")
    p.add_argument("--seed", type=int, default=1, help="of the noise")
    p.add_argument("--shuffle", type=int, default=1, help="seed of the order of the columns of a sheet")
    p.add_argument("--threads", type=positive, default=cpu_count())
    p.add_argument("--revision", default="", help="a word that tells programs apart in the work folder")
    p.add_argument("--json", type=pathlib.Path)
    p.add_argument("--svg", type=pathlib.Path)
    p.add_argument("--sheet", type=pathlib.Path, help="results side by side in a shuffled order; the key goes to FILE.key.json")
    p.add_argument("--cell", type=positive, default=300, help="width of the sheet's images")
    return p.parse_args()


def main():
    o = arguments()
    variants = json.loads(o.variants.read_text())
    variants = {name: variants[name] for name in (o.only.split(",") if o.only else variants)}
    numbers = [int(n) for n in o.pairs.split(",")] if o.pairs else range(1, len(PAIRS) + 1)
    o.work.mkdir(parents=True, exist_ok=True)
    results, files = {name: [] for name in variants}, {}
    for n in numbers:
        pair = PAIRS[n - 1]
        for name, options in variants.items():
            out = paint(o, pair, options)
            row = {"pair": n, "content": pair.content, "style": pair.style, "flat": bool(pair.flat), **measure(o, pair, out)}
            results[name].append(row)
            files[n, name] = out
        say("pair %d of %s: %s" % (n, len(numbers), "; ".join("%s grain %.2f" % (v, results[v][-1]["grain"]) for v in variants)))
    print_table(variants, results)
    if o.json:
        o.json.write_text(json.dumps({"format": 1, "machine": machine(), "model": pathlib.Path(o.model).stem, "size": o.size,
                                      "iterations": o.iterations, "variants": variants, "results": results}, indent=1) + "\n")
    if o.svg:
        plot(o.svg, results, [m for m in MEASURES if m in results[next(iter(results))][0]])
    if o.sheet:
        make_sheet(o, numbers, list(variants), files)


if __name__ == "__main__":
    try:
        main()
    except Failure as e:
        sys.exit("look.py: %s" % e)
