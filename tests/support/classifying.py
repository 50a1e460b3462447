"""Class folders that are easy to classify, and small classifiers for them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from gan.semantics import Classifier, save_classifier


def write_classes(root: Path, count: int = 12) -> Path:
    """Write trainA/CLASS with dark, gray and light noise, and trainB with all of them, in color."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(("dark", "grey", "light")):
        for i in range(count):
            pixels = rng.integers(80 * number, 80 * number + 80, (20, 20, 3), dtype=np.uint8)
            (root / "trainA" / name).mkdir(parents=True, exist_ok=True)
            (root / "trainB").mkdir(exist_ok=True)
            Image.fromarray(pixels).save(root / "trainA" / name / f"{i}.png")
            Image.fromarray(255 - pixels).save(root / "trainB" / f"{name}{i}.png")
    return root


def write_classifier(path: Path, seed: int = 0) -> Path:
    """Write an untrained classifier of three classes of 16x16 color images."""
    save_classifier(classifier(seed), path, {})
    return path


def classifier(seed: int = 0) -> Classifier:
    return Classifier(("dark", "grey", "light"), 3, 16, seed)


class Rows(nn.Module):
    """Returns three logits: the means of the upper, middle and lower rows of an image."""

    def forward(self, images: Tensor) -> Tensor:
        return torch.nn.functional.adaptive_avg_pool2d(images, (3, 1)).mean(dim=1).flatten(1)
