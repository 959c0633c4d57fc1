"""The descent: makes the fitted student judge images as the teacher does, where an optimizer will take it.

An optimizer finds whatever the student does not see. So in each round the program itself paints with the present
student, and its images join the training set ("group": a content, a style, and the images painted from them by this
student and its predecessors). Per loss layer, with features T, F and Gram matrices G of teacher and student, a learned
matrix Q and a learned scale e^o, it is asked that
  embedding    T = Q F                                       on every image
  difference   G_T(x) - G_T(s) = Q (G_F(x) - G_F(s)) Q'      and T(x) - T(c) = Q (F(x) - F(c)) at the content layer
  value        log |G_T(x) - G_T(s)|^2 = log |G_F(x) - G_F(s)|^2 + o
all squared and relative, for images x painted from content c and style s. What the teacher says is computed once, in
bfloat16, which is twice as fast and exact enough, and four to six times as fast on processors with AMX; so are the
student and the products with Q. Channels are last in memory.
"""
import concurrent.futures
import math
import pathlib
import subprocess
import time

import torch
import torch.nn.functional as fn
from PIL import Image

import images as source
from network import CONTENT, CONTENT_WEIGHT, LAYERS, STYLE, STYLE_WEIGHT, features, gram, write

LOSS_LAYERS = STYLE + [CONTENT]
# Of the excess of results' loss over VGG-19's own, relu4_1 makes three quarters, relu4_2 nearly all the rest.
EMBED = {"1_1": 0.2, "2_1": 0.2, "3_1": 0.5, "4_1": 2.0, "5_1": 0.3, "4_2": 1.5}
DIFFER = {"1_1": 0.2, "2_1": 0.3, "3_1": 0.6, "4_1": 4.5, "5_1": 0.25, "4_2": 2.0}
VALUE = {"1_1": 0.1, "2_1": 0.1, "3_1": 0.1, "4_1": 0.15, "5_1": 0.1, "4_2": 0.15}
FLOOR = 3e-3  # of the relative difference of Gram matrices: below it precision does not matter
STRIDE = {"1_1": 4, "2_1": 3, "3_1": 2, "4_1": 1, "5_1": 1, "4_2": 1}  # of the maps that are compared point by point
INPUT = 64.0  # the student sees images divided by this, and all its maps have about unit size while it is trained
KEPT = 8      # images a group; the oldest go first
GROUPS = 160  # at most, and as many images beside them; about 40 MB each
ROUNDED = 0.85  # the share of the training after which weights are rounded, if the file has 8 bits


def scaled(weights, scales):
    """The same network with each layer's map multiplied by scales[layer], the image by scales[None]."""
    out, before = {}, scales[None]
    for layer in LAYERS:
        out[f"conv{layer}.weight"] = weights[f"conv{layer}.weight"] * (scales[layer] / before)
        out[f"conv{layer}.bias"] = weights[f"conv{layer}.bias"] * scales[layer]
        before = scales[layer]
    return out


def rounded(weights):
    """The weights as 8 bits keep them; gradients go through as if nothing was rounded."""
    out = dict(weights)
    for name, w in weights.items():
        if name.endswith("weight"):
            step = w.detach().abs().amax((1, 2, 3), keepdim=True).clamp_min(1e-30) / 127
            out[name] = w + ((w / step).round() * step - w).detach()
    return out


class Teacher:
    """An image's maps at the loss layers, as bfloat16."""

    def __init__(self, weights):
        self.weights = {k: v.bfloat16() for k, v in weights.items()}

    @torch.no_grad()
    def __call__(self, x):
        maps = features(self.weights, x.bfloat16())
        return {layer: maps[layer] for layer in LOSS_LAYERS}


class Seen:
    """An image with the teacher's Gram matrices and maps; of the large maps every second or third row and column."""

    def __init__(self, x, teacher):
        self.x, self.below = x, None
        self.look(teacher)

    def __getstate__(self):  # a file of images is small; what the teacher says is computed again
        return {"x": self.x, "below": None}

    def student_input(self, student, first):
        """What the student's layer `first` takes, if the layers before it stay as they are."""
        if first == LAYERS[0]:
            return self.x / INPUT
        if self.below is None:
            last = LAYERS[LAYERS.index(first) - 1]
            with torch.no_grad():
                self.below = features(student, self.x / INPUT, last)[last].bfloat16()
        return self.below.float()

    def look(self, teacher):
        maps = teacher(self.x)
        self.grams = {layer: gram(maps[layer].float()) for layer in STYLE}
        self.maps = {layer: maps[layer][..., ::STRIDE[layer], ::STRIDE[layer]].contiguous(memory_format=torch.channels_last)
                     for layer in LOSS_LAYERS}


class Group:
    def __init__(self, photos, art, size, rng):
        styles = art if rng.random() < 0.85 else photos
        content, style = (source.crop(pool[rng.integers(len(pool))], size, rng) for pool in (photos, styles))
        kind = rng.random()
        if kind < 0.32:  # flat styles with hard edges are the difficult ones, and rare among paintings; so are busy ones
            style = source.flat(size, rng) if kind < 0.08 else (
                source.few_colors(style, rng) if kind < 0.2 else source.collage(art, size, rng))
        elif kind < 0.37:
            style = source.texture(size, rng)
        if rng.random() < 0.2:  # other colors
            style = style[..., rng.permutation(3)]
        style = style + (style - style.mean((0, 1))) * rng.uniform(-0.3, 0.8)  # and so are strong ones
        self.rgb = [rgb.clip(0, 255).astype("uint8") for rgb in (content, style)]
        self.content = self.style = None
        self.painted = []

    def look(self, teacher):
        if not self.content:
            self.content, self.style = (Seen(source.to_network(rgb)[None], teacher) for rgb in self.rgb)

    def images(self):
        return [self.content, self.style] + self.painted

    def paint(self, program, network, work, iterations, start, teacher):
        """Lets the program paint: an early and the last image. start: as the program's, or "last", which goes on from what
        was painted last."""
        self.look(teacher)
        work.mkdir(exist_ok=True)
        paths = [str(work / name) for name in ("content.png", "style.png", "painted.png")]
        for rgb, path in zip(self.rgb, paths):
            Image.fromarray(rgb).save(path)
        if start == "last":
            start = str(work / "start.png")
            Image.fromarray(source.to_rgb(self.painted[-2].x[0])).save(start)
        early = iterations // 4
        command = [program, paths[0], paths[1], "-o", paths[2], "--preset", "0.1", "--model", str(network), "--start", start, "--quiet",
                   "--image-size", str(self.rgb[0].shape[1]), "--iterations", str(iterations), "--scales", "1", "--no-tune",
                   "--save-iter", str(early), "--seed", "1"]
        subprocess.run(command, check=True)
        return [Seen(source.to_network(Image.open(path).convert("RGB"))[None], teacher)
                for path in (paths[2], str(work / f"painted_{early}.png"))]


def judge(groups, chosen, extra, student, q, offset, size_of, first):
    """The training loss, and figures for the log. chosen: two painted images a group; first: the first layer that learns."""
    order = [p for pair in chosen for p in pair] + extra + [g.style for g in groups] + [g.content for g in groups]
    x = torch.cat([p.student_input(student, first) for p in order]).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        ours = features(student, x, first=first)
        ours = {layer: map for layer, map in ours.items() if layer in LOSS_LAYERS}
    k, n = 2 * len(groups), len(order)
    partner = torch.arange(len(groups)).repeat_interleave(2)
    style_at, content_at = n - 2 * len(groups) + partner, n - len(groups) + partner
    loss, said = 0.0, {}
    for layer in ours:
        t = torch.cat([p.maps[layer] for p in order]).float() / size_of[layer]
        f, matrix, stride = ours[layer], q[layer], STRIDE[layer]
        with torch.autocast("cpu", torch.bfloat16):
            embedded = fn.linear(f[..., ::stride, ::stride].permute(0, 2, 3, 1), matrix).float().permute(0, 3, 1, 2)
        miss = ((t - embedded).square().mean((1, 2, 3)) / t.square().mean((1, 2, 3))).mean()
        if layer == CONTENT:
            d_t, d_f = t[:k] - t[content_at], f[:k] - f[content_at]
            off = (d_t - (embedded[:k] - embedded[content_at])).square().mean((1, 2, 3))
            value_t, value_f = d_t.square().mean((1, 2, 3)), d_f.square().mean((1, 2, 3))
            differ = off / (value_t + FLOOR * t[:k].square().mean((1, 2, 3)))
            weight, power = CONTENT_WEIGHT, 2
        else:
            g_t, g_f = torch.cat([p.grams[layer] for p in order]) / size_of[layer] ** 2, gram(f.float())
            d_t, d_f = g_t[:k] - g_t[style_at], g_f[:k] - g_f[style_at]
            with torch.autocast("cpu", torch.bfloat16):
                seen = (matrix @ d_f @ matrix.T).float()
            off = (d_t - seen * (f.shape[1] / t.shape[1])).square().mean((1, 2))
            value_t, value_f = d_t.square().mean((1, 2)), d_f.square().mean((1, 2))
            differ = off / (value_t + FLOOR * g_t[style_at].square().mean((1, 2)))
            weight, power = STYLE_WEIGHT, 4
        log_ratio = (value_f + 1e-13).log() + offset[layer] - (value_t + 1e-13).log() - power * math.log(size_of[layer])
        value = log_ratio.clamp(-6, 6).square().mean()
        # The root tames difficult images.
        loss = loss + EMBED[layer] * miss + DIFFER[layer] * (differ + 0.01).sqrt().mean() + VALUE[layer] * value
        said[layer] = [float(v.detach()) for v in (miss, differ.mean(), value, value_t.mean() * weight * size_of[layer] ** power)]
    return loss, said


class Training:
    """The student with all that is learned beside it; can be saved and taken up again."""

    def __init__(self, teacher_weights, fitted, photos, art, rng, size=144):
        self.teacher, self.photos, self.art, self.rng, self.size = Teacher(teacher_weights), photos, art, rng, size
        sample = torch.stack([source.sample(photos, art, size, rng) for _ in range(8)])
        with torch.no_grad():  # unit sizes
            maps, theirs = features(fitted, sample), self.teacher(sample)
            self.size_of = {layer: float(theirs[layer].float().square().mean().sqrt()) for layer in LOSS_LAYERS}
            self.student = scaled(fitted, {None: 1 / INPUT, **{layer: 1 / float(maps[layer].square().mean().sqrt()) for layer in LAYERS}})
            self.q = {layer: torch.zeros(theirs[layer].shape[1], maps[layer].shape[1]) for layer in LOSS_LAYERS}
        self.offset = {layer: torch.zeros(()) for layer in LOSS_LAYERS}
        self.learned = {"student": self.student, "q": self.q, "offset": self.offset}
        for part in self.learned.values():
            for value in part.values():
                value.requires_grad_()
        self.average = {k: v.detach().clone() for k, v in self.student.items()}
        self.groups, self.extra, self.coming, self.painters, self.bits = [], [], ([], []), 1, 16
        self.step, self.seconds, self.first = 0, 0.0, LAYERS[0]

    @torch.no_grad()
    def calibrate(self, groups=None):
        """The best Q and scales for the present student, in closed form, over all groups or these."""
        seen = {layer: [0, 0, 0, 0] for layer in LOSS_LAYERS}
        for group in groups or self.groups:
            images = [group.content, group.style] + (group.painted[-2:] or [])
            ours = features(self.student, torch.cat([p.x for p in images]) / INPUT)
            for layer in LOSS_LAYERS:
                t, f = torch.cat([p.maps[layer] for p in images]).float() / self.size_of[layer], ours[layer]
                g_f = gram(f)
                f = f[..., ::STRIDE[layer], ::STRIDE[layer]]
                if layer == CONTENT:
                    d_t, d_f = ((m[1:] - m[:1]).square().mean((1, 2, 3)).log().mean() for m in (t, f))
                else:
                    g_t = torch.cat([p.grams[layer] for p in images]) / self.size_of[layer] ** 2
                    d_t, d_f = ((g - g[1])[[0, *range(2, len(g))]].square().mean((1, 2)).log().mean() for g in (g_t, g_f))
                flat_t, flat_f = t.transpose(0, 1).flatten(1), f.transpose(0, 1).flatten(1)
                for i, part in enumerate((flat_f @ flat_f.T, flat_f @ flat_t.T, d_t - d_f, 1)):
                    seen[layer][i] = seen[layer][i] + part
        for layer, (own, cross, ratio, count) in seen.items():
            ridge = 1e-5 * own.diag().mean() * torch.eye(len(own))
            self.q[layer].copy_(torch.linalg.solve(own + ridge, cross).T)
            self.offset[layer].fill_(ratio / count + (2 if layer == CONTENT else 4) * math.log(self.size_of[layer]))

    def optimizer(self, rate):
        self.rates = [rate, rate, 0.03]
        return torch.optim.Adam([{"params": list(part.values()), "lr": r} for part, r in zip(self.learned.values(), self.rates)],
                                betas=(0.9, 0.98))

    def paint(self, program, work, fresh, old):
        """Begins a round's images: `fresh` new groups, and new images for `old` of the others, by the present student.
        They join with `join`; meanwhile the descent may go on."""
        groups = [self.groups[i] for i in self.rng.permutation(len(self.groups))[:old]]
        groups += [Group(self.photos, self.art, self.size, self.rng) for _ in range(fresh)]
        extra = [source.sample(self.photos, self.art, self.size, self.rng)[None] for _ in range(fresh)]
        if not self.groups:
            for group in groups:
                group.look(self.teacher)
            self.calibrate(groups)
        network = work / "student.safetensors"
        write(network, self.finished(), {})
        # Going on shows with few evaluations what the present student does not see late in a descent.
        jobs = [(group, work / str(i), int(self.rng.choice([40, 80])), "last") if group.painted else
                (group, work / str(i), int(self.rng.choice([80, 160])),
                 "noise" if self.rng.random() < 0.15 else "content") for i, group in enumerate(groups)]
        pool = concurrent.futures.ThreadPoolExecutor(self.painters)
        self.coming = ([pool.submit(Seen, x, self.teacher) for x in extra],
                       [(job[0], pool.submit(job[0].paint, program, network, *job[1:], self.teacher)) for job in jobs])
        pool.shutdown(wait=False)

    def join(self):
        """Waits for the images that were begun, and takes them."""
        extra, jobs = self.coming
        for group, job in jobs:
            group.painted = (group.painted + job.result())[-KEPT:]
            if group not in self.groups:
                self.groups.append(group)
        self.extra = (self.extra + [job.result() for job in extra])[-GROUPS:]
        self.groups, self.coming = self.groups[-GROUPS:], ([], [])

    def descend(self, optimizer, steps, done, log, each=50):
        """done(): the share of the whole training that is behind, 0 to 1."""
        began, recent = time.time(), []
        for i in range(steps):
            lr = min(1, (self.step + 1) / 20) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, done()))))
            for group, rate in zip(optimizer.param_groups, self.rates):
                group["lr"] = rate * lr
            groups = [self.groups[j] for j in self.rng.choice(len(self.groups), 3, replace=False)]
            # The latest images show what the student of today does not see; the older ones keep it from forgetting.
            chosen = [(g.painted[-2], g.painted[self.rng.integers(len(g.painted))]) if self.rng.random() < 0.7 else
                      [g.painted[j] for j in self.rng.choice(len(g.painted), 2, replace=False)] for g in groups]
            student = rounded(self.student) if self.bits == 8 and done() > ROUNDED else self.student
            loss, said = judge(groups, chosen, [self.extra[self.rng.integers(len(self.extra))]], student, self.q,
                               self.offset, self.size_of, self.first)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(list(self.student.values()), 2.0)
            optimizer.step()
            self.step += 1
            with torch.no_grad():
                decay = min(0.995, (self.step + 1) / (self.step + 10))
                for key, v in self.student.items():
                    self.average[key].lerp_(v, 1 - decay)
            recent.append([float(loss.detach())] + sum(said.values(), []))
            if (i + 1) % each == 0 or i + 1 == steps:
                r = torch.tensor(recent).mean(0).tolist()
                log(f"step {self.step}, {(time.time() - began) / (i + 1):.2f} s each, loss {r[0]:.3f}; " + "; ".join(
                    f"{layer} " + " ".join(f"{v:.3g}" for v in r[1 + 4 * j:5 + 4 * j]) for j, layer in enumerate(said)))
                recent = []

    def finished(self):
        """The averaged student with its scales folded in: a map times a makes a style term a^4, a content term a^2 as
        large, so that each term has the teacher's size."""
        scales = {layer: math.exp(float(self.offset[layer].detach()) / (2 if layer == CONTENT else 4)) for layer in LOSS_LAYERS}
        scales[None] = INPUT
        for layer in LAYERS:
            if layer not in scales:
                scales[layer] = scales[[s for s in sorted(LOSS_LAYERS) if s < layer][-1]]
        return scaled(self.average, scales)

    def save(self, path, optimizer):
        kept = {name: {k: v.detach() for k, v in part.items()} for name, part in self.learned.items()}
        torch.save({**kept, "average": self.average, "size_of": self.size_of, "step": self.step, "seconds": self.seconds,
                    "groups": self.groups, "extra": self.extra, "optimizer": optimizer.state_dict()}, str(path) + ".new")
        pathlib.Path(str(path) + ".new").replace(path)

    @torch.no_grad()
    def load(self, path, optimizer):
        saved = torch.load(path, weights_only=False)
        for name, part in self.learned.items():
            for key in part:
                part[key].copy_(saved[name][key])
        self.average, self.size_of, self.step, self.seconds = (saved[key] for key in ("average", "size_of", "step", "seconds"))
        self.groups, self.extra = saved["groups"], saved["extra"]
        for seen in sum((group.images() for group in self.groups), self.extra):
            seen.look(self.teacher)
        optimizer.load_state_dict(saved["optimizer"])
