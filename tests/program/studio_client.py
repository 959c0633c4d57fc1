"""The studio from the outside, for tests: starts the program over a folder and speaks HTTP to it, with Python's own libraries alone."""
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.parse
import zlib

SKIPPED = 77


def png(width, height, color=(200, 120, 40), data=None, told=None):
    """A small PNG; data: of its pixels instead, deflated; told: width and height that it claims."""
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    if data is None:
        rows = b"".join(b"\0" + bytes((c + x * 3 + y * 5) % 256 for x in range(width) for c in color) for y in range(height))
        data = zlib.compress(rows)
    size = told or (width, height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def reachable(host):
    """HOST:PORT; a bare system may not know its own name."""
    name, port = host.rsplit(":", 1)
    try:
        socket.getaddrinfo(name, port)
    except socket.gaierror:
        name = "127.0.0.1"
    return name + ":" + port


class Studio:
    def __init__(self, program, folder, *options, browser=False):
        home = os.path.dirname(folder)
        environment = dict(os.environ, PASTICHE_MODEL="small", PASTICHE_CHOICES="none", PASTICHE_BINARIES="none", TERM="dumb")
        self.folder = folder
        self.process = subprocess.Popen([os.path.abspath(program), "studio", folder, "--web-port", "0", *([] if browser else ["--no-browser"]), *options], cwd=home,
                                        stderr=subprocess.PIPE, text=True, env=environment)
        said = ""
        for line in self.process.stderr:
            said += line
            if "no web server" in said:
                self.process.wait()
                print("the program was built without libmicrohttpd")
                sys.exit(SKIPPED)
            found = re.search(r"studio: (http://([^/]+)(/\S*))", line)
            if found:
                self.url, self.host, self.prefix = found.groups()
                self.host = reachable(self.host)
                break
        else:
            raise AssertionError("no studio: " + said)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.button = self.get("state")["button"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """The exit code and what it said last."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=300)
        return code, self.process.stderr.read()

    def memory(self):
        """Of the process at its most, in MiB; 0 where the system does not tell."""
        try:
            with open("/proc/%d/status" % self.process.pid) as file:
                return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) // 1024
        except OSError:
            return 0

    def ask(self, method, path, body=None, headers=None, timeout=300):
        """Code, headers and content. path: behind the prefix, encoded."""
        connection = http.client.HTTPConnection(self.host, timeout=timeout)
        given = dict(headers or {})
        if method == "POST" and "X-Pastiche-Button" not in given:
            given["X-Pastiche-Button"] = self.button
        connection.request(method, self.prefix + path, body, given)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def json(self, method, path, body=None):
        """Code and JSON; a body that is no bytes is JSON, too."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        code, headers, content = self.ask(method, path, body)
        assert headers.get("Content-Type") == "application/json", (path, code, headers)
        return code, json.loads(content)

    def get(self, path):
        code, answer = self.json("GET", path)
        assert code == 200, (path, code, answer)
        return answer

    def post(self, path, body=None, code=200):
        got, answer = self.json("POST", path, body if body is not None else b"")
        assert got == code, (path, got, answer)
        return answer

    def upload(self, name, data, role="content"):
        """Code and JSON."""
        return self.json("POST", "api/shelf?" + urllib.parse.urlencode({"name": name, "role": role}), data)

    def wait(self, run, states=("done", "stopped", "failed"), seconds=600):
        """The entry of a run, once it has one of the states."""
        until = time.time() + seconds
        while time.time() < until:
            entry = self.get("api/runs/" + run)
            if entry["state"] in states:
                return entry
            time.sleep(0.05)
        raise AssertionError("run %s never came to %s: %s" % (run, states, entry))


def quote(*parts):
    return "/".join(urllib.parse.quote(part, safe="") for part in parts)
