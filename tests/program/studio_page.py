"""What tests of the studio's page need: the program at work on a folder, images, and what one does with a page and asks of it."""
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
import urllib.request
import zlib

import browser

SKIPPED = 77


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)) or "not as it should be")


# ---- images ----

def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def write_png(path, width, height, seed):
    rows = b"".join(b"\0" + bytes((x * (2 + c) + y * (5 - c) * seed + (x * y * seed) // 97) % 256 for x in range(width) for c in range(3))
                    for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b""))
    return path


def read_chunks(path):
    """Of a PNG: {name: data}."""
    with open(path, "rb") as file:
        data = file.read()
    check(data[:8] == b"\x89PNG\r\n\x1a\n", path, "is no PNG")
    at, chunks = 8, {}
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        chunks[name] = chunks.get(name, b"") + data[at + 8:at + 8 + length]
        at += 12 + length
    return chunks


def size_of_png(path):
    return struct.unpack(">II", read_chunks(path)[b"IHDR"][:8])


# ---- the program ----

class Studio:
    def __init__(self, program, folder, port=0):
        self.program, self.folder, self.log = program, folder, folder + ".log"
        environment = dict(os.environ, PASTICHE_MODEL="small", TERM="dumb")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([program, "studio", folder, "--no-browser", "--web-port", str(port)], stdout=log,
                                            stderr=subprocess.STDOUT, env=environment)
        self.url = self.address()

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def address(self):
        for _ in range(4800):
            if "no web server" in self.said():
                self.process.wait()
                print("the program was built without libmicrohttpd")
                sys.exit(SKIPPED)
            found = re.search(r"http://[^\s\"]+/", self.said())
            if found:
                return found.group(0)
            check(self.process.poll() is None, "it ended:", self.said())
            time.sleep(0.05)
        raise AssertionError("no address: " + self.said())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def again(self):
        """At the same address, as after a crash."""
        self.__init__(self.program, self.folder, int(re.search(r":(\d+)/", self.url).group(1)))

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)


# ---- the page ----

class Page(browser.Browser):
    """A browser that counts what comes, and does with files and buttons what people do."""

    def __init__(self, *size):
        self.images, self.bytes, self.requests = 0, 0, {}
        super().__init__(*size)

    def receive(self):
        message = super().receive()
        details = message.get("params", {})
        if message.get("method") == "Network.responseReceived":
            self.requests[details["requestId"]] = details["response"]["mimeType"]
        if message.get("method") == "Network.loadingFinished" and self.requests.get(details["requestId"], "").startswith("image/"):
            self.images += 1
            self.bytes += details["encodedDataLength"]
        return message

    def complains(self):
        """All complaints but those about answers that were asked for, such as 422 for a wrong setting."""
        return [text for text in self.complaints if "Failed to load resource" not in text and "ERR_CONNECTION" not in text]

    def downloads(self, folder):
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)

    def drop(self, selector, *paths):
        x, y = self.ask(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
                        "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        data = {"items": [], "files": list(paths), "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver"):
            self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)
        self.wait("document.querySelector('[data-over]')")  # a drop that comes before the page's answer is lost
        for kind in ("dragOver", "drop"):
            self.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def tap(self, text, within="body", seconds=600):
        """Clicks what is called so, by the mouse, once it can be clicked."""
        found = f"""[...document.querySelectorAll({json.dumps(within + " *")})].find((e) => e.matches("button, a, summary, label, input") && e.checkVisibility() &&
            !e.disabled && [e.getAttribute("aria-label"), e.innerText?.trim()].includes({json.dumps(text)}))"""
        self.ask("document.querySelectorAll('.toast .icon').forEach((e) => e.click())")
        self.wait(found, seconds)
        where = f"(() => {{ const r = {found}?.getBoundingClientRect(); return r && r.x + ' ' + r.y; }})()"
        while self.ask(f"new Promise((done) => {{ const was = {where}; setTimeout(() => done(was !== {where}), 60); }})"):
            pass  # it still moves
        place = self.ask(f"(() => {{ const e = {found}; e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
                         "const x = r.x + r.width / 2, y = r.y + r.height / 2, hit = document.elementFromPoint(x, y);"
                         "return e.contains(hit) || hit?.contains(e) ? [x, y] : hit?.outerHTML.slice(0, 200); })()")
        check(isinstance(place, list), text, "lies under", place)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def fill(self, label, text):
        selector = f"[aria-label={json.dumps(label)}]"
        self.wait(f"document.querySelector({json.dumps(selector)})")
        self.ask(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.focus(); e.select(); }})()")
        self.call("Input.insertText", text=text)
        self.key("Tab")

    def draw(self, selector, *points):
        """With the mouse over parts (0 to 1) of an element."""
        self.ask(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center'}})")
        x, y, w, h = self.ask(f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; }})()")
        kinds = ["mousePressed"] + ["mouseMoved"] * (len(points) - 1) + ["mouseReleased"]
        for kind, (px, py) in zip(kinds, points + points[-1:]):
            self.call("Input.dispatchMouseEvent", type=kind, x=x + px * w, y=y + py * h, button="left", buttons=1, clickCount=1)

    def says(self, text, seconds=600):
        """A message of the page, whether it is there to be seen or only to be heard."""
        self.wait(f"[...document.querySelectorAll('.toast, #spoken')].some((e) => e.textContent.includes({json.dumps(text)}))", seconds)

    def go(self, route):
        self.ask(f"location.hash = {json.dumps('#' + route)}")
        self.wait(f"document.body.dataset.route === {json.dumps(route.split('/')[0])} && document.querySelector('#view .view')?.children.length > 0")


# ---- what holds for every view ----

NAMED = {"button", "link", "textbox", "searchbox", "checkbox", "radio", "switch", "combobox", "listbox", "slider", "spinbutton", "image", "application",
         "dialog", "progressbar", "menuitem", "tab", "option", "toolbar", "navigation", "region"}

# Texts with what is behind them, where that is a color: [ratio, text] of the worst.
CONTRAST = """(() => {
    const paper = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const known = {};
    const rgba = (text) => known[text] ??= (() => { paper.clearRect(0, 0, 1, 1); paper.fillStyle = text; paper.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = paper.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; })();
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
    const light = (c) => { const f = c.map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
    const back = (e) => { const layers = []; // from the element down to the page
        for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); layers.push(c); if (c[3] === 1) break; }
        return layers.reduceRight((below, c) => over(c, below), [255, 255, 255]); };
    let worst = [99, ""];
    const judge = (e, color, text) => {
        const behind = back(e);
        let seen = rgba(color);
        for (let p = e; p; p = p.parentElement) seen = [...seen.slice(0, 3), seen[3] * Number(getComputedStyle(p).opacity)];
        if (seen[3] === 0) return;
        const a = light(over(seen, behind)), b = light(behind), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < worst[0]) worst = [ratio, `${e.tagName}.${e.className} ${text.trim().slice(0, 30)}`];
    };
    for (const e of document.querySelectorAll("body *")) {
        if (!e.checkVisibility() || e.closest(":disabled, .unseen, option, svg, script, noscript, [aria-hidden=true]")) continue;
        if (e.matches("input:not([type=range], [type=checkbox], [type=radio]), textarea, select")) {
            judge(e, getComputedStyle(e).color, e.value || e.tagName);
            if (e.placeholder && !e.value) judge(e, getComputedStyle(e, "::placeholder").color, e.placeholder);
        } else if ([...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) judge(e, getComputedStyle(e).color, e.textContent);
    }
    return worst;
})()"""

# What sticks out to the right and is not cut or scrolled by something that ends in time.
OVERHANG = """[...document.querySelectorAll("body *")].filter((e) => {
    if (!e.checkVisibility() || e.getBoundingClientRect().right <= %(width)s + 1 || e.closest(".unseen, .skip, svg")) return false;
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
        if (getComputedStyle(p).overflowX !== "visible" && p.getBoundingClientRect().right <= %(width)s + 1) return false;
    return true;
}).map((e) => e.id || e.className || e.tagName).slice(0, 5).join()"""

SIZES = (("wide", 1440, 900), ("narrow", 360, 740))


def nameless(page):
    """What a screen reader would meet without a name, as the browser itself computes names."""
    found = []
    for node in page.call("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if not node.get("ignored") and role in NAMED and not node.get("name", {}).get("value", "").strip():
            what = page.call("DOM.describeNode", backendNodeId=node["backendDOMNodeId"])["node"] if "backendDOMNodeId" in node else {}
            found.append(f"{role} <{what.get('nodeName', '?').lower()} {' '.join(what.get('attributes', []))}>")
    return found


def check_view(page, name, shots, sizes=SIZES):
    """Everything has a name, nothing sticks out, all is legible, by day and by night."""
    unnamed = nameless(page)
    check(not unnamed, name, "has elements without a name:", unnamed[:5])
    for size, width, height in sizes:
        for scheme in ("light", "dark"):
            page.size(width, height, 2 if width < 600 else 1)
            page.scheme(scheme)
            time.sleep(0.15)  # what follows the size or fades in
            check(page.ask(OVERHANG % {"width": width}) == "", name, size, "sticks out:", page.ask(OVERHANG % {"width": width}))
            check(page.ask("document.documentElement.scrollWidth <= innerWidth"), name, size, "scrolls sideways")
            worst = page.ask(CONTRAST)
            check(worst[0] >= 4.5, name, size, scheme, "contrast", worst)
            if shots:
                page.image(os.path.join(shots, f"{name}-{size}-{scheme}.png"))
    page.size(1280, 900)
    page.scheme("light")
