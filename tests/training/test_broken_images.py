"""Images that break while a run trains on them: others replace them, and resuming is exact."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import torch

from gan.config import Config
from gan.data import Batches, build_dataset, build_loader, index_folders
from gan.data.unpaired import LoadedBatch
from gan.training import train
from gan.training.recipes.cyclegan import Trainer
from tests.support.launching import KEYS, write_images
from tests.support.pictures import Photos
from tests.support.runs import config, generators
from tests.system.test_meeting import meet

BREAKS: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "other": lambda path: path.write_text("dear diary"),
}


@pytest.fixture
def root(tmp_path: Path, photos: Photos) -> Path:
    for name in ("trainA", "trainB"):
        photos(f"data/{name}", 6)
    return tmp_path / "data"


def breaking(at: int, broken: list[Path], how: str = "gone") -> Any:
    """Break these images before a step of a run."""
    train_step = Trainer.train_step

    def step(trainer: Trainer, number: int, batches: Any) -> Any:
        if number == at:
            for path in broken:
                BREAKS[how](path)
        return train_step(trainer, number, batches)

    return patch.object(Trainer, "train_step", step)


def settings(root: Path, run: Path, steps: int = 18, **data: Any) -> Config:
    return config(
        root, run, data={"max_unreadable": 0.2} | data,
        train={"epochs": 3, "decay_epochs": 1, "log_every": 1, "max_steps": steps},
    )  # fmt: skip


@pytest.mark.parametrize("how", BREAKS)
def test_others_replace_them_and_a_resumed_run_is_the_uninterrupted_one(
    root: Path, tmp_path: Path, photos: Photos, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    path = root / "trainA/002.png"
    content = path.read_bytes()
    with breaking(3, [path], how):
        train(settings(root, tmp_path / "whole"))
    printed = capsys.readouterr().err
    assert printed.count("other images replace it") == 1
    assert f"{path}: " in printed
    path.write_bytes(content)
    with breaking(3, [path], how):
        train(settings(root, tmp_path / "parts", 12))
    assert json.loads((tmp_path / "parts/index.json").read_text())["broken"] == {
        str(path): len(content)
    }
    train(settings(root, tmp_path / "parts"))
    printed = capsys.readouterr().err
    assert f"skipped: {path}: " in printed
    assert "resuming" in printed
    assert generators(tmp_path / "whole") == generators(tmp_path / "parts")


def test_without_a_broken_image_nothing_changes(root: Path, tmp_path: Path) -> None:
    """Replacements are drawn after everything else."""
    data = settings(root, tmp_path).data
    dataset = build_dataset(settings(root, tmp_path), index_folders(data))
    before = [dataset[0, index] for index in range(6)]
    (root / "trainA/002.png").unlink()
    after = [dataset[0, index] for index in range(6)]
    equal = [
        torch.equal(a, other_a) and torch.equal(b, other_b)
        for (a, b), (other_a, other_b) in zip(before, after, strict=True)
    ]
    assert equal.count(False) == 1
    place = equal.index(False)
    assert torch.equal(before[place][1], after[place][1])


@pytest.mark.parametrize(("workers", "fresh"), [(0, False), (1, False), (1, True)])
def test_a_batch_lists_its_broken_files(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, fresh: bool
) -> None:
    """Also for workers that are not forked, as with a process group."""
    group = SimpleNamespace(is_initialized=lambda: fresh)
    monkeypatch.setattr("gan.data.unpaired.dist", group)
    whole = settings(root, tmp_path)
    dataset = build_dataset(whole, index_folders(whole.data))
    broken = root / "trainA/002.png"
    broken.unlink()
    order = Batches(6, 2, start=0, stop=3)
    loader = build_loader(dataset, order, workers=workers, device=torch.device("cpu"))
    batches = list(loader)
    assert all(isinstance(batch, LoadedBatch) for batch in batches)
    assert [list(batch.broken) for batch in batches if batch.broken] == [[str(broken)]]


def test_too_many_end_the_run_after_a_save_and_it_resumes_once_restored(
    root: Path, tmp_path: Path
) -> None:
    paths = [root / f"trainB/{number:03d}.png" for number in (1, 4)]
    contents = [path.read_bytes() for path in paths]
    train(settings(root, tmp_path / "whole"))
    with breaking(2, paths), pytest.raises(ValueError, match=r"2 of 6 images .* restore them"):
        train(settings(root, tmp_path / "run"))
    states = sorted((tmp_path / "run/state").iterdir())
    assert len(states) == 1
    with pytest.raises(ValueError, match="2 of 6 images cannot be used"):
        train(settings(root, tmp_path / "run"))
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    train(settings(root, tmp_path / "run"))
    assert (tmp_path / "run/gen_ab.safetensors").exists()


def test_if_all_are_gone_the_run_saves_and_resumes_once_restored(
    root: Path, tmp_path: Path
) -> None:
    """Like a disk that is no longer mounted; the run equals one that was stopped there."""
    contents = {path: path.read_bytes() for path in (root / "trainA").iterdir()}
    train(settings(root, tmp_path / "whole"))
    with breaking(5, list(contents)), pytest.raises(ValueError, match=r"in a row .* restore them"):
        train(settings(root, tmp_path / "run"))
    assert [path.name for path in (tmp_path / "run/state").iterdir()] == ["step-00000005"]
    for path, content in contents.items():
        path.write_bytes(content)
    train(settings(root, tmp_path / "run"))
    assert generators(tmp_path / "run") == generators(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_report_it_once_and_continue(tmp_path: Path) -> None:
    """Only one of them loads the image."""
    root = write_images(tmp_path / "data")
    keys = {"data.root": root, "run.dir": tmp_path / "run", "train.max_steps": 8}
    keys |= {"data.max_unreadable": 0.4, "train.log_every": 1}
    options = [f"--{key}={value}" for key, value in (KEYS | keys).items()]
    printed = meet("breaking", root / "trainA/2.png", *options)
    assert printed.count("other images replace it") == 1
    assert "step 8 of " in printed


def test_without_its_index_a_resumed_run_finds_another_folder(root: Path, tmp_path: Path) -> None:
    with breaking(3, [root / "trainA/002.png", tmp_path / "run/index.json"]):
        train(settings(root, tmp_path / "run", 6))
    with pytest.raises(ValueError, match="folders: "):
        train(settings(root, tmp_path / "run"))
