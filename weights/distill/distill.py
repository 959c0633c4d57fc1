#!/usr/bin/env python3
"""Makes weights/small.safetensors from VGG-19, pictures and a seed.

    nice python3 weights/distill/distill.py --images FOLDER --teacher vgg19.safetensors --program build/pastiche \\
        --out weights/small.safetensors [--work FOLDER] [--seed 0]

FOLDER has photos/*.jpg and art/*.jpg. Needs PyTorch (made with 2.x on a CPU), numpy and Pillow. Takes up again from the
work folder when it was stopped.
"""
import argparse
import pathlib

import numpy as np
import torch

import pictures as source
from fit import fit
from network import LAYERS, read, write
from train import Training

# Wide where the objective looks and maps are small, narrow at full resolution, where memory traffic counts.
WIDTHS = dict(zip(LAYERS, (16, 16, 32, 48, 80, 80, 80, 80, 192, 192, 96, 96, 128)))
FIT_PICTURES, FIT_SIZE = 40, 192
ROUNDS, STEPS, RATE = 12, 150, 1e-3
FIRST_GROUPS, FRESH_GROUPS, OLD_GROUPS = 24, 8, 16
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

    start = options.work / "fitted.pt"
    if not start.exists():
        rng = np.random.default_rng(options.seed)
        pictures = [source.sample(photos, art, FIT_SIZE, rng)[None] for _ in range(FIT_PICTURES)]
        torch.save(fit(teacher, pictures, WIDTHS, log=say)[0], start)
    training = Training(teacher, torch.load(start), photos, art, np.random.default_rng([options.seed, 1]))
    checkpoint = options.work / "training.pt"
    if checkpoint.exists():
        training.load(checkpoint)
        say(f"taking up again after step {training.step}")
    optimizer = training.optimizer(RATE)
    for number in range(training.step // STEPS, options.rounds):
        training.rng = np.random.default_rng([options.seed, 2, number])
        first = not training.groups
        training.paint(options.program, options.work, FIRST_GROUPS if first else FRESH_GROUPS, 0 if first else OLD_GROUPS)
        say(f"round {number + 1} of {options.rounds}: {len(training.groups)} groups")
        training.descend(optimizer, STEPS, options.rounds * STEPS, say)
        training.save(checkpoint)
        write(options.out, training.finished(), {
            "licence": "MIT", "teacher": "VGG-19 (Simonyan and Zisserman 2014, CC BY 4.0)", "recipe": RECIPE,
            "steps": str(training.step), "seed": str(options.seed)})


if __name__ == "__main__":
    main()
