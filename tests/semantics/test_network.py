"""The classifier: its sizes, its seed, its file."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gan.semantics import Classifier, load_classifier, save_classifier
from tests.support.classifying import classifier


@pytest.mark.parametrize("side", [16, 28, 32, 100, 256])
def test_pictures_of_any_side_give_logits_of_any_number_of_classes(side: int) -> None:
    network = Classifier([str(i) for i in range(5)], 1, side, seed=0)
    assert network(torch.zeros(2, 1, side, side)).shape == (2, 5)


def test_weights_are_drawn_from_the_seed_without_the_random_state() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = (classifier(seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["model.0.weight"], other["model.0.weight"])


def test_a_file_restores_the_classifier_and_is_reproducible(tmp_path: Path) -> None:
    network, facts = classifier(3), {"seed": 3, "files": "abc"}
    for name in ("new/one.safetensors", "two.safetensors"):
        save_classifier(network, tmp_path / name, facts)
    one = tmp_path / "new" / "one.safetensors"
    assert one.read_bytes() == (tmp_path / "two.safetensors").read_bytes()
    assert [path.name for path in one.parent.iterdir()] == [one.name]
    loaded, about = load_classifier(one)
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(loaded(images), network(images))
    assert (about, loaded.spec) == (facts, network.spec)


def test_files_that_are_not_a_classifier_are_named(tmp_path: Path) -> None:
    garbage, foreign = tmp_path / "garbage.safetensors", tmp_path / "foreign.safetensors"
    garbage.write_bytes(b"no")
    save_file({"weight": torch.zeros(1)}, foreign)
    for path, message in (
        (garbage, "cannot be read as a classifier"),
        (foreign, "not one of our classifiers"),
        (tmp_path / "none.safetensors", "cannot be read as a classifier"),
    ):
        with pytest.raises(ValueError, match=f"{path.name}: {message}"):
            load_classifier(path)


def test_weights_that_do_not_fit_their_description_are_named(tmp_path: Path) -> None:
    network = classifier()
    network.spec["classes"] = ["one", "two"]
    save_classifier(network, tmp_path / "odd.safetensors", {})
    with pytest.raises(ValueError, match=r"odd\.safetensors: weights and description do not fit"):
        load_classifier(tmp_path / "odd.safetensors")
