"""The live page in a real browser, while a run goes on behind it: what it shows, by keyboard and by mouse, in all its clothes.
Exits with 77 where there is no Chromium or no server in the program.

    python3 tests/program/test_page.py PROGRAM [FOLDER]     with a folder, images of the page are left there"""
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import browser

SKIPPED = 77


def write_ppm(path, width, height, shift):
    with open(path, "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % (width, height))
        file.write(bytes((x * (3 + c) + y * (5 - c) * shift) % 256 for y in range(height) for x in range(width) for c in range(3)))


def start(program, folder, *options):
    command = [program, "content.ppm", "style.ppm", "--image-size", "96", "--start", "content", "--save-iter", "0", "--no-tune",
               "--web-port", "0", *options]
    environment = dict(os.environ, PASTICHE_MODEL="small", TERM="dumb")
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=environment)
    said = ""
    for line in process.stderr:
        said += line
        if "no web server" in said:
            process.wait()
            print("the program was built without libmicrohttpd")
            sys.exit(SKIPPED)
        found = re.search(r"live page: (http://\S+)", line)
        if found:
            return process, found.group(1)
    raise AssertionError("no page: " + said)


def end(process):
    """The exit code and what it said last."""
    said = process.stderr.read()
    return process.wait(timeout=60), said


def size_of_png(path):
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


NOTES = "document.querySelectorAll('#notes li').length"
FOCUS = "document.activeElement.id || document.activeElement.dataset.side || document.activeElement.tagName"
# How far boxes moved that nobody asked to move, as browsers measure it.
SHIFT = """new Promise((done) => { let sum = 0; const watch = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value; });
    watch.observe({ type: "layout-shift", buffered: true }); setTimeout(() => { watch.disconnect(); done(sum); }, 200); })"""
# Everything that sticks out to the right, for narrow screens.
OVERHANG = """[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1
    && !e.closest("#frame") && !e.closest(".unseen") && !e.closest("svg")).map((e) => e.id || e.className || e.tagName).join()"""
# The least contrast of texts with what is behind them, where that is plain.
CONTRAST = "(() => {" + browser.CONTRAST_OF + """
    let worst = [99, ""];
    for (const e of document.querySelectorAll("h1, h2, p, dt, dd, small, label, button, th, td, li span")) {
        if (!e.innerText || !e.innerText.trim() || e.disabled || e.closest(":disabled, .unseen, dialog")) continue;
        const ratio = contrast(getComputedStyle(e).color, e);
        if (ratio < worst[0]) worst = [ratio, e.id || e.tagName + " " + e.innerText.slice(0, 20)];
    }
    return worst;
})()"""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)) or "not as it should be")


def is_near(a, b):
    return abs(a - b) <= 1e-3 * abs(b)


def test_it_shows_a_run(page, url, shots):
    page.open(url)
    page.wait("document.querySelector('#frame img')?.complete")
    page.wait("document.querySelectorAll('#thumbs img').length === 2")
    page.wait("document.querySelectorAll('#chart path').length === 9")
    check(page.ask("document.querySelector('#frame img').naturalWidth") == 96)
    check("content.ppm" in page.ask("document.getElementById('thumbs').innerText"))
    check(page.ask("document.getElementById('legend').rows.length") == 9)
    check(page.ask("document.getElementById('shares').hidden"))
    check(page.ask("document.getElementById('status').textContent") == "Painting out.png")
    check(page.ask("document.documentElement.lang") == "en" and "out.png" in page.ask("document.title"))

    # It goes on by itself: iterations, curve, image.
    before = page.ask("[Number(document.getElementById('iteration').textContent), document.querySelector('#chart .total').getAttribute('d').length,"
                      " document.querySelector('#frame img').alt]")
    page.wait(f"Number(document.getElementById('iteration').textContent) > {before[0]}")
    page.wait(f"document.querySelector('#chart .total').getAttribute('d').length > {before[1]}")
    page.wait(f"document.querySelector('#frame img').alt !== {before[2]!r}")
    check(float(page.ask("document.getElementById('bar').getAttribute('aria-valuenow')")) > 0)

    # All clothes: nothing sticks out, and all is legible.
    for name, width, height in (("wide", 1440, 900), ("middle", 820, 1100), ("narrow", 360, 740), ("zoomed", 720, 450)):
        for scheme in ("light", "dark"):
            page.size(width, height, 2 if width < 800 else 1)
            page.scheme(scheme)
            page.wait(f"innerWidth === {width}")
            check(page.ask(OVERHANG) == "", name, "sticks out:", page.ask(OVERHANG))
            check(page.ask("document.documentElement.scrollWidth <= innerWidth"), name)
            worst = page.ask(CONTRAST)
            check(worst[0] >= 4.5, name, scheme, "contrast", worst)
            if shots:
                page.image(os.path.join(shots, f"{name}-{scheme}.png"), whole=True)
    page.size(1440, 900)
    page.scheme("light")


def test_keys(page, folder):
    # Every control in a sensible order, with a visible outline.
    page.ask("document.activeElement.blur()")
    seen = []
    for _ in range(20):
        page.key("Tab")
        name = page.ask(FOCUS)
        if name == "BODY":
            break
        seen.append(name)
        check(page.ask("getComputedStyle(document.activeElement).outlineStyle") != "none", "no outline on", name)
    expected = ["theme", "keep", "stop", "zoom", "notes", "content", "style0", "w0", "n0", "w1", "n1", "w2", "n2", "keys"]
    check([name for name in seen if name in expected] == expected, "order:", seen)

    # Light and dark by hand, over the system's.
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = []
    for _ in range(3):
        page.key("t")
        grounds.append(page.ask(ground))
    check(grounds[0] != grounds[1] and grounds[2] == grounds[0], "themes:", grounds)
    page.scheme("dark")
    check(page.ask(ground) == grounds[1], "the system's dark")
    page.scheme("light")

    # The content in the frame, and back.
    page.key("c")
    page.wait("document.querySelector('#frame img').alt.startsWith('The content')")
    check(page.ask("document.querySelector('#thumbs button').getAttribute('aria-pressed')") == "true")
    page.key("c")
    page.wait("document.querySelector('#frame img').alt.startsWith('The image')")
    page.key("z")
    page.wait("document.querySelector('#frame img').width === 96 && document.getElementById('frame').tabIndex === 0")
    page.key("z")
    page.wait("document.querySelector('#frame img').width > 96")

    # Keep.
    notes = page.ask(NOTES)
    page.key("k")
    page.wait(f"{NOTES} > {notes}")
    kept = re.search(r"Kept as (out_\d+\.png)", page.ask("document.querySelector('#notes li').innerText"))
    check(kept, page.ask("document.getElementById('notes').innerText"))
    check(size_of_png(os.path.join(folder, kept.group(1))) == (96, 72))

    # A weight by its slider: eight keys are 0.4 decades and one change.
    notes = page.ask(NOTES)
    page.key("2")
    check(page.ask(FOCUS) == "w1")
    for _ in range(8):
        page.key("ArrowRight")
    page.wait(f"{NOTES} === {notes + 1} && state.weights[1] === 251")
    check(page.ask("document.getElementById('n1').value") == "251")
    check(page.ask("document.getElementById('w1').getAttribute('aria-valuetext')") == "Style weight 251")
    page.wait("document.querySelectorAll('#chart .mark').length === 1")

    # By its field: digits there are no shortcuts, and nonsense is told.
    page.ask("document.getElementById('n0').select()")
    page.ask("document.getElementById('n0').focus()")
    for digit in "12,5":
        page.key(digit)
    page.key("Tab")
    page.wait("state.weights[0] === 12.5")
    before = page.ask("state.weights[2]")
    page.ask("document.getElementById('n2').focus(); document.getElementById('n2').select()")
    for letter in "kst":
        page.key(letter)
    page.key("Tab")
    check(page.ask("document.getElementById('n2').getAttribute('aria-invalid')") == "true")
    check("a number from 0 up" in page.ask("document.getElementById('weights-note').textContent"))
    check(not page.ask("document.getElementById('ask').open"))
    check(before > 0 and page.ask("state.weights[2]") == before)

    # All of them back.
    page.ask("document.activeElement.blur()")
    page.key("0")
    page.wait("state.weights[0] === 5 && state.weights[1] === 100")
    page.wait("document.getElementById('reset').disabled")

    # Single keys can be turned off.
    page.click("#keys")
    notes = page.ask(NOTES)
    page.key("k")
    page.key("s")
    check(not page.ask("document.getElementById('ask').open"))
    page.click("#keys")
    time.sleep(0.5)
    check(page.ask(NOTES) == notes)


def test_mouse(page):
    notes = page.ask(NOTES)
    page.click("#keep")
    page.wait(f"{NOTES} > {notes}")
    page.click("#thumbs button:nth-child(2)")
    page.wait("document.querySelector('#frame img').alt.startsWith('A style')")
    page.click("#thumbs button:nth-child(2)")
    page.wait("document.querySelector('#frame img').alt.startsWith('The image')")
    page.click("#stop")
    page.wait("document.getElementById('ask').open")
    page.click("#ask-no")
    check(not page.ask("document.getElementById('ask').open") and page.ask("state.phase") == "painting")


def test_stop_by_key(page, process, folder):
    page.key("s")
    page.wait("document.getElementById('ask').open")
    page.key("Escape")
    page.wait("!document.getElementById('ask').open")
    check(page.ask("state.phase") == "painting")
    page.key("s")
    page.wait("document.getElementById('ask').open")
    complaints = list(page.complaints)
    page.key("Enter")
    code, said = end(process)
    check(code == 0 and "stopped after" in said, code, said)
    check(size_of_png(os.path.join(folder, "out.png")) == (96, 72))
    page.wait("document.getElementById('status').textContent.startsWith('The program has ended. out.png is written, stopped after')")
    check(page.ask("document.getElementById('keep').disabled && document.getElementById('stop').disabled"))
    page.wait(f"document.querySelector('#frame img').alt === 'The image after ' + state.iteration + ' iterations'")
    check(complaints == [], complaints)


def test_it_stays(page, program, folder):
    process, url = start(program, folder, "--iterations", "5", "--web-wait")
    page.open("about:blank")  # the old page asks for its program in vain
    page.wait("location.href === 'about:blank'")
    page.complaints.clear()
    page.open(url)
    page.wait("state !== null && state.phase === 'done' && document.querySelector('#frame img')?.alt === 'The image after 5 iterations'")
    check(page.ask("document.getElementById('stop').innerText").startswith("End the program"))
    check(page.complaints == [], page.complaints)
    page.key("s")
    code, said = end(process)
    check(code == 0, code, said)
    page.wait("document.getElementById('status').textContent.startsWith('The program has ended')")


def test_it_shows_tiles(page, program, folder, shots):
    process, url = start(program, folder, "--iterations", "3", "--tile", "64", "--scales", "1", "--web-wait")
    page.open(url)
    page.wait("state !== null && state.phase === 'done' && !document.getElementById('shares').hidden")
    cells = page.ask("[...document.querySelectorAll('#shares tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))")
    check(len(cells) >= 1 and cells[0][0] == "Device 0" and int(cells[0][1]) > 2, cells)
    check(all(90 < sum(int(cell.split()[0]) for cell in row[2:]) < 110 for row in cells), cells)
    check(page.ask(OVERHANG) == "")
    if shots:
        page.image(os.path.join(shots, "tiles.png"), whole=True)
    check(page.complaints == [], page.complaints)
    process.send_signal(signal.SIGTERM)
    end(process)


def main():
    if not browser.find():
        print("there is no chromium")
        sys.exit(SKIPPED)
    program, shots = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    folder = tempfile.mkdtemp(prefix="pastiche-page-")
    process = page = None
    try:
        write_ppm(os.path.join(folder, "content.ppm"), 120, 90, 1)
        write_ppm(os.path.join(folder, "style.ppm"), 70, 90, 3)
        process, url = start(program, folder, "--iterations", "100000", "--scales", "3")
        page = browser.Browser(1440, 900)
        test_it_shows_a_run(page, url, shots)
        page.open(url) # anew, for the layout is to be still from the first moment
        page.wait("document.querySelector('#frame img')?.complete && document.querySelectorAll('#thumbs img').length === 2")
        time.sleep(1)
        shift = page.ask(SHIFT)
        check(shift < 0.01, "the layout jumps:", shift)
        test_keys(page, folder)
        test_mouse(page)
        check(page.complaints == [], page.complaints)
        test_stop_by_key(page, process, folder)
        test_it_stays(page, program, folder)
        page.complaints.clear()
        test_it_shows_tiles(page, program, folder, shots)
        print("ok")
    finally:
        if page:
            page.close()
        if process and process.poll() is None:
            process.send_signal(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
