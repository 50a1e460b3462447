"""Whole runs with a frozen network: exact resuming, weights compared, older states read."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan.config import Config, changed_keys
from gan.training import train
from gan.training.checkpoint.states import checksum, describe
from tests.support import backbone
from tests.support.launching import write_images
from tests.support.recipes import assert_resuming_is_exact
from tests.support.runs import config, generators

LOSS = {"perceptual": 1.0, "perceptual_cycle": 1.0, "style": 1.0, "tv": 1.0}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_images(tmp_path_factory.mktemp("photos"))
    backbone.write_backbone(folder / "weights.pth")
    backbone.write_backbone(folder / "others.pth", seed=1)
    return folder


def seeing(root: Path, run: Path, steps: int, file: str = "weights.pth", **train: Any) -> Config:
    return config(
        root, run, loss=LOSS, perceptual=backbone.section(root / file),
        train={"max_steps": steps, "epochs": 9} | train,
    )  # fmt: skip


def test_a_resumed_run_has_the_same_gram_averages(root: Path, tmp_path: Path) -> None:
    state = assert_resuming_is_exact(partial(seeing, root, accumulate=2), tmp_path, 2, 5, 6)
    assert state["perception"]["a"]["steps"] == 6
    assert state["perception"]["b"]["values"].keys() == {"features.0", "features.1"}


def test_tensorboard_shows_every_term_under_its_name(root: Path, tmp_path: Path) -> None:
    train(seeing(root, tmp_path, 2))
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    assert set(events.Tags()["scalars"]) > {
        "loss/perceptual_ab", "loss/perceptual_ba", "loss/perceptual_cycle_a",
        "loss/perceptual_cycle_b", "loss/style_ab", "loss/style_ba", "loss/tv_ab", "loss/tv_ba",
    }  # fmt: skip


def test_the_file_of_weights_may_move_but_not_change(root: Path, tmp_path: Path) -> None:
    train(seeing(root, tmp_path / "run", 1))
    moved = tmp_path / "moved.pth"
    moved.write_bytes((root / "weights.pth").read_bytes())
    train(seeing(root, tmp_path / "run", 2, file=str(moved)))
    with pytest.raises(ValueError, match=r"perceptual\.weights: the file's content has changed"):
        train(seeing(root, tmp_path / "run", 3, file="others.pth"))


def test_weights_that_are_missing_are_named_before_the_folders_are_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.pth"):
        train(seeing(tmp_path / "no such folder", tmp_path / "run", 1, file="none.pth"))


def without_new_keys(run: Path) -> None:
    """Change a run's only state to one of the version without `perception`."""
    (folder,) = (run / "state").iterdir()
    manifest = json.loads((folder / "manifest.json").read_text())
    for key in ("perceptual", "style"):
        del manifest["config"][key]
    for key in ("perceptual", "perceptual_cycle", "style", "tv"):
        del manifest["config"]["loss"][key]
    del manifest["recipe"], manifest["fingerprints"]
    state = torch.load(folder / "shared.pt", weights_only=True)
    del state["perception"]
    torch.save(state, folder / "shared.pt")
    manifest["files"]["shared.pt"] = describe(folder / "shared.pt")
    text = json.dumps(manifest | {"checksum": checksum(manifest)})
    (folder / "manifest.json").write_text(text)


def test_a_state_without_the_new_keys_is_resumed_as_if_it_had_them(
    root: Path, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        train(config(root, tmp_path / name, train={"max_steps": 2}))
    without_new_keys(tmp_path / "old")
    for name in ("old", "new"):
        train(config(root, tmp_path / name, train={"max_steps": 4}))
    assert generators(tmp_path / "old") == generators(tmp_path / "new")


def test_a_term_turned_on_later_is_named_and_can_be_allowed(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, train={"max_steps": 2, "epochs": 9}))
    without_new_keys(tmp_path)
    with pytest.raises(ValueError, match=r"loss\.style: 0\.0 -> 1\.0"):
        train(seeing(root, tmp_path, 4))
    sections = seeing(root, tmp_path, 4).model_dump()
    sections["run"]["allow_changes"] = True
    assert train(Config.model_validate(sections)).status == 0


def test_a_missing_key_has_its_default_when_configurations_are_compared() -> None:
    now = Config().model_dump(mode="json")
    before = {section: dict(keys) for section, keys in now.items() if section != "perceptual"}
    del before["loss"]["tv"]
    assert changed_keys(before, now) == []
    now["loss"]["tv"] = 2.0
    assert changed_keys(before, now) == ["loss.tv: 0.0 -> 2.0"]
