"""data.degrade: copies are a function of (seed, epoch, index); the images do not change."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.config import DataConfig
from gan.data import Batches, UnpairedImages, build_loader, with_degraded
from gan.data.degraded import SHARE, draw

Photos = Callable[..., Path]
NOISE = {"noise": (1.0, 30.0)}


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.fixture
def plain(photos: Photos) -> UnpairedImages:
    data = DataConfig(load_size=20, crop_size=16)
    return UnpairedImages(files(photos("a", 5)), files(photos("b", 3)), data, seed=4)


def items(dataset: UnpairedImages, seed: int = 4, **ranges: tuple[float, float]) -> list[Tensor]:
    degraded = with_degraded(dataset, DataConfig(degrade=ranges or NOISE), seed)
    return [image for index in range(5) for image in degraded[1, index]]


def test_without_the_key_the_dataset_is_the_same_object(plain: UnpairedImages) -> None:
    assert with_degraded(plain, DataConfig(), 4) is plain


def test_the_images_do_not_change_and_copies_have_their_shapes(plain: UnpairedImages) -> None:
    degraded = with_degraded(plain, DataConfig(degrade=NOISE), 4)
    assert len(degraded) == len(plain)
    changed = 0
    for index in range(5):
        a, b, copy_a, copy_b = degraded[1, index]
        for image, expected, copy in zip((a, b), plain[1, index], (copy_a, copy_b), strict=True):
            assert torch.equal(image, expected)
            assert (copy.shape, copy.dtype) == (image.shape, image.dtype)
            changed += not torch.equal(copy, image)
    assert 0 < changed < 10  # each with probability 1/2; at this seed


def test_copies_depend_on_seed_epoch_and_index_only(plain: UnpairedImages) -> None:
    pairs = zip(items(plain), items(pickle.loads(pickle.dumps(plain))), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    others = zip(items(plain), items(plain, seed=5), strict=True)
    assert not all(torch.equal(one, other) for one, other in others)


def test_workers_give_the_same_bytes_and_list_broken_files(
    plain: UnpairedImages, photos: Photos
) -> None:
    plain.files_b[0].write_bytes(b"no picture")
    degraded = with_degraded(plain, DataConfig(degrade=NOISE), 4)
    loaded, broken = [], []
    for workers in (0, 1):
        batches = Batches(len(plain), 5, start=0, stop=2)
        loader = build_loader(degraded, batches, workers=workers, device=torch.device("cpu"))
        found = list(loader)
        broken.append([path for batch in found for path in getattr(batch, "broken", {})])
        loaded.append([image for batch in found for image in batch])
    assert len(loaded[0]) == 8
    for one, other in zip(*loaded, strict=True):
        assert torch.equal(one, other)
    assert broken[0] == broken[1] == [str(plain.files_b[0])] * len(broken[0]) != []


def test_each_degradation_is_drawn_by_itself_with_a_strength_in_its_range() -> None:
    """Of flat gray, brightness changes the mean by its factor, and noise the deviation."""
    gray = np.full((32, 32, 1), 100, np.uint8)
    rng = np.random.default_rng(0)
    ranges = {"noise": (5.0, 10.0), "brightness": (1.2, 1.4)}
    drawn = [draw(gray, ranges, rng) for _ in range(400)]
    bright = [float(each.mean()) for each in drawn if each.mean() > 110]
    noisy = [float(each.std()) for each in drawn if each.std() > 1]
    for found, low, high in ((bright, 120, 140), (noisy, 5, 10)):
        assert len(found) / 400 == pytest.approx(SHARE, abs=0.08)
        assert min(found) > low * 0.92
        assert max(found) < high * 1.08
        assert np.mean(found) == pytest.approx((low + high) / 2, rel=0.03)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"nose": (0, 1)}, "degrade.nose: no degradation nose; did you mean noise"),
        ({"noise": (9, 2)}, "noise: must be two numbers from 0 to 255, lower first, not [9, 2]"),
        ({"jpeg": (0, 90)}, "jpeg: must be two numbers from 1 to 100, lower first, not [0, 90]"),
    ],
)
def test_unknown_names_and_impossible_ranges_are_rejected(
    ranges: dict[str, tuple[float, float]], message: str
) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011, the text is compared
        DataConfig(degrade=ranges)
    assert message in str(error.value)
