"""Total variation against closed forms, NumPy in float64, and gradcheck; finite on flat images."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.losses import squared_variation, total_variation

Loss = Callable[..., Tensor]
BOTH = pytest.mark.parametrize("loss", [total_variation, squared_variation])


def images(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_checkerboard() -> None:
    """Both differences are 2 at 15 of 16 pixels, except at borders: 9 have both, 6 one."""
    board = ((torch.arange(4)[:, None] + torch.arange(4)) % 2 * 2 - 1).double().view(1, 1, 4, 4)
    expected = 9 * 8**0.5 + 6 * 2
    assert total_variation(board, "sum").item() == pytest.approx(expected)
    assert total_variation(board).item() == pytest.approx(expected / 16)
    assert squared_variation(board, "sum").item() == 9 * 8 + 6 * 4
    assert squared_variation(board).item() == (9 * 8 + 6 * 4) / 16


@pytest.mark.parametrize("turned", [False, True])
def test_step_edge_counts_its_length_times_its_height(turned: bool) -> None:
    edge = torch.zeros(1, 2, 5, 6)
    edge[:, :, :, 4:] = 3
    edge = edge.mT if turned else edge
    assert total_variation(edge, "sum") == 2 * 5 * 3
    assert squared_variation(edge, "sum") == 2 * 5 * 9
    softened = torch.tensor([0.0, 1.0, 2.0, 3.0]).expand(1, 1, 5, 4)
    assert total_variation(softened, "sum") == 5 * 3  # independent of the steepness
    assert squared_variation(softened, "sum") == 5 * 3  # the squared form does


@BOTH
def test_a_flat_image_has_zero_variation_and_gradient(loss: Loss) -> None:
    flat = torch.full((2, 3, 4, 5), 0.3, requires_grad=True)
    value = loss(flat)
    value.backward()
    assert value == 0
    assert flat.grad is not None
    assert torch.equal(flat.grad, torch.zeros_like(flat))


def test_gradient_is_finite_next_to_flat_areas_and_for_the_faintest_steps() -> None:
    picture = torch.zeros(1, 1, 6, 6)
    picture[..., 3, 3] = 1
    picture[..., 0, 0] = 1e-20
    picture[..., 5, 5] = 1e-42
    picture.requires_grad_()
    total_variation(picture, "sum").backward()
    assert picture.grad is not None
    assert picture.grad.isfinite().all()
    assert picture.grad[0, 0, 3, 3] == pytest.approx(2 + 2**0.5)


def test_losses_equal_numpys() -> None:
    batch = images(0, 2, 3, 5, 4)
    total = squared = 0.0
    for picture in batch.numpy():
        for channel in picture:
            for row in range(5):
                for column in range(4):
                    right = channel[row, min(column + 1, 3)] - channel[row, column]
                    below = channel[min(row + 1, 4), column] - channel[row, column]
                    squared += right**2 + below**2
                    total += np.sqrt(right**2 + below**2)
    assert total_variation(batch, "sum").item() == pytest.approx(total / 2, rel=1e-6)
    assert total_variation(batch, "mean").item() == pytest.approx(total / 120, rel=1e-6)
    assert squared_variation(batch, "sum").item() == pytest.approx(squared / 2, rel=1e-6)
    assert squared_variation(batch, "mean").item() == pytest.approx(squared / 120, rel=1e-6)


@BOTH
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradients_are_correct(loss: Loss, reduction: str) -> None:
    batch = images(1, 2, 2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, reduction), batch)


@BOTH
@pytest.mark.parametrize("shape", [(1, 1, 1, 5), (1, 1, 5, 1), (1, 1, 1, 1)])
def test_strips_of_one_pixel_are_accepted(loss: Loss, shape: tuple[int, ...]) -> None:
    assert loss(torch.ones(shape)) == 0
