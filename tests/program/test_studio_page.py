"""The studio in a real browser: from the first image to the gallery, by mouse and by keys, through a crash, in two tabs, in all sizes.
Exits with 77 where there is no Chromium or no server in the program. With PASTICHE_LONG=1 all views are looked at in more sizes.
bench/studio.py measures what has a figure.

    python3 tests/program/test_studio_page.py PROGRAM [FOLDER]     with a folder, images of the page are left there"""
# promise: studio-page kills
import glob
import os
import shutil
import sys
import tempfile
import time

import browser
from studio_page import (SIZES, SKIPPED, Page, Studio, check, check_view, read_chunks, size_of_png, write_png)

LONG = os.environ.get("PASTICHE_LONG") == "1"
DONE = "document.querySelector('.paint-status')?.textContent.includes('painted')"
ROWS = "[...document.querySelectorAll('.queue-row[data-state=waiting] .queue-name')].map((e) => e.textContent)"
RUN = "JSON.parse(localStorage.getItem('pastiche-studio-run'))"
TILES = "[...document.querySelectorAll('.gallery-tile')].map((e) => e.dataset.name)"


def set_sizes(page, size, iterations):
    page.fill("Size of the result, as a number of pixels", str(size))
    page.wait(f"{RUN}.options['image-size'] === '{size}'")
    page.fill("Quality, as a number of rounds", str(iterations))
    page.wait(f"{RUN}.options.iterations === '{iterations}'")


def test_first_image(page, studio, inputs, shots):
    page.open(studio.url)
    page.wait("document.querySelector('.invitation')")
    check(page.ask("document.documentElement.lang") == "en" and "pastiche" in page.ask("document.title"))
    check(page.ask("document.querySelector('.paint-button').disabled"))
    check_view(page, "make-empty", shots, SIZES if LONG else SIZES[1:])

    page.drop(".content-place", inputs["photo"])
    page.wait("document.querySelector('.content-image')?.naturalWidth > 0")
    page.drop(".styles-place", inputs["waves"])
    page.wait("document.querySelector('.style-card img')?.naturalWidth > 0")
    set_sizes(page, 96, 20)
    page.wait("/96.*20 rounds/.test(document.querySelector('.paint-says').textContent)")
    page.ask("document.querySelectorAll('.make-view details').forEach((e) => { e.open = true; })")
    page.wait("document.querySelector('.command code').textContent.includes('--image-size=96')")
    check_view(page, "make", shots)

    page.tap("Paint", ".paint-bar")
    page.wait("document.body.dataset.route === 'paint'")
    page.wait(DONE)
    page.wait("document.querySelector('.viewer-layer.after img')?.naturalWidth === 96")
    check_view(page, "painted", shots, SIZES if LONG else SIZES[:1])
    page.tap("Before / after")
    page.wait("document.querySelector('.viewer-slider').checkVisibility()")

    folder = tempfile.mkdtemp(dir=os.path.dirname(studio.folder))
    page.downloads(folder)
    page.tap("Download")
    name = "photo in waves.png"
    for _ in range(200):
        if os.path.exists(os.path.join(folder, name)):
            break
        time.sleep(0.05)
    with open(os.path.join(folder, name), "rb") as loaded, open(os.path.join(studio.folder, name), "rb") as made:
        check(loaded.read() == made.read(), "what was downloaded is not what was painted")
    check(size_of_png(os.path.join(folder, name)) == (96, 72))


def test_bad_uploads(page, inputs):
    page.go("make")
    page.drop(".content-place", inputs["broken"])
    page.wait("document.querySelector('.toast.wrong')")
    text = page.ask("document.querySelector('.toast.wrong p').textContent")
    check("broken.png" in text and len(text) < 200 and "/" not in text.replace("broken.png", ""), text)
    check("photo" in page.ask("document.querySelector('.content-place .name').textContent"), "the content was lost")
    page.drop(".styles-place", inputs["letter"])
    page.wait("[...document.querySelectorAll('.toast.wrong p')].some((e) => e.textContent.includes('letter.txt'))")
    # A setting that cannot be: the program's own words, at the option.
    page.ask("document.querySelectorAll('.make-view details').forEach((e) => { e.open = true; })")
    page.ask("(() => { const e = document.querySelector('[data-option=content-weight] input'); e.value = 'much'; e.dispatchEvent(new Event('change')); })()")
    page.wait("document.querySelector('[data-option=content-weight] .wrong')?.textContent.includes('much')")
    check(page.ask("document.querySelector('.paint-button').disabled"))
    page.tap("content-weight: as usual")
    page.wait("!document.querySelector('.paint-button').disabled")


def queue_up(page, content=None, iterations=20):
    page.go("make")
    if content:
        page.drop(".content-place", content)
        page.wait(f"document.querySelector('.content-place .name').textContent.includes('{os.path.basename(content)}')")
    set_sizes(page, 96, iterations)
    page.wait("!document.querySelector('.paint-button').disabled")
    page.ask("document.querySelector('.paint-button').click()")
    page.wait("document.body.dataset.route === 'paint'")


def test_queue_and_tabs(page, other, studio, inputs, shots):
    queue_up(page, iterations=100000)
    page.wait("document.querySelector('.queue-row[data-state=painting]')")
    for name in ("boat", "hill"):
        queue_up(page, inputs[name])
    queue_up(page, inputs["photo"])
    page.wait(f"{ROWS}.length === 3")
    check(page.ask(ROWS) == ["boat in waves", "hill in waves", "photo in waves 3"], page.ask(ROWS))
    other.open(studio.url + "#paint")
    other.wait(f"{ROWS}.length === 3")
    page.tap("Move photo in waves 3 up")
    page.wait(f"{ROWS}[1] === 'photo in waves 3'")
    other.wait(f"{ROWS}[1] === 'photo in waves 3'")
    other.tap("Cancel hill in waves")
    page.wait(f"{ROWS}.length === 2")
    page.wait("Number(document.querySelector('.facts dd').textContent.split(' ')[0]) > 0 || document.querySelector('.viewer-layer.after img')")
    page.ask("document.querySelector('.queue-row[data-state=painting] .queue-choose').click()")
    page.wait("document.querySelector('.viewer-layer.after img')?.alt.startsWith('The image after') && document.querySelector('#legend tr')")
    check_view(page, "painting", shots)

    page.tap("Pause", ".queue")
    page.wait("document.querySelector('.queue-row[data-state=paused]')")
    other.wait("document.querySelector('.queue-row[data-state=paused]')")
    check(page.ask(ROWS) == ["boat in waves", "photo in waves 3"])
    page.tap("Go on", ".queue")
    page.wait("document.querySelector('.queue-row[data-state=painting]')")


def test_crash(page, studio):
    """Killed at any moment: the page says so, finds the program again by itself, and the run goes on from its checkpoint."""
    page.go("paint")
    page.wait("Number(document.querySelector('.facts dd').textContent.split(/\\s/)[0]) > 3")
    if not glob.glob(os.path.join(studio.folder, ".studio", "checkpoints", "*")):
        for _ in range(1200):
            if glob.glob(os.path.join(studio.folder, ".studio", "checkpoints", "*.state")):
                break
            time.sleep(0.05)
    studio.kill()
    page.wait("document.getElementById('gone').checkVisibility()")
    check("pastiche studio" in page.ask("document.getElementById('gone').textContent"))
    studio.again()
    page.wait("!document.getElementById('gone').checkVisibility()")
    page.wait("document.querySelector('.queue-row[data-state=painting]')")
    check(page.ask(ROWS) == ["boat in waves", "photo in waves 3"], page.ask(ROWS))
    page.wait("document.querySelector('.viewer-layer.after img')?.alt.startsWith('The image after')")
    page.tap("Finish now")
    page.tap("Finish now", "#ask")
    page.wait("document.querySelectorAll('.queue-row[data-state=stopped]').length === 1")
    page.wait("document.querySelectorAll('.queue-row[data-state=done]').length >= 2")
    names = {result["name"] for result in studio.get("api/results?from=0&count=60")["results"]}
    check(names == {"photo in waves.png", "photo in waves 2.png", "photo in waves 3.png", "boat in waves.png"}, names)


def test_regions(page, studio, shots):
    page.go("make")
    page.tap("Regions", ".content-place")
    page.wait("document.querySelector('.mask-paper canvas')?.width > 0")
    check(page.ask("document.querySelector('.mask-words').innerText").count("not painted") >= 1)
    page.draw(".mask-paper", (0.2, 0.2), (0.2, 0.8), (0.4, 0.8))
    page.wait("/The red region \\(\\d+ %\\) is painted like waves/.test(document.querySelector('.mask-words').innerText)")
    share = "Number(document.querySelector('.mask-words').innerText.match(/red region \\((\\d+)/)?.[1] ?? 0)"
    first = page.ask(share)

    # By keys alone: the next region, a fill, undo, and redo.
    page.ask("document.querySelector('.mask-paper').focus()")
    for key in ("ArrowRight", "ArrowRight", "2", " "):
        page.key(key)
    page.wait("document.querySelector('.mask-words').innerText.includes('The blue region')")
    page.ask("document.querySelector('.mask-fill input').click()")  # by regions, not by colors
    for key in ("f", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "1", "Enter"):
        page.key(key)
    page.wait(f"{share} > 50")
    page.tap("Undo (Ctrl+Z)")
    page.wait(f"{share} === {first}")
    page.tap("Redo (Ctrl+Y)")
    page.wait(f"{share} > 50")
    page.tap("Undo (Ctrl+Z)")
    check_view(page, "regions", shots)

    page.tap("Use these regions")
    page.wait("document.body.dataset.route === 'make'")
    run = page.ask(RUN)
    check(run["content_mask"] and run["style_masks"] == ["#e61928"], run)
    page.wait("document.querySelector('.command code').textContent.includes('--content-mask')")
    masks = glob.glob(os.path.join(studio.folder, "sources", "*regions*.png"))
    check(len(masks) == 1, masks)
    width, height = size_of_png(masks[0])
    check(width >= 512 and width * 72 == height * 96, "the mask's proportions:", width, height)
    check(read_chunks(masks[0])[b"PLTE"][:6] == bytes((255, 255, 255, 230, 25, 40)), "the mask's colors")
    # It opens again as it was left.
    page.tap("Regions: on", ".content-place")
    page.wait(f"{share} === {first}")
    page.go("make")
    set_sizes(page, 96, 10)
    page.wait("!document.querySelector('.paint-button').disabled")
    page.tap("Paint", ".paint-bar")
    page.wait(DONE)


def test_sheet(page, shots):
    page.go("make")
    page.wait("document.querySelector('.content-image')")
    for value, option in ("0.5", "'0.5'"), ("0.75", "undefined"):  # as the program does it without a word
        page.ask("(() => { const e = [...document.querySelectorAll('.setting')].find((one) => one.textContent.includes('How much style')).querySelector('input');"
                 f" e.value = {value}; e.dispatchEvent(new Event('change')); }})()")
        page.wait(f"{RUN}.options.strength === {option}")
    page.go("try")
    page.fill("Across: its values, with commas between", "0.4, 0.9")
    page.wait("document.querySelector('.sheet-go .hint').textContent.startsWith('2 small images')")
    page.fill("Across: its values, with commas between", "0.4, much")
    page.wait("document.querySelector('.sheet-go .hint.wrong')?.textContent.includes('much')")
    page.fill("Across: its values, with commas between", "0.4, 0.9")
    page.wait("!document.querySelector('.sheet-go .primary').disabled")
    page.tap("Paint the sheet")
    page.wait("document.querySelectorAll('.sheet-cell').length === 2")
    page.wait("document.querySelectorAll('.sheet-cell img:not([hidden])').length >= 1")
    page.wait("document.querySelectorAll('.sheet-cell img:not([hidden])').length === 2")
    page.tap("strength 0.9: take these settings")
    page.wait(f"{RUN}.options.strength === '0.9'")
    check_view(page, "sheet", shots)
    sheet = page.ask("location.hash")
    page.go("make")
    page.go("try")  # it is there when one comes back
    page.wait("document.querySelectorAll('.sheet-cell img:not([hidden])').length === 2")
    check(sheet.startswith("#try/"), sheet)
    check(page.ask("document.querySelector('.sheet-values input').value") == "0.4, 0.9", "the values are forgotten")


def test_gallery(page, other, studio, inputs, shots):
    page.go("gallery")
    page.wait("document.querySelectorAll('.gallery-tile img.there').length >= 4")
    names = page.ask(TILES)
    check(names == [result["name"] for result in studio.get("api/results?from=0&count=60")["results"]])
    other.go("gallery")
    other.wait(f"{TILES}.length === {len(names)}")
    shutil.copy(inputs["hill"], os.path.join(studio.folder, "by hand.png"))
    page.ask("document.dispatchEvent(new Event('visibilitychange'))")
    page.go("make")
    page.go("gallery")
    page.wait(f"{TILES}.includes('by hand.png')")
    check_view(page, "gallery", shots)

    # Compare: the second pane follows the first.
    for name in ("photo in waves.png", "boat in waves.png"):
        page.ask(f"document.querySelector('[aria-label=\"Choose {name}\"]').click()")
    page.tap("Compare", ".gallery-bar")
    page.wait("document.querySelectorAll('.compare-pane img').length === 2 && [...document.querySelectorAll('.compare-pane img')].every((e) => e.naturalWidth)")
    widths = "[...document.querySelectorAll('.compare-pane img')].map((e) => Math.round(e.getBoundingClientRect().width))"
    before = page.ask(widths)
    page.ask("document.querySelector('.compare-pane').focus()")
    page.key("+")
    page.key("+")
    after = page.ask(widths)
    check(after[0] > before[0] * 1.4 and abs(after[0] / before[0] - after[1] / before[1]) < 0.02, before, after)
    page.wait("document.querySelector('.compare-table td')")
    check("boat.png" in page.ask("document.querySelector('.compare-table').innerText"))
    check_view(page, "compare", shots)

    # One of them: what it was made of, its settings under Make, and in small variants.
    page.go("gallery/" + "photo%20in%20waves%202.png")
    page.wait("document.querySelectorAll('.gallery-sources img').length === 2")
    check("iterations" in page.ask("document.querySelector('.gallery-facts').innerText"))
    check_view(page, "result", shots)
    page.tap("Use its settings")
    page.wait(f"document.body.dataset.route === 'make' && {RUN}.options.iterations === '100000'")
    page.go("gallery/" + "photo%20in%20waves%202.png")
    page.tap("Vary")
    page.wait("document.body.dataset.route === 'try'")

    # Delete, undone; in the other tab too.
    page.go("gallery/boat%20in%20waves.png")
    page.tap("Delete")
    page.says("is deleted")
    check(not os.path.exists(os.path.join(studio.folder, "boat in waves.png")))
    other.wait(f"!{TILES}.includes('boat in waves.png')")
    page.wait("document.querySelector('.toast button')")
    page.ask("[...document.querySelectorAll('.toast button')].find((e) => e.textContent === 'Undo').click()")
    page.says("is back")
    other.wait(f"{TILES}.includes('boat in waves.png')")
    check(os.path.exists(os.path.join(studio.folder, "boat in waves.png")))
    page.go("gallery")
    page.wait(f"{TILES}.includes('boat in waves.png')")


def test_keys_alone(page):
    """Every control of each view can be reached, with an outline to be seen."""
    for route in ("make", "try", "paint", "gallery", "masks"):
        page.go(route)
        page.wait("document.querySelector('#view button')")
        time.sleep(0.3)
        page.ask("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
        wanted = page.ask("[...document.querySelectorAll('#view a[href], #view button, #view input, #view select, #view summary')].filter((e) => e.checkVisibility() && !e.disabled"
                          " && e.type !== 'radio').length")
        seen = 0
        for _ in range(wanted + 60):
            page.key("Tab")
            here = page.ask("(() => { const e = document.activeElement; if (e === document.body) return null; let o = getComputedStyle(e).outlineStyle !== 'none';"
                            "for (let p = e.parentElement; p && !o; p = p.parentElement) o = getComputedStyle(p).outlineStyle !== 'none';"
                            "if (!o && e.nextElementSibling) o = getComputedStyle(e.nextElementSibling).outlineStyle !== 'none';"
                            "return [o || Boolean(e.querySelector(':scope > .viewer-grip')), Boolean(e.closest('#view')), e.outerHTML.slice(0, 160)]; })()")
            if here is None:
                break
            check(here[0], route, "no outline on", here[2])
            seen += here[1]
        check(seen >= wanted, route, "has controls that the Tab key does not reach:", seen, "of", wanted)


def main():
    program, shots = os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    if not browser.find():
        print("no chromium here")
        sys.exit(SKIPPED)
    if shots:
        os.makedirs(shots, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="pastiche-studio-")
    studio, page, other = None, None, None
    try:
        inputs = {name: write_png(os.path.join(folder, name + ".png"), *form) for name, form in
                  (("photo", (96, 72, 3)), ("boat", (80, 100, 7)), ("hill", (120, 60, 11)), ("waves", (96, 96, 5)))}
        with open(inputs["photo"], "rb") as whole, open(os.path.join(folder, "broken.png"), "wb") as half:
            half.write(whole.read()[:60])
        with open(os.path.join(folder, "letter.txt"), "w") as letter:
            letter.write("Dear reader\n" * 20)
        inputs.update(broken=os.path.join(folder, "broken.png"), letter=os.path.join(folder, "letter.txt"))
        studio = Studio(program, os.path.join(folder, "studio"))
        page, other = Page(1280, 900), Page(1280, 900)
        steps = ((test_first_image, page, studio, inputs, shots), (test_bad_uploads, page, inputs),
                 (test_queue_and_tabs, page, other, studio, inputs, shots), (test_crash, page, studio), (test_regions, page, studio, shots),
                 (test_sheet, page, shots), (test_gallery, page, other, studio, inputs, shots), (test_keys_alone, page))
        for step, *what in steps:
            begin = time.monotonic()
            step(*what)
            print(f"{step.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
        check(page.complains() == [] and other.complains() == [], page.complains(), other.complains())
        check(studio.end() in (0, 130), "the program ended with", studio.process.returncode)
        print("ok")
    except BaseException:
        if shots and page and page.process.poll() is None:
            try:
                page.image(os.path.join(shots, "failed.png"))
            except (OSError, RuntimeError):
                pass
        if studio:
            print(studio.said()[-2000:])
        raise
    finally:
        for one in (page, other):
            if one:
                one.close()
        if studio and studio.process.poll() is None:
            studio.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
