"""Order, pairs and crops depend only on (seed, epoch, index)."""

import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from gan.config import DataConfig
from gan.data import Batches, UnpairedImages, build_loader

Photos = Callable[..., Path]
Batch = tuple[Tensor, Tensor]

# Python 3.12 warns of forking while torch has threads; a run of one process forks nevertheless.
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def load(dataset: UnpairedImages, batches: Batches, workers: int = 0) -> list[Batch]:
    loader = build_loader(dataset, batches, workers=workers, device=torch.device("cpu"))
    return [(a, b) for a, b in loader]


def equal(first: list[Batch], second: list[Batch]) -> bool:
    assert len(first) == len(second) > 0
    return all(
        torch.equal(a, c) and torch.equal(b, d)
        for (a, b), (c, d) in zip(first, second, strict=True)
    )


@pytest.fixture
def dataset(photos: Photos) -> UnpairedImages:
    data = DataConfig(load_size=20, crop_size=16, augment=[{"ColorJitter": {"p": 0.7}}])
    return UnpairedImages(files(photos("a", 5)), files(photos("b", 3)), data, seed=4)


@pytest.fixture
def numbered(tmp_path: Path) -> Callable[..., UnpairedImages]:
    """numbered(count_a, count_b, seed=0): a dataset of flat gray images whose level is their
    number."""

    def build(count_a: int, count_b: int, seed: int = 0) -> UnpairedImages:
        for number in range(max(count_a, count_b)):
            Image.new("L", (16, 16), number).save(tmp_path / f"{number:03d}.png")
        paths = files(tmp_path)
        data = DataConfig(load_size=16, crop_size=16, channels_a=1, channels_b=1)
        return UnpairedImages(paths[:count_a], paths[:count_b], data, seed)

    return build


def pairs(dataset: UnpairedImages, epoch: int) -> list[tuple[int, int]]:
    """Return the numbers of an epoch's images."""
    images = (dataset[epoch, index] for index in range(len(dataset)))
    return [(int(a[0, 0, 0]), int(b[0, 0, 0])) for a, b in images]


@FORKS
def test_any_number_of_workers_gives_the_same_bytes(dataset: UnpairedImages) -> None:
    batches = Batches(len(dataset), 2, start=0, stop=6)
    torch.manual_seed(0)
    alone = load(dataset, batches)
    assert all(a.shape == b.shape == (2, 3, 16, 16) for a, b in alone)
    assert all(a.dtype == b.dtype == torch.uint8 for a, b in alone)
    for workers in (1, 3):
        assert equal(load(dataset, batches, workers), alone)


def test_loading_neither_reads_nor_moves_the_global_random_state(dataset: UnpairedImages) -> None:
    batches = Batches(len(dataset), 1, start=0, stop=3)
    torch.manual_seed(1)
    before, first = torch.get_rng_state(), load(dataset, batches)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert equal(load(dataset, batches), first)


def test_a_pair_does_not_depend_on_what_was_loaded_before(dataset: UnpairedImages) -> None:
    """Nor on the process: new workers unpickle the dataset."""
    keys = [(epoch, index) for epoch in range(2) for index in range(5)]
    forward = [dataset[key] for key in keys]
    copied = pickle.loads(pickle.dumps(dataset))
    backward = [copied[key] for key in reversed(keys)]
    assert equal(forward, backward[::-1])


def test_epochs_indexes_and_seeds_differ(photos: Photos) -> None:
    """With one image in each folder, only crop, flip and color differ."""
    data = DataConfig(load_size=40, crop_size=16, augment=[{"ColorJitter": {"p": 1}}])
    a, b = files(photos("a", 1, (48, 48))), files(photos("b", 1, (48, 48)))
    shown = [UnpairedImages(a, b, data, seed)[epoch, 0] for seed in (0, 1) for epoch in range(4)]
    assert len({image.numpy().tobytes() for pair in shown for image in pair}) == 16


def test_orders_of_epochs_and_seeds_differ(
    numbered: Callable[..., UnpairedImages],
) -> None:
    orders = [
        tuple(a for a, _ in pairs(numbered(12, 2, seed), epoch))
        for seed in (0, 1)
        for epoch in range(3)
    ]
    assert len(set(orders)) == 6
    assert tuple(range(12)) not in orders


@pytest.mark.parametrize(("count_a", "count_b"), [(12, 5), (5, 12), (7, 7), (1, 9)])
def test_the_larger_folder_is_used_once_and_the_other_is_drawn_evenly(
    numbered: Callable[..., UnpairedImages], count_a: int, count_b: int
) -> None:
    dataset, drawn = numbered(count_a, count_b), Counter[int]()
    larger = 0 if count_a >= count_b else 1
    epochs = 720 // len(dataset)
    for epoch in range(epochs):
        shown = pairs(dataset, epoch)
        assert sorted(pair[larger] for pair in shown) == list(range(max(count_a, count_b)))
        drawn.update(pair[1 - larger] for pair in shown)
    expected = drawn.total() / min(count_a, count_b)
    assert len(drawn) == min(count_a, count_b)
    # Five standard deviations of a binomial distribution.
    assert all(abs(count - expected) < 5 * expected**0.5 for count in drawn.values())


def test_partners_are_drawn_independently(numbered: Callable[..., UnpairedImages]) -> None:
    """All combinations are about equally frequent, at every place of an epoch."""
    dataset = numbered(3, 3)
    epochs = [pairs(dataset, epoch) for epoch in range(360)]
    for place in range(3):
        counts = Counter(epoch[place] for epoch in epochs)
        assert len(counts) == 9
        assert all(15 < count < 70 for count in counts.values())  # mean 40, deviation 6


def test_the_two_crops_of_a_pair_are_independent(tmp_path: Path) -> None:
    """Both domains have the same ramp: the corner's value shows place and mirroring of the crop."""
    ramp = np.tile(np.arange(116, dtype=np.uint8), (20, 1))
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    data = DataConfig(resize="none", crop_size=16, channels_a=1, channels_b=1)
    dataset = UnpairedImages([tmp_path / "ramp.png"], [tmp_path / "ramp.png"], data, seed=0)
    crops = [dataset[epoch, 0] for epoch in range(400)]
    places = np.array([[int(image.min()) for image in pair] for pair in crops])
    flips = np.array([[bool(image[0, 0, 0] > image[0, 0, 1]) for image in pair] for pair in crops])
    for values in (places, flips):
        assert values.std(axis=0).min() > 0
        # 0 if they are independent, up to a standard deviation of 1 / sqrt(400) = 0.05.
        assert abs(np.corrcoef(values.T.astype(float))[0, 1]) < 0.2


@given(
    length=st.integers(1, 9),
    world=st.integers(1, 4),
    size=st.integers(1, 4),
    step=st.integers(0, 7),
)
def test_all_processes_together_see_the_stream_of_epochs_in_order(
    length: int, world: int, size: int, step: int
) -> None:
    """For every split of a step and every start; the stream is (0, 0), (0, 1), ... (1, 0), ..."""
    stream = [(epoch, index) for epoch in range(400) for index in range(length)]
    ranks = [
        list(Batches(length, size, start=step, stop=step + 3, rank=rank, world=world))
        for rank in range(world)
    ]
    assert all(len(batches) == 3 for batches in ranks)
    seen = [key for batches in zip(*ranks, strict=True) for batch in batches for key in batch]
    first = step * world * size
    assert seen == stream[first : first + 3 * world * size]


def test_processes_batches_and_accumulation_see_the_same_pixels(dataset: UnpairedImages) -> None:
    """Four pairs per step: 2 processes x 2, 1 x 4, 4 x 1, and 1 x 1 accumulated four times."""

    def steps(size: int, world: int, accumulate: int) -> Tensor:
        ranks = [
            load(dataset, Batches(5, size, start=0, stop=3 * accumulate, rank=rank, world=world))
            for rank in range(world)
        ]
        batches = [batch for together in zip(*ranks, strict=True) for batch in together]
        return torch.cat([torch.cat([a, b], dim=1) for a, b in batches])

    whole = steps(4, 1, 1)
    assert whole.shape == (12, 6, 16, 16)
    for split in ((2, 2, 1), (1, 4, 1), (1, 1, 4), (2, 1, 2)):
        assert torch.equal(steps(*split), whole)


@FORKS
def test_a_start_in_the_middle_gives_the_tail(dataset: UnpairedImages) -> None:
    """In the middle of an epoch, with and without workers."""
    whole = load(dataset, Batches(5, 2, start=0, stop=8))
    for workers in (0, 2):
        assert equal(load(dataset, Batches(5, 2, start=3, stop=8), workers), whole[3:])


def test_channels_and_sizes_are_those_of_each_domain(photos: Photos) -> None:
    data = DataConfig(load_size=20, crop_size=16, channels_a=1)
    a, b = UnpairedImages(files(photos("a")), files(photos("b", mode="L")), data, seed=0)[0, 0]
    assert (a.shape, b.shape) == ((1, 16, 16), (3, 16, 16))
    assert torch.equal(b[0], b[1])


def test_draft_changes_pixels_slightly_and_only_if_it_is_set(tmp_path: Path) -> None:
    y, x = np.mgrid[:256, :256]
    smooth = np.stack([x, y, 255 - (x + y) // 2], -1).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "photo.jpg", quality=95)

    def crop(**changes: Any) -> Tensor:
        data = DataConfig(**({"load_size": 32, "crop_size": 32, "flip": False} | changes))
        return UnpairedImages([tmp_path / "photo.jpg"] * 2, [tmp_path / "photo.jpg"], data, 0)[
            0, 0
        ][0]

    difference = (crop(draft=True).int() - crop().int()).abs()
    assert 0 < difference.max() <= 8
    assert torch.equal(crop(resize="none", draft=True), crop(resize="none"))


@pytest.mark.parametrize(
    ("device", "workers", "method"),
    [("cpu", 1, None), ("cuda", 1, "forkserver"), ("cuda", 0, None)],
)
def test_workers_are_not_forked_while_cuda_has_threads(
    device: str, workers: int, method: str | None, dataset: UnpairedImages
) -> None:
    batches = Batches(4, 2, start=0, stop=1)
    loader = build_loader(dataset, batches, workers=workers, device=torch.device(device))
    context = loader.multiprocessing_context
    assert (context and context.get_start_method()) == method
