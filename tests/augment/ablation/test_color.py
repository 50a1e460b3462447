"""Color augmentation changes colors, keeps positions, and depends on its seed only."""

import numpy as np

from gan.augment.ablation.color import Color


def test_equal_seeds_give_equal_pictures_and_others_differ() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    one, other = Color(), Color()
    results = [one(picture, seed) for seed in range(40)]
    for seed, result in reversed([*enumerate(results)]):
        assert result.shape == picture.shape
        assert result.dtype == np.uint8
        assert (other(picture, seed) == result).all()
    changed = [(result != picture).any() for result in results]
    assert np.mean(changed) > 0.8
    assert len({result.tobytes() for result in results}) > 30


def test_a_bright_square_keeps_its_place() -> None:
    """Its edge, or the edge of its negative, is the strongest one in most images."""
    picture = np.full((64, 64, 3), 60, np.uint8)
    picture[16:48, 16:48] = 200
    color, found = Color(), 0
    for seed in range(60):
        grey = color(picture, seed).mean(2)
        inside, outside = grey[20:44, 20:44].mean(), grey[:, :12].mean()
        found += abs(inside - outside) > 15
    assert found > 40
