#!/usr/bin/env python3
"""Images by independent writers, each with what it shows as double-precision numbers, for test_images.

    make_images.py FOLDER            makes them, and FOLDER/list: a line "NAME TOLERANCE" for each. NAME.truth is two int32, width
                                       and height, then RGB doubles from 0 to 255, then alpha doubles, 0 to 1; a third int32 says
                                       whether there is alpha
    make_images.py FOLDER --check    reads what pastiche wrote there (FOLDER/checks: lines "FILE BITS TOLERANCE"), and compares; with
                                       --colors it must say that it is sRGB, too
    make_images.py                   ends with 77 if a module is missing
"""
import io
import os
import shutil
import struct
import subprocess
import sys
import zlib

try:
    import numpy as np
    import tifffile
    from PIL import Image, ImageCms
    Image.init()
    if "WEBP" not in Image.SAVE:
        raise ImportError
except ImportError:
    sys.exit(77)

rng = np.random.default_rng(7)
TURNED = {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
          5: lambda a: a.swapaxes(0, 1), 6: lambda a: a.swapaxes(0, 1)[:, ::-1],
          7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: lambda a: a.swapaxes(0, 1)[::-1]}


def smooth(h, w):
    y, x = np.mgrid[0:h, 0:w]
    return np.stack([255 * x / (w - 1), 255 * y / (h - 1), 127.5 + 100 * np.sin(x / 7 + y / 5)], -1).round().astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples, bits, kind, extra=b"", after=b""):
    """samples: [h][w][channels] of unsigned integers."""
    h, w = samples.shape[:2]
    rows = samples.reshape(h, -1).astype(">u2" if bits == 16 else "u1")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, kind, 0, 0, 0)) + extra +
            chunk(b"IDAT", zlib.compress(raw)) + after + chunk(b"IEND", b""))


# ---- ICC profiles, byte by byte ----

def s15(*values):
    return b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def profile(space, pcs, kind, tags):
    table, data, at = b"", b"", 132 + 12 * len(tags)
    for name, body in tags:
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", at, len(body))
        data += body
        at += len(body)
    head = struct.pack(">I4sI4s4s4s", at, b"none", 0x02400000, kind, space, pcs) + struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    head += b"acsp" + b"\0" * 28 + s15(0.9642, 1, 0.8249) + b"\0" * 48
    return head + struct.pack(">I", len(tags)) + table + data


def text_tags():
    name = b"test"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + b"\0" * (4 + 4 + 2 + 1 + 67)
    return [(b"desc", desc), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249))]


def curve(gamma256):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, gamma256)


# ProPhoto's primaries relative to D50, and Adobe RGB's adapted to it.
WIDE = {"prophoto": (np.array([[.7976749, .1351917, .0313534], [.2880402, .7118741, .0000857], [0, 0, .8252100]]), 461),
        "adobe": (np.array([[.6097559, .2052401, .1492240], [.3111242, .6256560, .0632197], [.0194811, .0608902, .7448387]]), 563)}


def matrix_profile(which):
    matrix, gamma = WIDE[which]
    tags = text_tags() + [(b"%cXYZ" % c, b"XYZ \0\0\0\0" + s15(*matrix[:, i])) for i, c in enumerate(b"rgb")]
    return profile(b"RGB ", b"XYZ ", b"mntr", tags + [(b"%cTRC" % c, curve(gamma)) for c in b"rgb"])


def srgb_matrix():
    """sRGB's primaries, its white adapted to D50 by Bradford's method."""
    xy = np.array([[.64, .33], [.30, .60], [.15, .06]])
    xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(3), (1 - xy.sum(1)) / xy[:, 1]])
    white = np.array([.3127 / .3290, 1, (1 - .3127 - .3290) / .3290])
    d50 = np.array([.9642, 1, .8249])
    m = xyz * np.linalg.solve(xyz, white)
    b = np.array([[.8951, .2664, -.1614], [-.7502, 1.7135, .0367], [.0389, -.0685, 1.0296]])
    return np.linalg.inv(b) @ np.diag(b @ d50 / (b @ white)) @ b @ m


def encode_srgb(linear):
    linear = np.clip(linear, 0, 1)
    return 255 * np.where(linear <= .0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - .055)


def wide_to_srgb(values, which):
    """values: from 0 to 1."""
    matrix, gamma = WIDE[which]
    matrix = np.round(matrix * 65536) / 65536
    return encode_srgb((values ** (gamma / 256)) @ matrix.T @ np.linalg.inv(srgb_matrix()).T)


def cmyk_profile():
    """A press with dull inks: tables from CMYK to Lab and back, of 16 bits."""
    def lab16(lab):
        return np.clip(np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], -1), 0, 65535)

    def table(grid, outputs):
        n = grid.shape[0]
        head = b"mft2\0\0\0\0" + bytes([grid.ndim - 1, outputs, n, 0]) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1) + struct.pack(">HH", 2, 2)
        return (head + struct.pack(">HH", 0, 65535) * (grid.ndim - 1) + grid.reshape(-1).round().astype(">u2").tobytes() +
                struct.pack(">HH", 0, 65535) * outputs)

    g = np.stack(np.meshgrid(*[np.linspace(0, 1, 7)] * 4, indexing="ij"), -1)
    light = (1 - .9 * g[..., 3]) * (1 - .28 * g[..., 0] - .32 * g[..., 1] - .06 * g[..., 2])
    a = (60 * g[..., 1] - 35 * g[..., 0]) * (1 - g[..., 3])
    b = (70 * g[..., 2] - 40 * g[..., 0] - 10 * g[..., 1]) * (1 - g[..., 3])
    a2b = lab16(np.stack([95 * light, a, b], -1))
    n = np.stack(np.meshgrid(*[np.linspace(0, 1, 17)] * 3, indexing="ij"), -1)
    L, A, B = n[..., 0] * 65535 / 652.8, n[..., 1] * 65535 / 256 - 128, n[..., 2] * 65535 / 256 - 128
    k = np.clip((60 - L) / 60, 0, 1) ** 2
    ink = np.stack([np.clip(-A / 50 - B / 80 + (95 - L) / 300, 0, 1), np.clip(A / 60 - B / 200 + (95 - L) / 300, 0, 1),
                    np.clip(B / 70 + (95 - L) / 300, 0, 1), k], -1)
    return profile(b"CMYK", b"Lab ", b"prtr", text_tags() + [(b"A2B0", table(a2b, 3)), (b"B2A0", table(65535 * ink, 4))])


# ---- the images ----

class Maker:
    def __init__(self, folder):
        self.folder, self.lines = folder, []

    def path(self, name):
        return os.path.join(self.folder, name)

    def add(self, name, rgb, alpha=None, tolerance=1e-3):
        rgb = np.asarray(rgb, np.float64)
        if rgb.ndim == 2:
            rgb = np.repeat(rgb[..., None], 3, 2)
        if alpha is not None:
            rgb = np.where(np.asarray(alpha)[..., None] > 0, rgb, 255.)
        with open(self.path(name + ".truth"), "wb") as f:
            f.write(struct.pack("=iii", rgb.shape[1], rgb.shape[0], alpha is not None) + np.ascontiguousarray(rgb).tobytes())
            if alpha is not None:
                f.write(np.ascontiguousarray(alpha, np.float64).tobytes())
        self.lines.append(f"{tolerance} {name}\n")

    def write(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)

    def decoded(self, name):
        with Image.open(self.path(name)) as image:
            image.load()
            return np.asarray(image).copy()


def make_orientations(m):
    rgb = smooth(31, 46)
    image = Image.fromarray(rgb)
    for o, turn in TURNED.items():
        exif = Image.Exif()
        exif[274] = o
        image.save(m.path(f"turn{o}.jpg"), quality=100, subsampling=0, exif=exif.tobytes())
        m.add(f"turn{o}.jpg", turn(m.decoded(f"turn{o}.jpg")), tolerance=1.01)
        image.save(m.path(f"turn{o}.png"), exif=exif.tobytes())
        image.save(m.path(f"turn{o}.webp"), lossless=True, exif=exif.tobytes())
        image.save(m.path(f"turn{o}.tif"), tiffinfo={274: o})
        for kind in ("png", "webp", "tif"):
            m.add(f"turn{o}.{kind}", turn(rgb))
    m.write("palette turned.tif", b"")
    palette = image.quantize(16)
    palette.save(m.path("palette turned.tif"), tiffinfo={274: 6})
    m.add("palette turned.tif", TURNED[6](np.asarray(palette.convert("RGB"))))


def make_profiles(m):
    rgb = smooth(33, 40)
    wide = rng.integers(0, 65536, (33, 40, 3))
    for which in WIDE:
        icc = matrix_profile(which)
        m.write(f"{which}.icc", icc)
        Image.fromarray(rgb).save(m.path(f"{which}.png"), icc_profile=icc)
        Image.fromarray(rgb).save(m.path(f"{which}.webp"), lossless=True, icc_profile=icc)
        Image.fromarray(rgb).save(m.path(f"{which}.jpg"), quality=100, subsampling=0, icc_profile=icc)
        Image.fromarray(rgb).save(m.path(f"{which}8.tif"), icc_profile=icc)
        tifffile.imwrite(m.path(f"{which}16.tif"), wide.astype(np.uint16), photometric="rgb", extratags=[(34675, 7, len(icc), icc, True)])
        m.write(f"{which}16.png", png(wide, 16, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(icc))))
        for name in (f"{which}.png", f"{which}.webp", f"{which}8.tif"):
            m.add(name, wide_to_srgb(rgb / 255, which), tolerance=.02)
        for name in (f"{which}16.tif", f"{which}16.png"):
            m.add(name, wide_to_srgb(wide / 65535, which), tolerance=.02)
        lossy = m.decoded(f"{which}.jpg")
        m.add(f"{which}.jpg", wide_to_srgb(lossy / 255, which), tolerance=12)  # the decoders differ by a level; dark ones unfold it
    gray = rng.integers(0, 256, (20, 30))
    icc = profile(b"GRAY", b"XYZ ", b"mntr", text_tags() + [(b"kTRC", curve(461))])
    m.write("gray profile.png", png(gray[..., None], 8, 0, chunk(b"iCCP", b"x\0\0" + zlib.compress(icc))))
    m.add("gray profile.png", encode_srgb((gray / 255) ** (461 / 256)), tolerance=.02)
    # Nothing but gamma 1: no profile, a gAMA chunk.
    m.write("gamma1.png", png(rgb, 8, 2, chunk(b"gAMA", struct.pack(">I", 100000))))
    m.add("gamma1.png", encode_srgb(rgb / 255), tolerance=.02)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgb).save(m.path("srgb.png"), icc_profile=srgb)
    m.add("srgb.png", rgb, tolerance=0)
    m.write("broken profile.png", png(rgb, 8, 2, chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile" * 20))))
    m.add("broken profile.png", rgb, tolerance=0)


def make_depths(m):
    wide = rng.integers(0, 65536, (19, 23, 3))
    gray = wide[..., 0]
    m.write("rgb16.png", png(wide, 16, 2))
    m.write("gray16.png", png(gray[..., None], 16, 0))
    m.add("rgb16.png", wide / 257, tolerance=1e-4)
    m.add("gray16.png", gray / 257, tolerance=1e-4)
    w = wide.astype(np.uint16)
    tifffile.imwrite(m.path("rgb16.tif"), w, photometric="rgb")
    tifffile.imwrite(m.path("big endian.tif"), w, photometric="rgb", byteorder=">")
    tifffile.imwrite(m.path("bigtiff.tif"), w, photometric="rgb", bigtiff=True)
    tifffile.imwrite(m.path("planes16.tif"), w.transpose(2, 0, 1), photometric="rgb", planarconfig="separate")
    tifffile.imwrite(m.path("tiled16.tif"), w, photometric="rgb", tile=(16, 16))
    tifffile.imwrite(m.path("deflate16.tif"), w, photometric="rgb", compression="zlib")
    names = ["rgb16.tif", "big endian.tif", "bigtiff.tif", "planes16.tif", "tiled16.tif", "deflate16.tif"]
    if shutil.which("tiffcp"):
        for name, options in (("lzw16.tif", "-c lzw:2 -r 4"), ("tiles16.tif", "-c zip -t -w 32 -l 16"), ("zip16.tif", "-c zip:2")):
            subprocess.run(["tiffcp", *options.split(), m.path("rgb16.tif"), m.path(name)], check=True, stderr=subprocess.DEVNULL)
            names.append(name)
    for name in names:
        m.add(name, wide / 257, tolerance=1e-4)
    real = rng.random((19, 23, 3)) * 1.2 - .1
    tifffile.imwrite(m.path("float.tif"), real.astype(np.float32), photometric="rgb")
    m.add("float.tif", 255 * np.clip(real, 0, 1), tolerance=1e-4)
    tifffile.imwrite(m.path("gray16.tif"), gray.astype(np.uint16), photometric="minisblack")
    m.add("gray16.tif", gray / 257, tolerance=1e-4)
    tifffile.imwrite(m.path("negative.tif"), gray.astype(np.uint16), photometric="miniswhite")
    m.add("negative.tif", 255 - gray / 257, tolerance=1e-4)
    Image.fromarray((gray >> 15).astype(bool)).save(m.path("bits.tif"))
    m.add("bits.tif", 255. * (gray >> 15))
    Image.fromarray(smooth(50, 60)).save(m.path("jpeg.tif"), compression="jpeg", quality=100)
    m.add("jpeg.tif", m.decoded("jpeg.tif"), tolerance=2.5)
    for bits in (1, 2, 4):
        few = rng.integers(0, 1 << bits, (9, 16))
        packed = np.zeros((9, 16 * bits // 8), np.uint8)
        for i in range(16):
            packed[:, i * bits // 8] |= (few[:, i] << (8 - bits - i * bits % 8)).astype(np.uint8)
        data = png(packed[..., None], bits, 0)
        m.write(f"gray{bits}.png", data[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 9, bits, 0, 0, 0, 0)) + data[33:])
        m.add(f"gray{bits}.png", few * 255 / ((1 << bits) - 1))


def make_alpha(m):
    rgb = smooth(21, 34)
    alpha = np.clip(np.mgrid[0:21, 0:34][1] * 12 - 60, 0, 255).astype(np.uint8)
    rgba = np.concatenate([rgb, alpha[..., None]], 2)
    image = Image.fromarray(rgba)
    image.save(m.path("alpha.png"))
    image.save(m.path("alpha.webp"), lossless=True, exact=True)
    image.save(m.path("alpha.tga"))
    tifffile.imwrite(m.path("alpha.tif"), rgba, photometric="rgb", extrasamples=["unassalpha"])
    for name in ("alpha.png", "alpha.webp", "alpha.tif", "alpha.tga"):
        m.add(name, rgb, alpha / 255)
    wide = rng.integers(0, 65536, (21, 34, 4))
    m.write("alpha16.png", png(wide, 16, 6))
    m.add("alpha16.png", wide[..., :3] / 257, wide[..., 3] / 65535)
    multiplied = np.round(rgba[..., :3] * 257. * (alpha[..., None] / 255.))
    full = np.concatenate([multiplied, alpha[..., None] * 257.], 2).astype(np.uint16)
    tifffile.imwrite(m.path("multiplied.tif"), full, photometric="rgb", extrasamples=["assocalpha"])
    with np.errstate(divide="ignore", invalid="ignore"):
        m.add("multiplied.tif", np.minimum(multiplied / 257 / (alpha[..., None] / 255.), 255), alpha / 255, tolerance=2e-2)
    gray = np.stack([rgb[..., 0], alpha], -1)
    m.write("gray alpha.png", png(gray, 8, 4))
    m.add("gray alpha.png", rgb[..., 0], alpha / 255)
    index = (np.mgrid[0:21, 0:34][1] % 5).astype(np.uint8)
    colors = rng.integers(0, 256, (5, 3))
    opacity = np.array([0, 100, 200, 255, 255])
    m.write("palette alpha.png", png(index[..., None], 8, 3, chunk(b"PLTE", colors.astype(np.uint8).tobytes()) + chunk(b"tRNS", bytes([0, 100, 200]))))
    m.add("palette alpha.png", colors[index], opacity[index] / 255)
    m.write("key.png", png(rgb, 8, 2, chunk(b"tRNS", struct.pack(">HHH", *rgb[3, 4]))))
    m.add("key.png", rgb, np.where((rgb == rgb[3, 4]).all(-1), 0., 1.))
    Image.fromarray(index).convert("P").save(m.path("key.gif"), transparency=2)
    decoded = np.asarray(Image.open(m.path("key.gif")).convert("RGBA"))
    m.add("key.gif", decoded[..., :3], decoded[..., 3] / 255)
    opaque = np.concatenate([rgb, np.full_like(rgb[..., :1], 255)], 2)
    Image.fromarray(opaque).save(m.path("opaque.png"))
    m.add("opaque.png", rgb)


def make_inks(m):
    inks = np.concatenate([smooth(24, 32), smooth(32, 24).transpose(1, 0, 2)[..., :1] // 2], 2)
    image = Image.fromarray(inks, "CMYK")
    icc = cmyk_profile()
    m.write("press.icc", icc)
    image.save(m.path("inks.jpg"), quality=100, subsampling=0)
    image.save(m.path("inks profile.jpg"), quality=100, subsampling=0, icc_profile=icc)
    tifffile.imwrite(m.path("inks.tif"), inks, photometric="separated")
    tifffile.imwrite(m.path("inks profile.tif"), inks, photometric="separated", extratags=[(34675, 7, len(icc), icc, True)])
    plain = lambda i: (255. - i[..., :3]) * (255. - i[..., 3:]) / 255
    m.add("inks.tif", plain(inks), tolerance=1e-3)
    m.add("inks.jpg", plain(m.decoded("inks.jpg")), tolerance=2.1)
    # By the same library, but by its way for 8 bits.
    srgb = ImageCms.createProfile("sRGB")
    by_profile = ImageCms.profileToProfile(image, io.BytesIO(icc), srgb, renderingIntent=1, outputMode="RGB", flags=0x2100)  # black point compensation, no tables
    m.add("inks profile.tif", np.asarray(by_profile), tolerance=2)
    m.add("inks profile.jpg", np.asarray(by_profile), tolerance=5)
    # A proof of RGB colors by way of the press: two steps of 8 bits.
    rgb = smooth(30, 40)
    for name, intent in (("perceptual", 0), ("relative", 1)):
        there = ImageCms.profileToProfile(Image.fromarray(rgb), srgb, io.BytesIO(icc), renderingIntent=intent, outputMode="CMYK")
        back = ImageCms.profileToProfile(there, io.BytesIO(icc), srgb, renderingIntent=intent, outputMode="RGB")
        Image.fromarray(rgb).save(m.path(f"proof {name}.png"))
        with open(m.path(f"proof {name}.proof"), "wb") as f:
            f.write(struct.pack("=iii", 40, 30, 0) + np.asarray(back, np.float64).tobytes())


def make(folder):
    os.makedirs(folder, exist_ok=True)
    m = Maker(folder)
    for part in (make_orientations, make_profiles, make_depths, make_alpha, make_inks):
        part(m)
    rgb = smooth(8, 9)
    name = "mit Leerzeichen, ünïcödé 絵.png"
    Image.fromarray(rgb).save(m.path(name))
    m.add(name, rgb)
    with open(m.path("list"), "w", encoding="utf-8") as f:
        f.writelines(m.lines)


# ---- what pastiche wrote ----

def read_back(path, bits):
    if path.endswith(".tif"):
        return tifffile.imread(path).astype(np.float64)
    if bits == 16:  # Pillow reads 8 bits of it
        data, at, raw = open(path, "rb").read(), 8, b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
            if kind == b"IHDR":
                w, h, depth, color = struct.unpack(">IIBB", body[:10])
                assert depth == 16
            raw += body if kind == b"IDAT" else b""
            at += 12 + length
        n = {2: 3, 6: 4}[color]
        return unfilter(zlib.decompress(raw), h, w * n * 2, n * 2).view(">u2").reshape(h, w, n).astype(np.float64)
    return np.asarray(Image.open(path)).astype(np.float64)


def unfilter(raw, h, row, step):
    out = np.zeros((h, row), np.uint8)
    for y in range(h):
        kind, line = raw[y * (row + 1)], bytearray(raw[y * (row + 1) + 1:(y + 1) * (row + 1)])
        above = out[y - 1].tolist() if y else [0] * row
        for i in range(row):
            a, b, c = line[i - step] if i >= step else 0, above[i], above[i - step] if i >= step else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        out[y] = np.frombuffer(bytes(line), np.uint8)
    return out


def check(folder, colors):
    """Lines: FILE BITS TOLERANCE; FILE.truth as above."""
    for line in open(os.path.join(folder, "checks"), encoding="utf-8"):
        name, bits, tolerance = line.rsplit(" ", 2)
        path, bits, tolerance = os.path.join(folder, name), int(bits), float(tolerance)
        data = open(path + ".truth", "rb").read()
        w, h, has_alpha = struct.unpack("=iii", data[:12])
        truth = np.frombuffer(data[12:], np.float64)
        rgb = truth[:3 * w * h].reshape(h, w, 3) * (257 if bits == 16 else 1)
        got = read_back(path, bits)
        assert got.shape == (h, w, 4 if has_alpha else 3), (name, got.shape)
        shown = np.ones((h, w, 1), bool)
        if has_alpha:
            alpha = truth[3 * w * h:].reshape(h, w) * ((1 << bits) - 1)
            assert abs(got[..., 3] - np.floor(alpha + .5)).max() <= tolerance, (name, "alpha")
            shown = got[..., 3:] > 0
        worst = (abs(got[..., :3] - np.floor(np.clip(rgb, 0, (1 << bits) - 1) + .5)) * shown).max()
        assert worst <= tolerance, (name, worst)
        if colors and not path.endswith((".bmp", ".tga")):
            info = Image.open(path).info
            assert path.endswith(".webp") or info.get("icc_profile") or "srgb" in info, (name, "no colors")


if len(sys.argv) < 2:
    sys.exit(0)
elif sys.argv[2:3] == ["--check"]:
    check(sys.argv[1], "--colors" in sys.argv)
else:
    make(sys.argv[1])
