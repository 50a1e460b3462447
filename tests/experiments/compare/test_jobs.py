"""Trainings that run in parallel are measured one at a time."""

from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any

import pytest
import torch

from experiments.compare import command
from experiments.compare.measuring import Judge
from gan.evaluation.instruments import Instruments
from tests.support.launching import write_images


def test_a_network_of_the_loss_may_not_be_the_networks_of_metrics(tmp_path: Path) -> None:
    words = ["small", "--data", write_images(tmp_path / "noise", 2, 2), "--steps", 2]
    words += ["--features", "mobilenet_v2", "--runs", tmp_path / "runs"]
    words += ["--output", tmp_path / "out.jsonl"]
    with pytest.raises(ValueError, match="small: mobilenet_v2 was used to train these generators"):
        command.main(list(map(str, words)))
    assert not (tmp_path / "runs").exists()


def test_one_run_is_measured_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_images(tmp_path / "noise", 2, 2)
    busy = Lock()
    names: list[str] = []

    def train(words: object, config: object, pairs: object, folder: Path, budget: object) -> Any:
        (folder / "run").mkdir()
        (folder / "run/gen_ab.safetensors").write_bytes(folder.name.encode())
        return 2, 1.0

    def measure(run: Path, *_: object) -> dict[str, Any]:
        assert busy.acquire(blocking=False), "two runs are measured at once"
        sleep(0.05)
        busy.release()
        names.append(run.parent.name)
        return {"kid_ab": {"value": 1.0}}

    monkeypatch.setattr(command, "train_within", train)
    monkeypatch.setattr(command, "measure", measure)
    monkeypatch.setattr(command, "kid_of_the_truth", lambda *_: None)
    monkeypatch.setattr(command, "tables", lambda _: "")
    monkeypatch.setattr(command, "write_sheet", lambda *_: None)
    monkeypatch.setattr(Judge, "instruments", lambda _: Instruments(torch.device("cpu")))
    words = [
        "small",
        "paper",
        "--data",
        root,
        "--steps",
        2,
        "--seeds",
        2,
        "--jobs",
        4,
        "--split",
        "train",
    ]
    words += ["--runs", tmp_path / "runs", "--output", tmp_path / "out.jsonl"]
    assert command.main(list(map(str, words))) == 0
    assert len(set(names)) == len(names) == 4
