"""The start: a student made from the teacher layer by layer with least squares, without any descent.

For each layer a subset of the teacher's channels is chosen such that it predicts the others best (pivoted Cholesky of
the second moments), and the student's convolution is fitted to these channels from the student's own maps of the layer
before, so that errors do not add up. Only what survives the ReLU matters: where the teacher is negative, any negative
value is as good, which a few rounds of fitting to `min(own value, 0)` there express.
"""
import torch
import torch.nn.functional as fn

from network import LAYERS, convolve

RIDGE = 1e-4


def choose(moments, count):
    """The indices of `count` channels by pivoted Cholesky of [c, c] second moments."""
    rest, chosen = moments.double().clone(), []
    for _ in range(count):
        pivot = int(rest.diag().argmax())
        chosen.append(pivot)
        column = rest[:, pivot] / rest[pivot, pivot].sqrt()
        rest -= column[:, None] * column[None]
    return chosen


def patches(maps, layer, where):
    """[points, 9 c + 1]: the 3x3 surroundings of the points `where` of each map, and a one for the bias."""
    rows = []
    for x, at in zip(maps, where):
        if layer.endswith("_1") and layer != "1_1":
            x = fn.max_pool2d(x, 2)
        rows.append(fn.unfold(x, 3, padding=1)[0].T[at])
    rows = torch.cat(rows)
    return torch.cat([rows, torch.ones(len(rows), 1)], 1)


def solve(x, z, rounds=8):
    """Weights [9 c + 1, k] such that relu(x w) is near relu(z)."""
    moments = (x.T @ x).double()
    size = moments.diag().mean()
    moments += torch.eye(len(moments), dtype=torch.double) * RIDGE * size
    factor = torch.linalg.cholesky(moments)
    target = z
    for _ in range(rounds):
        w = torch.cholesky_solve((x.T @ target).double(), factor).float()
        target = torch.where(z > 0, z, (x @ w).clamp(max=0))
    return w


@torch.no_grad()
def reshape(student, teacher, images, widths, points=1000, log=print):
    """A trained student with other {layer: channels}, from [1, 3, h, w] images. A wider layer gets channels that are
    fitted to what its own do not explain yet, and the layer after it ignores them at first; a narrower one and all
    after it are fitted anew."""
    out, theirs, old, ours, refit = {}, list(images), list(images), list(images), False
    for layer in LAYERS:
        weight, bias = student[f"conv{layer}.weight"], student[f"conv{layer}.bias"]
        before = [convolve(teacher, layer, x) for x in theirs]
        width, had = widths[layer], len(bias)
        refit = refit or width < had
        where = [torch.randperm(b[0, 0].numel())[:points] for b in before]
        z = torch.cat([b[0].flatten(1).T[at] for b, at in zip(before, where)])
        rest, weight = z.relu(), fn.pad(weight, (0, 0, 0, 0, 0, max(0, ours[0].shape[1] - weight.shape[1])))
        if refit:
            weight, bias = weight[:0, :ours[0].shape[1]], bias[:0]
        else:
            old = [fn.relu(convolve(student, layer, x)) for x in old]
            own = torch.cat([m[0].flatten(1).T[at] for m, at in zip(old, where)])
            ridge = RIDGE * (own.T @ own).diag().mean() * torch.eye(had)
            rest = rest - own @ torch.linalg.solve(own.T @ own + ridge, own.T @ rest)
        if width > len(bias):
            kept = choose(rest.T @ rest, width - len(bias))
            w = solve(patches(ours, layer, where), z[:, kept])
            weight = torch.cat([weight, w[:-1].T.reshape(len(kept), -1, 3, 3)])
            bias = torch.cat([bias, w[-1]])
            log(f"conv{layer}: {len(kept)} of {width} channels fitted")
        out[f"conv{layer}.weight"], out[f"conv{layer}.bias"] = weight.contiguous(), bias.clone()
        theirs = [fn.relu(b) for b in before]
        ours = [fn.relu(convolve(out, layer, x)) for x in ours]
    return out


@torch.no_grad()
def fit(teacher, images, widths, points=1000, log=print):
    """The student with {layer: channels}, from [1, 3, h, w] images."""
    student = {}
    theirs, ours = list(images), list(images)
    for layer in LAYERS:
        before = [convolve(teacher, layer, x) for x in theirs]
        flat = torch.cat([b[0].flatten(1) for b in before], 1)
        after = fn.relu(flat)
        kept = choose(after @ after.T / after.shape[1], widths[layer])
        where = [torch.randperm(b[0, 0].numel())[:points] for b in before]
        z = torch.cat([b[0, kept].flatten(1).T[at] for b, at in zip(before, where)])
        w = solve(patches(ours, layer, where), z)
        student[f"conv{layer}.weight"] = w[:-1].T.reshape(widths[layer], -1, 3, 3).contiguous()
        student[f"conv{layer}.bias"] = w[-1].clone()
        theirs = [fn.relu(b) for b in before]
        ours = [fn.relu(convolve(student, layer, x)) for x in ours]
        own = torch.cat([o[0].flatten(1) for o in ours], 1)
        q = torch.linalg.lstsq(own.T[::7].double(), after.T[::7].double()).solution.float()
        log(f"conv{layer}: {widths[layer]} channels; unexplained: "
            f"{float((own - after[kept]).square().sum() / after[kept].square().sum()):.4f} of them, "
            f"{float((after.T - own.T @ q).square().sum() / after.square().sum()):.4f} of the teacher's")
    return student
