"""Measure what the demo's network reaches when it is given the answers: a bound for `make demo`.

python -m experiments.checks.demo_answers --photographs PHOTO2OCHRE/trainA --steps 480

Trains the demo's generator on pairs: crops of the demo's photographs and their prints, by the mean
absolute difference alone. Prints the L1 to the true prints, as a part of the photographs' own, on
the demo's test images and on three crops of each of the photographs, which the demo does not have.
"""

import random
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from jsonargparse import auto_cli
from torch import Tensor, nn

from demo.dataset import prepare
from demo.distances import truth_distance
from demo.painting import Pixels, paint
from gan.images import list_images, read_image
from gan.images.pixels import from_array, to_array, to_pixels, to_unit
from gan.networks import build_generator, init_weights
from gan.system.progress import Progress

CROP = 128
RATE, FALLING = 1e-3, 0.4
"""Learning rate, and the last part of the training, in which it falls to zero."""
AVERAGE = 0.98
HELD = ("_00", "_07", "_14")
"""Ends of the names of the crops that are measured."""


def answers(photographs: Path, steps: int = 480, seed: int = 0) -> None:
    """Train on pairs and print the distances.

    Args:
        photographs: Folder with crops of photographs that the demo does not have.
        steps: Steps of one image; the demo has 480.
        seed: Seed of the weights and of the crops.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder) / "demo"
        prepare(root)
        trained = train(pixels(list_images(root / "trainA")), steps, seed)
        tests = {
            "the demo's test images": list_images(root / "testA"),
            "other photographs": [p for p in list_images(photographs) if p.stem[-3:] in HELD],
        }
        for name, paths in tests.items():
            images = pixels(paths)
            prints = [paint(image) for image in images]
            before = truth_distance(images, prints)
            after = truth_distance([translated(trained, image) for image in images], prints)
            part = f"{100 * after / before:.0f} %"
            print(f"{name} ({len(images)}): L1 {after:.3f} of {before:.3f}, {part}")


def pixels(paths: Iterable[Path]) -> list[Pixels]:
    """Return images as pixels, (H, W, 3)."""
    return [np.asarray(read_image(path).convert("RGB")) for path in paths]


def train(photographs: list[Pixels], steps: int, seed: int) -> nn.Module:
    """Return the average of a generator that was trained on photographs and their prints."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    pairs = [(image, paint(image)) for image in photographs]
    arguments = {"kind": "resnet_6blocks", "channels": 16, "upsample": "resize"}
    network = build_generator(**arguments).to(memory_format=torch.channels_last)  # type: ignore[arg-type]
    init_weights(network, 0.02, torch.Generator().manual_seed(seed))
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, betas=(0.5, 0.99))
    average = {name: each.clone() for name, each in network.state_dict().items()}
    with Progress(steps, "steps") as bar:
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = RATE * min(1, (steps - step) / (FALLING * steps))
            image, target = cut(*rng.choice(pairs), rng)
            loss = (network(image) - target).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for name, each in network.state_dict().items():
                average[name].lerp_(each, 1 - AVERAGE)
            bar.update()
    network.load_state_dict(average)
    return network.eval()


def cut(image: Pixels, target: Pixels, rng: random.Random) -> tuple[Tensor, Tensor]:
    """Return one crop of both, (1, 3, CROP, CROP) in [-1, 1], half of them mirrored."""
    top, left = (rng.randrange(side - CROP + 1) for side in image.shape[:2])
    mirrored = rng.random() < 0.5
    parts = (unit(each[top : top + CROP, left : left + CROP]) for each in (image, target))
    first, second = (part.flip(3) if mirrored else part for part in parts)
    return first, second


def unit(image: Pixels) -> Tensor:
    """Return pixels (H, W, 3) as a batch (1, 3, H, W) in [-1, 1]."""
    return to_unit(from_array(image))[None]


@torch.no_grad()
def translated(network: nn.Module, image: Pixels) -> Pixels:
    """Return a network's translation of an image, of the same size."""
    return to_array(to_pixels(network(unit(image))[0]))


if __name__ == "__main__":
    auto_cli(answers, as_positional=False)
