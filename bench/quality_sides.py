"""The two sides of quality.py: pastiche in its ways of working, and neural-style-pt in PyTorch."""
import glob
import json
import os
import subprocess
import time

from machine import sha256
from pastiche_side import Pastiche
from process import Failure, child

HERE = os.path.dirname(os.path.abspath(__file__))


class Way:
    """A way to run pastiche. `network`: one of those inside the program instead of VGG-19. `same`: its loss is neural-style-pt's,
    but for smoothness. `scaled`: its iterations are shared among several sizes, so each number of them is another run."""

    def __init__(self, name, arguments, network=None, same=True):
        self.name, self.arguments, self.network, self.same = name, arguments, network, same and not network
        scales = [b for a, b in zip(arguments, arguments[1:]) if a == "--scales"]
        one = "--preset" in arguments and "0.1" not in arguments and not scales
        self.scaled = not one and scales != ["1"]


WAYS = [Way("preset neural-style-pt", ["--preset", "neural-style-pt"]),
        Way("preset neural-style-pt, optimizer lbfgs", ["--preset", "neural-style-pt", "--optimizer", "lbfgs"]),
        Way("preset neural-style-pt, optimizer lbfgs, range-weight 1e5",
            ["--preset", "neural-style-pt", "--optimizer", "lbfgs", "--range-weight", "1e5"], same=False),
        Way("preset neural-style", ["--preset", "neural-style"], same=False),
        Way("preset 0.1, one scale", ["--preset", "0.1", "--scales", "1"]),
        Way("preset 0.1", ["--preset", "0.1"]),
        Way("medium network, one scale", ["--preset", "0.1", "--scales", "1"], network="medium"),
        Way("medium network", ["--preset", "0.1"], network="medium"),
        Way("small network, one scale", ["--preset", "0.1", "--scales", "1"], network="small"),
        Way("small network", ["--preset", "0.1"], network="small"),
        Way("preset best", ["--preset", "best"])]


class Painter(Pastiche):
    def run(self, way, scene, iterations, every):
        """The log's [seconds, width, loss] of each evaluation, and by the number of the evaluation the files written."""
        base, log = os.path.join(self.folder, "painted"), os.path.join(self.folder, "log.jsonl")
        for old in glob.glob(base + "*"):
            os.unlink(old)
        child([self.path, scene["content_path"], scene["style_path"], "-o", base + ".bmp", "--image-size", str(scene["width"]),
               "--start", scene["start"], "--seed", "0", "--iterations", str(iterations), "--save-iter", str(every), "--quiet",
               "--no-tune", "--log", log, "--model", way.network or self.options.model] + way.arguments + self.extra, self.options.threads)
        with open(log) as f:
            lines = [line for line in map(json.loads, f) if "iteration" in line]
        evaluations = [[line["seconds"], line["width"], line["loss"]] for line in lines]
        files = {k: "%s_%d.bmp" % (base, k) for k in range(every, iterations, every)} if every else {}
        files[len(lines)] = base + ".bmp"
        full = {k for k, (_, width, _) in enumerate(evaluations, 1) if width == scene["width"]}
        return evaluations, {k: path for k, path in files.items() if k in full and os.path.exists(path)}


class Torch:
    """What compare.py's child process does in PyTorch."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder

    def ask(self, mode, **more):
        job = dict({"mode": mode, "model": self.options.model, "threads": self.options.threads, "device": "cpu",
                    "layout": "contiguous", "precision": "fp32", "tv": "absolute"}, **more)
        text, _, _ = child([self.options.python, os.path.join(HERE, "compare.py"), "--torch-child", json.dumps(job)],
                           self.options.threads)
        return json.loads(text.splitlines()[-1])

    def judge(self, scene, files):
        """neural-style-pt's loss of image files, by the number of the evaluation."""
        keys = sorted(files)
        losses = self.ask("judge", content=scene["content_path"], style=scene["style_path"], images=[files[k] for k in keys])
        return [[k, loss] for k, loss in zip(keys, losses)]


class Objective:
    """neural-style-pt's objective and optimizer as torch_side.py has them."""

    def __init__(self, torch):
        self.torch = torch
        self.told = {"what": "its objective and optimizer in torch_side.py"}

    def run(self, scene, iterations, every):
        saved = os.path.join(self.torch.folder, "torch_%d.bmp")
        start = scene["content_path"] if scene["start"] == "content" else "noise"
        told = self.torch.ask("descent", content=scene["content_path"], style=scene["style_path"], start=start, warm=0,
                              evaluations=iterations, pairs=100, every=every, saved=saved)
        files = {k: saved % k for k in range(every, iterations + 1, every)} if every else {}
        return [[t, scene["width"], loss] for t, loss in zip(told["ends"], told["losses"])], files


class Program:
    """neural-style-pt itself, timed by the lines that it prints."""

    def __init__(self, torch, source):
        self.torch, self.source = torch, os.path.join(source, "neural_style.py")
        if not os.path.isfile(self.source):
            raise Failure("%s: there is no such file; --neural-style-pt names the folder of that program" % self.source)
        self.weights = os.path.join(torch.folder, "vgg19.pth")
        torch.ask("weights", output=self.weights)
        self.told = {"what": "the program itself", "sha256": sha256(self.source)}

    def run(self, scene, iterations, every):
        base, threads = os.path.join(self.torch.folder, "program"), str(self.torch.options.threads)
        command = [self.torch.options.python, "-u", self.source, "-gpu", "c", "-model_file", self.weights, "-disable_check",
                   "-content_image", scene["content_path"], "-style_image", scene["style_path"],
                   "-image_size", str(scene["width"]), "-init", "image" if scene["start"] == "content" else "random",
                   "-seed", "0", "-num_iterations", str(iterations), "-print_iter", "1", "-save_iter", str(every),
                   "-output_image", base + ".bmp"]
        out, last = [], ""
        with subprocess.Popen(command, cwd=os.path.dirname(self.source), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env=dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)) as p:
            for line in p.stdout:
                if "Total loss:" in line:
                    out.append([time.perf_counter(), scene["width"], float(line.split(":")[1])])
                last = line
        # It evaluates up to one more than it was told, after its last image.
        if p.returncode or len(out) < iterations:
            raise Failure("neural-style-pt failed: %s" % last.strip())
        out = [[t - out[0][0], width, loss] for t, width, loss in out[:iterations]]
        files = {k: "%s_%d.bmp" % (base, k) for k in range(every, iterations, every)} if every else {}
        files[iterations] = base + ".bmp"
        return out, files
