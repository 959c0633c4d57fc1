"""The report of the benchmark in a real browser: of one result and of several, at all widths, by day and night, printed.
Exits with 77 where there is no Chromium.

    python3 tests/program/test_bench_page.py PROGRAM [FOLDER]     with a folder, images of the pages are left there"""
# promise: bench-page
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures"))
import bench_results
import browser
from test_page import check, is_near

SKIPPED = 77
# Width, scheme, whether the tables at the end are open.
LOOKS = [*((width, scheme, False) for width in (360, 768, 1280, 1920) for scheme in ("light", "dark")), (360, "dark", True), (1280, "light", True)]
HOSTILE = "</title></style><script>document.title = 'taken'</script><img src=\"http://example.org/x.png\" onerror='throw 1'>\u202e\x1b[31m&amp;\u2028"

# Everything that sticks out to the right and that no scrolling box holds.
OVERHANG = """[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest(".scroll, .unseen")).map((e) => (e.id || e.getAttribute("class") || e.tagName) + ": " + e.textContent.slice(0, 30)).join()"""
# Texts of one chart that lie on each other. Of the boxes, only where letters are.
COLLISIONS = """(() => { const found = [];
    for (const chart of document.querySelectorAll(".plot > svg")) {
        const boxes = [...chart.querySelectorAll("text")].map((e) => [e.getBoundingClientRect(), e.textContent]).filter(([r]) => r.width > 0);
        boxes.forEach(([a, one], i) => boxes.slice(i + 1).forEach(([b, other]) => {
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) found.push(one + " on " + other); }));
    }
    return found; })()"""
# The least contrast of texts, those of charts too, with the ground of the nearest box that has one.
CONTRAST = "(() => {" + browser.CONTRAST_OF + """
    let worst = [99, ""];
    for (const e of document.querySelectorAll("h1, h2, h3, p, b, span, dt, dd, small, th, td, li, caption, figcaption, summary, code, pre, svg text")) {
        if (!e.textContent.trim() || e.closest(".unseen, tr:nth-child(n + 20)")) continue;
        const style = getComputedStyle(e), ratio = contrast(e.closest("svg") ? style.fill : style.color, e);
        if (ratio < worst[0]) worst = [ratio, e.tagName + " " + e.textContent.slice(0, 20)];
    }
    return worst; })()"""
# What people need who do not see it.
NAMES = """(() => { const found = [], ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    if (new Set(ids).size !== ids.length) found.push("an id twice");
    if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
    for (const e of document.querySelectorAll("table")) if (!e.caption?.textContent) found.push("a table without caption");
    for (const e of document.querySelectorAll("th")) if (!e.scope) found.push("a th without scope");
    for (const e of document.querySelectorAll("section")) if (!e.getAttribute("aria-label") && !document.getElementById(e.getAttribute("aria-labelledby")))
        found.push("a section without name");
    for (const e of document.querySelectorAll("svg[role=img]")) {
        const labels = (e.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent);
        if (!e.getAttribute("aria-label") && !(labels.length === 2 && labels.every(Boolean))) found.push("a chart without title and description");
    }
    for (const e of document.querySelectorAll("use")) if (!document.querySelector(e.getAttribute("href"))) found.push("no symbol " + e.getAttribute("href"));
    return found; })()"""
TABLE = """(caption, which) => [...[...document.querySelectorAll("table")].filter((t) => t.caption.textContent.startsWith(caption))[which]
    .tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent))"""


class Watching(browser.Browser):
    """Also keeps what a page asks for."""
    asked = ()

    def receive(self):
        message = super().receive()
        if message.get("method") == "Network.requestWillBeSent":
            self.asked = (*self.asked, message["params"]["request"]["url"])
        return message


def write(folder, name, result):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(result, file)
    return name


def report(program, folder, names, page):
    run = subprocess.run([program, "bench", "--compare", *names, "--report", page], cwd=folder, capture_output=True, text=True)
    check(run.returncode == 0 and run.stderr == "", names, run.returncode, run.stderr)
    path = os.path.join(folder, page)
    check(os.path.getsize(path) < 500000, page, "has", os.path.getsize(path), "bytes")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check(not re.search(r"<script|@import|url\(|href=\"(?!#|data:)|<img|<iframe|\bnan\b|\binf\b", text), page, "refers to something, or has no number")
    return path


def look(page, path, shots):
    name = os.path.basename(path)
    page.asked = ()
    page.open("file://" + path)
    page.wait("document.readyState === 'complete' && document.querySelector('#repeat')")
    check(page.asked == ("file://" + path,), page.asked)
    check(page.ask(NAMES) == [], name, page.ask(NAMES))
    for width, scheme, opened in LOOKS:
        page.ask(f"document.querySelectorAll('details').forEach((e) => {{ e.open = {str(opened).lower()}; }})")
        page.size(width, 900)
        page.scheme(scheme)
        page.wait(f"innerWidth === {width}")
        check(page.ask(OVERHANG) == "", name, width, "sticks out:", page.ask(OVERHANG))
        check(page.ask("document.documentElement.scrollWidth <= innerWidth"), name, width)
        worst = page.ask(CONTRAST)
        check(worst[0] >= 4.5, name, width, scheme, "contrast", worst)
        check(page.ask("[...document.querySelectorAll('.faster')].every((e) => e.checkVisibility())"), name, width)
        check(page.ask(COLLISIONS) == [], name, width, page.ask(COLLISIONS))
        if shots and not opened:
            page.image(os.path.join(shots, f"{name}-{width}-{scheme}.png"), whole=True)
    check(page.ask("document.title !== 'taken' && document.scripts.length === 0"))
    test_closed_tables_are_printed(page)
    check(len(page.call("Page.printToPDF")["data"]) > 10000)
    check(page.complaints == [], name, page.complaints)


def test_closed_tables_are_printed(page):
    shown = "[...document.querySelectorAll('details td')].filter((e) => e.checkVisibility({contentVisibilityAuto: true})).length"
    page.ask("document.querySelectorAll('details').forEach((e) => { e.open = false; })")
    page.wait(f"{shown} === 0 && document.querySelector('details td')")
    page.call("Emulation.setEmulatedMedia", media="print")
    page.wait(f"{shown} === document.querySelectorAll('details td').length")
    page.call("Emulation.setEmulatedMedia", media="")


def test_it_has_every_figure(page, result, which=0):
    rows = page.ask(f"({TABLE})('All rows', {which})")
    check(len(rows) == len(result["rows"]), len(rows))
    units = {"least_seconds": (10, 1e3), "median_seconds": (11, 1e3), "most_seconds": (12, 1e3), "flops": (13, 1e-9), "bytes_per_second": (13, 1e-9),
             "work": (15, 1e-9), "arithmetic": (16, 1e-9), "bytes": (17, 1e-6), "device_bytes": (18, 1 / 1048576), "samples": (9, 1), "c_in": (5, 1),
             "c_out": (6, 1), "rows": (8, 1)}
    for cells, row in zip(rows, result["rows"]):
        check(cells[0] == row["kind"] and cells[1].strip() == row["name"], cells)
        if "problem" in row:
            check(row["problem"] in cells[9], cells)
            continue
        for key, (cell, factor) in units.items():
            if key in row:
                check(is_near(float(cells[cell] or 0), factor * row[key]), key, row[key], "is not in", cells)
        check("width" not in row or cells[7] == f"{row['width']}x{row['height']}", cells)
        check(("*" in cells[3]) == row.get("chosen", False), cells)
    if which:
        return
    text = page.ask("document.body.innerText")
    for word in (result["device"]["name"], result["device"]["driver"], result["device"]["platform"], result["machine"]["system"], result["date"],
                 result["network"]["name"], f"{result['score']['value']:.4g}"):
        check(word in text, word)
    points = [[float(cell) for cell in cells[-2:]] for cells in page.ask(f"({TABLE})('Points of the loss', 0)")]
    first = result["descent"]["points"][0]["loss"]
    for shown, point in zip(points, result["descent"]["points"]):
        check(is_near(shown[0], point["seconds"]) and is_near(shown[1], point["loss"] / first), point, "is not", shown)
    check(len(points) >= len(result["descent"]["points"]))


def test_it_counts(page, result):
    """Every kernel is a point, every algorithm a bar, every spread a stroke."""
    kernels = [row for row in result["rows"] if row["kind"] in ("convolution", "kernel") and "flops" in row]
    check(page.ask("document.querySelectorAll('#roofline .plot use:not(.real)').length") == len(kernels), len(kernels))
    check(page.ask("[...document.querySelectorAll('#roofline .plot use')].every((e) => e.querySelector('title')?.textContent)"), "a point without a name")
    check(page.ask("document.querySelectorAll('#layers rect').length") == len(kernels))
    slow = [row for row in kernels if row.get("chosen") and row["name"] == "relu3_1"]
    check(page.ask("document.querySelectorAll('#layers tr.fastest:not(.chosen)').length") == len(slow) == 2, "faster than the chosen one")
    check(page.ask("[...document.querySelectorAll('#layers .faster')].every((e) => / \\d+.% faster$/.test(e.textContent))"))
    check(f"For 2 of {sum(row.get('chosen', False) for row in kernels)} products" in page.ask("document.body.innerText"), "what is missed")
    check(page.ask("document.querySelectorAll('#layers tr.chosen').length") == sum(row.get("chosen", False) for row in kernels))
    strokes = sum("median_seconds" in row for row in result["rows"]) + len(result["score"]["sizes"])
    check(page.ask("document.querySelector('#spread path.spread').getAttribute('d').split('M').length - 1") == strokes, strokes)
    check(page.ask("document.querySelectorAll('#evaluations figure').length") == 2)


def main():
    if not browser.find():
        print("there is no chromium")
        sys.exit(SKIPPED)
    program, shots = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    folder = tempfile.mkdtemp(prefix="pastiche-bench-")
    page = None
    try:
        one = bench_results.make("A processor of an example with quite a long name, which no card holds in one line")
        others = [bench_results.make("Quick card", 48e12, 2.9e12, (256, 512, 1024, 2048)), bench_results.make("Other runtime", 210e9, 21e9, load=0.11),
                  bench_results.make("Slow", 3e9, 9e9, (128, 256)), bench_results.make("The same again", 231e9, 23e9),
                  *(bench_results.make(f"Processor {n}", (100 + n) * 1e9) for n in range(2))]
        quick = bench_results.make("In a hurry", mode="quick")
        quick["rows"] = [row for row in quick["rows"] if row["kind"] not in ("convolution", "kernel")]
        hostile = bench_results.make(HOSTILE, date=HOSTILE, network={"name": HOSTILE, "sha256": None})
        for row in hostile["rows"][3:9]:
            row["name"] = row["algorithm"] = HOSTILE
        hostile["rows"][3]["problem"] = HOSTILE
        hostile["device"]["driver"] = "x" * 100000
        if shots:
            os.makedirs(shots, exist_ok=True)
        page = Watching(1280, 900)
        look(page, report(program, folder, [write(folder, "one.json", one)], "one.html"), shots)
        test_it_has_every_figure(page, one)
        test_it_counts(page, one)
        names = [write(folder, f"other{n}.json", result) for n, result in enumerate(others)]
        look(page, report(program, folder, ["one.json", *names[:4]], "five.html"), shots)
        for n, result in enumerate([one, *others[:4]]):
            test_it_has_every_figure(page, result, n)
        check(page.ask("document.querySelectorAll('#scores rect').length") == 5)
        report(program, folder, names, "six.html")
        look(page, report(program, folder, [write(folder, "quick.json", quick)], "quick.html"), shots)
        check(page.ask("!document.querySelector('#roofline')"))
        look(page, report(program, folder, [write(folder, os.path.basename("a<b>&.json"), hostile)], "hostile.html"), shots)
        print("ok")
    finally:
        if page:
            page.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
