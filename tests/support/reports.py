"""Tiny runs and the files that a report is made of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan.config import Config
from tests.support.runs import config, merged

HOSTILE = "<script>alert(1)</script>.png"
"""Name of a test image; its slash makes it a file in a folder."""


def small_config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    """Twelve steps of five images, a grid every fourth."""
    steps = {"epochs": 2, "decay_epochs": 0, "log_every": 1, "sample_every": 4}
    return config(root, folder, **merged({"train": steps}, sections))


def write_images(folder: Path, *names: str) -> None:
    rng = np.random.default_rng(len(names))
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(20, 24, 3), dtype=np.uint8)).save(path)


def append(path: Path, line: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
