"""Sheets to look at, and the plot of the measures."""
import json
import random

from PIL import Image, ImageDraw

from look_pairs import PAIRS, paths


def make_sheet(o, numbers, variants, files):
    """A row for each pair: content, style, then the variants in an order of the row's own, which only the key tells."""
    order, rows = random.Random(o.shuffle), []
    width, key = o.cell, {}
    for n in numbers:
        mixed = variants[:]
        order.shuffle(mixed)
        key[n] = mixed
        shown = [Image.open(p).convert("RGB") for p in (*paths(o.images, o.drawn, PAIRS[n - 1]), *(files[n, v] for v in mixed))]
        height = round(width * shown[0].height / shown[0].width)
        for i, image in enumerate(shown):
            image = image.copy()
            image.thumbnail((width, height), Image.LANCZOS) if i < 2 else None
            shown[i] = image if i < 2 or image.width == width else image.resize((width, height), Image.LANCZOS)
        rows.append((n, height, shown))
    made = Image.new("RGB", ((width + 4) * (2 + len(variants)), sum(height + 16 for _, height, _ in rows)), "white")
    draw, y = ImageDraw.Draw(made), 0
    for n, height, shown in rows:
        for i, image in enumerate(shown):
            made.paste(image, (i * (width + 4), y))
            draw.text((i * (width + 4), y + height + 2), "%d %s" % (n, ["content", "style"][i] if i < 2 else chr(63 + i)), fill="black")
        y += height + 16
    made.save(o.sheet)
    o.sheet.with_name(o.sheet.name + ".key.json").write_text(json.dumps(key, indent=1) + "\n")


def plot(path, results, measures):
    """Every pair is a dot, every variant a column; the line is the mean."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "look"
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, len(measures), figsize=(2.4 * len(measures), 3.2))
    for axis, name in zip(axes, measures):
        for i, rows in enumerate(results.values()):
            values = [row[name] for row in rows]
            axis.plot([i + 0.5 * (j / len(rows) - 0.5) for j in range(len(rows))], values, ".", markersize=4)
            axis.plot([i - 0.35, i + 0.35], [sum(values) / len(values)] * 2, "k-", linewidth=1)
        axis.set_title(name, fontsize=9)
        axis.set_xticks(range(len(results)), list(results), rotation=60, ha="right", fontsize=7)
        axis.tick_params(axis="y", labelsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
