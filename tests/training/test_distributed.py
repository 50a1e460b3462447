"""Two processes (gloo): the same numbers however a step is split, exact resuming."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support import backbone
from tests.support.classifying import write_classes, write_classifier
from tests.support.decoders import write_vgg
from tests.support.drivers import split
from tests.support.launching import (
    ROOT,
    TORCHRUN,
    assert_same_run,
    command,
    environment,
    run,
    write_images,
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_images(tmp_path_factory.mktemp("photos"), 12, 7)
    backbone.write_backbone(folder / "backbone.pth")
    backbone.write_network(folder / "network.pth")
    write_vgg(folder / "vgg.pth", channels=4)
    write_classifier(folder / "classifier.safetensors")
    shutil.copy(folder / "trainB" / "0.png", folder / "painting.png")
    return folder


@pytest.fixture(scope="module")
def two_processes(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of two processes with batch size 1, for every case."""
    folder = tmp_path_factory.mktemp("two")
    driver = [str(ROOT / "tests" / "support" / "drivers" / "split.py"), str(root), str(folder)]
    subprocess.run(
        [sys.executable, *TORCHRUN, *driver],
        check=True, capture_output=True, timeout=200, cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return folder


def largest_difference(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    return max(
        float((tensor - other[name]).abs().max())
        for state, other in zip(ours, theirs, strict=True)
        for name, tensor in state.items()
    )


def assert_losses_close(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert len(ours["losses"]) == len(theirs["losses"]) == 10
    for step, expected in zip(ours["losses"], theirs["losses"], strict=True):
        terms = ("adversarial", "cycle", "identity", "discriminator", "nce", "pixel", *split.TERMS)
        for name in (name for name in step if name.startswith(terms)):
            assert step[name] == pytest.approx(expected[name], rel=1e-5)


@pytest.mark.parametrize(
    "case",
    [
        "float64",
        "perception",
        "one_style",
        "reference",
        "many_styles",
        "semantic",
        "contrastive",
        "projected",
        "decoder",
    ],
)
@pytest.mark.parametrize("splits", [{"batch_size": 2}, {"accumulate": 2}], ids=str)
def test_two_processes_equal_one_in_double_precision(
    splits: dict[str, int], case: str, root: Path, two_processes: Path, tmp_path: Path
) -> None:
    """With a frozen network too: all processes use the same averages of Gram matrices."""
    ours = torch.load(two_processes / f"{case}.pt")
    theirs = split.train(root, tmp_path, case, 1, **splits)
    logged = theirs["losses"][0]
    assert ("style_ab" in logged) == (
        case in ("perception", "one_style", "reference", "many_styles")
    )
    assert ("pixel_ab" in logged) == (case == "decoder")
    assert ("semantic_ab" in logged) == (case == "semantic")
    assert ("nce_ab" in logged) == ("nce_identity_b" in logged) == (case == "contrastive")
    assert_losses_close(ours, theirs)
    assert largest_difference(ours["weights"], theirs["weights"]) <= 1e-6


@pytest.mark.parametrize("splits", [{"batch_size": 2}, {"accumulate": 2}], ids=str)
def test_two_processes_equal_one_in_single_precision(
    splits: dict[str, int], root: Path, two_processes: Path, tmp_path: Path
) -> None:
    """With steps of 1e-6: gradients are summed in another order, and convolutions of two images
    are rounded differently from those of one.

    Adam turns rounding of a bias that an instance norm cancels into whole steps, and
    signs of L1 and ReLU flip with it: at 2e-4 the difference doubles every step, from 1e-7 to 1e-2.
    """
    ours = torch.load(two_processes / "float32_small_steps.pt")
    assert_losses_close(ours, split.train(root, tmp_path, "float32_small_steps", 1, **splits))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 1])
def test_two_processes_resume_exactly(workers: int, root: Path, tmp_path: Path) -> None:
    """Each process has its own pool, both full by then; all share the averages of Gram matrices.

    The doctor runs on one of them.
    """
    seeing = {
        "loss__style": 1, "loss__perceptual": 1, "perceptual__backbone": "mobilenet_v2",
        "perceptual__weights": root / "backbone.pth",
        "perceptual__content_layers": "[features.1]", "perceptual__style_layers": "[features.0]",
        "loss__semantic": 1, "semantic__classifier": root / "classifier.safetensors",
    }  # fmt: skip
    for name, stops in (("straight", [7]), ("parts", [3, 7])):
        for stop in stops:
            keys = seeing | {"train__max_steps": stop, "data__workers": workers}
            run(command(root, tmp_path / name, *TORCHRUN, **keys, train__doctor_every=2))
    state = tmp_path / "straight" / "state" / "step-00000007"
    pools = [torch.load(state / f"process-{i}.pt", weights_only=True)["pool_a"] for i in (0, 1)]
    assert len(pools[0]) == len(pools[1]) == 2
    assert not torch.equal(pools[0], pools[1])
    shared = torch.load(state / "shared.pt", weights_only=True)
    assert shared["perception"]["a"]["steps"] == 7
    assert_same_run(tmp_path / "parts", tmp_path / "straight")
    straight, parts = (tmp_path / name / "doctor.jsonl" for name in ("straight", "parts"))
    assert parts.read_text() == straight.read_text()


@pytest.mark.slow
def test_two_processes_share_the_classifier_that_one_of_them_trains(tmp_path: Path) -> None:
    root = write_classes(tmp_path / "classes", count=4)
    keys = {"loss__semantic": 1, "semantic__steps": 3, "data__workers": 0}
    for name, stops in (("straight", [3]), ("parts", [2, 3])):
        for stop in stops:
            run(command(root, tmp_path / name, *TORCHRUN, **keys, train__max_steps=stop))
    assert_same_run(tmp_path / "parts", tmp_path / "straight")


def test_batch_norm_over_processes_without_cuda_is_rejected(root: Path, tmp_path: Path) -> None:
    printed = run(command(root, tmp_path, *TORCHRUN, networks__norm="batch"), status=1)
    assert "networks.norm batch in several processes requires CUDA" in printed


@pytest.mark.slow
def test_another_number_of_processes_is_rejected(root: Path, tmp_path: Path) -> None:
    run(command(root, tmp_path, train__max_steps=1))
    printed = run(command(root, tmp_path, *TORCHRUN, train__max_steps=2), status=1)
    assert "processes: 1 -> 2" in printed
    run(command(root, tmp_path, *TORCHRUN, train__max_steps=2, run__allow_changes="true"))
