"""Results of `pastiche bench --json` against bench/results/schema, and what bench/check_results.py accepts and refuses.

    python3 tests/program/test_bench_results.py PROGRAM"""
# promise: score
import copy
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
SCRIPT = os.path.join(BENCH, "check_results.py")
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("check_results", SCRIPT)
check_results = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_results)

with open(os.path.join(BENCH, "results", "schema", "bench-2.json")) as schema_file:
    SCHEMA = json.load(schema_file)
failures = 0


def expect(good, what):
    global failures
    if not good:
        failures += 1
        print(f"wrong: {what}", file=sys.stderr)


def write_network(path):
    """Three convolutions of a few channels, so that a score takes seconds."""
    shapes = [("conv1_1", 6, 3), ("conv1_2", 8, 6), ("conv2_1", 8, 8)]
    header, data = {}, b""
    for name, out, into in shapes:
        for part, shape in (("weight", [out, into, 3, 3]), ("bias", [out])):
            count = out * into * 9 if part == "weight" else out
            begin = len(data)
            data += struct.pack(f"<{count}f", *[((7 * i) % 11 - 5) / 40 for i in range(count)])
            header[f"{name}.{part}"] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def measure(program, folder, *options):
    command = [program, "bench", "--model", os.path.join(folder, "net.safetensors"), "--choices", "none", "--seconds", "0.001", "--json", "made.json", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    expect(done.returncode == 0 and "not to be published" in done.stdout.lower(), f"{command}: {done.stdout}{done.stderr}")
    with open(os.path.join(folder, "made.json")) as file:
        return json.load(file)


def refused(result, folder):
    """What the script says of a result, or "" where it accepts it."""
    path = os.path.join(folder, "one.json")
    with open(path, "wb") as file:
        file.write(result if isinstance(result, bytes) else json.dumps(result).encode())
    done = subprocess.run([sys.executable, SCRIPT, path], capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    expect("Traceback" not in done.stderr and len(lines) == (1 if done.returncode else 0), done.stderr[:400])
    return lines[0] if lines else ""


def made_reliable(measured):
    """What it would be on an idle machine."""
    result = copy.deepcopy(measured)
    for size, least in zip(result["score"]["sizes"], (0.7, 2.8)):
        size.update(rounds=10, least_seconds=least, median_seconds=1.01 * least, most_seconds=1.05 * least, third_seconds=1.005 * least,
                    half_seconds=[least, 1.01 * least], megapixels_per_second=1e-6 * size["size"] ** 2 / least)
    first, second = (size["megapixels_per_second"] for size in result["score"]["sizes"])
    result["score"].update(value=(first * second) ** 0.5, reliable=True, reason=None)
    if "speed" in measured:  # not on a GPU
        result["speed"] = {"pulses": 21, "best_flops": 2e11, "median_flops": 1.98e11, "least_flops": 1.5e11, "half_flops": [1.98e11, 1.97e11], "varied": 0.01}
    result["load"] = {"known": True, "other": 0.01}
    result["network"] = {"name": "VGG-19 shapes, random weights", "sha256": None}
    result["device"].update(name="A device", type="cpu")
    return result


def changed(result, change):
    other = copy.deepcopy(result)
    change(other)
    return other


def test_refusals(good, measured, folder):
    expect(refused(good, folder) == "", refused(good, folder))
    expect("shapes of VGG-19" in refused(measured, folder), "a score of another network")
    big = good["score"]["sizes"][1]
    cases = {
        "unreliable: busy": lambda r: r["score"].update(reliable=False, reason="busy"),
        "unreliable: other programs took 4 %": lambda r: r["load"].update(other=0.04),
        "contradict": lambda r: r["load"].update(known=False),
        "halves of the rounds": lambda r: r["score"]["sizes"][1].update(half_seconds=[2.8, 2.9], most_seconds=3),
        "third least round": lambda r: r["score"]["sizes"][0].update(third_seconds=0.73, most_seconds=0.74),
        "least, third and most": lambda r: r["score"]["sizes"][0].update(third_seconds=0.9),
        "median far above": lambda r: (r["load"].update(known=False, other=None),
                                       r["score"]["sizes"][1].update(median_seconds=3.2, most_seconds=3.3)),
        "has no score": lambda r: r["score"].update(value=None, reliable=False, reason="does not fit"),
        "does not follow from the times": lambda r: r["score"].update(value=1.01 * r["score"]["value"]),
        "does not follow from least_seconds": lambda r: r["score"]["sizes"][1].update(
            least_seconds=2.79, half_seconds=[2.79, 2.8], megapixels_per_second=big["megapixels_per_second"]),
        "not in order": lambda r: r["score"]["sizes"][0].update(median_seconds=0.6),
        "neither half": lambda r: r["score"]["sizes"][0].update(half_seconds=[0.71, 0.71]),
        "fewer than 10 rounds": lambda r: [s.update(rounds=3) for s in r["score"]["sizes"]],
        "is of the sizes [512, 1024]": lambda r: r["score"]["sizes"].pop(),
        "older format": lambda r: r.update(format="pastiche bench 1"),
        'format: must be "pastiche bench 2"': lambda r: r.update(format="pastiche bench 3"),
        "has no member machine": lambda r: r.pop("machine"),
        'a member "extra"': lambda r: r.update(extra=1),
        "machine.threads: must be integer": lambda r: r["machine"].update(threads=True),
        "machine.threads: 0 is out of range": lambda r: r["machine"].update(threads=0),
        "date: ": lambda r: r.update(date="yesterday\n"),
        "device.name: has 200 characters": lambda r: r["device"].update(name="x" * 200),
        "rows[0].kind: must be one of": lambda r: r["rows"].insert(0, {"kind": "x", "name": "y"}),
        "rows[0]: must be object": lambda r: r["rows"].insert(0, [1]),
        "descent: evaluation": lambda r: r["descent"].update(points=[{"evaluations": 1, "seconds": 1, "loss": 1},
                                                                     {"evaluations": 2, "seconds": 2, "loss": 2}]),
    }
    if "speed" in good:
        cases.update({
            "own speed varied by 2.5 %": lambda r: r["speed"].update(median_flops=1.95e11, half_flops=[1.95e11, 1.95e11], varied=0.025),
            "own speed varied by 4.0 %": lambda r: r["speed"].update(half_flops=[1.9e11, 1.98e11], varied=0.04),
            "varied does not follow": lambda r: r["speed"].update(varied=0.001),
            "medians and best are not in order": lambda r: r["speed"].update(best_flops=1.9e11)})
        expect(refused(changed(good, lambda r: r.pop("speed")), folder) == "", "a result without the processor's own speed")
    for said, change in cases.items():
        found = refused(changed(good, change), folder)
        expect(said in found, f"{said}: {found}")
    slow = changed(good, lambda r: [s.update({k: [9 * x for x in v] if isinstance(v, list) else 9 * v for k, v in s.items()
                                              if "seconds" in k and k != "megapixels_per_second"}, rounds=3,
                                             megapixels_per_second=s["megapixels_per_second"] / 9) for s in r["score"]["sizes"]])
    slow["score"]["value"] /= 9
    expect(refused(slow, folder) == "", f"three rounds of a slow device: {refused(slow, folder)}")

    text = json.dumps(good).encode()
    damaged = {b"": "no JSON", b"[]": "must be object", b"nonsense": "no JSON", b"\xff" + text: "no JSON", text[:-40]: "no JSON",
               b"[" * 100000: "", text.replace(b'"mode"', b'"version": "1.0.0", "mode"', 1): "twice",
               text.replace(b'"choices": 0', b'"choices": ' + b"9" * 5000): "no JSON",
               text.replace(b'"choices": 0', b'"choices": NaN'): "NaN", text.replace(b'"choices": 0', b'"choices": -1'): "range",
               text.replace(b'"A device"', b'"\\u001b[31m' + b"y" * 200 + b'"'): "characters", text + b" " * (5 << 20): "MiB"}
    for content, said in damaged.items():
        found = refused(content, folder)
        expect(found and said in found and "\x1b" not in found, f"{said}: {found[:200]}")


def rebuild(folder, *options):
    done = subprocess.run([sys.executable, SCRIPT, "--folder", folder, *options], capture_output=True, text=True, check=False)
    expect("Traceback" not in done.stderr, done.stderr[:400])
    with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
        return done.returncode, done.stderr, file.read()


def test_table(good, folder):
    results = os.path.join(folder, "results")
    os.mkdir(results)

    def add(name, result):
        with open(os.path.join(results, name), "w") as file:
            json.dump(result, file)

    with open(os.path.join(results, "README.md"), "w") as file:
        file.write(f"# Before\n{check_results.BEGIN}\n{check_results.END}\nAfter\n")
    add("bench-one-20260101.json", good)
    hostile = changed(good, lambda r: r["device"].update(name="evil | <script>[x](y)`\u202e\n\ud800"))
    fast = [size.update({k: v / 2 if not isinstance(v, list) else [x / 2 for x in v] for k, v in size.items() if k.endswith("_seconds")},
                        megapixels_per_second=2 * size["megapixels_per_second"]) for size in hostile["score"]["sizes"]]
    hostile["score"]["value"] *= len(fast)
    add("bench-two-20260101.json", hostile)
    add("bench-old-20260101.json", changed(good, lambda r: r["score"].update(version=2, value=99)))
    code, said, text = rebuild(results)
    expect(code == 0 and text.startswith("# Before\n") and text.endswith("After\n"), f"the table: {said}")
    lines = [line for line in text.splitlines() if ".json)" in line]
    expect(len(lines) == 3 and "old" in lines[0] and "two" in lines[1] and "one" in lines[2], "\n".join(lines))
    expect(text.count("not to be compared") == 1 and text.index("old-") < text.index("not to be compared") < text.index("two-"),
           "two versions are apart")
    expect(r"evil \| \<script\>\[x\](y)\`???" in lines[1] and lines[1].count(" | ") == lines[2].count(" | ") + 0, lines[1])

    expect(rebuild(results, "--check")[0] == 0, "a fresh table is not stale")
    add("bench-one-20260102.json", good)
    code, said, same = rebuild(results, "--check")
    expect(code == 1 and "stale" in said and same == text, "a stale table is told, and stays")
    add("bench-one-20260103.json", changed(good, lambda r: r["score"].update(reliable=False, reason="busy")))
    code, said, same = rebuild(results)
    expect(code == 1 and "20260103" in said and "busy" in said and same == text, "an unreliable result changes nothing")
    os.remove(os.path.join(results, "bench-one-20260103.json"))
    add("bench-One.json", good)
    expect("must be named" in rebuild(results)[1], "a name that is not of the form")
    os.remove(os.path.join(results, "bench-One.json"))
    if "speed" in good:
        slower = changed(good, lambda r: r["speed"].update({k: [0.97 * x for x in v] if isinstance(v, list) else 0.97 * v
                                                            for k, v in r["speed"].items() if k.endswith("flops")}))
        add("bench-one-20260104.json", slower)
        code, said, same = rebuild(results)
        expect(code == 1 and "20260104" in said and "itself 3.0 % faster in bench-" in said, said)
        slower["machine"]["processor"] = "Another one"
        add("bench-one-20260104.json", slower)
        expect(rebuild(results)[0] == 0, "another processor")
        os.remove(os.path.join(results, "bench-one-20260104.json"))
    expect(rebuild(results)[0] == 0 and rebuild(results, "--check")[0] == 0, "and again")
    shutil.copy(os.path.join(results, "bench-one-20260101.json"), os.path.join(results, "README.md"))
    expect("must have the lines" in rebuild(results)[1], "a README without the markers")


def main():
    program = os.path.abspath(sys.argv[1])
    own = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    expect(own.returncode == 0, f"the results of the repository: {own.stderr}")
    with tempfile.TemporaryDirectory() as folder:
        write_network(os.path.join(folder, "net.safetensors"))
        quick = measure(program, folder, "--quick")
        full = measure(program, folder, "--sizes", "32") if os.environ.get("PASTICHE_LONG") else None
        for result in (quick, full) if full else (quick,):
            try:
                check_results.check_schema(result, SCHEMA)
                check_results.check_descent(result["descent"])
            except check_results.Refused as error:
                expect(False, error)
        expect(quick["device"]["type"] == "gpu" or quick["kernels"] == "gpu" or quick["speed"]["pulses"] >= 7, "pulses between evaluations")
        expect(quick["network"]["name"] == "net.safetensors", "a name without folders")
        expect(quick["mode"] == "quick" and (not full or full["mode"] == "full"), "modes")
        expect(not full or {row["kind"] for row in full["rows"]} == {"arithmetic", "bandwidth", "convolution", "evaluation", "kernel"}, "kinds")
        expect([row["width"] for row in quick["rows"] if row["kind"] == "evaluation"] == [512, 1024], "evaluations of the score")
        test_refusals(made_reliable(quick), quick, folder)
        test_table(made_reliable(quick), folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
