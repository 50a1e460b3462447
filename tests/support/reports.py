"""Tiny runs and the files that a report is made of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from gan.config import Config
from tests.support.runs import config, merged

HOSTILE = "<script>alert(1)</script>.png"
"""Name of a test image; its slash makes it a file in a folder."""


def small_config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    """Return a configuration of twelve steps with five images, and a grid every fourth step."""
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


def write_run(folder: Path, seed: int = 0, **sections: Mapping[str, Any]) -> Path:
    """Write a run with its configuration only, without training."""
    chosen = small_config(Path("data"), folder, **merged({"run": {"seed": seed}}, sections))
    folder.mkdir(parents=True)
    text = yaml.safe_dump(chosen.model_dump(mode="json"))
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder


def write_state(run: Path, step: int = 12, **facts: Any) -> None:
    """Write the manifest of a training state, which describes the data."""
    folder = run / "state" / f"step-{step:08d}"
    folder.mkdir(parents=True)
    manifest = {"step": step, "processes": 1, "device": "cpu", "folders": {"a": "1", "b": "2"}}
    (folder / "manifest.json").write_text(json.dumps(manifest | facts), encoding="utf-8")


def evaluate(run: Path, step: int = 12, /, *, protocol: Any = None, **values: Any) -> None:
    """Add a line of metrics.jsonl: values by metric, or whole metrics."""
    metrics = {
        name: value if isinstance(value, dict) else {"value": value}
        for name, value in values.items()
    }
    line = {"step": step, "protocol": {"seed": 0} if protocol is None else protocol}
    append(run / "metrics.jsonl", line | {"metrics": metrics})


def write_grid(run: Path, step: int, direction: str, images: int = 2, shade: int = 0) -> None:
    """Write a sample grid of real images, which all runs share, and translations of a shade."""
    side, columns = 16, 4
    grid = np.full((images * side, columns * side, 3), shade, np.uint8)
    grid[:, :side] = np.repeat(np.arange(images), side)[:, None, None] * 40
    path = run / "samples" / f"step-{step:08d}-{direction}.png"
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(grid).save(path)
