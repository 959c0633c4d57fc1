"""pastiche's side: the program and its device, and images as it resizes them."""
import math
import os
import shutil

import bmp
from process import Failure, child


class Pastiche:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        found = shutil.which(options.pastiche)
        if not found:
            raise Failure("%s: there is no such program; build it, or name it by --pastiche" % options.pastiche)
        self.path = os.path.abspath(found)
        self.extra = ["--device", options.device] if options.device else []
        self.version = child([self.path, "--version"], options.threads)[0].strip()
        self.device, self.on_gpu = self._device()

    def _device(self):
        """The description of the device in use, as `pastiche devices` prints it, and whether it is a GPU."""
        lines = child([self.path, "devices"] + self.extra, self.options.threads)[0].splitlines()
        marked = [i for i, line in enumerate(lines) if line.startswith("* ") and line[2:].strip()[:1].isdigit()]
        if not marked:
            raise Failure("pastiche finds no device")
        block = [lines[marked[0]][2:].strip().split(None, 1)[1]]  # without its number in that list
        for line in lines[marked[0] + 1:]:
            if not line.startswith("     "):
                break
            block.append(" ".join(line.split()))
        return block, "type GPU" in block

    def resized(self, path, longer):
        """(width, height, rows) of any image that pastiche reads.

        One step of next to no length over one layer writes the content as it came, resized."""
        out = os.path.join(self.folder, "resized.bmp")
        child([self.path, path, path, "-o", out, "--model", self.options.model, "--image-size", str(longer),
               "--content-layers", "relu1_1", "--style-layers", "relu1_1", "--start", "content", "--iterations", "1",
               "--optimizer", "gradient-descent", "--learning-rate", "1e-12", "--save-iter", "0", "--quiet"] + self.extra,
              self.options.threads)
        return bmp.read_bmp(out)

    def image(self, path, width, height):
        """Its middle, as large as fits: the rows."""
        longer = max(width, height)
        w, h, rows = self.resized(path, longer)
        short = min(w / width, h / height)
        if short < 1:
            # A pixel of rounding in the small side is many in the large one: a little more, then, and cut.
            small = (min(w, h) - 0.5) / min(w, h) * short
            rows = self.resized(path, math.ceil(longer / small) + 1)[2]
        return bmp.middle(rows, width, height)
