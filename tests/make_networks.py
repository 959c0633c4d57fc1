#!/usr/bin/env python3
"""Writes networks with the formats' own writers, for test_importers.c and for trials by hand.

    make_networks.py FOLDER [NETWORK.safetensors [NAME...]]

Without a network, small random ones are made: a VGG-19 and a VGG-16 of 4 to 8 channels, as truth-19.safetensors and
truth-16.safetensors in Caffe's convention. With one, only files of that network are; with names, only those files.
Prints a line for each file, as soon as it is there:

    FILE TRUTH KIND

where KIND says how it compares with the file TRUTH: "same" bit for bit, "folded" after a change of convention. Formats
whose Python modules are missing are left out with a line "# ...". Exit code 77 without NumPy.
"""
import json
import os
import struct
import sys

try:
    import numpy as np
except ImportError:
    print("# no numpy")
    sys.exit(77)

UNITS = {19: (2, 2, 4, 4, 4), 16: (2, 2, 3, 3, 3)}
MEAN = np.array([103.939, 116.779, 123.68])  # blue, green, red
TORCH_MEAN, TORCH_SD = np.array([.485, .456, .406]), np.array([.229, .224, .225])  # red, green, blue


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        tensors = {}
        for name, facts in header.items():
            if name == "__metadata__":
                continue
            begin, end = facts["data_offsets"]
            file.seek(start + begin)
            kind = {"F32": "<f4", "F16": "<f2"}[facts["dtype"]]
            tensors[name] = np.frombuffer(file.read(end - begin), kind).reshape(facts["shape"]).astype(np.float32)
    return tensors


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def random_network(depth):
    rng = np.random.default_rng(depth)
    tensors, c_in = {}, 3
    for block, (units, c_out) in enumerate(zip(UNITS[depth], (4, 5, 6, 8, 7)), 1):
        for unit in range(1, units + 1):
            scale = np.sqrt(2 / (9 * c_in))
            tensors[f"conv{block}_{unit}.weight"] = (scale * rng.standard_normal((c_out, c_in, 3, 3))).astype(np.float32)
            tensors[f"conv{block}_{unit}.bias"] = rng.standard_normal(c_out).astype(np.float32)
            c_in = c_out
    return tensors


def convolutions(tensors):
    """(name, block, unit, weight, bias) in order."""
    names = sorted(name[:-7] for name in tensors if name.endswith(".weight"))
    return [(n, int(n[4]), int(n.split("_")[1]), tensors[n + ".weight"], tensors[n + ".bias"])
            for n in sorted(names, key=lambda n: (int(n[4]), int(n.split("_")[1])))]


def to_torchvision(tensors):
    """The network of the same function for RGB in 0..1, normalized, but for the border."""
    tensors = dict(tensors)
    weight = tensors["conv1_1.weight"].astype(np.float64)[:, ::-1]  # now red, green, blue
    shift = 255 * TORCH_MEAN - MEAN[::-1]
    bias = tensors["conv1_1.bias"] + np.einsum("ockl,c->o", weight, shift)
    tensors["conv1_1.weight"] = (weight * (255 * TORCH_SD)[None, :, None, None]).astype(np.float32)
    tensors["conv1_1.bias"] = bias.astype(np.float32)
    return tensors


def listed(tensors, first=0, step=2, prefix="features."):
    """torchvision's names, by the place in a list of modules."""
    result, place, block_before = {}, first, 1
    for name, block, _, weight, bias in convolutions(tensors):
        place += block != block_before
        block_before = block
        result[f"{prefix}{place}.weight"], result[f"{prefix}{place}.bias"] = weight, bias
        place += step
    return result


class Writer:
    def __init__(self, folder, truth_name, tensors, names):
        self.folder, self.truth, self.tensors, self.names = folder, truth_name, tensors, names
        self.small = len(tensors["conv1_1.bias"]) < 64

    def wants(self, name):
        return not self.names or name in self.names

    def done(self, name, kind="same"):
        print(self.path(name), self.truth, kind, flush=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- safetensors ----
    def safetensors(self):
        if not self.wants("torchvision.safetensors"):
            return
        write_safetensors(self.path("torchvision.safetensors"), listed(to_torchvision(self.tensors)))
        self.done("torchvision.safetensors", "folded")

    # ---- Keras ----
    def keras(self):
        import h5py

        def write(name, place, leaf, **options):
            if not self.wants(name):
                return
            with h5py.File(self.path(name), "w") as file:
                for n, block, unit, weight, bias in convolutions(self.tensors):
                    layer = f"block{block}_conv{unit}"
                    kernel = weight.transpose(2, 3, 1, 0)
                    folder = place.format(layer=layer)
                    for part, data in zip(leaf, (kernel, bias)):
                        file.create_dataset(folder + "/" + part.format(layer=layer), data=data,
                                            **(options if data.ndim > 1 else {}))
                    file[folder].attrs["weight_names"] = [p.format(layer=layer).encode() for p in leaf]
                file.attrs["layer_names"] = [b"block1_conv1"]
                if "model_weights" in place:  # what a whole model has besides: moments of the same names
                    file.create_dataset("optimizer_weights/block1_conv1/kernel:0", data=np.zeros(3))
                file.create_group("block1_pool")
                file.create_dataset("fc1/fc1_W_1:0", data=np.zeros((9, 4), np.float32))
            self.done(name)

        write("keras1.h5", "{layer}", ("{layer}_W_1:0", "{layer}_b_1:0"))
        write("keras2.h5", "{layer}/{layer}", ("kernel:0", "bias:0"))
        write("keras2-model.h5", "model_weights/{layer}/{layer}", ("kernel:0", "bias:0"))
        write("keras2-nested.h5", "vgg19/{layer}", ("kernel:0", "bias:0"))
        write("keras3.h5", "layers/{layer}/vars", ("0", "1"))
        write("keras-packed.h5", "{layer}/{layer}", ("kernel:0", "bias:0"), compression="gzip", shuffle=True, chunks=True)
        if not self.small:
            return
        with h5py.File(self.path("keras3-numbers.h5"), "w") as file:
            for i, (_, _, _, weight, bias) in enumerate(convolutions(self.tensors)):
                folder = "layers/functional/layers/conv2d" + (f"_{i}" if i else "") + "/vars/"
                file[folder + "0"], file[folder + "1"] = weight.transpose(2, 3, 1, 0), bias
        self.done("keras3-numbers.h5")
        with h5py.File(self.path("latest.h5"), "w", libver="latest") as file:
            for _, block, unit, weight, bias in convolutions(self.tensors):
                file[f"block{block}_conv{unit}/kernel:0"] = weight.transpose(2, 3, 1, 0)
                file[f"block{block}_conv{unit}/bias:0"] = bias
        self.done("latest.h5")

    # ---- Caffe ----
    def caffe(self):
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

        proto = descriptor_pb2.FileDescriptorProto(name="caffe_subset.proto", package="caffe", syntax="proto2")

        def message(name, *fields):
            kinds = {"string": 9, "int32": 5, "int64": 3, "float": 2, "double": 1, "enum": 5}
            m = proto.message_type.add(name=name)
            for number, field, kind, repeated in fields:
                f = m.field.add(name=field, number=number, label=3 if repeated else 1)
                if kind in kinds:
                    f.type = kinds[kind]
                    if repeated and kind != "string":
                        f.options.packed = True
                else:
                    f.type, f.type_name = 11, ".caffe." + kind

        # The fields of caffe.proto that matter, with its numbers.
        message("BlobShape", (1, "dim", "int64", True))
        message("BlobProto", (1, "num", "int32", False), (2, "channels", "int32", False), (3, "height", "int32", False),
                (4, "width", "int32", False), (5, "data", "float", True), (6, "diff", "float", True),
                (7, "shape", "BlobShape", False), (8, "double_data", "double", True))
        message("V1LayerParameter", (2, "bottom", "string", True), (3, "top", "string", True), (4, "name", "string", False),
                (5, "type", "enum", False), (6, "blobs", "BlobProto", True), (7, "blobs_lr", "float", True))
        message("LayerParameter", (1, "name", "string", False), (2, "type", "string", False), (3, "bottom", "string", True),
                (4, "top", "string", True), (7, "blobs", "BlobProto", True))
        message("NetParameter", (1, "name", "string", False), (2, "layers", "V1LayerParameter", True),
                (3, "input", "string", True), (4, "input_dim", "int32", True), (100, "layer", "LayerParameter", True))
        pool = descriptor_pool.DescriptorPool()
        pool.Add(proto)
        found = pool.FindMessageTypeByName("caffe.NetParameter")
        make = getattr(message_factory, "GetMessageClass", None)
        NetParameter = make(found) if make else message_factory.MessageFactory(pool).GetPrototype(found)

        def blob(where, data, legacy, double=False):
            b = where.blobs.add()
            if legacy:
                b.num, b.channels, b.height, b.width = (1,) * (4 - data.ndim) + data.shape
            else:
                b.shape.dim.extend(data.shape)
            (b.double_data if double else b.data).extend(data.ravel().tolist())
            return b

        def write(name, legacy, double=False):
            if not self.wants(name):
                return
            net = NetParameter(name="VGG_ILSVRC", input=["data"], input_dim=[10, 3, 224, 224])
            for n, block, unit, weight, bias in convolutions(self.tensors):
                layer = net.layers.add(name=n, type=4) if legacy else net.layer.add(name=n, type="Convolution")
                layer.bottom.append("x")
                layer.top.append(n)
                blob(layer, weight, legacy, double)
                blob(layer, bias, legacy, double).diff.extend([0.5] * len(bias))
                relu = net.layers.add(name="relu" + n[4:], type=18) if legacy else net.layer.add(name="relu" + n[4:], type="ReLU")
                relu.bottom.append(n)
            fc = net.layers.add(name="fc6", type=14) if legacy else net.layer.add(name="fc6", type="InnerProduct")
            blob(fc, np.ones((5, 7), np.float32), legacy)
            with open(self.path(name), "wb") as file:
                file.write(net.SerializeToString())
            self.done(name)

        write("v1.caffemodel", True)
        write("now.caffemodel", False)
        if self.small:
            write("double.caffemodel", False, True)

    # ---- ONNX ----
    def onnx(self):
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        def write(name, raw, constants=False, network=None):
            if not self.wants(name):
                return
            nodes, tensors, x, block_before = [], [], "data", 1
            for n, block, _, weight, bias in convolutions(network or to_torchvision(self.tensors)):
                if block != block_before:
                    nodes.append(helper.make_node("MaxPool", [x], [n + "_in"], kernel_shape=[2, 2], strides=[2, 2]))
                    x = n + "_in"
                block_before = block
                for part, data in (("w", weight), ("b", bias)):
                    tensor = (numpy_helper.from_array(data, n + part) if raw else
                              helper.make_tensor(n + part, TensorProto.FLOAT, data.shape, data.ravel().tolist()))
                    if constants:
                        nodes.append(helper.make_node("Constant", [], [n + part], value=tensor))
                    else:
                        tensors.append(tensor)
                nodes.append(helper.make_node("Conv", [x, n + "w", n + "b"], [n], kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                                              strides=[1, 1], dilations=[1, 1], group=1))
                nodes.append(helper.make_node("Relu", [n], [n + "r"]))
                x = n + "r"
            nodes.append(helper.make_node("Flatten", [x], ["flat"]))
            graph = helper.make_graph(nodes, "vgg", [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 64, 64])],
                                      [helper.make_tensor_value_info("flat", TensorProto.FLOAT, None)], tensors)
            onnx.save(helper.make_model(graph, producer_name="make_networks"), self.path(name))
            self.done(name, "same" if network else "folded")

        if not self.small:  # the original weights are known by their biases
            write("caffe.onnx", True, False, self.tensors)
        write("raw.onnx", True)
        write("floats.onnx", False)
        write("constants.onnx", True, True)

    # ---- PyTorch ----
    def torch(self):
        import collections

        import torch

        def state(tensors):
            return collections.OrderedDict((n, torch.from_numpy(np.ascontiguousarray(t))) for n, t in tensors.items())

        def save(name, what, kind="same", **options):
            if not self.wants(name):
                return
            torch.save(what, self.path(name), **options)
            self.done(name, kind)

        by_place = state(self.tensors)
        with_classifier = state(listed(self.tensors))
        with_classifier["classifier.1.weight"] = torch.ones(5, 7)
        save("named.pth", by_place)
        save("named-legacy.pth", by_place, _use_new_zipfile_serialization=False)
        save("caffe-shifted.pth", with_classifier)
        save("caffe-shifted-legacy.pth", with_classifier, _use_new_zipfile_serialization=False)
        torchvision = state(listed(to_torchvision(self.tensors)))
        torchvision["classifier.0.weight"] = torch.ones(5, 7)
        save("torchvision.pth", torchvision, "folded")
        save("torchvision-legacy.pth", torchvision, "folded", _use_new_zipfile_serialization=False)
        save("checkpoint.pth", {"epoch": 3, "loss": 0.5, "state_dict": by_place, "done": True, "names": ["a", None]})
        parameters = collections.OrderedDict((n, torch.nn.Parameter(t)) for n, t in by_place.items())
        save("parameters.pth", parameters)
        save("wrapped.pth", collections.OrderedDict(("module." + n, t) for n, t in by_place.items()))
        if self.small:
            save("double.pth", {n: t.double() for n, t in by_place.items()})
            last = {n: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t for n, t in by_place.items()}
            save("channels-last.pth", last)
            save("channels-last-legacy.pth", last, _use_new_zipfile_serialization=False)
            flat = torch.cat([t.reshape(-1) for t in by_place.values()])
            views, at = {}, 0
            for n, t in by_place.items():
                views[n] = flat[at:at + t.numel()].view(t.shape)
                at += t.numel()
            save("views.pth", views)
            save("views-legacy.pth", views, _use_new_zipfile_serialization=False)
            save("protocol4.pth", by_place, pickle_protocol=4)
            modules, c_in, block_before = [], 3, 1
            for _, block, _, weight, bias in convolutions(self.tensors):
                if block != block_before:
                    modules.append(torch.nn.MaxPool2d(2))
                block_before = block
                conv = torch.nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
                conv.weight.data, conv.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
                modules += [conv, torch.nn.ReLU()]
            torch.save(torch.nn.Sequential(*modules), self.path("whole-model.pth"))  # for refusing: it holds objects
        # vgg_normalized.pth: colors by a 1x1 convolution first, and paddings of their own.
        adain = {"0.weight": torch.tensor([[0., 0, 255], [0, 255, 0], [255, 0, 0]]).reshape(3, 3, 1, 1),
                 "0.bias": torch.tensor([-103.939, -116.779, -123.68])}
        adain.update(state(listed(self.tensors, 2, 3, "")))
        save("adain.pth", collections.OrderedDict(adain))

    # ---- MATLAB ----
    def matlab(self):
        import scipy.io

        def write(name, old, compress, mean=(123.68, 116.779, 103.939), kind="same"):
            if not self.wants(name):
                return
            layers = []
            for n, block, unit, weight, bias in convolutions(self.tensors):
                kernel = np.asfortranarray(weight.transpose(2, 3, 1, 0))
                if n == "conv1_1":
                    kernel = kernel[:, :, ::-1]
                parts = np.empty((1, 2), object)
                parts[0, 0], parts[0, 1] = kernel, bias.reshape(-1, 1) if old else bias.reshape(1, -1)
                layer = {"type": "conv", "name": n, "stride": np.ones((1, 2)), "pad": np.ones((1, 4))}
                layer.update({"filters": parts[0, 0], "biases": parts[0, 1]} if old else {"weights": parts})
                layers += [layer, {"type": "relu", "name": "relu" + n[4:]}]
            layers.append({"type": "conv", "name": "fc6", "weights": np.ones((2, 2, 3))})
            cells = np.empty((1, len(layers)), object)
            for i, layer in enumerate(layers):
                cells[0, i] = layer
            average = np.array(mean, np.float32).reshape(1, 1, 3)
            if old:
                average = np.broadcast_to(average, (224, 224, 3)).copy()
            normalization = {"averageImage": average, "imageSize": np.array([[224., 224, 3]])}
            rest = {"normalization": normalization} if old else {"meta": {"normalization": normalization}}
            scipy.io.savemat(self.path(name), {"layers": cells, **rest}, do_compression=compress)
            self.done(name, kind)

        write("old.mat", True, False)
        write("new.mat", False, False)
        write("packed.mat", False, True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, networks, names = sys.argv[1], sys.argv[2:3], sys.argv[3:]
    if not networks:
        for depth in UNITS:
            networks.append(os.path.join(folder, f"truth-{depth}.safetensors"))
            write_safetensors(networks[-1], random_network(depth))
    for network in networks:
        depth = os.path.splitext(os.path.basename(network))[0].replace("truth-", "vgg")
        where = os.path.join(folder, depth)
        os.makedirs(where, exist_ok=True)
        writer = Writer(where, network, read_safetensors(network), names)
        for format in ("safetensors", "keras", "caffe", "onnx", "torch", "matlab"):
            try:
                getattr(writer, format)()
            except ImportError as missing:
                print(f"# no {format}: {missing}")


main()
