"""The pool of past translations: it fills, keeps its size, and exchanges half of the images."""

import random

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gan.training.image_pool import ImagePool


def numbered(first: int, count: int = 1) -> Tensor:
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1)


def test_size_zero_passes_through() -> None:
    images = numbered(0, 3).requires_grad_()
    result = ImagePool(0).exchange(images, random.Random(0))
    assert torch.equal(result, images)
    assert not result.requires_grad


@given(size=st.integers(1, 6), batches=st.lists(st.integers(1, 4), max_size=12))
def test_no_image_is_lost_or_invented_and_the_size_is_kept(size: int, batches: list[int]) -> None:
    """Each image goes in and comes out, or is stored, or comes out again: a multiset is kept."""
    pool, rng, seen, out = ImagePool(size), random.Random(1), 0, []
    for count in batches:
        shown = pool.exchange(numbered(seen, count), rng)
        assert shown.shape == (count, 1, 1, 1)
        out += shown.flatten().tolist()
        seen += count
        assert len(pool.images) == min(size, seen)
    stored = [image.item() for image in pool.images]
    assert out[:size] == list(range(min(size, seen)))
    # While filling, an image is stored and returned; afterwards one replaces another.
    assert sorted(out + stored) == sorted([*range(seen), *range(min(size, seen))])


def test_a_full_pool_shows_a_past_image_half_of_the_time() -> None:
    pool, rng = ImagePool(50), random.Random(0)
    pool.exchange(numbered(0, 50), rng)
    shown = [pool.exchange(numbered(i), rng).item() for i in range(50, 2050)]
    past = sum(value != i for i, value in enumerate(shown, start=50))
    assert 900 < past < 1100  # mean 1000, standard deviation 22


def test_a_restored_pool_continues_exactly() -> None:
    pool, rng = ImagePool(4), random.Random(3)
    pool.exchange(numbered(0, 9), rng)
    copy, copied_rng = ImagePool(4), random.Random()
    copy.restore(pool.state())
    copied_rng.setstate(rng.getstate())
    for first in range(9, 40, 3):
        expected = pool.exchange(numbered(first, 3), rng)
        assert torch.equal(copy.exchange(numbered(first, 3), copied_rng), expected)


def test_empty_pool_round_trip() -> None:
    pool = ImagePool(4)
    pool.restore(ImagePool(4).state())
    assert pool.images == []


def test_stored_images_do_not_share_memory_with_the_batch() -> None:
    pool, images = ImagePool(2), numbered(0, 2)
    pool.exchange(images, random.Random(0))
    images += 100
    assert [image.item() for image in pool.images] == [0, 1]
