"""A tiny run, really trained, whose copies the tests may spoil."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.config import Config
from gan.training import train

HOSTILE = "<script>alert(1)</script>.png"
"""Name of a test image; its slash makes it a file in a folder."""


def small_config(root: Path, folder: Path, **sections: dict[str, Any]) -> Config:
    """Twelve steps of five images, a grid every fourth."""
    values: dict[str, dict[str, Any]] = {
        "data": {"root": root, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2,
            "discriminator": "n_layers", "discriminator_layers": 1, "discriminator_channels": 2,
        },
        "train": {
            "epochs": 2, "decay_epochs": 0, "log_every": 1, "sample_every": 4, "pool_size": 2,
        },
        "run": {"dir": folder, "device": "cpu"},
    }  # fmt: skip
    return Config.model_validate(
        {key: values.get(key, {}) | sections.get(key, {}) for key in values | sections}
    )


def write_images(folder: Path, *names: str) -> None:
    rng = np.random.default_rng(len(names))
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(20, 24, 3), dtype=np.uint8)).save(path)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """trainA with 6 images, trainB with 3, testA with 4, one of them of a hostile name, testB."""
    root = tmp_path_factory.mktemp("dataset")
    write_images(root / "trainA", *(f"{i}.png" for i in range(6)))
    write_images(root / "trainB", *(f"{i}.png" for i in range(3)))
    write_images(root / "testA", "0.png", "1.png", "2.png", HOSTILE)
    write_images(root / "testB", "0.png", "1.png")
    return root


@pytest.fixture(scope="session")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of twelve steps; not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    train(small_config(dataset, folder))
    return folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the finished run."""
    return Path(shutil.copytree(trained, tmp_path / "tiny"))


def metric(value: float, change: str | None = None, **more: Any) -> dict[str, Any]:
    bounds = {"low": value - 0.01, "high": value + 0.01, "count": 4, "better": "lower"}
    unchanged = {"value": 0.2, "low": 0.19, "high": 0.21} if change else None
    return {"value": value, "unchanged": unchanged, "change": change} | bounds | more


@pytest.fixture(scope="session")
def write_records() -> Callable[[Path], None]:
    """Writes what evaluation and the doctor leave behind into a run."""

    def write(folder: Path) -> None:
        protocol = {"reference": {"folder": "testB", "count": 2}, "seed": 0}
        for step in (4, 8, 12):
            line = {
                "step": step, "epoch": step // 6, "time": "2026-01-01T00:00:00Z",
                "protocol": protocol | {"model": str(step)},
                "metrics": {
                    "l1_ab": metric(0.1, "better"),
                    "kid_ab": metric(0.3 + step / 100, "worse", warning="only 4 images"),
                    "cycle_a": metric(0.5),
                    "gram_ba": metric(0.006126, "better", low=0.005689, high=0.006585),
                    "cycle_b": metric(float("nan") if step == 8 else 0.5),
                },
            }  # fmt: skip
            append(folder / "metrics.jsonl", line)
        append(folder / "best.json", {"step": 8})
        append(folder / "doctor.jsonl", {
            "step": 8, "window": [5, 8], "finding": "checkerboard", "where": "ab", "value": 6.0,
            "limit": 4.0, "advice": "Set networks.upsample to resize.",
        })  # fmt: skip
        for name, score in (("0.png", 0.3), ("1.png", 0.1), ("2.png", 0.9), (HOSTILE, 0.5)):
            line = {"direction": "ab", "file": name, "scores": {"structure": score, "l1": None}}
            append(folder / "evaluation" / "step-00000012.jsonl", line)

    return write


def append(path: Path, line: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
