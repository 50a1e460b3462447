"""The run's classifier: where it comes from, that it is frozen, and what is rejected."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan.config import Config
from gan.semantics import FrozenClassifier, load_classifier
from tests.support.classifying import Rows, classifier, write_classes, write_classifier
from tests.support.runs import config

CPU = torch.device("cpu")


def settings(root: Path, run: Path, **semantic: Any) -> Config:
    sections = {"semantic": {"steps": 4} | semantic, "loss": {"semantic": 1.0}}
    return config(root, run, **sections)


def script(network: nn.Module, path: Path, channels: int = 3) -> Path:
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # deprecated
        torch.jit.trace(network, torch.zeros(2, channels, 16, 16)).save(str(path))
    return path


def test_ours_and_torchscript_classify_as_the_networks_they_hold(tmp_path: Path) -> None:
    images = torch.rand(4, 3, 16, 16)
    ours = write_classifier(tmp_path / "ours.safetensors", seed=2)
    theirs = script(Rows(), tmp_path / "theirs.pt")
    for path, network in ((ours, classifier(2)), (theirs, Rows())):
        frozen = FrozenClassifier(settings(tmp_path, tmp_path, classifier=path), CPU)
        torch.testing.assert_close(frozen(images), network(images))


def test_gradients_reach_the_images_and_nothing_else(tmp_path: Path) -> None:
    path = write_classifier(tmp_path / "ours.safetensors")
    frozen = FrozenClassifier(settings(tmp_path, tmp_path, classifier=path), CPU)
    images = torch.rand(2, 3, 16, 16, requires_grad=True)
    frozen(images).sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
    assert not frozen.network.training
    assert all(p.grad is None and not p.requires_grad for p in frozen.network.parameters())


def test_a_classifier_is_trained_if_none_is_named_and_reused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, run = write_classes(tmp_path / "data"), tmp_path / "run"
    first = FrozenClassifier(settings(root, run), CPU)
    assert "classifier.safetensors: 3 classes of A, " in capsys.readouterr().err
    written = (run / "classifier.safetensors").stat().st_mtime_ns
    again = FrozenClassifier(settings(root, run), CPU)
    assert (run / "classifier.safetensors").stat().st_mtime_ns == written
    assert capsys.readouterr().err == ""
    assert first.fingerprints == again.fingerprints
    other = FrozenClassifier(settings(root, run, steps=5), CPU)
    assert other.fingerprints != first.fingerprints
    assert load_classifier(run / "classifier.safetensors")[1]["steps"] == 5


class Pooled(nn.Module):
    """Returns a map, not logits."""

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 4)


def test_a_network_that_does_not_classify_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text.pt"
    text.write_text("no")
    gray = script(nn.Conv2d(1, 2, 3), tmp_path / "gray.pt", channels=1)
    for path, message in (
        (text, r"text\.pt: cannot be read as TorchScript"),
        (tmp_path / "none.pt", r"none\.pt: cannot be read as TorchScript"),
        (gray, r"gray\.pt fails on images \(2, 3, 16, 16\)"),
        (
            script(Pooled(), tmp_path / "pooled.pt"),
            r"returns \(2, 3, 4, 4\) .* logits \(2, classes\)",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            FrozenClassifier(settings(tmp_path, tmp_path, classifier=path), CPU)
