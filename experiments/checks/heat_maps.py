"""Whether the heat maps of gan explain find the border in pictures that are half of each domain.

    python -m experiments.checks.heat_maps --run RUN --data DATA --size 128

RUN is a run directory with a training state, DATA has trainA and trainB, which the classifier is
fitted to, and testA and testB. The left half of each picture is of testB, the right half of testA.
Prints the area under the ROC curve of the pixels of both halves: 1 where every pixel on the left is
hotter than every pixel on the right, 0.5 where chance decides.
"""

from pathlib import Path

import numpy as np
import torch
from jsonargparse import auto_cli
from torch import Tensor

from gan.config import Config
from gan.explain.discriminator import EXAMPLES, spread
from gan.explain.patches import open_discriminator
from gan.explain.probe import feature_maps, fit_probe, heat_between
from gan.images import list_images, read_image, resize_square
from gan.images.pixels import from_image, to_unit
from gan.system.yaml_text import parse_yaml
from gan.training.heat import heat_maps, score


def read(path: Path, size: int) -> Tensor:
    """Read an image at size x size, (1, 3, size, size) in [-1, 1]."""
    return to_unit(from_image(resize_square(read_image(path), size))[None])


def area_under_curve(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the area under the ROC curve, by ranks (Mann and Whitney)."""
    values = np.concatenate([positive.ravel(), negative.ravel()])
    ranks = values.argsort().argsort() + 1.0
    count, others = positive.size, negative.size
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * others))


def check(run: Path, data: Path, size: int = 128) -> None:
    """Print the areas for the probe and for the raw scores."""
    config = Config.model_validate(parse_yaml((run / "config.yaml").read_text("utf-8")))
    network = open_discriminator(run, config, "b")
    maps = feature_maps(network)
    folders = {name: list_images(data / name) for name in ("trainA", "trainB", "testA", "testB")}
    count = min(EXAMPLES, len(folders["trainA"]), len(folders["trainB"]))
    a, b = (
        [read(path, size) for path in spread(folders[name], count)] for name in ("trainA", "trainB")
    )
    probe = fit_probe(maps, a, b)
    middle = size // 2
    areas: dict[str, list[float]] = {"where it looks like B": [], "raw scores": []}
    for left, right in zip(folders["testB"], folders["testA"], strict=False):
        halves = [read(left, size)[..., :middle], read(right, size)[..., middle:]]
        picture = torch.cat(halves, dim=3)
        (raw,) = heat_maps([score(network, picture)], [(size, size)])
        heats = heat_between(probe, maps, picture, a[0], b[0]), raw
        for found, heat in zip(areas.values(), heats, strict=True):
            found.append(area_under_curve(heat[:, :middle], heat[:, middle:]))
    for name, found in areas.items():
        print(
            f"{name}: mean {np.mean(found):.3f}, least {min(found):.3f}, of {len(found)} pictures"
        )


if __name__ == "__main__":
    auto_cli(check, as_positional=False)
