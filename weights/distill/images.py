"""Training images: random crops of photographs and paintings at several scales, procedural textures, and mixtures."""
import pathlib

import numpy as np
import torch
from PIL import Image

from network import MEAN

# Paintings that show the same work as one of the held-out styles, or another version or a sister of it.
TOO_CLOSE = {"art/0014.jpg", "art/0019.jpg", "art/0061.jpg", "art/0078.jpg"}


def load(folder):
    """(photographs, paintings) as lists of RGB images from FOLDER/photos and FOLDER/art."""
    def kind(name):
        paths = sorted(pathlib.Path(folder, name).glob("*.jpg"))
        if not paths:
            raise SystemExit(f"{folder}/{name}: has no JPEG files")
        return [Image.open(p).convert("RGB") for p in paths if f"{name}/{p.name}" not in TOO_CLOSE]
    return kind("photos"), kind("art")


def to_network(rgb):
    """uint8 or float [h, w, 3] RGB 0..255 -> [3, h, w] BGR minus the mean."""
    bgr = np.asarray(rgb, np.float32)[:, :, ::-1] - np.float32(MEAN)
    return torch.from_numpy(np.ascontiguousarray(bgr.transpose(2, 0, 1)))


def to_rgb(x):
    """The inverse: [3, h, w] BGR minus the mean -> uint8 [h, w, 3] RGB."""
    bgr = x.numpy().transpose(1, 2, 0) + np.float32(MEAN)
    return bgr[:, :, ::-1].round().clip(0, 255).astype("uint8")


def crop(image, size, rng):
    """A size x size piece at a random scale, or nearly the whole image in small, as people paint it, mirrored half of the
    time, as float RGB."""
    w, h = image.size
    smallest = size / min(w, h)
    scale = max(smallest, rng.uniform(0.4, 1.0)) if rng.random() < 0.6 else smallest * rng.uniform(1, 1.3)
    w, h = max(size, round(w * scale)), max(size, round(h * scale))
    image = image.resize((w, h), Image.BICUBIC)
    x, y = rng.integers(w - size + 1), rng.integers(h - size + 1)
    piece = np.asarray(image.crop((x, y, x + size, y + size)), np.float32)
    return piece[:, ::-1] if rng.random() < 0.5 else piece


def noise(size, rng, power):
    """Colored noise of the spectrum 1/f^power, with random strength and random correlation between the channels."""
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    f[0, 0] = 1 / size
    spectrum = np.fft.rfft2(rng.standard_normal((3, size, size))) * f ** -power
    n = np.fft.irfft2(spectrum, (size, size))
    n = np.einsum("ij,jyx->yxi", rng.standard_normal((3, 3)) * 0.5 + np.ones((3, 3)) * rng.uniform(0, 1), n)
    return rng.uniform(40, 215, 3) + rng.uniform(10, 90) * n / n.std()


def texture(size, rng):
    """One procedural image, float RGB."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    kind = rng.integers(6)
    if kind <= 1:
        return noise(size, rng, rng.choice([0, 0.5, 1, 1.5, 2]))
    a, b = rng.uniform(0, 255, (2, 3))
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    if kind == 2:  # stripes, soft or hard
        t = np.sin(along * 2 * np.pi / rng.uniform(3, 40))
        t = np.clip(0.5 + t * rng.choice([0.5, 5]), 0, 1)
    elif kind == 3:  # a gradient
        t = along - along.min()
        t = t / t.max()
    elif kind == 4:  # checkers
        across = y * np.cos(angle) - x * np.sin(angle)
        period = rng.uniform(3, 30)
        t = (np.floor(along / period) + np.floor(across / period)) % 2
    else:  # brush strokes: short thick lines over one another
        out = np.tile(a.astype(np.float32), (size, size, 1))
        for _ in range(rng.integers(60, 250)):
            cx, cy = rng.uniform(0, size, 2)
            turn = angle + rng.normal(0, 0.5)
            u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
            v = (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
            inside = (abs(u) < rng.uniform(4, 24)) & (abs(v) < rng.uniform(1, 6))
            out[inside] = np.clip(b + rng.normal(0, 50, 3), 0, 255)
        return out
    return a + (b - a) * t[..., None]


def flat(size, rng):
    """Areas of one color with hard edges, with or without lines between them: rectangles or polygons, float RGB."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    colors = rng.uniform(0, 255, (rng.integers(3, 9), 3)) if rng.random() < 0.5 else rng.choice([0, 40, 128, 215, 255], (6, 3))
    out = np.tile(colors[0].astype(np.float32), (size, size, 1))
    line, width = rng.choice([0, 20, 255]), rng.choice([0, 0.7, 1.5, 3])
    turn = rng.uniform(0, np.pi) if rng.random() < 0.5 else 0
    for _ in range(rng.integers(6, 60)):
        cx, cy = rng.uniform(0, size, 2)
        far = np.full((size, size), -np.inf, np.float32)  # how far outside of a convex polygon
        sides, radius, first = rng.integers(3, 6), rng.uniform(4, size / 3), rng.uniform(0, 2 * np.pi)
        for side in range(4 if turn == 0 else sides):
            angle = side * np.pi / 2 if turn == 0 else first + side * 2 * np.pi / sides
            far = np.maximum(far, (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle) - radius * rng.uniform(0.3, 1))
        out[far < width] = line
        out[far < 0] = colors[rng.integers(len(colors))]
    return out


def collage(pool, size, rng):
    """Pieces of several images with hard edges, in strong colors: a busy painting, float RGB."""
    out = crop(pool[rng.integers(len(pool))], size, rng).copy()
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    for _ in range(rng.integers(2, 5)):
        piece = crop(pool[rng.integers(len(pool))], size, rng)
        piece = piece.mean((0, 1)) + (piece - piece.mean((0, 1))) * rng.uniform(1, 2) + rng.uniform(-60, 60, 3)
        for _ in range(rng.integers(1, 8)):
            cx, cy = rng.uniform(0, size, 2)
            sides, radius, first = rng.integers(3, 6), rng.uniform(4, size / 3), rng.uniform(0, 2 * np.pi)
            far = np.full((size, size), -np.inf, np.float32)
            for side in range(sides):
                angle = first + side * 2 * np.pi / sides
                far = np.maximum(far, (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle) - radius * rng.uniform(0.3, 1))
            out[far < 0] = piece[far < 0]
            if rng.random() < 0.3:
                out[(far > 0) & (far < 1.2)] = rng.choice([0, 20, 255])
    return np.clip(out, 0, 255)


def few_colors(rgb, rng):
    """The image in three to nine colors, as a poster has them."""
    image = Image.fromarray(np.clip(rgb, 0, 255).astype("uint8"))
    return np.asarray(image.quantize(int(rng.integers(3, 10)), dither=Image.Dither.NONE).convert("RGB"), np.float32)


def sample(photos, art, size, rng):
    """One training image in network units: mostly real ones, some textures, some with noise or another laid over."""
    def real():
        pool = photos if rng.random() < 0.5 else art
        return crop(pool[rng.integers(len(pool))], size, rng)
    r = rng.random()
    image = texture(size, rng) if r < 0.12 else real()
    if r > 0.75:  # what an optimization passes through
        image = image + rng.uniform(2, 40) * rng.standard_normal(image.shape)
    elif r > 0.68:
        image = image + (real() - image) * rng.uniform(0.1, 0.6)
    elif r > 0.62:
        image = image + rng.uniform(0.1, 0.6) * (noise(size, rng, 1) - 128)
    return to_network(np.clip(image, 0, 255))
