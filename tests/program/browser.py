"""Chromium without a window, driven by the DevTools protocol over two pipes: no libraries but Python's own."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time


# JavaScript: contrast(color, element), of a color with the ground of the nearest box around the element that has one.
CONTRAST_OF = """
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (c) => { const f = c.slice(0, 3).map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
    const contrast = (color, element) => {
        let back = element;
        while (back && (rgb(getComputedStyle(back).backgroundColor)[3] ?? 1) === 0) back = back.parentElement;
        const a = light(rgb(color)), b = light(rgb(getComputedStyle(back || document.body).backgroundColor));
        return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    };
"""


def find():
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    """One page. Everything the page logs or throws is in self.complaints."""

    def __init__(self, width=1280, height=900):
        self.profile = tempfile.mkdtemp(prefix="pastiche-page-")
        read, self.to = os.pipe()
        self.read, write = os.pipe()

        def ends():  # where the protocol wants its pipes
            saved = os.dup(read), os.dup(write)
            os.dup2(saved[0], 3)
            os.dup2(saved[1], 4)

        command = [find(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                   "--no-proxy-server", "--force-prefers-reduced-motion", "--user-data-dir=" + self.profile, "--remote-debugging-pipe",
                   "about:blank"]
        self.process = subprocess.Popen(command, preexec_fn=ends, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read)
        os.close(write)
        self.buffer, self.number, self.complaints, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.size(width, height)

    def close(self):
        os.close(self.to)
        os.close(self.read)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    # ---- the protocol ----

    def receive(self):
        while b"\0" not in self.buffer:
            data = os.read(self.read, 1 << 16)
            if not data:
                raise RuntimeError("the browser is gone")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        method, details = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(details["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append("console: " + json.dumps(details["args"])[:300])
        elif method == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
            self.complaints.append("log: " + details["entry"]["text"] + " " + details["entry"].get("url", ""))
        return message

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    # ---- what one does with a page ----

    def open(self, url):
        self.call("Page.navigate", url=url)

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 600)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(expression + ": " + json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def wait(self, expression, seconds=600):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.ask(f"Boolean({expression})"):
                    return
            except RuntimeError:
                pass  # on a page that is only coming, names are missing
            time.sleep(0.05)
        raise AssertionError(f"never came true in {seconds} s: {expression}; the page says: {self.ask('document.body.innerText')[:600]}")

    def key(self, key, text=None):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37, " ": 32}
        text = text if text is not None else key if len(key) == 1 else "\r" if key == "Enter" else None
        down = {"type": "keyDown", "key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        if text:
            down["text"] = text
        self.call("Input.dispatchKeyEvent", **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=down["windowsVirtualKeyCode"])

    def click(self, selector):
        place = self.ask(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'nearest'}});"
                         "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def image(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
