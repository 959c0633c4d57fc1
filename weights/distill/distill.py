#!/usr/bin/env python3
"""Makes weights/small.safetensors from VGG-19, images and a seed.

    nice python3 weights/distill/distill.py --images FOLDER --teacher vgg19.safetensors --program build/pastiche \\
        --out weights/small.safetensors [--work FOLDER] [--seed 0]

FOLDER has photos/*.jpg and art/*.jpg. Needs PyTorch (made with 2.x on a CPU), numpy and Pillow. Takes up again from the
work folder when it was stopped.
"""
import argparse
import pathlib

import numpy as np
import torch

import images as source
from fit import fit
from network import LAYERS, read, write
from train import Training

# Wide where the objective looks and maps are small, narrow at full resolution, where memory traffic counts.
WIDTHS = dict(zip(LAYERS, (16, 16, 32, 48, 80, 80, 80, 80, 192, 192, 96, 96, 128)))
SIZE, FIT_IMAGES = 144, 40
ROUNDS, STEPS, RATE = 12, 100, 2.5e-4
FIRST_GROUPS, FRESH_GROUPS, OLD_GROUPS = 24, 14, 8
RECIPE = "1"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("images", "teacher", "program", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("distill-work"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
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
        return fit(teacher, images, WIDTHS, points=100000 // len(images), log=say)

    rng = np.random.default_rng([options.seed, 1])
    start = options.work / "start.pt"
    if not start.exists():  # the first fit knows no images that were painted with a student; the second does
        say("first fit")
        first = Training(teacher, fitted(None), photos, art, rng, SIZE)
        first.paint(options.program, options.work, FIRST_GROUPS, 0)
        say("second fit")
        torch.save((fitted(first), first.groups, first.extra), start)
    student, groups, extra = torch.load(start, weights_only=False)
    training = Training(teacher, student, photos, art, rng, SIZE)
    training.groups, training.extra = groups, extra
    training.calibrate()
    optimizer = training.optimizer(RATE)
    checkpoint = options.work / "training.pt"
    if checkpoint.exists():
        training.load(checkpoint, optimizer)
        say(f"taking up again after step {training.step}")
    for number in range(training.step // STEPS, options.rounds):
        training.rng = np.random.default_rng([options.seed, 2, number])
        if number:
            training.paint(options.program, options.work, FRESH_GROUPS, OLD_GROUPS)
        say(f"round {number + 1} of {options.rounds}: {len(training.groups)} groups")
        training.descend(optimizer, STEPS, options.rounds * STEPS, say)
        training.save(checkpoint, optimizer)
        write(options.out, training.finished(), {
            "license": "MIT", "teacher": "VGG-19 (Simonyan and Zisserman 2014, CC BY 4.0)", "recipe": RECIPE,
            "steps": str(training.step), "seed": str(options.seed)})


if __name__ == "__main__":
    main()
