"""Gram matrices, style loss and channel statistics against closed forms, NumPy and gradcheck."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan.losses import (
    gram,
    gram_distance,
    mean_gram,
    style_layer_loss,
)


def maps(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def numpy_gram(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eq. 3 of Gatys et al., written out for one picture (C, h, w)."""
    channels = len(features)
    result = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(channels):
            result[i, j] = np.sum(features[i] * features[j])
    return result


def test_gram_of_one_hot_maps_counts_positions() -> None:
    """Channel c is 1 at c + 1 positions, which no other channel uses."""
    owner = torch.tensor([0, 1, 1, 2, 2, 2]).view(1, 1, 2, 3)
    one_hot = (owner == torch.arange(3).view(1, 3, 1, 1)).double()
    expected = torch.diag(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    assert torch.equal(gram(one_hot), expected[None])
    assert torch.equal(mean_gram(one_hot), expected[None] / 6)


def test_gram_equals_numpys_for_every_picture() -> None:
    features = maps(0, 3, 4, 5, 6)
    expected = np.stack([numpy_gram(picture) for picture in features.numpy()])
    np.testing.assert_allclose(gram(features), expected, rtol=1e-6)


def test_gram_does_not_depend_on_positions() -> None:
    features = maps(0, 1, 4, 5, 6)
    shuffled = features.flatten(2)[:, :, torch.randperm(30)].view(1, 4, 6, 5)
    torch.testing.assert_close(gram(shuffled), gram(features))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_gram_of_half_precision_maps_is_summed_in_float32(dtype: torch.dtype) -> None:
    """40,000 positions of 4: the sum 640,000 is beyond float16 and between bfloat16's numbers."""
    features = torch.full((1, 2, 200, 200), 4, dtype=dtype)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(gram(features), torch.full((1, 2, 2), 640_000.0))


def test_style_loss_is_equation_4_if_sizes_are_equal() -> None:
    one, two = maps(1, 2, 4, 5, 6), maps(2, 2, 4, 5, 6)
    squares = [
        np.sum((numpy_gram(p) - numpy_gram(q)) ** 2) / (4 * 4**2 * 30**2)
        for p, q in zip(one.numpy(), two.numpy(), strict=True)
    ]
    assert style_layer_loss(one, two).item() == pytest.approx(np.mean(squares), rel=1e-6)


def test_style_loss_between_sizes_equals_numpys() -> None:
    one, two = maps(1, 1, 4, 5, 6), maps(2, 1, 4, 9, 3)
    grams = numpy_gram(one[0].numpy()) / 30, numpy_gram(two[0].numpy()) / 27
    expected = np.sum((grams[0] - grams[1]) ** 2) / (4 * 16)
    assert style_layer_loss(one, two).item() == pytest.approx(expected, rel=1e-6)


def test_one_picture_and_four_copies_of_it_side_by_side_have_the_same_style() -> None:
    features = maps(0, 1, 4, 5, 6)
    assert style_layer_loss(features.repeat(1, 1, 2, 2), features).item() < 1e-28
    assert style_layer_loss(features, features.clone()) == 0


def test_one_style_serves_a_whole_batch() -> None:
    batch, style = maps(1, 3, 4, 5, 6), maps(2, 1, 4, 5, 6)
    each = torch.stack([style_layer_loss(picture[None], style) for picture in batch])
    torch.testing.assert_close(style_layer_loss(batch, style), each.mean())


def test_gradients_are_correct() -> None:
    one, two = maps(1, 2, 3, 3, 4).requires_grad_(), maps(2, 2, 3, 2, 2)
    assert torch.autograd.gradcheck(gram, one)
    assert torch.autograd.gradcheck(style_layer_loss, (one, two))
    assert torch.autograd.gradcheck(lambda x: gram_distance(mean_gram(x), mean_gram(two)), one)
