#!/usr/bin/env python3
"""What people wait for in the studio, in Chromium: the page, the first stroke, a gallery of 500 images; and what a run pays for being
watched. See README.md beside this file."""
import argparse
import glob
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "tests", "program"))

import browser
from studio_page import Page, Studio
from test_studio_page import set_sizes


def measure_start(program, folder):
    times = []
    for i in range(3):
        begin = time.monotonic()
        studio = Studio(program, os.path.join(folder, f"start{i}"))
        urllib.request.urlopen(studio.url).read()
        times.append(time.monotonic() - begin)
        studio.end()
    print(f"from start to the page: {statistics.median(times):.2f} s")


def measure_first_stroke(page, studio, content, style):
    times = []
    page.open(studio.url)
    page.wait("document.querySelector('.content-place')")
    for _ in range(2):  # the first time, kernels are compiled
        page.ask("localStorage.clear()")
        page.open("about:blank")
        page.open(studio.url)
        page.wait("document.querySelector('.content-place')")
        set_sizes(page, 512, 400)
        page.drop(".content-place", content)
        page.wait("document.querySelector('.content-image')?.naturalWidth > 0")
        begin = time.monotonic()
        page.drop(".styles-place", style)
        page.wait("!document.querySelector('.paint-button').disabled")
        page.ask("document.querySelector('.paint-button').click()")
        page.wait("document.querySelector('.viewer-layer.after img')?.alt.startsWith('The image after')", 120)
        times.append(time.monotonic() - begin)
        page.tap("Cancel", ".actions")
        page.tap("Cancel the run", "#ask")
        page.wait("!document.querySelector('.queue-row[data-state=painting]')", 60)
    print(f"from drop to the first visible stroke at 512: {times[0]:.1f} s, then {times[1]:.1f} s")


def measure_gallery(page, program, folder, images):
    studio = None
    many = os.path.join(folder, "many")
    os.makedirs(many)
    for i in range(500):
        shutil.copy(images[i % len(images)], os.path.join(many, f"image {i:03}{os.path.splitext(images[i % len(images)])[1]}"))
    try:
        studio = Studio(program, many)
        for which in ("new", "known"):  # thumbnails are made when they are first asked for
            page.open("about:blank")
            page.images = page.bytes = 0
            begin = time.monotonic()
            page.open(studio.url + "#gallery")
            page.wait("document.querySelector('.gallery-tile img.there')", 60)
            first = time.monotonic() - begin
            page.wait("[...document.querySelectorAll('.gallery-tile img')].filter((e) => e.getBoundingClientRect().top < innerHeight).every((e) => e.complete && e.naturalWidth)", 120)
            whole = time.monotonic() - begin
            painted = page.ask("Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1)")
            print(f"gallery of 500, thumbnails {which}: first paint {painted} ms, first image {first:.2f} s, all in view {whole:.2f} s, "
                  f"{page.images} images, {page.bytes / 1e6:.1f} MB")
        seen = "[...document.querySelectorAll('.gallery-tile img')].filter((e) => { const r = e.getBoundingClientRect(); return r.bottom > 0 && r.top < innerHeight; })"
        end = "document.querySelectorAll('.gallery-tile').length === 500 && scrollY + innerHeight > document.documentElement.scrollHeight - 50"
        for _ in range(200):  # all the way down, looking at each
            page.wait(f"{seen}.every((e) => e.complete && e.naturalWidth)", 60)
            if page.ask(f"{end} || (scrollBy(0, innerHeight), false)"):
                break
        print(f"gallery of 500 to its end: {page.images} images, {page.bytes / 1e6:.1f} MB")
    finally:
        if studio:
            studio.end()


def ask(studio, path, body=None):
    headers = {}
    if body is not None:
        headers["X-Pastiche-Button"] = json.load(urllib.request.urlopen(studio.url + "state"))["button"]
        body = json.dumps(body).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request(studio.url + path, body, headers)))


def measure_watching(page, studio, rounds, size, iterations):
    """A run in turn with the page open at it, and with nobody there; the seconds that the queue tells of it. The browser works on the
    same processor, so this is more than what the program pays."""
    images = ask(studio, "api/demo", {})["images"]
    by = {image["role"]: image["id"] for image in images}
    run = {"content": by["content"], "styles": [{"id": by["style"]}], "options": {"image-size": str(size), "iterations": str(iterations), "scales": "1"}}
    times = {"watched": [], "alone": []}
    for _ in range(rounds):
        for way in times:
            page.open(studio.url + "#paint" if way == "watched" else "about:blank")
            time.sleep(1)
            made, begin = ask(studio, "api/runs", run)["id"], time.monotonic()
            state = ""
            while state not in ("done", "failed"):
                time.sleep(0.25)
                state = next(entry["state"] for entry in ask(studio, "api/runs")["runs"] if entry["id"] == made)
            times[way].append(time.monotonic() - begin)
    watched, alone = (statistics.median(times[way]) for way in ("watched", "alone"))
    print(f"a run of {iterations} iterations at {size}: watched {watched:.2f} s, alone {alone:.2f} s, {100 * (watched / alone - 1):+.1f} % "
          f"(rounds: {' '.join(f'{a / b:.3f}' for a, b in zip(times['watched'], times['alone']))})")


def main():
    parser = argparse.ArgumentParser(description="Measures the studio in Chromium.")
    parser.add_argument("--pastiche", default=os.path.join(HERE, os.pardir, "build", "pastiche"), metavar="PROGRAM")
    parser.add_argument("--content", required=True, metavar="IMAGE")
    parser.add_argument("--style", required=True, metavar="IMAGE")
    parser.add_argument("--gallery", metavar="FOLDER", help="whose JPEG files are copied until there are 500 (the two images)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of watching (5)")
    parser.add_argument("--size", type=int, default=512, metavar="N", help="of the watched run (512)")
    parser.add_argument("--iterations", type=int, default=200, metavar="N", help="of the watched run (200)")
    options = parser.parse_args()
    if not browser.find():
        sys.exit("studio.py: there is no Chromium; install chromium")
    program, folder = os.path.abspath(options.pastiche), tempfile.mkdtemp(prefix="pastiche-studio-")
    page = studio = None
    try:
        measure_start(program, folder)
        studio, page = Studio(program, os.path.join(folder, "studio")), Page(1280, 900)
        measure_first_stroke(page, studio, os.path.abspath(options.content), os.path.abspath(options.style))
        if options.rounds > 0:
            measure_watching(page, studio, options.rounds, options.size, options.iterations)
        images = sorted(glob.glob(os.path.join(options.gallery, "*.jpg"))) if options.gallery else []
        measure_gallery(page, program, folder, images or [options.content, options.style])
    finally:
        if page:
            page.close()
        if studio and studio.process.poll() is None:
            studio.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
