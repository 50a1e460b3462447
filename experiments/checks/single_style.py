"""Measure the effect of the loss terms of a frozen network, on folders of real images."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gan.config import Config
from gan.domains import DIRECTIONS
from gan.images import list_images, read_image, resize_short, write_image
from gan.images.pixels import from_image, to_image, to_unit
from gan.inference.folder import TranslateOptions, translate_folder
from gan.losses import total_variation
from gan.networks.files import load_generator
from gan.training import train
from gan.training.objective import Maps, appearance_terms, style_distance, weighted
from gan.training.perceptual import PerceptualNetwork
from gan.training.recipes.single_style import read_painting

CPU = torch.device("cpu")
TERMS = {"perceptual": 1.0, "style": 100.0, "tv": 1.0}
"""Weights of the three terms."""


def load(folder: Path, size: int, count: int | None = None) -> list[Tensor]:
    """Return the centers of evenly spaced images of a folder, (1, 3, size, size) in [-1, 1]."""
    files = list_images(folder)
    chosen = files[:: max(1, len(files) // count)][:count] if count else files
    images = []
    for path in chosen:
        pixels = from_image(resize_short(read_image(path), size))
        top, left = (pixels.shape[1] - size) // 2, (pixels.shape[2] - size) // 2
        images.append(to_unit(pixels[None, :, top : top + size, left : left + size]))
    return images


def without_each_term(
    root: Path, weights: Path, folder: Path, steps: int = 200, seeds: int = 3, crop: int = 64
) -> int:
    """Train with all three terms, and without each; return 0 if each term helps.

    Each term, unweighted, on the images of root/testA and testB, both directions added, must be
    lower after the run with all three than after the run without it, for every seed.

    Args:
        root: Folder with trainA, trainB, testA and testB.
        weights: torchvision's file of MobileNetV2.
        folder: Folder for the runs.
        steps: Steps of each run.
        seeds: Number of seeds.
        crop: Side of the crops in pixels.
    """
    failed = 0
    for seed in range(seeds):
        both = measure(root, weights, folder, dict(TERMS), seed, steps, crop)
        for term in TERMS:
            rest = {name: weight for name, weight in TERMS.items() if name != term}
            lacking = measure(root, weights, folder, rest, seed, steps, crop)
            verdict = "lower" if both[term] < lacking[term] else "NOT LOWER"
            failed += both[term] >= lacking[term]
            print(f"seed {seed} {term}: {lacking[term]:.5f} without, {both[term]:.5f}: {verdict}")
    return int(failed > 0)


def measure(
    root: Path, weights: Path, folder: Path, on: dict[str, float], seed: int, steps: int, crop: int
) -> dict[str, float]:
    """Return the three terms on test images after a training with the terms `on`."""
    run = folder / f"seed{seed}-{'-'.join(on)}"
    config = terms_config(root, weights, run, on, seed, steps, crop)
    train(config)
    everything = config.model_copy(update={"loss": config.loss.model_copy(update=TERMS)})
    eye = PerceptualNetwork(everything, CPU)
    sums = dict.fromkeys(TERMS, 0.0)
    with torch.inference_mode():
        for direction, ends in DIRECTIONS.items():
            generator = load_generator(run / f"gen_{direction}.safetensors")[0]
            style = mean_style(eye, load(root / f"train{ends.target.upper()}", crop, 40))
            originals = load(root / f"test{ends.source.upper()}", crop, 20)
            for real in originals:
                content = eye.content_of(eye(real))
                terms = appearance_terms(direction, generator(real), content, style, eye)
                for name, value in weighted(terms, everything.loss).items():
                    term = name.removesuffix(f"_{direction}")
                    sums[term] += float(value) / TERMS[term] / len(originals)
    return sums


def terms_config(
    root: Path, weights: Path, run: Path, on: dict[str, float], seed: int, steps: int, crop: int
) -> Config:
    """Return a configuration with narrow networks and few pixels."""
    return Config.model_validate(
        {
            "data": {
                "root": root, "resize": "short", "load_size": crop + 8, "crop_size": crop,
                "workers": 0,
            },
            "networks": {
                "generator": "resnet_6blocks", "generator_channels": 8, "upsample": "resize",
                "discriminator": "n_layers", "discriminator_layers": 2,
                "discriminator_channels": 16,
            },
            "loss": on,
            "perceptual": {"backbone": "mobilenet_v2", "weights": weights},
            "optim": {"lr": 1e-3},
            "train": {"max_steps": steps, "log_every": 100},
            "run": {"dir": run, "seed": seed, "device": "cpu"},
        }
    )  # fmt: skip


def mean_style(eye: PerceptualNetwork, images: Sequence[Tensor]) -> Maps:
    """Return the mean Gram matrices of several images."""
    grams = [eye.style_of(eye(image)) for image in images]
    return {layer: torch.stack([gram[layer] for gram in grams]).mean(0) for layer in grams[0]}


def one_style(
    photographs: Path,
    unseen: Path,
    painting: Path,
    weights: Path,
    folder: Path,
    seconds: float = 300,
    size: int = 128,
    channels: int = 16,
    style: float = 200,
) -> int:
    """Train on one painting for some minutes; return 0 if translations are near its style.

    The mean style distance of translations of unseen photographs to the painting must be at most
    half of the photographs' distance. FOLDER/sheet.png shows both.

    Args:
        photographs: Folder of training photographs.
        unseen: Folder of other photographs.
        painting: The style image.
        weights: torchvision's file of MobileNetV2.
        folder: Folder for the run, the images and the sheet.
        seconds: Time for training, including its start.
        size: Side of photographs and painting in pixels.
        channels: Value of networks.generator_channels.
        style: Value of loss.style.
    """
    originals = load(unseen, size)
    for number, image in enumerate(originals):
        pixels = ((image[0] + 1) * 127.5).round().to(torch.uint8)
        write_image(to_image(pixels), folder / "photographs" / f"{number:03d}.png")
    keys = {
        "data.a": photographs, "style.image": painting, "style.size": size,
        "run.dir": folder / "run", "data.load_size": size + 8, "data.crop_size": size,
        "data.workers": 0, "loss.style": style,
        "networks.generator_channels": channels, "perceptual.backbone": "mobilenet_v2",
        "perceptual.weights": weights, "train.batch_size": 1, "train.epochs": 10000,
        "train.log_every": 50, "run.device": "cpu",
    }  # fmt: skip
    train_for(seconds, "one_style", keys)
    translate_folder(
        TranslateOptions(
            model=folder / "run",
            input=folder / "photographs",
            output=folder / "paintings",
            overwrite=True,
        )
    )
    results = load(folder / "paintings", size)
    eye = PerceptualNetwork(Config.model_validate({
        "perceptual": {"backbone": "mobilenet_v2", "weights": weights}, "loss": {"style": 1},
    }), CPU)  # fmt: skip
    with torch.inference_mode():
        desired = eye.style_of(eye(read_painting(painting, size, 3)))
        before, after = (
            [float(style_distance(eye(image), desired)) for image in images]
            for images in (originals, results)
        )
    rows = [torch.cat([real, made], 2) for real, made in zip(originals, results, strict=True)]
    sheet = torch.cat([row[0] for row in rows[:: max(1, len(rows) // 10)]], dim=2)
    write_image(to_image(((sheet + 1) * 127.5).round().to(torch.uint8)), folder / "sheet.png")
    ratio = sum(after) / sum(before)
    numbers = {
        "photographs": sum(before) / len(before), "translations": sum(after) / len(after),
        "ratio": ratio, "halved": sum(x <= y / 2 for x, y in zip(after, before, strict=True)),
        "of": len(before),
        "variation": [float(total_variation(torch.cat(x))) for x in (originals, results)],
    }  # fmt: skip
    print(json.dumps(numbers))
    return int(ratio > 0.5)


def train_for(seconds: float, recipe: str, keys: dict[str, object]) -> None:
    """Run train.py with a recipe and end it by a signal; it saves and exits with status 75."""
    root = Path(__file__).parents[2]
    options = [str(word) for name, value in keys.items() for word in (f"--{name}", value)]
    options = ["--config", str(root / "configs" / f"{recipe}.yaml"), *options]
    begun = time.monotonic()
    run = subprocess.Popen([sys.executable, str(root / "train.py"), *options])
    try:
        run.wait(max(0.0, seconds - (time.monotonic() - begun)))
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGTERM)
    if run.wait() not in (0, 75):
        raise ValueError(f"the training ended with status {run.returncode}")
