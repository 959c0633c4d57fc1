#!/usr/bin/env python3
"""Checks results of `pastiche bench --json` and writes the table of scores.

    python3 bench/check_results.py             checks bench/results/bench-*.json and writes the table in bench/results/README.md
    python3 bench/check_results.py --check     the same, but fails where the table is not what it would write
    python3 bench/check_results.py FILE...     checks these files alone, as before submitting them

Needs nothing but Python. A result with an unreliable score, and one that contradicts itself, is refused with one line."""
import argparse
import json
import math
import os
import re
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- scores, by bench/check_results.py -->", "<!-- end of scores -->"
MOST_BYTES = 4 << 20
LOAD_MOST = {"gpu": 0.5}  # of others; of everything else as below
LOAD_MOST_ELSE = 0.03
APART_MOST, SPREAD_MOST = 0.03, 0.1  # halves of the rounds, or the third least and the least; the median
SPEED_MOST = 0.02
FEW = 6  # rounds of which the third is none of the least
SIZES = {1: [512, 1024]}  # of each version of the score
ROUNDS, FEW_ROUNDS_SECONDS = 10, 30  # fewer rounds are enough where they take so long


class Refused(Exception):
    pass


# ---- reading ----

def no_constant(name):
    raise Refused(f"has a number that JSON has not: {name}")


def no_duplicates(pairs):
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Refused("has a member twice")
    return made


def read(path):
    try:
        if not os.path.isfile(path):
            raise Refused("is no file")
        if os.path.getsize(path) > MOST_BYTES:
            raise Refused(f"has more than {MOST_BYTES >> 20} MiB")
        with open(path, "rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8")
        return json.loads(text, parse_constant=no_constant, object_pairs_hook=no_duplicates)
    except OSError as error:
        raise Refused(f"cannot be read: {error.strerror}") from None
    except RecursionError:
        raise Refused("is nested too deeply") from None
    except ValueError as error:  # JSON, UTF-8, or a number of thousands of digits
        raise Refused(f"is no JSON in UTF-8: {error}") from None


# ---- the schema: as much of the language as it uses ----

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("number", "integer"):
        number = isinstance(value, int) or (name == "number" and isinstance(value, float))
        return number and not isinstance(value, bool) and abs(value) < 1e300
    return isinstance(value, TYPES[name])


def shown(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check_schema(value, schema, place="the result"):
    names = schema.get("type", [])
    if names and not any(is_type(value, name) for name in ([names] if isinstance(names, str) else names)):
        raise Refused(f"{place}: must be {names if isinstance(names, str) else ' or '.join(names)}, not {shown(value)}")
    if "const" in schema and value != schema["const"]:
        raise Refused(f"{place}: must be {shown(schema['const'])}, not {shown(value)}")
    if "enum" in schema and value not in schema["enum"]:
        raise Refused(f"{place}: must be one of {', '.join(schema['enum'])}, not {shown(value)}")
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            raise Refused(f"{place}: has {len(value)} characters")
        if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), value):
            raise Refused(f"{place}: {shown(value)} is not of the form that is wanted")
    elif is_type(value, "number"):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            raise Refused(f"{place}: {shown(value)} is out of range")
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            raise Refused(f"{place}: {shown(value)} is out of range")
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            raise Refused(f"{place}: has {len(value)} items")
        for i, item in enumerate(value):
            check_schema(item, schema.get("items", {}), f"{place}[{i}]")
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise Refused(f"{place}: has no member {name}")
        for name, item in value.items():
            if name not in known and schema.get("additionalProperties", True) is False:
                raise Refused(f"{place}: has a member {shown(name)}, which the format has not")
            check_schema(item, known.get(name, {}), name if place == "the result" else f"{place}.{name}")


# ---- what a schema cannot say ----

def near(a, b):
    return abs(a - b) <= 1e-4 * abs(b)


def check_size(size, load_known):
    place = f"score, size {size['size']}"
    if not size["least_seconds"] <= size["median_seconds"] <= size["most_seconds"]:
        raise Refused(f"{place}: least, median and most are not in order")
    if not near(min(size["half_seconds"]), size["least_seconds"]):
        raise Refused(f"{place}: neither half of the rounds has the least time")
    if not near(size["megapixels_per_second"], 1e-6 * size["size"] ** 2 / size["least_seconds"]):
        raise Refused(f"{place}: megapixels_per_second does not follow from least_seconds")
    if max(size["half_seconds"]) > (1 + APART_MOST) * size["least_seconds"] * 1.0001:
        raise Refused(f"unreliable: {place}: the halves of the rounds differ by more than {100 * APART_MOST:.0f} %")
    third = size.get("third_seconds", size["least_seconds"])
    if not size["least_seconds"] <= third <= size["most_seconds"]:
        raise Refused(f"{place}: least, third and most are not in order")
    if size["rounds"] >= FEW and third > (1 + APART_MOST) * size["least_seconds"] * 1.0001:
        raise Refused(f"unreliable: {place}: the third least round is more than {100 * APART_MOST:.0f} % above the least")
    if not load_known and size["median_seconds"] > (1 + SPREAD_MOST) * size["least_seconds"] * 1.0001:
        raise Refused(f"unreliable: {place}: the load is unknown and the median far above the least")


def check_speed(speed):
    best, halves = speed["best_flops"], speed["half_flops"]
    if not speed["least_flops"] <= min(speed["median_flops"], *halves) <= max(speed["median_flops"], *halves) <= best:
        raise Refused("speed: least, medians and best are not in order")
    varied = max(best - speed["median_flops"], abs(halves[0] - halves[1])) / best
    if abs(varied - speed["varied"]) > 1e-5:
        raise Refused("speed: varied does not follow from the pulses")
    if varied > SPEED_MOST + 1e-5:
        raise Refused(f"unreliable: the processor's own speed varied by {100 * varied:.1f} %")


def check_score(result):
    score, load = result["score"], result["load"]
    if score["value"] is None:
        raise Refused(f"has no score: {printable(score['reason'] or 'no reason given')}")
    if not score["reliable"]:
        raise Refused(f"unreliable: {printable(score['reason'] or 'no reason given')}")
    if load["known"] != (load["other"] is not None):
        raise Refused("load: known and other contradict each other")
    most = LOAD_MOST.get(result["device"]["type"], LOAD_MOST_ELSE)
    if load["known"] and load["other"] > most:
        raise Refused(f"unreliable: other programs took {100 * load['other']:.0f} % of the processors' time")
    if "speed" in result:
        check_speed(result["speed"])
    if score["version"] not in SIZES:
        return
    if [size["size"] for size in score["sizes"]] != SIZES[score["version"]]:
        raise Refused(f"score: version {score['version']} is of the sizes {SIZES[score['version']]}")
    for size in score["sizes"]:
        check_size(size, load["known"])
    if any(size["rounds"] < ROUNDS for size in score["sizes"]) and \
            sum(size["rounds"] * size["least_seconds"] for size in score["sizes"]) < FEW_ROUNDS_SECONDS:
        raise Refused(f"score: fewer than {ROUNDS} rounds")
    mean = math.exp(sum(math.log(size["megapixels_per_second"]) for size in score["sizes"]) / len(score["sizes"]))
    if not near(score["value"], mean):
        raise Refused(f"score: {score['value']:.6g} does not follow from the times, which give {mean:.6g}")


def check_descent(descent):
    points = descent["points"]
    for before, after in zip(points, points[1:]):
        if after["evaluations"] <= before["evaluations"] or after["seconds"] < before["seconds"] or after["loss"] > before["loss"]:
            raise Refused(f"descent: evaluation {after['evaluations']} does not follow from the one before")
    for target in descent["targets"]:
        reached = next((p for p in points if p["loss"] <= target["part"] * points[0]["loss"] * (1 + 1e-5)), None)
        if (target["evaluations"] is None) != (reached is None):
            raise Refused(f"descent: the target {target['part']} does not follow from the points")


def check(path, schema):
    result = read(path)
    if isinstance(result, dict) and result.get("format") == "pastiche bench 1":
        raise Refused("is of the older format, which has no score: measure again")
    check_schema(result, schema)
    check_score(result)
    check_descent(result["descent"])
    return result


def processor_of(result):
    device, machine = result["device"], result["machine"]
    return machine["processor"], machine["threads"], device["name"], device["platform"], device["driver"], result["kernels"]


def check_beside(name, result, others):
    """Refuses what a processor measured while it was slower itself, all the time, than in another result."""
    for other_name, other in others:
        if other_name == name or "speed" not in result or "speed" not in other or processor_of(result) != processor_of(other):
            continue
        part = 1 - result["speed"]["median_flops"] / other["speed"]["median_flops"]
        if part > SPEED_MOST:
            raise Refused(f"unreliable: the same processor was itself {100 * part:.1f} % faster in {printable(other_name)}; "
                          "measure again, or take that one out")


# ---- the table ----

def printable(text):
    """One line for a terminal, whatever was in the file."""
    return "".join(c if unicodedata.category(c)[0] not in "CZ" or c == " " else "?" for c in text)


def cell(text, most=60):
    text = printable(text)
    text = text if len(text) <= most else text[:most - 3] + "..."
    return re.sub(r"([\\`*_{}\[\]<>|#~&!])", r"\\\1", text)


def line(name, result):
    device, machine, score = result["device"], result["machine"], result["score"]
    sizes = {size["size"]: size for size in score["sizes"]}
    times = " | ".join(f"{1e3 * sizes[s]['least_seconds']:.4g}" if s in sizes else "" for s in (512, 1024))
    kernels = "" if (device["type"] == "cpu") == (result["kernels"] == "cpu") else f", kernels for {result['kernels'].upper()}s"
    return (f"| {score['value']:.3g} | {cell(device['name'])} | {cell(device['platform'])} {cell(device['driver'])}{kernels} | "
            f"{cell(machine['processor'])}, {machine['threads']} | {times} | {'yes' if result['choices'] else 'no'} | "
            f"{result['mode']} | {result['version']} | [{result['date'][:10]}]({name}) |")


HEAD = """| score | device | driver | processor, threads | ms at 512 | ms at 1024 | tuned | run | pastiche | file |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def table(results):
    versions = sorted({result["score"]["version"] for _, result in results}, reverse=True)
    parts = []
    for version in versions:
        if version != versions[0]:
            parts.append(f"Version {version} of the score, which is not to be compared with others:")
        chosen = sorted(((n, r) for n, r in results if r["score"]["version"] == version), key=lambda x: (-x[1]["score"]["value"], x[0]))
        parts.append("\n".join([HEAD] + [line(n, r) for n, r in chosen]))
    return "\n\n".join(parts or ["No results yet."])


def rebuild(readme, text, only_check):
    with open(readme, encoding="utf-8") as file:
        old = file.read()
    if old.count(BEGIN) != 1 or old.count(END) != 1 or old.index(BEGIN) > old.index(END):
        raise Refused(f"must have the lines {BEGIN} and {END} once, in this order")
    new = old[:old.index(BEGIN) + len(BEGIN)] + "\n\n" + text + "\n\n" + old[old.index(END):]
    if new == old:
        return
    if only_check:
        raise Refused("the table of scores is stale: run python3 bench/check_results.py")
    with open(readme + ".new", "w", encoding="utf-8") as file:
        file.write(new)
    os.replace(readme + ".new", readme)


def main():
    parser = argparse.ArgumentParser(description="Checks results of pastiche bench --json and writes the table of scores.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="check these alone; without any, all of the folder")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the table is stale")
    parser.add_argument("--folder", default=os.path.join(HERE, "results"), help="of the results (bench/results)")
    options = parser.parse_args()
    with open(os.path.join(HERE, "results", "schema", "bench-2.json"), encoding="utf-8") as file:
        schema = json.load(file)
    own = sorted(n for n in os.listdir(options.folder) if re.fullmatch(r"bench-.*\.json", n)) if not options.files else []
    paths = options.files or [os.path.join(options.folder, name) for name in own]
    results, wrong = [], 0
    known = []  # to be compared with
    for name in sorted(os.listdir(options.folder)):
        try:
            if re.fullmatch(r"bench-.*\.json", name):
                known.append((name, check(os.path.join(options.folder, name), schema)))
        except (Refused, RecursionError):
            pass  # told below
    for path in paths:
        try:
            if not options.files and not re.fullmatch(r"bench-[a-z0-9.-]+-[0-9]{8}(-[0-9]+)?\.json", os.path.basename(path)):
                raise Refused("must be named bench-DEVICE-YYYYMMDD.json, of small letters, digits, dots and hyphens")
            result = check(path, schema)
            check_beside(os.path.basename(path), result, known)
            results.append((os.path.basename(path), result))
            if options.files:
                score = result["score"]
                print(f"{printable(path)}: accepted, score {score['value']:.3g} of version {score['version']}")
        except (Refused, RecursionError) as refused:
            wrong += 1
            print(f"{printable(path)}: {printable(str(refused))}", file=sys.stderr)
    if not wrong and not options.files:
        readme = os.path.join(options.folder, "README.md")
        try:
            rebuild(readme, table(results), options.check)
        except (Refused, OSError) as error:
            wrong += 1
            print(f"{printable(readme)}: {printable(str(error))}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
