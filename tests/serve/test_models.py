"""The generators that are served, and their names."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.images import Mark
from gan.serve.models import choose, open_models
from tests.support.foreign import Resnet, resnet_layers
from tests.support.generators import write_several

Generator = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path, new_generator: Generator) -> Path:
    """Return a run directory with both generators."""
    folder = tmp_path / "monet"
    folder.mkdir()
    for direction in ("ab", "ba"):
        new_generator(folder / f"gen_{direction}.safetensors", direction)
    return folder


def test_marks_have_the_hash_of_each_file_and_can_be_off(generator_file: Path) -> None:
    (choice,) = open_models([generator_file.parent], "cpu", "fp32")
    assert choice.mark == Mark(hashlib.sha256(generator_file.read_bytes()).hexdigest())
    (choice,) = open_models([generator_file.parent], "cpu", "fp32", marks=False)
    assert choice.mark is None


def test_runs_and_files_are_served_under_unique_names(
    run: Path, tmp_path: Path, new_generator: Generator
) -> None:
    (tmp_path / "other").mkdir()
    namesake = tmp_path / "other" / "monet"
    namesake.mkdir()
    new_generator(namesake / "gen_ba.safetensors", "ba")
    past = new_generator(run / "gen_ba-epoch050.safetensors", "ba")
    found = open_models([run, namesake, past], "cpu", "fp32")
    assert [(choice.model, choice.direction) for choice in found] == [
        ("monet", "ab"), ("monet", "ba"), ("monet-2", "ba"), ("monet-gen_ba-epoch050", "ba"),
    ]  # fmt: skip
    assert [choice.label for choice in found[:2]] == ["monet: A → B", "monet: B → A"]


def test_each_style_of_a_generator_with_several_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    write_several(tmp_path / "many" / "gen_ab.safetensors", ["waves", "oils"])
    found = open_models([tmp_path / "many"], "cpu", "fp32")
    assert [choice.model for choice in found] == ["many-waves", "many-oils"]
    photograph = Image.effect_noise((20, 18), 60).convert("RGB")
    first, second = (np.asarray(choice.translator.translate(photograph)) for choice in found)
    assert not np.array_equal(first, second)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere: no such run directory"):
        open_models([tmp_path / "nowhere"], "cpu", "fp32")


def test_one_model_is_chosen_or_the_missing_choice_is_reported(
    run: Path, tmp_path: Path, generator_file: Path
) -> None:
    choices = open_models([run, generator_file.parent], "cpu", "fp32")
    other = choices[2].model
    assert choose(choices, other, None) is choices[2]
    assert choose(choices, "monet", "ba") is choices[1]
    assert choose(choices[:1], None, None) is choices[0]
    for model, direction, reason in [
        (None, "ab", f"model: choose one: monet, {other}"),
        ("manet", None, f"model manet: not served; available: monet, {other}"),
        ("monet", None, "direction: choose ab or ba"),
        (other, "ba", f"direction ba: not served; model {other} has ab"),
    ]:
        with pytest.raises(ValueError, match=reason):
            choose(choices, model, direction)


def test_both_directions_of_the_references_run_folders_are_served(tmp_path: Path) -> None:
    folder = tmp_path / "horse2zebra"
    folder.mkdir()
    for end in "AB":
        torch.save(Resnet(resnet_layers(2, 6)).state_dict(), folder / f"latest_net_G_{end}.pth")
    found = open_models([folder], "cpu", "fp32")
    assert [(choice.model, choice.direction) for choice in found] == [
        ("horse2zebra", "ab"), ("horse2zebra", "ba"),
    ]  # fmt: skip
