"""The innermost loop of a kernel that does most of its multiply-adds, in assembly of NVIDIA, AMD, Intel or CPUs."""
import re


def nvidia(text):
    """nvdisasm's: {kernel: code}, code a list of labels (":name") and instructions ((opcode, operands))."""
    code, kernels = None, {}
    for line in text.splitlines():
        if m := re.match(r"\s*\.text\.(\S+):", line):
            code = kernels.setdefault(m[1], [])
        elif code is None:
            continue
        elif m := re.match(r"(\.L_x_\d+):", line):
            code.append(":" + m[1])
        elif m := re.match(r"\s+/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?(\S+)(.*?);", line):
            code.append((m[1], m[2]))
    return kernels


def llvm(text, comment, opcode, instruction):
    """LLVM's assembly. comment: what begins one; opcode: a pattern; instruction(opcode, operands): what to keep, or None."""
    code, kernels = None, {}
    for line in text.splitlines():
        if m := re.match(r"(\w+):\s+(?:%s) @\w+" % comment, line):
            code = kernels.setdefault(m[1], [])
        elif line.startswith(".Lfunc_end"):
            code = None
        elif code is None:
            continue
        elif m := re.match(r"(\.LBB\w+):", line):
            code.append(":" + m[1])
        elif (m := re.match(r"\s+(%s)(.*)" % opcode, line)) and (kept := instruction(m[1], m[2])):
            code.append(kept)
    return kernels


def amd(text):
    return llvm(text, ";", r"[a-z]\w+",
                lambda name, rest: None if name.startswith(("s_delay", "s_nop", "s_code_end")) else (name, rest))


def intel(text):
    code = []
    for line in text.splitlines():
        if m := re.match(r"(\w+):\s*(//.*)?$", line):
            code.append(":" + m[1])
        elif m := re.match(r"(?:\([^)]*\))?\s+(?:\([^)]*\)\s+)?([a-z]\w*(?:\.\S+)?)\s+(.*)", line):
            if not line.startswith("//") and m[1] != "sync.nop":
                code.append((m[1], m[2].split("//")[0]))
    return code


def cpu(text):
    """clang's, of x86 and aarch64; "spill" stands before the operands of what it calls a spill."""
    def instruction(name, rest):
        spill = "spill " if re.search(r"(Spill|Reload)$", rest) else ""
        return name, spill + re.split(r"\s(?:#|//) ", rest)[0]
    return llvm(text, "#|//", r"[a-z][\w.]*", instruction)


def multiply_add(opcode, operands):
    return opcode.startswith(("FFMA", "v_fma", "v_pk_fma", "v_dual_fma", "vfmadd", "fmla", "mulps")) or opcode == "mad" and ":f " in operands


def branch(opcode):
    return opcode.startswith(("BRA", "s_cbranch", "s_branch", "jmpi", "while", "goto", "b.", "cb", "tb")) or \
        opcode == "b" or re.fullmatch("j[a-z]+", opcode)


def innermost(code):
    """The innermost loops: lists of instructions."""
    at, loops, found = {}, [], []
    for i, item in enumerate(code):
        if isinstance(item, str):
            at[item[1:]] = i
        elif branch(item[0]):
            loops += [(at[name], i) for name in re.findall(r"[.\w]+", item[1]) if name in at]
    for first, last in loops:
        if not any(first <= a and b <= last and (a, b) != (first, last) for a, b in loops):
            found.append([item for item in code[first:last + 1] if not isinstance(item, str)])
    return found


def counts(body):
    return sum(multiply_add(*item) for item in body), len(body)


def inner(code):
    """(multiply-adds, instructions) of the innermost loop with the most of the former; None without such a loop."""
    found = [counts(body) for body in innermost(code)]
    return max((pair for pair in found if pair[0] >= 8), key=lambda pair: pair[0], default=None)


def densest(code):
    """The innermost loop with the largest share of multiply-adds, the product beside transforms; None without one."""
    found = [body for body in innermost(code) if counts(body)[0] >= 8]
    return max(found, key=lambda body: counts(body)[0] / len(body), default=None)
