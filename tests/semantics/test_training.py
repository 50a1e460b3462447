"""Training a classifier: it learns, one seed gives one classifier, and folders are checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.config import Config
from gan.semantics import fit, load_classifier
from gan.semantics.training import train_classifier
from tests.support.classifying import classifier, write_classes
from tests.support.runs import Sections, config

CPU = torch.device("cpu")


def settings(root: Path, **sections: Mapping[str, Any]) -> Config:
    return config(root, root / "run", **({"semantic": {"steps": 12}} | sections))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("classes"))


def test_every_batch_is_one_update_of_adam_on_the_cross_entropy() -> None:
    ours, theirs = classifier(), classifier()
    optimizer = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(0)
    batches = [
        (torch.rand(4, 3, 16, 16, generator=generator), torch.tensor([0, 1, 2, step]))
        for step in range(3)
    ]
    for images, classes in batches:
        probabilities = theirs(images).softmax(dim=1)[range(4), classes]
        optimizer.zero_grad()
        (-probabilities.log().mean()).backward()
        optimizer.step()
    fit(ours, batches)
    for name, weight in theirs.state_dict().items():
        # Adam turns rounding of a vanishing gradient into part of a step, 1e-3
        torch.testing.assert_close(ours.state_dict()[name], weight, rtol=0, atol=1e-5)


def test_it_learns_the_class_folders_and_names_them(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "classifier.safetensors"
    count, right = train_classifier(settings(root, semantic={"steps": 40}), CPU, path)
    assert count == 3
    assert right > 0.9  # a third by chance
    network, about = load_classifier(path)
    assert network.spec == {"classes": ["dark", "grey", "light"], "channels": 3, "side": 16}
    assert about["steps"] == 40
    levels = torch.tensor([-0.7, -0.05, 0.6]).view(3, 1, 1, 1).expand(3, 3, 16, 16)
    assert network(levels).argmax(dim=1).tolist() == [0, 1, 2]


def test_one_seed_gives_one_file_and_another_seed_or_crop_another(
    root: Path, tmp_path: Path
) -> None:
    contents = []
    changes: list[Sections] = [{}, {}, {"run": {"seed": 1}}, {"data": {"flip": False}}]
    for number, sections in enumerate(changes):
        torch.rand(number)
        path = tmp_path / f"{number}.safetensors"
        train_classifier(settings(root, **sections), CPU, path)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


def test_a_folder_without_class_folders_is_rejected(root: Path, tmp_path: Path) -> None:
    flat = settings(root, data={"root": None, "a": root / "trainB", "b": root / "trainA"})
    with pytest.raises(ValueError, match="not in a class folder"):
        train_classifier(flat, CPU, tmp_path / "none.safetensors")
    assert not list(tmp_path.iterdir())
