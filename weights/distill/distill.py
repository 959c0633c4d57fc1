#!/usr/bin/env python3
"""Makes weights/small.safetensors from VGG-19, images and a seed.

    nice python3 weights/distill/distill.py --images FOLDER --teacher vgg19.safetensors --program build/pastiche \\
        --out weights/small.safetensors [--work FOLDER] [--seed 0]

FOLDER has photos/*.jpg and art/*.jpg. Needs PyTorch (made with 2.x on a CPU), numpy and Pillow. --from FILE goes on from a
trained network instead of a fit. Trains for as many minutes as it is told, whether five or a thousand, and writes the network
after each round; when it was stopped, it takes up again from the work folder. Where others share the processors, one thread and
OMP_WAIT_POLICY=PASSIVE lose the least.
"""
import argparse
import pathlib
import time

import numpy as np
import torch

import images as source
from fit import fit, reshape
from network import LAYERS, read, write
from train import Training

# Wide where the objective looks and maps are small, narrow at full resolution, where memory traffic counts.
WIDTHS = dict(zip(LAYERS, (16, 16, 32, 48, 80, 80, 80, 80, 192, 192, 96, 96, 128)))
SIZE, FIT_IMAGES = 144, 40
STEPS, RATE = 100, 2.5e-4  # a round's
FIRST_GROUPS, FRESH_GROUPS, OLD_GROUPS = 24, 5, 9
RECIPE = "3"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("images", "teacher", "program", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("distill-work"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--widths", help="channels of the layers, from conv1_1 to conv5_1, with commas (those of --from)")
    parser.add_argument("--from", dest="trained", help="a network to go on from")
    parser.add_argument("--minutes", type=float, default=300, help="the whole training, from the first step on")
    parser.add_argument("--rate", type=float, default=RATE, help="of learning, at first; it falls to a fiftieth")
    parser.add_argument("--first", default=LAYERS[0], choices=LAYERS, help="the first layer that learns: a step from 4_1 on "
                        "takes much less time, as the maps of the layers before it are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bits", type=int, choices=(8, 16), default=16, help="of the weights in the file")
    parser.add_argument("--painters", type=int, default=1, help="programs that paint beside the training")
    options = parser.parse_args()
    trained = read(options.trained) if options.trained else None
    widths = {layer: len(trained[f"conv{layer}.bias"]) for layer in LAYERS} if trained else WIDTHS
    if options.widths:
        widths = dict(zip(LAYERS, map(int, options.widths.split(",")), strict=True))
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    teacher = read(options.teacher)
    photos, art = source.load(options.images)

    def say(text):
        print(text, flush=True)

    def fitted(training):
        """A student by least squares, from fresh images and all that were painted so far."""
        images = [source.sample(photos, art, SIZE, rng)[None] for _ in range(FIT_IMAGES)]
        for group in training.groups if training else ():
            images += [group.content.x, group.style.x] + [p.x for p in group.painted[-2:]]
        return fit(teacher, images, widths, points=100000 // len(images), log=say)

    def begun(student):
        training = Training(teacher, student, photos, art, rng, SIZE)
        training.painters, training.first, training.bits = options.painters, options.first, options.bits
        return training

    def painted(student):
        training = begun(student)
        training.paint(options.program, options.work, FIRST_GROUPS, 0)
        training.join()
        return training

    rng = np.random.default_rng([options.seed, 1])
    checkpoint, start = options.work / "training.pt", options.work / "start.pt"
    if not start.exists():
        if trained:
            images = [source.sample(photos, art, SIZE, rng)[None] for _ in range(FIT_IMAGES)]
            student = reshape(trained, teacher, images, widths, log=say)
        else:  # the first fit knows no images that were painted with a student; the second does
            student = fitted(painted(fitted(None)))
        torch.save(student, start)
    training = begun(torch.load(start))
    optimizer = training.optimizer(options.rate)
    if checkpoint.exists():
        training.load(checkpoint, optimizer)
        say(f"taking up again after step {training.step}")
    else:
        training.paint(options.program, options.work, FIRST_GROUPS, 0)
        training.join()
        training.calibrate()
        training.save(checkpoint, optimizer)
    before, began = training.seconds, time.time()

    def done():
        training.seconds = before + time.time() - began
        return training.seconds / (60 * options.minutes)

    while done() < 1:
        training.rng = np.random.default_rng([options.seed, 2, training.step])
        training.paint(options.program, options.work, FRESH_GROUPS, OLD_GROUPS)
        say(f"{training.seconds / 60:.1f} minutes, {len(training.groups)} groups")
        training.descend(optimizer, STEPS, done, say)
        training.join()
        training.save(checkpoint, optimizer)
        write(options.out, training.finished(), {
            "license": "MIT", "teacher": "VGG-19 (Simonyan and Zisserman 2014, CC BY 4.0)", "recipe": RECIPE,
            "steps": str(training.step), "seed": str(options.seed)}, options.bits)


if __name__ == "__main__":
    main()
