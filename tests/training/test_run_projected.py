"""Whole runs with a projected discriminator: exact resuming, its file compared."""

from functools import partial
from pathlib import Path

import pytest
import torch

from gan.cli.main import main
from gan.config import Config
from gan.training import train
from tests.support import backbone
from tests.support.launching import write_images
from tests.support.recipes import assert_resuming_is_exact
from tests.support.runs import config


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_images(tmp_path_factory.mktemp("photos"))
    backbone.write_network(folder / "weights.pth")
    torch.save(backbone.random_blocks(seed=1).state_dict(), folder / "others.pth")
    return folder


def projected(root: Path, run: Path, steps: int, file: str = "weights.pth") -> Config:
    return config(
        root, run, train={"max_steps": steps, "epochs": 9},
        networks={"discriminator": "projected", "discriminator_weights": root / file},
    )  # fmt: skip


def test_a_resumed_run_is_the_one_that_never_stopped(root: Path, tmp_path: Path) -> None:
    state = assert_resuming_is_exact(partial(projected, root), tmp_path, 2, 5)
    assert not any("frozen" in name for name in state["networks"]["disc_a"])


def test_the_file_of_weights_may_move_but_not_change(root: Path, tmp_path: Path) -> None:
    train(projected(root, tmp_path / "run", 1))
    moved = tmp_path / "moved.pth"
    moved.write_bytes((root / "weights.pth").read_bytes())
    train(projected(root, tmp_path / "run", 2, file=str(moved)))
    with pytest.raises(ValueError, match=r"discriminator_weights: the file's content has changed"):
        train(projected(root, tmp_path / "run", 3, file="others.pth"))


def test_an_extractor_used_in_training_is_noted(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "testA").symlink_to(root / "trainA")
    (root / "testB").symlink_to(root / "trainB")
    measured = projected(root, tmp_path / "run", 1).model_dump()
    measured["evaluate"] |= {"every": 1, "features": "mobilenet_v2"}
    measured["evaluate"]["weights"] = root / "weights.pth"
    note = "mobilenet_v2 was used to train these generators"
    train(Config.model_validate(measured))
    assert capsys.readouterr().err.count(note) == 1
    command = ["evaluate", "--root", str(root), "--features", "mobilenet_v2", "--model"]
    command[1:1] = ["--weights", str(root / "weights.pth")]
    assert main([*command, str(tmp_path / "run")]) == 0
    assert capsys.readouterr().out.count(note) == 1
    train(config(root, tmp_path / "plain", train={"max_steps": 1, "epochs": 9}))
    capsys.readouterr()
    assert main([*command, str(tmp_path / "plain")]) == 0
    assert note not in capsys.readouterr().out


def test_weights_that_are_missing_are_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.pth"):
        train(projected(root, tmp_path, 1, file="none.pth"))
