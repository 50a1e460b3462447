"""Cuts are found, and light, flashes and pans are not taken for cuts."""

import itertools

import numpy as np

from gan.inference.video.cuts import difference, find_cuts, standardized
from tests.support.clips import Pixels, panned


def found(frames: list[Pixels]) -> list[int]:
    small = [standardized(frame.mean(2)[::4, ::4].astype(np.uint8)) for frame in frames]
    return find_cuts([0.0, *(difference(*pair) for pair in itertools.pairwise(small))])


def test_a_cut_between_pans_is_found() -> None:
    shots = [panned(count, (192, 108), seed) for seed, count in enumerate((10, 7, 12, 1, 9))]
    assert found([*itertools.chain(*shots)]) == [0, 10, 17, 29, 30]


def test_a_change_of_light_is_not_a_cut() -> None:
    frames = panned(12, (192, 108))
    dark = [
        (frame * (0.5 if number > 5 else 1)).astype(np.uint8) for number, frame in enumerate(frames)
    ]
    assert found(dark) == [0]


def test_a_fast_pan_is_not_a_cut() -> None:
    assert found(panned(200, (192, 108))[::20]) == [0]


def test_noise_in_the_dark_is_not_a_cut() -> None:
    rng = np.random.default_rng(0)
    assert found([rng.integers(0, 4, (108, 192, 3), np.uint8) for _ in range(12)]) == [0]
