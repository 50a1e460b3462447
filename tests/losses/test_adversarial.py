"""Adversarial losses against closed forms and torch's own, the penalty against algebra."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from gan.losses import FORMS, gradient_penalty


def scores() -> Tensor:
    return torch.randn(2, 1, 5, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("kind", "library_loss"), [
    ("lsgan", mse_loss),
    ("vanilla", binary_cross_entropy_with_logits),
])  # fmt: skip
def test_form_equals_torchs_loss_against_ones_and_zeros(kind: str, library_loss: object) -> None:
    form, s = FORMS[kind], scores()
    ones, zeros = torch.ones_like(s), torch.zeros_like(s)
    torch.testing.assert_close(form.real(s), library_loss(s, ones))  # type: ignore[operator]
    torch.testing.assert_close(form.fake(s), library_loss(s, zeros))  # type: ignore[operator]
    torch.testing.assert_close(form.fooled(s), library_loss(s, ones))  # type: ignore[operator]


@pytest.mark.parametrize(("kind", "real", "fake", "fooled"), [
    # on constant scores of 0.5
    ("lsgan", 0.25, 0.25, 0.25),
    ("vanilla", math.log1p(math.exp(-0.5)), math.log1p(math.exp(0.5)), math.log1p(math.exp(-0.5))),
    ("hinge", 0.5, 1.5, -0.5),
    ("wgan_gp", -0.5, 0.5, -0.5),
])  # fmt: skip
def test_form_on_constant_scores(kind: str, real: float, fake: float, fooled: float) -> None:
    form, s = FORMS[kind], torch.full((2, 1, 3, 3), 0.5)
    actual = [form.real(s).item(), form.fake(s).item(), form.fooled(s).item()]
    assert actual == pytest.approx([real, fake, fooled], rel=1e-6)


def test_hinge_leaves_confident_scores_alone() -> None:
    assert FORMS["hinge"].real(torch.full((1, 1, 2, 2), 1.5)) == 0
    assert FORMS["hinge"].fake(torch.full((1, 1, 2, 2), -1.5)) == 0


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
