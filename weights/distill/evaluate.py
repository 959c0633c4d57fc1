#!/usr/bin/env python3
"""Judges a small network by what it is for: paint with it, and ask VGG-19 what it thinks of the result.

    python3 evaluate.py --student FILE --teacher FILE --images FOLDER --program build/pastiche --work FOLDER --out FILE

Paints the held-out pairs with both networks at equal iterations; of each result, as the PNG it was saved as, the program
computes the terms of the objective of neural-style in VGG-19 (its first iteration from that image). PyTorch does the same
independently. Prints a table in Markdown, writes all figures as JSON. Images that are in the work folder are not
painted again, so another student costs only its own part; --sheet FILE also sets all images side by side. With --known
FILE, of an earlier --out, VGG-19 does not paint the pairs there: its figures are those. PyTorch's column is empty for
these, and with other presets than 0.1.
"""
import argparse
import hashlib
import json
import pathlib
import statistics
import subprocess

import torch
from PIL import Image, ImageDraw

import images as source
from network import STYLE, features, gram, read, terms

ITERATIONS = 200
PAIRS = [  # content, style, longer side, start
    ("mountains_schroeder.jpg", "van_gogh_starry_night_1889.jpg", 256, "content"),
    ("sea_lighthouse_bout.jpg", "hokusai_great_wave_1831.jpg", 256, "content"),
    ("pier_sunset.jpg", "turner_shipwreck_minotaur_1810.jpg", 256, "content"),
    ("animal_cat.jpg", "kandinsky_composition_vii_1913.jpg", 256, "content"),
    ("street_night_shop.jpg", "van_gogh_starry_night_rhone_1888.jpg", 256, "content"),
    ("city_potala_palace.jpg", "munch_the_scream_1893.jpg", 256, "content"),
    ("architecture_chapel.png", "mondrian_tableau_2_1913.jpg", 256, "content"),
    ("blossoms_washington_monument.png", "monet_water_lilies_1919.jpg", 256, "content"),
    ("mountains_schroeder.jpg", "bruegel_harvesters_1565_met_1600.jpg", 256, "content"),
    ("animal_cat.jpg", "caillebotte_chrysanthemums_1893_met_1600.jpg", 256, "content"),
    ("city_potala_palace.jpg", "van_gogh_starry_night_1889.jpg", 256, "noise"),
    ("architecture_chapel.png", "kandinsky_composition_vii_1913.jpg", 256, "noise"),
    ("sea_lighthouse_bout.jpg", "monet_water_lilies_1919.jpg", 512, "content"),
    ("blossoms_washington_monument.png", "munch_the_scream_1893.jpg", 512, "content"),
    # the first 14 are the table's of the first small network
    ("pier_sunset.jpg", "mondrian_tableau_2_1913.jpg", 256, "content"),
    ("street_night_shop.jpg", "mondrian_tableau_2_1913.jpg", 192, "content"),
    ("mountains_schroeder.jpg", "hokusai_great_wave_1831.jpg", 256, "noise"),
    ("blossoms_washington_monument.png", "kandinsky_composition_vii_1913.jpg", 192, "content"),
    ("architecture_chapel.png", "hokusai_great_wave_1831.jpg", 512, "content"),
    ("pier_sunset.jpg", "van_gogh_starry_night_rhone_1888.jpg", 192, "content"),
    ("sea_lighthouse_bout.jpg", "caillebotte_chrysanthemums_1893_met_1600.jpg", 192, "noise"),
    ("animal_cat.jpg", "monet_water_lilies_1919.jpg", 256, "noise"),
    ("street_night_shop.jpg", "turner_shipwreck_minotaur_1810.jpg", 256, "content"),
    ("city_potala_palace.jpg", "bruegel_harvesters_1565_met_1600.jpg", 512, "content"),
]


def run(options, pair, model, iterations, start, out, log):
    content, style, size, _ = pair
    command = [options.program, str(options.images / "test_content" / content), str(options.images / "test_style" / style),
               "-o", str(out), "--preset", options.preset, "--model", str(model), "--image-size", str(size),
               "--iterations", str(iterations), "--start", str(start), "--seed", "1", "--scales", "1", "--no-tune",
               "--save-iter", "0", "--quiet", "--log", str(log)]
    subprocess.run(command, check=True)


def paint(options, pair, model, out):
    """Paints unless that was done before; the first terms that VGG-19 finds in the result."""
    log = out.with_suffix(".jsonl")
    if not out.exists():
        run(options, pair, model, ITERATIONS, pair[3], out, log)
    score = out.with_suffix(".score.jsonl")
    if not score.exists():
        run(options, pair, options.teacher, 1, out, options.work / "scratch.png", score)
    return json.loads(score.read_text().splitlines()[0])


@torch.no_grad()
def again_in_pytorch(options, teacher, pair, path):
    """The same loss without the program's reading, resizing and arithmetic (and without the smoothness)."""
    def resized(name, size=None):
        image = Image.open(name).convert("RGB")
        size = size or [max(1, int(side * pair[2] / max(image.size))) for side in image.size]
        return features(teacher, source.to_network(image.resize(size, Image.BICUBIC))[None])
    result = Image.open(path).convert("RGB")
    painted = features(teacher, source.to_network(result)[None])
    style, content = resized(options.images / "test_style" / pair[1]), resized(options.images / "test_content" / pair[0], result.size)
    return float(sum(terms(painted, {s: gram(style[s]) for s in STYLE}, content["4_2"]).values()))


def pair_of(row):
    return row["content"], row["style"], row["size"], row["start"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("student", "teacher", "images", "program", "work", "out"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path if name != "program" else str)
    parser.add_argument("--sheet", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=len(PAIRS), help="only the first ones")
    parser.add_argument("--preset", default="0.1", help="settings to paint with and to judge by")
    parser.add_argument("--known", type=pathlib.Path)
    options = parser.parse_args()
    ours = options.work / options.preset / hashlib.sha256(options.student.read_bytes()).hexdigest()[:12]
    theirs = options.work / options.preset / "teacher"
    earlier = json.loads(options.known.read_text()) if options.known else {"pairs": []}
    if options.known and earlier.get("preset", "0.1") != options.preset:
        raise SystemExit(f"{options.known}: is of another preset than {options.preset}")
    known = {pair_of(row): row for row in earlier["pairs"]}
    for folder in (ours, theirs):
        folder.mkdir(parents=True, exist_ok=True)
    teacher, rows = read(options.teacher), []
    print("| content | style | size | start | VGG-19 | small | ratio | in PyTorch |\n|---|---|---|---|---|---|---|---|")
    for i, pair in enumerate(PAIRS[:options.pairs], 1):
        b = paint(options, pair, options.student, ours / f"{i}.png")
        row = {"content": pair[0], "style": pair[1], "size": pair[2], "start": pair[3], "small": b["loss"], "small_terms": b["terms"]}
        if pair in known:
            row |= {key: known[pair][key] for key in ("vgg19", "vgg19_terms")}
        else:
            a = paint(options, pair, options.teacher, theirs / f"{i}.png")
            row |= {"vgg19": a["loss"], "vgg19_terms": a["terms"]}
            if options.preset == "0.1":  # the objective that PyTorch knows here
                row["ratio_pytorch"] = (again_in_pytorch(options, teacher, pair, ours / f"{i}.png") /
                                        again_in_pytorch(options, teacher, pair, theirs / f"{i}.png"))
        row["ratio"] = row["small"] / row["vgg19"]
        rows.append(row)
        print(f"| {pair[0].split('.')[0]} | {pair[1].split('.')[0]} | {pair[2]} | {pair[3]} | {row['vgg19']:.3g} | {row['small']:.3g} | "
              f"{row['ratio']:.2f} | " + (f"{row['ratio_pytorch']:.2f} |" if "ratio_pytorch" in row else "|"), flush=True)
    ratios = [row["ratio"] for row in rows]
    print(f"\nmean {statistics.mean(ratios):.2f}, median {statistics.median(ratios):.2f}, largest {max(ratios):.2f}")
    options.out.write_text(json.dumps({"iterations": ITERATIONS, "preset": options.preset, "mean": statistics.mean(ratios), "largest": max(ratios),
                                       "pairs": rows}, indent=1) + "\n")
    if options.sheet:
        sheet(options, rows, ours, theirs)


def sheet(options, rows, ours, theirs, width=300):
    """Content, style, VGG-19's result, the small network's, a pair a row."""
    made = Image.new("RGB", (4 * width, 220 * len(rows)), "white")
    for i, row in enumerate(rows, 1):
        for j, path in enumerate((options.images / "test_content" / row["content"], options.images / "test_style" / row["style"],
                                  theirs / f"{i}.png", ours / f"{i}.png")):
            if not path.exists():  # known
                continue
            image = Image.open(path).convert("RGB")
            image.thumbnail((width - 4, 216))
            made.paste(image, (j * width, (i - 1) * 220))
        ImageDraw.Draw(made).text((3 * width + 4, (i - 1) * 220 + 4), f"{row['ratio']:.2f}", fill="red")
    made.save(options.sheet)


if __name__ == "__main__":
    main()
