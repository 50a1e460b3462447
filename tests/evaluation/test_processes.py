"""Evaluations by several processes: the same numbers, written once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.cli.main import main
from tests.support import backbone
from tests.support.generators import write_generator
from tests.support.launching import ROOT, TORCHRUN, environment
from tests.support.pictures import Photos


def test_two_processes_give_the_numbers_of_one(tmp_path: Path, photos: Photos) -> None:
    """Seven images in batches of two: the shares differ, the batches do not."""
    photos("testA", 7), photos("testB", 5)
    torch.save(backbone.random_blocks().state_dict(), tmp_path / "mobilenet.pth")
    for direction in ("ab", "ba"):
        write_generator(tmp_path / f"gen_{direction}.safetensors", direction)

    def arguments(name: str) -> list[str]:
        options = {
            "model": tmp_path, "root": tmp_path, "size": 32, "batch_size": 2, "resamples": 50,
            "features": "mobilenet_v2", "weights": tmp_path / "mobilenet.pth", "device": "cpu",
            "output": tmp_path / name,
        }  # fmt: skip
        return [f"--{key}={value}" for key, value in options.items()]

    script = str(ROOT / "scripts" / "evaluate.py")
    done = subprocess.run(
        [sys.executable, *TORCHRUN, script, *arguments("two")],
        capture_output=True, text=True, timeout=200, cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("written to") == 1  # else both would write
    assert main(["evaluate", *arguments("one")]) == 0
    one, two = (record(tmp_path / name) for name in ("one", "two"))
    assert one["protocol"] == two["protocol"]
    # float32 sums may depend on the number of threads, which may be larger in this process.
    assert leaves(one["metrics"]) == pytest.approx(leaves(two["metrics"]), rel=1e-6, abs=1e-9)
    first, second = (tmp_path / name / "evaluation" for name in ("one", "two"))
    assert files_and_directions(first) == files_and_directions(second)


def record(folder: Path) -> dict[str, Any]:
    """The only evaluation in a folder."""
    (line,) = (folder / "metrics.jsonl").read_text().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def files_and_directions(folder: Path) -> list[tuple[str, str]]:
    """Files and directions of all images, in order."""
    records = map(json.loads, (folder / "step-00000007.jsonl").read_text().splitlines())
    return [(image["direction"], image["file"]) for image in records]


def leaves(metrics: dict[str, Any]) -> dict[str, float]:
    """All numbers of all metrics."""
    found: dict[str, float] = {}
    for name, metric in metrics.items():
        numbers = metric | {f"unchanged_{k}": v for k, v in (metric["unchanged"] or {}).items()}
        found |= {f"{name}.{k}": v for k, v in numbers.items() if isinstance(v, float | int)}
    return found
