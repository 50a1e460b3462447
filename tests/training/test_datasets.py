"""Training on a registered dataset is the same as on folders, and resumes exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from gan.config import Config
from gan.config.extensions import register_dataset
from gan.data.unpaired import Key
from gan.domains import Domain
from gan.training import train
from tests.support.recipes import assert_resuming_is_exact
from tests.support.runs import config


class Noise(Dataset[tuple[Tensor, ...]]):
    """Five pairs of noise, a function of (seed, epoch, index)."""

    def __init__(self, config: Config) -> None:
        self.seed = config.run.seed
        self.side = config.data.crop_size

    def __len__(self) -> int:
        return 5

    def __getitem__(self, key: Key) -> tuple[Tensor, ...]:
        draws = np.random.default_rng([self.seed, *key])
        pixels = draws.integers(256, size=(2, 3, self.side, self.side), dtype=np.uint8)
        return tuple(torch.from_numpy(pixels))


class Known(Noise):
    """The same with a fingerprint, and with test images: black, and white."""

    fingerprint = "first"

    def test_images(self, domain: Domain) -> Tensor:
        value = 0 if domain == "a" else 255
        return torch.full((2, 3, self.side, self.side), value, dtype=torch.uint8)


def one_image(config: Config) -> Any:
    """Items given as a list, in place of a dataset."""
    return {(0, 0): (torch.zeros(3, config.data.crop_size, config.data.crop_size),)}


register_dataset("noise", Noise)
register_dataset("known", Known)
register_dataset("one_image", one_image)


def on(dataset: str, run: Path, data: dict[str, Any] | None = None, **train: Any) -> Config:
    sections = {"data": {"root": None, "dataset": dataset} | (data or {}), "train": train}
    return config(Path(), run, **sections)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_run_is_the_uninterrupted_one(workers: int, tmp_path: Path) -> None:
    """From the middle of an epoch of 2.5 steps, with averages and pools."""

    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "epochs": 4, "max_steps": stop}
        return on("noise", run, {"workers": workers}, **keys)

    assert_resuming_is_exact(settings, tmp_path, 2, 3, 5)


def test_another_fingerprint_is_named_and_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(on("known", tmp_path, max_steps=1))
    monkeypatch.setattr(Known, "fingerprint", "second")
    with pytest.raises(ValueError, match=r"data\.dataset: .*first -> second"):
        train(on("known", tmp_path, max_steps=2))


def test_another_dataset_is_named_and_rejected(tmp_path: Path) -> None:
    train(on("noise", tmp_path, max_steps=1))
    with pytest.raises(ValueError, match=r"data\.dataset: noise -> known"):
        train(on("known", tmp_path, max_steps=2))


@pytest.mark.parametrize(("dataset", "rows"), [("noise", 4), ("known", 2)])
def test_samples_show_its_own_test_images_or_its_first_items(
    dataset: str, rows: int, tmp_path: Path
) -> None:
    settings = on(dataset, tmp_path, max_steps=1)
    train(settings)
    with Image.open(tmp_path / "samples" / "step-00000001-ba.png") as image:
        grid = np.asarray(image)
    assert grid.shape == (rows * 16, 4 * 16, 3)
    first = Noise(settings)[0, 0][1].permute(1, 2, 0).numpy()
    expected = np.full_like(first, 255) if dataset == "known" else first
    assert np.array_equal(grid[:16, :16], expected)


def test_items_of_other_shapes_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"data\.dataset: one_image: .*float32.* not .*uint8"):
        train(on("one_image", tmp_path, max_steps=1))


def test_an_unregistered_dataset_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no dataset noize; did you mean noise"):
        on("noize", tmp_path)
