"""What PyTorch says about the style loss of means and covariances, L2 pooling and the kinds of smoothness: values, and gradients by
automatic differentiation, in double precision. Writes tests/style_truth.h; run it again where a definition changes:

    python3 tests/make_style_truth.py > tests/style_truth.h

The inputs are made by `numbers`, which tests/test_style.c has as well."""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(count, seed):
    i = torch.arange(count)
    return ((i * 7919 + (i // 7) * 613 + seed * 104729) % 1009) / 1009 - 0.4


def root(a):
    """Newton and Schulz's iteration, as the method's author runs it, without anything clever about its gradient."""
    norm = a.pow(2).sum().sqrt()
    eye = torch.eye(a.shape[0])
    y, z = a / norm, eye
    for _ in range(12):
        t = (3 * eye - z @ y) / 2
        y, z = y @ t, t @ z
    return y * norm.sqrt()


def exact_root(a):
    values, vectors = torch.linalg.eigh(a)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


def moments(f):
    return f.mean(0), f.T @ f / f.shape[0]


def covariance(mean, moment):
    return moment - torch.outer(mean, mean) + 1e-4 * torch.eye(mean.shape[0])


def style(f, targets, sqrt):
    mean_t = sum(b * m for b, (m, _) in targets)
    s_t = covariance(mean_t, sum(b * s for b, (_, s) in targets))
    mean, moment = moments(f)
    s, a = covariance(mean, moment), sqrt(s_t)
    return (mean - mean_t).pow(2).mean() + torch.diag(s_t + s - 2 * sqrt(a @ s @ a)).mean()


def absolute(x):
    return (x[:, 1:] - x[:, :-1]).abs().sum() + (x[1:] - x[:-1]).abs().sum()


def nine_point(x):
    p = F.pad(x.permute(2, 0, 1)[None], (1, 1, 1, 1), 'replicate')[0]
    inner, after = slice(1, -1), slice(2, None)
    right = (p[:, inner, after] - p[:, inner, inner]).pow(2).mean()
    below = (p[:, after, inner] - p[:, inner, inner]).pow(2).mean()
    falling = (p[:, 1:, 1:] - p[:, :-1, :-1]).pow(2).mean()
    rising = (p[:, 1:, :-1] - p[:, :-1, 1:]).pow(2).mean()
    return 2 * (right / 3 + below / 3 + falling / 12 + rising / 12)


def report(name, value, gradient):
    """The value, the gradient's length, its product with a direction, and a few of its elements."""
    g = gradient.flatten()
    picks = ', '.join(f'{g[i * (len(g) - 1) // 5].item():.12g}' for i in range(6))
    print(f'static const style_truth {name} = {{{value.item():.15g}, {g.norm().item():.15g}, '
          f'{(g * numbers(len(g), 77)).sum().item():.15g}, {{{picks}}}}};')


def differentiate(name, function, x):
    x = x.clone().requires_grad_()
    value = function(x)
    value.backward()
    report(name, value.detach(), x.grad)


print('/* Made by tests/make_style_truth.py. */')
print('typedef struct style_truth {\n    double value, norm, along, picks[6];\n} style_truth;')
C = 16
styles = [numbers(n * C, 3 + k).clamp(min=0).reshape(n, C) for k, n in enumerate((35, 52))]
targets = [(b, moments(f)) for b, f in zip((.3, .7), styles)]
features = (1.7 * numbers(41 * C, 1)).clamp(min=0).reshape(41, C)
differentiate('truth_wasserstein', lambda f: style(f, targets, root), features)
differentiate('truth_wasserstein_exact', lambda f: style(f, targets, exact_root), features)
image = (200 * numbers(9 * 7 * 3, 5)).reshape(9, 7, 3)
differentiate('truth_absolute', absolute, image)
differentiate('truth_nine_point', nine_point, image)
behind = numbers(3 * 4 * C, 8).reshape(3, 4, C)
pool = torch.nn.LPPool2d(2, 2)


def pooled(x):
    out = .78 * pool(x.permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    return (out * behind).sum()


differentiate('truth_l2', pooled, numbers(7 * 8 * C, 9).clamp(min=0).reshape(7, 8, C) + 1e-9)
