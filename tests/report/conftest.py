"""A tiny trained run, whose copies the tests may damage."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan.training import train
from tests.support.reports import HOSTILE, append, small_config, write_images


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """trainA with 6 images, trainB with 3, testA with 4 (one with a hostile name), testB."""
    root = tmp_path_factory.mktemp("dataset")
    write_images(root / "trainA", *(f"{i}.png" for i in range(6)))
    write_images(root / "trainB", *(f"{i}.png" for i in range(3)))
    write_images(root / "testA", "0.png", "1.png", "2.png", HOSTILE)
    write_images(root / "testB", "0.png", "1.png")
    return root


@pytest.fixture(scope="session")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of twelve steps; tests must not change it."""
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
    """Writes the records of evaluations and of the doctor into a run."""

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
            scores = {"structure": score, "l1": None}
            evaluated = {"direction": "ab", "file": name, "scores": scores}
            append(folder / "evaluation" / "step-00000012.jsonl", evaluated)

    return write
