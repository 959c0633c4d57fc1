"""The studio among clients that mean no good: nothing outside its folder is read or written, nothing fills the memory, others are
served, and runs go on. Exits with 77 where the program has no server.

    python3 tests/program/test_studio_hostile.py PROGRAM"""
# promise: studio-folder
import concurrent.futures
import http.client
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
import zlib

from studio_client import Studio, png, quote

HOME = tempfile.mkdtemp(prefix="pastiche-hostile-")
FOLDER = os.path.join(HOME, "pictures")
MEMORY_MOST = 3000  # MiB


def files(root):
    return sorted(os.path.relpath(os.path.join(at, name), root) for at, _, names in os.walk(root) for name in names)


def outside():
    """Everything beside the folder that a file could be written to by a name that leaves it."""
    return [name for name in files(HOME) if not name.startswith("pictures/") and not name.startswith(".")]


def is_refused(studio, method, path, body=None, codes=(400, 404, 405, 409, 413, 415, 422)):
    code, answer = studio.json(method, path, body)
    assert code in codes, (method, path[:200], str(body)[:200], code, answer)
    assert isinstance(answer["error"], str) and answer["error"] and "\n" not in answer["error"], answer
    assert all(ord(letter) >= 32 for letter in answer["error"]), answer
    return answer["error"]


# ---- names ----

def names_stay_in_the_folder(studio):
    names = ["../../evil.png", "/etc/evil.png", "..\\..\\evil.png", "C:\\evil.png", "-o.png", "--output=x.png", ".hidden.png", "~/x.png", "x" * 300 + ".png",
             "a,b.png", "con.png", "$(touch evil).png", "'; touch evil;'.png", "%s%n%x.png", "\u202egnp.exe", "\U0001f3a8.png", "a/../../b.png",
             "", ".", "..", "...", " ", "x.png/", "queue.json", ".studio", "nul", "a|b<c>d:e\"f?g*.png", "\u0301\u0301.png", "é.png", "e\u0301.png"]
    before = outside()
    ids = set()
    for i, name in enumerate(names):
        code, entry = studio.upload(name, png(20 + i, 16))
        assert code in (201, 400, 422), (name, code, entry)
        if code != 201:
            continue
        assert entry["id"] not in ids, (name, entry)
        ids.add(entry["id"])
        for what in ("thumb", "view", "file"):
            code, _, content = studio.ask("GET", "api/shelf/" + quote(entry["id"], what))
            assert code == 200 and content, (name, what, code)
    assert len(ids) > 20, ids
    for name in ("a%00b.png", "a%0ab.png", "%ff.png"):
        is_refused(studio, "POST", "api/shelf?role=content&name=" + name, png(9, 9), (400,))
    for role in ("", "x", "../content", "content/.."):
        is_refused(studio, "POST", "api/shelf?name=a.png&role=" + quote(role), png(8, 9), (400, 422))
    assert outside() == before, outside()
    for name in files(FOLDER):
        base = os.path.basename(name)
        assert len(base.encode()) <= 100 and not any(letter in base for letter in "\\:*?\"<>|,\n"), name
        assert not base.startswith("-"), name
    assert not [name for name in files(FOLDER) if ".upload-" in name], files(FOLDER)


def paths_find_nothing(studio):
    with open(os.path.join(HOME, "secret.png"), "wb") as file:
        file.write(png(7, 7))
    os.symlink("/etc/passwd", os.path.join(FOLDER, "passwd.png"))
    os.symlink(HOME, os.path.join(FOLDER, "up"))
    odd = ["..", "../secret.png", "..%2fsecret.png", "%2e%2e", "..\\secret.png", "sources", ".studio", "up/secret.png", "up%2fsecret.png",
           ".studio%2fqueue.json", "queue.json", "%00", "x" * 4000, "..%c0%af", "passwd.png", "CON", "%7e", "-"]
    for part in odd:
        for path in ("api/shelf/%s/file", "api/shelf/%s/thumb", "api/shelf/%s/view", "api/results/%s/file", "api/results/%s/thumb", "api/results/%s/view",
                     "api/results/%s/record", "api/results/%s/run", "api/sheets/%s", "api/sheets/%s/cell?column=0&row=0", "api/runs/%s"):
            code, _, content = studio.ask("GET", path % part)
            assert code in (400, 404, 422), (path % part, code, content[:100])
            assert b"root:" not in content and b"IHDR" not in content, path % part
        for path in ("api/shelf/%s/forget", "api/shelf/%s/crop", "api/results/%s/delete", "api/undo/%s", "api/runs/%s/cancel", "api/runs/%s/move",
                     "api/networks/%s/fetch", "api/networks/%s/stop"):
            is_refused(studio, "POST", path % part, {"x": 0, "y": 0, "width": 1, "height": 1, "to": 0})
    os.remove(os.path.join(FOLDER, "passwd.png"))
    os.remove(os.path.join(FOLDER, "up"))
    assert os.path.exists(os.path.join(HOME, "secret.png")) and os.path.isdir(os.path.join(FOLDER, "sources"))


# ---- files ----

def files_are_read_with_care(studio):
    deflate = zlib.compressobj(9)
    start, row = deflate.compress(b"") + deflate.flush(zlib.Z_FULL_FLUSH), deflate.compress(bytes(90001)) + deflate.flush(zlib.Z_FULL_FLUSH)
    empty_rows = start + row * 30000  # 2.7 GB of zeros
    hostile = {"empty": b"", "text": b"hello", "page": b"<html><script>alert(1)</script>", "cut": png(64, 64)[:300],
               "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wide": png(1, 1, told=(2147483647, 1)), "huge": png(1, 1, told=(60000, 60000)),
               "bomb": png(1, 1, data=empty_rows, told=(30000, 30000)), "zip": b"PK\x03\x04" + bytes(100), "jpeg": b"\xff\xd8\xff\xe0" + bytes(3000),
               "tiff": b"II*\0\x08\0\0\0\xff\xff" + b"\xff" * 2000, "ppm": b"P6\n99999 99999\n255\n", "gif": b"GIF89a" + b"\xff" * 50,
               "bmp": b"BM" + b"\xff" * 60, "webp": b"RIFF\xff\xff\xff\xffWEBPVP8L" + b"\xff" * 40,
               "style": b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", "json": b"{" * 5000, "junk": os.urandom(5000000)}
    for name, data in hostile.items():
        for role in ("content", "style", "mask"):
            is_refused(studio, "POST", "api/shelf?name=%s.png&role=%s" % (name, role), data, (413, 415, 422))
        if len(data) < 1000000:
            is_refused(studio, "POST", "api/read?name=%s.png" % name, data, (413, 415, 422))
    assert studio.memory() < MEMORY_MOST, studio.memory()
    assert not [name for name in files(FOLDER) if ".upload-" in name], files(FOLDER)


def uploads_are_bounded(studio):
    most = studio.get("api/studio")["upload_most"]
    before = files(FOLDER)
    code, _, content = studio.ask("POST", "api/shelf?name=a.png&role=content", b"", {"Expect": "100-continue", "Content-Length": str(most + 1)})
    assert code == 413 and b"error" in content, (code, content)
    connection = http.client.HTTPConnection(studio.host)  # broken off in the middle
    connection.putrequest("POST", studio.prefix + "api/shelf?name=a.png&role=content")
    connection.putheader("X-Pastiche-Button", studio.button)
    connection.putheader("Content-Length", "100000000")
    connection.endheaders()
    for _ in range(20):
        connection.send(bytes(1000000))
    assert [name for name in files(FOLDER) if ".upload-" in name]
    connection.close()
    for _ in range(100):
        if files(FOLDER) == before:
            break
        time.sleep(0.05)
    assert files(FOLDER) == before


# ---- runs ----

def bad_runs_are_refused(studio):
    content, style = studio.upload("c.png", png(96, 64))[1]["id"], studio.upload("s.png", png(64, 96), "style")[1]["id"]
    good = {"content": content, "styles": [{"id": style}], "options": {"image-size": "64", "iterations": "2"}}
    bad = [b"", b"null", b"[]", b"5", b"{", b'{"content": 1, "content": 2}', b"[" * 60000, b'{"a":' * 12000, b'\xff\xfe{}', json.dumps("x" * 60000).encode()]
    bad += [{}, {"content": content}, {"styles": [{"id": style}]}, dict(good, content="../secret.png"), dict(good, content=5), dict(good, content=None),
            dict(good, content=[content]), dict(good, styles={}), dict(good, styles=[]), dict(good, styles=[style]), dict(good, styles=[{"id": "../x"}]),
            dict(good, styles=[{"id": style}] * 17), dict(good, styles=[{"id": style, "share": -1}]), dict(good, styles=[{"id": style, "share": "1"}]),
            dict(good, styles=[{"id": style, "share": 1e300}]), dict(good, options=[]), dict(good, options="--help"),
            dict(good, content_mask="../x"), dict(good, style_masks=["#ff0000"]), dict(good, content_mask=content, style_masks=["red"]),
            dict(good, content_mask=content, style_masks=["/etc/passwd"]), dict(good, start="/etc/passwd")]
    for name, value in [("output", "/tmp/evil.png"), ("o", "x"), ("model", "/etc/passwd"), ("model", "../x.safetensors"), ("start", "/etc/passwd"), ("log", "x"),
                        ("checkpoint", "x"), ("resume", "x"), ("kernels", "/tmp"), ("content-mask", "/etc/passwd"), ("style-masks", "/etc/passwd"), ("save-iter", "1"),
                        ("device", "x"), ("web", True), ("web-address", "0.0.0.0"), ("image-size", "999999999"), ("image-size", "-1"), ("image-size", "1e9"), ("image-size", ""),
                        ("image-size", True), ("image-size", {}), ("image-size", "64 --output x"), ("image-size", "x" * 5000), ("iterations", "-1"), ("iterations", 1e300),
                        ("seed", "x"), ("help", True), ("version", True), ("", "1"), ("-", "1"), ("--image-size", "64"), ("image-size=64", True), ("preset", "../x"),
                        ("format", "exe"), ("original-colors", "yes"), ("nothing", "1"), ("\u00e4" * 5000, "1"), ("a\nb", "1"), ("config", "x"), ("metadata", "/etc/passwd")]:
        bad.append(dict(good, options=dict(good["options"], **{name: value})))
    before = outside(), files(FOLDER)
    for body in bad:
        is_refused(studio, "POST", "api/runs", body, (400, 413, 422))
        is_refused(studio, "POST", "api/forecast", body, (400, 413, 422))
        sheet = {"run": body if isinstance(body, dict) else None, "columns": {"option": "style-weight", "values": ["1", "2"]}}
        if '"image-size": "64"' in json.dumps(sheet) and '"iterations": "2"' in json.dumps(sheet): # which sheets choose themselves
            is_refused(studio, "POST", "api/sheets", sheet, (400, 413, 422))
    for columns in (None, {}, {"option": "output", "values": ["/tmp/x"]}, {"option": "style-weight"}, {"option": "style-weight", "values": []}, {"option": 5, "values": [1]},
                    {"option": "style-weight", "values": ["1"] * 5000}, {"option": "style-weight", "values": [{}]}, {"option": "../x", "values": ["1"]}):
        is_refused(studio, "POST", "api/sheets", {"run": good, "columns": columns}, (400, 413, 422))
    many = {"option": "style-weight", "values": [str(i) for i in range(1, 500)]}
    is_refused(studio, "POST", "api/sheets", {"run": good, "columns": many, "rows": dict(many, option="content-weight")}, (400, 413, 422))
    assert (outside(), files(FOLDER)) == before
    names = ["../../evil", "/tmp/evil.png", "..", ".", "", "con", "-x", "a\nb", "x" * 400, "sources", ".studio/queue.json", "a,b", "%s%n", "\u202e", "a.png.exe"]
    for name in names:
        code, entry = studio.json("POST", "api/runs", dict(good, name=name))
        assert code in (201, 422), (name, code, entry)
        if code == 201:
            entry = studio.wait(entry["id"])
            assert entry["state"] == "done", entry
            assert os.path.isfile(os.path.join(FOLDER, entry["output"])) and "/" not in entry["output"], entry
    assert outside() == before[0], outside()
    return good


def queue_moves_are_bounded(studio, good):
    slow = dict(good, options={"image-size": "64", "iterations": "100000"})
    first = studio.post("api/runs", slow, 201)["id"]
    others = [studio.post("api/runs", slow, 201)["id"] for _ in range(5)]
    studio.wait(first, ("painting",))
    for to in (-1, 1.5, "0", None, 10**30, [], True):
        is_refused(studio, "POST", "api/runs/%s/move" % others[0], json.dumps({"to": to}), (400, 409))
    for to in (10**9, 0, 2**62):
        studio.post("api/runs/%s/move" % others[0], {"to": to})
    for paused in (1, "true", None, {}):
        is_refused(studio, "POST", "api/queue", {"paused": paused}, (400,))
    for body in ("content=1e400", "content=nan", "style=-1", "x=1", "content=1&content", "=", "content=" + "9" * 900):
        code, _, _ = studio.ask("POST", "weights", body)
        assert code in (400, 202) and (code == 400 or body.startswith("content=9")), (body, code)

    def fiddle(i):  # two tabs and more at once
        actions = [lambda: studio.json("POST", "api/runs/%s/move" % others[i % 5], {"to": i % 4}), lambda: studio.json("POST", "api/queue", {"paused": i % 2 == 0}),
                   lambda: studio.json("GET", "api/runs"), lambda: studio.json("POST", "api/runs", slow), lambda: studio.json("POST", "api/runs/clear"),
                   lambda: studio.json("POST", "api/runs/%s/cancel" % others[i % 5]) if i > 80 else None, lambda: studio.json("POST", "api/forecast", good)]
        result = actions[i % len(actions)]()
        assert result is None or result[0] in (200, 201, 400, 404, 409), result

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(fiddle, range(120)))
    studio.post("api/queue", {"paused": False})
    for entry in studio.get("api/runs")["runs"]:
        studio.json("POST", "api/runs/%s/cancel" % entry["id"])
    for _ in range(200):
        if not [entry for entry in studio.get("api/runs")["runs"] if entry["state"] in ("waiting", "painting", "paused")]:
            break
        time.sleep(0.05)
    studio.post("api/runs/clear")
    assert studio.get("api/runs")["runs"] == []
    assert not [name for name in files(FOLDER) if name.startswith(".studio/checkpoints/")]


# ---- many at once ----

def many_keep_nobody_out(studio, good):
    same = png(333, 222)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: studio.upload("same %d.png" % i, same), range(24)))
    assert {code for code, _ in answers} <= {200, 201}, answers
    assert len({entry["id"] for _, entry in answers}) == 1, answers
    host, port = studio.host.split(":")
    begins = [b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
              b"POST /api/shelf?name=a.png&role=content HTTP/1.1\r\nHost: localhost\r\nX-Pastiche-Button: " + studio.button.encode() + b"\r\nContent-Length: 1000\r\n\r\n"]
    slow = []
    for i in range(60):
        slow.append(socket.create_connection((host, int(port))))
        slow[-1].sendall(begins[i % 3])
    for _ in range(5):
        assert studio.get("api/runs")
    run = studio.post("api/runs", good, 201)["id"]
    assert studio.wait(run)["state"] == "done"
    for connection in slow:
        connection.close()
    heard = []

    def listen():
        connection = http.client.HTTPConnection(studio.host, timeout=300)
        connection.request("GET", studio.prefix + "api/events")
        answer = connection.getresponse()
        text = b""
        while b"event: results" not in text:
            part = answer.read1(4096)
            if not part:
                return
            text += part
        heard.append(text)
        connection.close()

    threads = [threading.Thread(target=listen) for _ in range(5)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    studio.wait(studio.post("api/runs", good, 201)["id"])
    for thread in threads:
        thread.join(300)
    assert len(heard) == 5, len(heard)


def secrets_stay_secret():
    """No process gets a URL with a secret, and without it there is nothing."""
    folder, opened = os.path.join(HOME, "others"), os.path.join(HOME, "opened")
    tool = os.path.join(HOME, "xdg-open")
    with open(tool, "w") as file:
        file.write("#!/bin/sh\necho \"$1\" >'%s'\n" % opened)
    os.chmod(tool, 0o755)
    usual = dict(os.environ)
    os.environ.update(PATH=HOME + ":" + usual["PATH"], DISPLAY=":0")
    studio = None
    try:
        studio = Studio(sys.argv[1], folder, "--web-address", "0.0.0.0", browser=True)
        prefix = studio.prefix
        assert len(prefix) == 34 and studio.ask("GET", "live")[0] == 200
        for other in ("/", "/" + "0" * 32 + "/", prefix[:-2] + "/"):
            studio.prefix = other
            for path in ("", "live", "studio.html", "state", "api/studio", "api/events"):
                assert studio.ask("GET", path)[0] == 404, other + path
            assert studio.ask("POST", "api/shelf?name=a.png&role=content", png(5, 5))[0] == 404
        assert studio.end()[0] in (0, 130)  # while it opens the device there is nothing to lose
        assert not os.path.exists(opened)
        studio = Studio(sys.argv[1], folder, browser=True)
        for _ in range(100):
            if os.path.exists(opened):
                break
            time.sleep(0.05)
        assert os.path.exists(opened) or sys.platform != "linux"
        assert studio.end()[0] in (0, 130)  # while it opens the device there is nothing to lose
    finally:
        if studio:
            studio.kill()  # one left behind would hold the output of a test that failed
        os.environ.clear()
        os.environ.update(usual)


def results_come_and_go(studio):
    names = [result["name"] for result in studio.get("api/results?from=0&count=1000")["results"]]
    assert names
    for query in ("from=-1", "count=-5", "from=99999999999999999999", "count=abc", "from=1e9&count=1e9", "count=0"):
        code, answer = studio.json("GET", "api/results?" + query)
        assert code in (200, 400), (query, code, answer)
    undo = studio.post("api/results/" + quote(names[0], "delete"))["undo"]
    is_refused(studio, "POST", "api/results/" + quote(names[0], "delete"), b"", (404,))
    is_refused(studio, "GET", "api/results/" + quote(names[0], "file"), None, (404,))
    studio.post("api/undo/" + quote(undo))
    is_refused(studio, "POST", "api/undo/" + quote(undo), b"", (404, 409))
    assert studio.ask("GET", "api/results/" + quote(names[0], "file"))[0] == 200


def main():
    os.makedirs(FOLDER)
    secrets_stay_secret()
    shutil.rmtree(os.path.join(HOME, "others"))
    studio = Studio(sys.argv[1], FOLDER)
    try:
        names_stay_in_the_folder(studio)
        paths_find_nothing(studio)
        files_are_read_with_care(studio)
        uploads_are_bounded(studio)
        good = bad_runs_are_refused(studio)
        queue_moves_are_bounded(studio, good)
        many_keep_nobody_out(studio, good)
        results_come_and_go(studio)
        assert studio.memory() < MEMORY_MOST, studio.memory()
        code, said = studio.end()
        assert code == 0, (code, said)
        assert not [name for name in files(FOLDER) if ".upload-" in name or ".part" in name], files(FOLDER)
    finally:
        studio.kill()
        shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main()
