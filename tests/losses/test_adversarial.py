"""Adversarial losses against closed forms and torch's own, the penalty against algebra."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from gan.config.table import load
from gan.config.tables.adversarial import ADVERSARIAL
from gan.losses import gradient_penalty


def scores(seed: int) -> Tensor:
    return torch.randn(2, 1, 5, 7, generator=torch.Generator().manual_seed(seed))


def losses_of(kind: str, real: Tensor, fake: Tensor) -> list[Tensor]:
    """The discriminator's and the generator's loss, by the table."""
    row = ADVERSARIAL[kind]
    return [load(row.discriminator)(real, fake), load(row.generator)(fake, None)]


@pytest.mark.parametrize(("kind", "library_loss"), [
    ("lsgan", mse_loss),
    ("vanilla", binary_cross_entropy_with_logits),
])  # fmt: skip
def test_form_equals_torchs_loss_against_ones_and_zeros(
    kind: str, library_loss: Callable[[Tensor, Tensor], Tensor]
) -> None:
    real, fake = scores(0), scores(1)
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    discriminator, generator = losses_of(kind, real, fake)
    torch.testing.assert_close(discriminator, library_loss(real, ones) + library_loss(fake, zeros))
    torch.testing.assert_close(generator, library_loss(fake, ones))


@pytest.mark.parametrize(("kind", "on_real", "on_fake", "fooled"), [
    # on constant scores of 0.5
    ("lsgan", 0.25, 0.25, 0.25),
    ("vanilla", math.log1p(math.exp(-0.5)), math.log1p(math.exp(0.5)), math.log1p(math.exp(-0.5))),
    ("hinge", 0.5, 1.5, -0.5),
    ("wgan_gp", -0.5, 0.5, -0.5),
])  # fmt: skip
def test_form_on_constant_scores(kind: str, on_real: float, on_fake: float, fooled: float) -> None:
    s = torch.full((2, 1, 3, 3), 0.5)
    actual = [loss.item() for loss in losses_of(kind, s, s)]
    assert actual == pytest.approx([on_real + on_fake, fooled], rel=1e-6)


def test_hinge_gives_confident_scores_zero_loss() -> None:
    s = torch.full((1, 1, 2, 2), 1.5)
    assert losses_of("hinge", s, -s)[0] == 0


def test_penalty_of_a_linear_critic_is_its_closed_form() -> None:
    """A critic sum(w * x) has the gradient w everywhere: the penalty is (|w| - 1)^2."""
    weight = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)

    def critic(images: Tensor) -> Tensor:
        return (images * weight).sum(dim=(1, 2, 3)).view(-1, 1, 1, 1)

    penalty = gradient_penalty(critic, torch.randn(5, 3, 4, 4), torch.randn(5, 3, 4, 4))
    expected = (weight.norm() - 1).square()
    torch.testing.assert_close(penalty, expected)
    (actual_gradient,) = torch.autograd.grad(penalty, weight)
    (expected_gradient,) = torch.autograd.grad(expected, weight)
    torch.testing.assert_close(actual_gradient, expected_gradient)


def test_penalty_is_taken_between_real_and_fake() -> None:
    """The gradient of |x|^2 / 2 is x itself: between 3 and 5 its norm lies between 3 and 5."""

    def critic(images: Tensor) -> Tensor:
        return images.square().sum(dim=(1, 2, 3)).view(-1, 1, 1, 1) / 2

    def at(value: float) -> Tensor:
        return torch.full((200, 1, 1, 1), value)

    penalty = gradient_penalty(critic, at(3.0), at(5.0)).item()
    assert 2.0**2 < penalty < 4.0**2
    assert gradient_penalty(critic, at(3.0), at(3.0)).item() == pytest.approx(4.0)


def test_penalty_of_a_critic_with_two_maps_is_that_of_their_mean() -> None:
    weights = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))

    def critic(images: Tensor) -> list[Tensor]:
        values = [(images * weight).sum(dim=(1, 2, 3)).view(-1, 1, 1, 1) for weight in weights]
        return [values[0].expand(-1, 1, 5, 5), values[1]]

    penalty = gradient_penalty(critic, torch.randn(5, 3, 4, 4), torch.randn(5, 3, 4, 4))
    torch.testing.assert_close(penalty, (weights.mean(dim=0).norm() - 1).square())
