"""A small classifier, and its file: safetensors whose metadata describes how to build it."""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from gan.config.choices import Channels
from gan.networks.described import read_described, write_described

KEY = "gan_classifier"
"""Key of the entry in the metadata."""

WIDTHS = (16, 32, 64, 128)
"""Output channels of the first convolutions; any later ones have the last of these."""
GRID = 4
"""Side of the last map, which the linear layer classifies."""


class Classifier(nn.Module):
    """Strided 5x5 convolutions until a picture is 4 pixels wide, and a linear layer.

    It has no norms: statistics of one domain's pictures would be wrong for the other's. Its
    initial weights are torch's defaults, drawn from the seed alone.
    """

    def __init__(self, classes: Sequence[str], channels: Channels, side: int, seed: int) -> None:
        """Build a classifier of the named classes, for training pictures `side` pixels wide.

        Pictures of other sizes are accepted: their last maps are averaged to the same grid.
        """
        super().__init__()
        self.spec = {"classes": list(classes), "channels": channels, "side": side}
        halvings = max(1, math.ceil(math.log2(side / GRID)))
        widths = [channels, *(WIDTHS[min(i, len(WIDTHS) - 1)] for i in range(halvings))]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            stages: list[nn.Module] = []
            for before, after in pairwise(widths):
                stages += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.ReLU()]
            head = nn.Linear(widths[-1] * GRID**2, len(classes))
        self.model = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(GRID), nn.Flatten(), head)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, classes) of images (N, C, H, W) in [-1, 1]."""
        return cast(Tensor, self.model(images))


def save_classifier(classifier: Classifier, path: Path, about: dict[str, Any]) -> None:
    """Write a classifier and facts about its training (`about`) atomically; create the folder."""
    description = {"version": 1, "classifier": classifier.spec, "about": about}
    write_described(path, classifier.state_dict(), KEY, description)


def load_classifier(path: Path) -> tuple[Classifier, dict[str, Any]]:
    """Return the classifier of a file, on the CPU, and the facts about its training.

    ValueError, with the file, if it is damaged or not a classifier, or if its weights do not fit
    its description.
    """
    tensors, description = read_described(path, KEY, "classifier")
    try:
        described = json.loads(description)
        classifier = Classifier(**described["classifier"], seed=0)
        classifier.load_state_dict(tensors)
        return classifier, described["about"]
    except (RuntimeError, TypeError, KeyError, ValueError) as error:
        raise ValueError(
            f"{path}: weights and description do not fit: {str(error).splitlines()[0]}"
        ) from error
