"""The vendors' compilers: a program for a target gives what each of its kernels takes, and what is wrong."""
import glob
import os
import re
import shutil
import struct
import subprocess
import tempfile

import loops

LOCAL_MOST = 32768
# Debian's; unpacked into a folder, they register no driver.
CLANG_PACKAGES = ["libclc-19"]
OCLOC_PACKAGES = ("intel-opencl-icd libigc1 libigdfcl1 libigdgmm12 libopencl-clang14 libclang-cpp14 libllvm14 "
                  "libllvmspirvlib14").split()


class Missing(Exception):
    """A compiler that is not there."""


class Failed(Exception):
    """What a compiler complains about."""


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)
    return done.returncode, done.stdout


def must(command, **more):
    code, said = run(command, **more)
    if code:
        wrong = [line for line in said.splitlines() if "error" in line.lower()]
        raise Failed((wrong or said.splitlines() or ["it failed"])[0][:300])
    return said


# What a driver for CPUs has in its library of built-in functions and as its kinds of functions.
CPU_PRELUDE = """#define kernel
#define reqd_work_group_size(x, y, z) used
#define fma(a, b, c) __builtin_elementwise_fma(a, b, c)
#define mad(a, b, c) ((a) * (b) + (c))
#define fmax(a, b) __builtin_elementwise_max(a, b)
"""
CPU_FLAGS = {"aarch64": ["-mcpu=neoverse-n1"], "x86-64-v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"]}
CPU_PRODUCTS = "conv_direct conv_rgb_backward gram_gradient gram_partial roots_product winograd_fused winograd_products".split()


def kind(target):
    return "CPU" if target.startswith(("aarch64", "x86")) else "NVIDIA" if target.startswith("sm_") else "AMD" if target.startswith("gfx") else "Intel"


def tool(variable, *places):
    """The path of a program; the variable names another, or none."""
    named = os.environ.get(variable)
    return next(filter(None, map(shutil.which, [named] if named else places)), None)


def intel_local(path):
    """(kernel, bytes in local memory), of a binary: a header of 40 bytes, the name, code, then records that begin with
    what they are and their size; number 15 has an offset and the bytes."""
    with open(path, "rb") as file:
        binary = file.read()
    at = binary.rfind(struct.pack("<3I", 15, 16, 0))
    return binary[40:].split(b"\0")[0].decode(), struct.unpack_from("<I", binary, at + 12)[0] if at >= 0 else 0


class Compilers:
    """root: a folder for unpacked packages, beside what is installed; fetch: download what is not there."""

    def __init__(self, root, fetch):
        self.root, self.fetch = root, fetch
        self.clang = shutil.which("clang-19")
        self.ptxas = tool("PTXAS", "ptxas", "/usr/local/cuda/bin/ptxas")
        self.nvdisasm = tool("NVDISASM", "nvdisasm", "/usr/local/cuda/bin/nvdisasm")
        self.environment = dict(os.environ, LD_LIBRARY_PATH=f"{root}/usr/lib/x86_64-linux-gnu")

    def find(self, path, packages):
        for place in (self.root, ""):
            if os.path.exists(place + path):
                return place + path
        if not self.fetch:
            raise Missing(f"{packages[0]} is not there")
        folder = f"{self.root}/packages"
        os.makedirs(folder, exist_ok=True)
        if not shutil.which("apt-get") or run(["apt-get", "download", *packages], cwd=folder)[0]:
            raise Missing(f"{packages[0]} is not there and cannot be downloaded")
        for package in glob.glob(f"{folder}/*.deb"):
            must(["dpkg", "-x", package, self.root])
            os.remove(package)
        return self.root + path

    def library(self, name):
        return self.find("/usr/lib/clc/" + name, CLANG_PACKAGES)

    def ocloc(self):
        return self.find("/usr/bin/ocloc", OCLOC_PACKAGES)

    def check(self, target):
        """Raises Missing; else returns what the figures depend on, and what is not looked at."""
        if kind(target) == "Intel":
            ocloc = self.ocloc()
            with tempfile.TemporaryDirectory() as folder:  # where it writes its answer
                must([ocloc, "query", "OCL_DRIVER_VERSION"], cwd=folder, env=self.environment)
                with open(f"{folder}/OCL_DRIVER_VERSION") as file:
                    return "ocloc " + file.read().strip("\0\n "), []
        if not self.clang:
            raise Missing("clang-19 is not installed")
        if kind(target) != "CPU":
            self.library("nvptx64--nvidiacl.bc")
        version = "clang " + re.search(r"clang version (\S+)", must([self.clang, "--version"]))[1]
        if kind(target) in ("AMD", "CPU"):
            return version, []
        if not self.ptxas:
            return version, ["registers, spills and inner loops: there is no ptxas"]
        version += ", ptxas " + must([self.ptxas, "--version"]).split("\n")[-2].split("/")[0].replace("Build ", "")
        return version, [] if self.nvdisasm else ["inner loops: there is no nvdisasm"]

    def compile(self, target, source, options, out):
        """{kernel: {registers, local, ...; findings: [text]}}"""
        return {"NVIDIA": self.nvidia, "AMD": self.amd, "Intel": self.intel, "CPU": self.cpu}[kind(target)](
            target, source, options, out)

    def assembly(self, target, triple, library, source, options, out):
        arch = "-march=" if kind(target) == "NVIDIA" else "-mcpu="
        must([self.clang, "-x", "cl", *options.split(), f"--target={triple}", arch + target, "-w", "-nogpulib",
              "-Xclang", "-finclude-default-header", "-Xclang", "-mlink-builtin-bitcode", "-Xclang",
              self.library(library), "-O3", "-S", "-o", out, source])
        with open(out) as file:
            return file.read()

    def nvidia(self, target, source, options, out):
        # NVIDIA's own compiler defines FP_FAST_FMAF; clang does not.
        text = self.assembly(target, "nvptx64--nvidiacl", "nvptx64--nvidiacl.bc", source,
                             "-DFP_FAST_FMAF " + options, out + ".ptx")
        if m := re.search(r"\.extern \.func[^;]*?(\w+)\s*\(", text):
            raise Failed(f"{m[1]} is undefined")
        kernels = {}
        for part in re.split(r"(?=\.entry )", text)[1:]:
            name = re.match(r"\.entry (\w+)", part)[1]
            kernels[name] = {"local": sum(int(n) for n in re.findall(r"\.shared .*?\[(\d+)\]", part)), "findings": []}
            if ".f64" in part:
                kernels[name]["findings"].append("doubles")
            if "__local_depot" in part and not self.ptxas:
                kernels[name]["findings"].append("private array in memory")
        # .shared variables stand before the first entry
        for name, size in re.findall(r"\.shared .*? (\w+)\[(\d+)\]", text):
            for kernel in kernels:
                if name.startswith(kernel + "_$_") or f"{kernel}_$_" in name:
                    kernels[kernel]["local"] += int(size)
        if self.ptxas:
            self.ptxas_figures(target, out, kernels)
        return kernels

    def ptxas_figures(self, target, out, kernels):
        command, name = [self.ptxas, "-v", out + ".ptx", "-o", out + ".cubin", "-arch"], None
        if run([*command, target])[0] and target == "sm_70":
            target = "sm_75" # newer ones leave older GPUs out
        for line in must([*command, target]).splitlines():
            if m := re.search(r"(?:entry function '|properties for )(\w+)", line):
                name = m[1]
            elif m := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
                spilled = int(m[2]) + int(m[3])
                if spilled:
                    kernels[name]["findings"].append("spill")
                elif int(m[1]):
                    kernels[name]["findings"].append("private array in memory")
            elif m := re.search(r"Used (\d+) registers", line):
                kernels[name]["registers"] = int(m[1])
                shared = re.search(r"(\d+) bytes smem", line)
                kernels[name]["local"] = int(shared[1]) if shared else 0
        if self.nvdisasm:
            for name, code in loops.nvidia(must([self.nvdisasm, "-c", out + ".cubin"])).items():
                kernels[name]["loop"] = loops.inner(code)

    def amd(self, target, source, options, out):
        text = self.assembly(target, "amdgcn-amd-amdhsa", "amdgcn--amdhsa.bc", source, options, out + ".s")
        called = set(re.findall(r"(\w+)@(?:rel32|gotpcrel32)", text)) - set(re.findall(r"^(\S+):", text, re.M))
        if called:
            raise Failed(f"{sorted(called)[0]} is undefined")
        kernels, code = {}, loops.amd(text)
        for part in re.split(r"\n  - (?=\.)", text[text.index("amdhsa.kernels:"):])[1:]:
            def number(what):
                m = re.search(rf"\.{what}: +(\d+)", part)
                return int(m[1]) if m else 0
            name = re.search(r"\.name: +(\w+)", part)[1]
            findings = []
            if number("vgpr_spill_count") or number("sgpr_spill_count"):
                findings.append("spill")
            elif number("private_segment_fixed_size"):
                findings.append("private array in memory")
            if any(not isinstance(item, str) and item[0].endswith("_f64") for item in code[name]):
                findings.append("doubles")
            kernels[name] = {"registers": number("vgpr_count"), "local": number("group_segment_fixed_size"),
                             "loop": loops.inner(code[name]), "findings": findings}
        return kernels

    def cpu(self, target, source, options, out):
        """Of the kernels with products: the inner loop with the largest share of multiply-adds is the product's."""
        with open(source) as file, open(out + ".cpu.cl", "w") as to:
            to.write(CPU_PRELUDE + file.read())
        triple = "aarch64-linux-gnu" if target == "aarch64" else "x86_64-linux-gnu"
        must([self.clang, "-x", "cl", *options.split(), f"--target={triple}",
              *CPU_FLAGS.get(target, [f"-march={target}"]), "-w", "-Xclang", "-finclude-default-header", "-O3", "-S",
              "-o", out + ".s", out + ".cpu.cl"])
        kernels = {}
        with open(out + ".s") as file:
            text = file.read()
        for name, code in loops.cpu(text).items():
            body, findings = loops.densest(code) if name in CPU_PRODUCTS else None, []
            if not body:
                continue
            if any(operands.startswith("spill") for _, operands in body):
                findings.append("spill in the inner loop")
            if any(opcode in ("bl", "call", "callq") for opcode, _ in body):
                findings.append("call in the inner loop")
            kernels[name] = {"loop": loops.counts(body), "findings": findings}
        if not kernels:
            raise Failed("there is no product")
        return kernels

    def intel(self, target, source, options, out):
        os.makedirs(out, exist_ok=True)
        said = must([self.ocloc(), "compile", "-file", source, "-device", target, "-options", options, "-out_dir", out,
                     "-output", "program"],
                    env=dict(self.environment, IGC_ShaderDumpEnable="1", IGC_DumpToCustomDir=out))
        if "Build succeeded" not in said:
            raise Failed(next((line for line in said.splitlines() if "error" in line), said)[:300])
        with open(sorted(glob.glob(out + "/*_optimized*.ll"))[-1]) as file:
            arrays = set()
            name = None
            for line in file:
                if m := re.match(r"define .*@(\w+)\(", line):
                    name = m[1]
                elif re.search(r"= alloca \[", line):
                    arrays.add(name)
        kernels, local = {}, dict(map(intel_local, glob.glob(out + "/*.kernbin")))
        for path in sorted(glob.glob(out + "/*.asm")): # a second try has _1_simd in its name and counts
            with open(path, errors="replace") as file:
                text = file.read()
            name = re.search(r"//\.kernel (\w+)", text)[1]
            if name in kernels and "_1_simd" not in path:
                continue
            spilled = re.search(r"//\.spill size (\d+)", text)
            findings = ["spill"] if spilled and int(spilled[1]) else []
            if name in arrays:
                findings.append("private array in memory")
            code = loops.intel(text)
            if any(not isinstance(item, str) and re.search(r":df\b", item[1]) for item in code):
                findings.append("doubles")
            if name not in local:
                raise Failed(f"nothing says how much local memory {name} takes")
            kernels[name] = {"lanes": int(re.search(r"_simd(\d+)_", path)[1]), "local": local[name],
                             "loop": loops.inner(code), "findings": findings}
        shutil.rmtree(out)
        return kernels
