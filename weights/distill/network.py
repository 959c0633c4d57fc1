"""VGG networks as dictionaries of tensors: reading and writing files, features, the terms of the objective.

A network is {"conv1_1.weight": [out, in, 3, 3], "conv1_1.bias": [out], ...}. Teacher and student differ only in their
channels, so every function here serves both. Images are [n, 3, h, w], BGR, 0..255 minus MEAN.
"""
import json
import struct

import numpy as np
import torch
import torch.nn.functional as fn

MEAN = (103.939, 116.779, 123.68)
LAYERS = [f"{b}_{u}" for b, n in enumerate((2, 2, 4, 4, 1), 1) for u in range(1, n + 1)]  # to 5_1, the last that is used
STYLE = ["1_1", "2_1", "3_1", "4_1", "5_1"]
CONTENT = "4_2"
CONTENT_WEIGHT, STYLE_WEIGHT = 5.0, 100.0
DTYPES = {"F16": "<f2", "F32": "<f4"}


def read(path):
    with open(path, "rb") as file:
        head = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    head.pop("__metadata__", None)
    arrays = {name: np.frombuffer(data[slice(*info["data_offsets"])], DTYPES[info["dtype"]]).reshape(info["shape"])
              for name, info in head.items()}
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()
            if name.split(".")[0][4:] in LAYERS}


def write(path, weights, metadata):
    """Writes F16 safetensors with the conventions that pastiche checks."""
    head = {"__metadata__": {"layout": "OIHW", "channel_order": "BGR", "pixel_range": "0..255",
                             "mean": "103.939,116.779,123.68", "padding": "zero", **metadata}}
    blobs, at = [], 0
    for layer in LAYERS:
        for part in ("weight", "bias"):
            name = f"conv{layer}.{part}"
            blob = weights[name].detach().numpy().astype("<f2")
            if not np.isfinite(blob).all():
                raise ValueError(f"{name} does not fit into F16")
            head[name] = {"dtype": "F16", "shape": list(blob.shape), "data_offsets": [at, at + blob.nbytes]}
            blobs.append(blob.tobytes())
            at += blob.nbytes
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


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
    flat = feature.flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def terms(maps, target_grams, target_content):
    """The weighted terms of neural-style's objective but for the smoothness, a value an image: {layer: [n]}."""
    out = {layer: STYLE_WEIGHT * (gram(maps[layer]) - target_grams[layer]).square().mean((1, 2)) for layer in STYLE}
    out[CONTENT] = CONTENT_WEIGHT * (maps[CONTENT] - target_content).square().mean((1, 2, 3))
    return out
