#!/usr/bin/env python3
# promise: compile
"""Compiles every program that the library builds on GPUs with the vendors' compilers, without a GPU, and fails on
errors, undefined functions, spills, private arrays in memory, doubles, too much local memory and too few multiply-adds
in the inner loops of full blocks; on CPUs, those with products, and fails on spills and calls in the inner loops of
these. README.md in tests/ says how to use it."""
import argparse
import concurrent.futures
import fnmatch
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import compilers

HERE = os.path.dirname(os.path.abspath(__file__))
TARGETS = "sm_70 sm_90 gfx906 gfx1030 gfx1100 tgllp dg2 aarch64 x86-64-v2 x86-64-v3 x86-64-v4".split()
SKIPPED = 77
# The least percentage of multiply-adds in the inner loops of these blocks; those for small maps have less.
LEAST = {"sm_90": 90, "gfx1030": 85, "gfx1100": 80}
FULL_BLOCK = r"(winograd_products|gram_partial|gram_backward) GX=8 GY=\d+ RM=8 BN=64 BK=\d+ MATRIX=0"


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("list_programs", help="the program of that name in the build tree")
    p.add_argument("--targets", nargs="+", default=TARGETS, metavar="TARGET", help="of " + " ".join(TARGETS))
    p.add_argument("--usual", action="store_true", help="only what an untuned run builds")
    p.add_argument("--kernels", metavar="FOLDER", help="kernels from a folder instead of the embedded ones")
    p.add_argument("--only", metavar="REGEX", help="only programs whose name this fits somewhere")
    p.add_argument("--fetch", action="store_true", help="download compilers that are not there, without installing")
    p.add_argument("--table", metavar="FILE", help="figures to compare with")
    p.add_argument("--update", action="store_true", help="write the figures into the table instead")
    p.add_argument("--keep", metavar="FOLDER", help="keep sources and assembly there")
    return p.parse_args()


def programs_of(target, options, folder):
    """[(name, source, options, kernels asked for)]; the library lists them."""
    os.makedirs(folder, exist_ok=True)
    command = [options.list_programs, target, folder, "usual" if options.usual else "all"]
    if options.kernels:
        command.append(options.kernels)
    subprocess.run(command, check=True)
    found = []
    with open(f"{folder}/list") as file:
        for line in file:
            number, build, kernels = line.rstrip("\n").split("\t")
            own = [d[2:] for d in build.split() if d.startswith("-D") and not d.startswith("-DPST_")]
            with open(f"{folder}/{number}.cl") as source:
                last = re.findall(r"^(?:.*\s)?kernel\b[^;{]*?\bvoid (\w+)|KERNEL void (\w+)", source.read(), re.M)
            first = kernels.split()[0] if kernels else (last[0][0] or last[0][1])
            found.append((" ".join([first, *own]), f"{folder}/{number}.cl", build, kernels.split()))
    return sorted(found)


def compile_one(tools, target, program):
    name, source, build, _ = program
    try:
        kernels = tools.compile(target, source, build, source[:-3])
    except compilers.Failed as failed:
        return {name: {"findings": ["does not compile"], "said": str(failed)}}
    for figures in kernels.values():
        if figures.get("local", 0) > compilers.LOCAL_MOST:
            figures["findings"].append("too much local memory")
    defines = name.split(" ")[1:]
    return {" ".join([kernel, *defines]): figures for kernel, figures in kernels.items()}


def show(figures):
    parts = [f"{figures[what]} {unit}" for what, unit in
             (("registers", "registers"), ("lanes", "lanes"), ("local", "bytes local")) if figures.get(what)]
    if loop := figures.get("loop"):
        parts.append(f"inner loop {share(loop):.1f} % ({loop[0]} of {loop[1]})")
    return ", ".join(parts + [figures["said"]] if "said" in figures else parts)


def share(loop):
    return 100 * loop[0] / loop[1]


def check_full_blocks(target, results):
    full = [figures for name, figures in results.items() if re.match(FULL_BLOCK, name)]
    for figures in full:
        if not figures.get("loop") or share(figures["loop"]) < LEAST[target]:
            figures["findings"].append(f"less than {LEAST[target]} % of the inner loop is multiply-adds")
    return bool(full)


def judge(target, results, expected, unseen):
    """Findings that are not expected, and expected ones that have vanished: nothing does by not being looked at."""
    wrong = []
    for name, figures in sorted(results.items()):
        known = {e["finding"] for e in expected
                 if target in e["targets"] and any(fnmatch.fnmatchcase(name, n) for n in e["kernels"])}
        wrong += [f"{target}: {name}: {finding}" for finding in figures["findings"] if finding not in known]
        wrong += [f"{target}: {name}: vanished, so shorten expected.json: {finding}"
                  for finding in sorted(known - set(figures["findings"])) if not unseen]
    return wrong


def without_program(folder, results):
    """Kernels for GPUs that no program had."""
    there = set()
    for path in glob.glob(f"{folder}/*.cl"):
        if not path.endswith("_cpu.cl"):
            with open(path) as file:
                there |= set(re.findall(r"(?:\bkernel|_KERNEL) .*\bvoid (\w+)\(", file.read()))
    return {name: {"findings": ["in no program of the library"]}
            for name in there - {name.split(" ")[0] for name in results}}


class Table:
    """Figures of every kernel on every target, with the compilers that they are of; one line a kernel."""

    def __init__(self, path):
        self.path, self.compilers, self.kernels = path, {}, {}
        if path and os.path.exists(path):
            with open(path) as file:
                self.compilers, self.kernels = json.load(file).values()
        # without a system's number of its package
        self.compilers = {target: re.sub(r" \([^)]*\)", "", of) for target, of in self.compilers.items()}

    def worse(self, target, version, results, unseen):
        if self.compilers.get(target) != version:
            if self.path:
                print(f"{target}: figures not compared: the table has those of {self.compilers.get(target, 'nothing')}")
            return []
        wrong = []
        for name, new in sorted(results.items()):
            old, what = self.kernels.get(name, {}).get(target, {}), []
            if old.get("loop") and new.get("loop") and share(new["loop"]) < share(old["loop"]) - 1:
                what.append("less of the inner loop is multiply-adds")
            if old.get("loop") and not new.get("loop") and not unseen:
                what.append("no inner loop of multiply-adds")
            if new.get("registers", 0) > old.get("registers", 1000) + 8:
                what.append("more registers")
            if new.get("lanes", 0) < old.get("lanes", 0):
                what.append("fewer lanes")
            if what:
                wrong.append(f"{target}: {name}: {', '.join(what)}: {show(new)}; before: {show(old)}")
        return wrong

    def take(self, target, version, results, unseen):
        self.compilers[target] = version
        before = {name: figures.pop(target, {}) for name, figures in self.kernels.items()}
        for name, new in results.items():
            if unseen: # keep the loop
                new = {"loop": before.get(name, {}).get("loop"), **new}
            self.kernels.setdefault(name, {})[target] = {
                what: new[what] for what in ("registers", "lanes", "local", "loop") if new.get(what)}

    def write(self):
        rows = [f"    {json.dumps(name)}: {json.dumps(self.kernels[name], sort_keys=True)}"
                for name in sorted(self.kernels) if self.kernels[name]]
        with open(self.path, "w") as file:
            file.write('{\n  "compilers": ' + json.dumps(self.compilers, sort_keys=True) + ',\n  "kernels": {\n' +
                       ",\n".join(rows) + "\n  }\n}\n")


def main():
    options = arguments()
    with open(f"{HERE}/expected.json") as file:
        expected = json.load(file)
    build = os.path.dirname(os.path.dirname(os.path.abspath(options.list_programs)))
    tools, table = compilers.Compilers(build + "/vendors", options.fetch), Table(options.table)
    wrong = looked = 0
    work = options.keep or tempfile.mkdtemp(prefix="gate")
    try:
        for target in options.targets:
            try:
                version, unseen = tools.check(target)
            except compilers.Missing as missing:
                print(f"{target}: skipped: {missing}")
                continue
            programs = [p for p in programs_of(target, options, f"{work}/{target}")
                        if re.search(options.only or "", p[0]) and
                        (compilers.kind(target) != "CPU" or " RT=" in p[0])] # those with products
            results = {}
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                for figures in pool.map(lambda p: compile_one(tools, target, p), programs):
                    results.update(figures)
            looked += 1
            print(f"{target}: {len(programs)} programs, {len(results)} kernels, {version}")
            for what in unseen:
                print(f"{target}: not looked at: {what}")
            for name, figures in sorted(results.items()):
                print(f"  {name}: {show(figures)}")
            if not options.only and not options.usual and compilers.kind(target) != "CPU":
                results.update(without_program(options.kernels or f"{HERE}/../../cl", results))
            full = target not in LEAST or unseen or check_full_blocks(target, results)
            complaints = judge(target, results, expected, unseen)
            if not full and not options.only:
                complaints.append(f"{target}: no program has a full block")
            if options.update:
                table.take(target, version, results, unseen)
            else:
                complaints += table.worse(target, version, results, unseen)
            print(*complaints, sep="\n", end="\n" if complaints else "", flush=True)
            wrong += len(complaints)
    finally:
        if not options.keep:
            shutil.rmtree(work)
    if options.update:
        table.write()
    print(f"{looked} of {len(options.targets)} targets, {wrong} complaints")
    sys.exit(1 if wrong else 0 if looked else SKIPPED)


main()
