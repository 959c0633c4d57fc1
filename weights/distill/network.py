#!/usr/bin/env python3
"""VGG networks as dictionaries of tensors: reading and writing files, features, the terms of the objective.

    python3 network.py IN OUT [--bits 8]

writes a trained network again, with weights of so many bits.

A network is {"conv1_1.weight": [out, in, 3, 3], "conv1_1.bias": [out], ...}. Teacher and student differ only in their
channels, so every function here serves both. Images are [n, 3, h, w], BGR, 0..255 minus MEAN.
"""
import argparse
import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as fn

MEAN = (103.939, 116.779, 123.68)
LAYERS = [f"{b}_{u}" for b, n in enumerate((2, 2, 4, 4, 1), 1) for u in range(1, n + 1)]  # to 5_1, the last that is used
STYLE = ["1_1", "2_1", "3_1", "4_1", "5_1"]
CONTENT = "4_2"
CONTENT_WEIGHT, STYLE_WEIGHT = 5.0, 100.0
DTYPES = {"F16": "<f2", "F32": "<f4", "I8": "|i1"}


def load(path):
    """(metadata, {name: array as it is stored})."""
    with open(path, "rb") as file:
        head = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = head.pop("__metadata__", {})
    return metadata, {name: np.frombuffer(data[slice(*info["data_offsets"])], DTYPES[info["dtype"]]).reshape(info["shape"])
                      for name, info in head.items()}


def read(path):
    arrays, network = load(path)[1], {}
    for name in (f"conv{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")):
        if name in arrays:  # as float products, which is what pastiche makes of them
            array = arrays[name].astype(np.float32)
            if arrays[name].dtype == np.int8:
                array = array * arrays[name + "_scale"].reshape(-1, 1, 1, 1)
            network[name] = torch.from_numpy(array)
    return network


def in_8_bits(weight):
    """(I8, F32 [out]) whose product is near a weight [out, in, 3, 3]. The largest number of a channel is 127 steps; steps
    that err least in squares instead err only half a percent less."""
    steps = np.maximum(np.abs(weight).max((1, 2, 3)), np.finfo(np.float32).tiny) / np.float32(127)
    return np.rint(weight / steps.reshape(-1, 1, 1, 1)).clip(-127, 127).astype(np.int8), steps


def write(path, weights, metadata, bits=16):
    """Writes safetensors with the conventions that pastiche checks: all as F16, or weights in 8 bits with a scale for each
    output channel beside them, as compressed-tensors names them, and biases as F32."""
    arrays = {}
    for layer in LAYERS:
        weight, bias = (weights[f"conv{layer}.{part}"].detach().numpy() for part in ("weight", "bias"))
        if bits == 8:
            arrays[f"conv{layer}.weight"], arrays[f"conv{layer}.weight_scale"] = in_8_bits(weight)
            arrays[f"conv{layer}.bias"] = bias.astype("<f4")
        else:
            arrays[f"conv{layer}.weight"], arrays[f"conv{layer}.bias"] = weight.astype("<f2"), bias.astype("<f2")
    head = {"__metadata__": {"layout": "OIHW", "channel_order": "BGR", "pixel_range": "0..255",
                             "mean": "103.939,116.779,123.68", "padding": "zero", **metadata}}
    names, at = {np.dtype(kind): name for name, kind in DTYPES.items()}, 0
    arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))  # each aligned to its size
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} does not fit into {bits} bits")
        head[name] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(array.tobytes() for array in arrays.values()))


def convolve(weights, layer, x):
    """The layer's values before its ReLU; x is the map of the layer before, not yet pooled."""
    if layer.endswith("_1") and layer != "1_1":
        x = fn.max_pool2d(x, 2)
    return fn.conv2d(x, weights[f"conv{layer}.weight"], weights[f"conv{layer}.bias"], padding=1)


def features(weights, x, last=LAYERS[-1], first=LAYERS[0]):
    """{layer: map after its ReLU} for all layers from the first, which takes x, up to the last."""
    maps = {}
    for layer in LAYERS[LAYERS.index(first):]:
        x = maps[layer] = fn.relu(convolve(weights, layer, x))
        if layer == last:
            return maps


def gram(feature):
    """[n, c, h, w] -> [n, c, c], F F' / (C N)."""
    flat = feature.permute(0, 2, 3, 1).flatten(1, 2)  # no copy where channels are last
    return flat.transpose(1, 2) @ flat / (flat.shape[1] * flat.shape[2])


def terms(maps, target_grams, target_content):
    """The weighted terms of neural-style's objective but for the smoothness, a value an image: {layer: [n]}."""
    out = {layer: STYLE_WEIGHT * (gram(maps[layer]) - target_grams[layer]).square().mean((1, 2)) for layer in STYLE}
    out[CONTENT] = CONTENT_WEIGHT * (maps[CONTENT] - target_content).square().mean((1, 2, 3))
    return out


def main():
    parser = argparse.ArgumentParser(description="Writes a trained network again, with weights of so many bits.")
    parser.add_argument("network", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=8)
    options = parser.parse_args()
    network = read(options.network)
    write(options.out, network, load(options.network)[0], options.bits)
    again = read(options.out)
    error = [float((again[name] - w).square().mean().sqrt() / w.square().mean().sqrt()) for name, w in network.items()
             if name.endswith("weight")]
    print(f"{options.out}: {options.out.stat().st_size} bytes, weights off by {min(error):.2%} to {max(error):.2%} of their size")


if __name__ == "__main__":
    main()
