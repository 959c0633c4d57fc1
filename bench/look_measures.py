"""Measures of a result beside its content and its style; each takes OkLab images of one scale, [row][column][L, a, b]."""
import numpy as np
from PIL import Image


def oklab(path, size=None, longer=None):
    """The image, resized to a size or to a longer side; L and the chromas go from 0 to 1."""
    image = Image.open(path)
    if longer:
        size = [max(1, round(side * longer / max(image.size))) for side in image.size]
    if size:
        image.draft("RGB", [3 * side for side in size])  # of a JPEG file no more than is needed
    image = image.convert("RGB")
    if size and tuple(size) != image.size:
        image = image.resize(size, Image.LANCZOS)
    x = np.asarray(image, np.float64) / 255
    x = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    lms = np.cbrt(x @ np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                                [0.0883024619, 0.2817188376, 0.6299787005]]).T)
    return lms @ np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                           [0.0259040371, 0.7827717662, -0.8086757660]]).T


def blur(x, sigma):
    """Gaussian, the border mirrored."""
    r = max(1, int(3 * sigma + 0.5))
    k = np.exp(-0.5 * (np.arange(-r, r + 1) / sigma) ** 2)
    k /= k.sum()
    for axis in (0, 1):
        n = x.shape[axis]
        wide = np.pad(x, [(r, r) if i == axis else (0, 0) for i in range(x.ndim)], "reflect" if n > r else "symmetric")
        x = sum(w * np.take(wide, range(i, i + n), axis) for i, w in enumerate(k))
    return x


def finest(x):
    """Power of the highest octave (wavelengths of 2 to 4 pixels) around each pixel: what [1 2 1]/4 in both directions, twice,
    removes, in all three channels."""
    y = x
    for axis in (0, 1, 0, 1):
        wide = np.pad(y, [(1, 1) if i == axis else (0, 0) for i in range(3)], "edge")
        n = x.shape[axis]
        y = (np.take(wide, range(n), axis) + 2 * y + np.take(wide, range(2, n + 2), axis)) / 4
    return blur(((x - y) ** 2).sum(2), 4)


def grain(result, content, style):
    """What the result has of the highest octave where the content is smooth, beyond what the content has there and the style has
    where it is smooth: root of the mean excess over the smoother half of the content, in percent of the range of L. The style's
    smoother half gives its share. 0: none; from about 1 on one sees dots in a sky."""
    c, s = finest(content), finest(style)
    smooth = c <= np.median(c)
    allowed = np.maximum(c, s[s <= np.median(s)].mean())
    return 100 * float(np.sqrt(np.maximum(finest(result) - allowed, 0)[smooth].mean()))


def palette(result, style, directions=64, points=512):
    """Sliced Wasserstein distance of the colors: how far, on the mean over directions in OkLab, the sorted colors of one lie from
    those of the other, in percent of the range of L."""
    v = np.random.default_rng(1).standard_normal((3, directions))
    v /= np.linalg.norm(v, axis=0)
    q = (np.arange(points) + 0.5) / points
    a, b = (np.quantile(x.reshape(-1, 3) @ v, q, axis=0) for x in (result, style))
    return 100 * float(np.abs(a - b).mean())


def gradient(x, sigma):
    gy, gx = np.gradient(blur(x[:, :, 0], sigma))
    return gx + 1j * gy


def structure(result, content):
    """How much of the content's edges survives: over its strongest tenth, weighted by their strength, whether the result has an edge
    of the same direction there (1: the same, 0: any direction; light and dark may change sides), at least half as strong for the
    full count. Edges are of L, at 1/170 of the longer side. 1: all, 0: none."""
    sigma = max(result.shape) / 170
    g, r = gradient(content, sigma), gradient(result, sigma)
    strength = np.abs(g)
    w = np.where(strength >= np.quantile(strength, 0.9), strength, 0)
    same = np.real((r * g.conj()) ** 2) / np.maximum(np.abs(r * g) ** 2, 1e-30)
    return float((w * same * np.minimum(1, 2 * np.abs(r) / np.maximum(strength, 1e-12))).sum() / w.sum())


def borders(result, content):
    """Whether the outer 1/40 of the image is unlike the next: difference of the highest octave, as a factor's logarithm to base 2, less
    that of the content; 0: alike, above: busier than the inside, below: smoother."""
    def outer(x):
        p, n = finest(x), max(2, max(x.shape) // 40)
        frame = np.zeros(p.shape, bool)
        frame[:n], frame[-n:], frame[:, :n], frame[:, -n:] = True, True, True, True
        return np.log2((p[frame].mean() + 1e-6) / (p[2 * n:-2 * n, 2 * n:-2 * n].mean() + 1e-6))
    return float(outer(result) - outer(content))
