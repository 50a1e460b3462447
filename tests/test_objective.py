"""The objective against closed forms: identity generators, constant discriminators, hand sums."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gan.config import LossConfig
from gan.objective import Translations, generator_losses, judge, translate

NAMES = {
    "adversarial_ab", "adversarial_ba", "cycle_a", "cycle_b", "identity_a", "identity_b",
}  # fmt: skip


def images(seed: int) -> Tensor:
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def constant(value: float) -> Callable[[Tensor], Tensor]:
    return lambda x: torch.full((len(x), 1, 2, 2), value)


def same(x: Tensor) -> Tensor:
    return x


def test_identity_generators_make_cycle_and_identity_losses_zero() -> None:
    a, b, loss = images(0), images(1), LossConfig()
    out = translate(same, same, a, b, loss)
    losses = generator_losses(out, a, b, constant(1.0), constant(1.0), loss)
    assert losses.keys() == NAMES
    assert all(value == 0 for value in losses.values())


def test_every_image_lives_in_the_domain_that_its_suffix_names() -> None:
    """Generators that add a power of ten each leave a trace of who was called on what."""
    a, b = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 0.5)
    out = translate(lambda x: x + 1, lambda x: x + 10, a, b, LossConfig())
    actual = {name: value.item() for name, value in vars(out).items()}
    assert actual == {
        "fake_b": 1, "fake_a": 10.5, "rec_a": 11, "rec_b": 11.5, "idt_a": 10, "idt_b": 1.5,
    }  # fmt: skip


def test_terms_carry_their_own_weights() -> None:
    loss = LossConfig(cycle=2, cycle_b=3, identity=5, identity_a=7)
    a, b = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    ones = torch.ones_like(a)
    out = Translations(ones, ones, rec_a=ones, rec_b=ones, idt_a=ones, idt_b=ones)
    losses = generator_losses(out, a, b, constant(0.0), constant(-1.0), loss)
    assert {name: value.item() for name, value in losses.items()} == {
        "adversarial_ab": 4,  # disc_b says -1
        "adversarial_ba": 1,  # disc_a says 0
        "cycle_a": 2,
        "cycle_b": 3,
        "identity_a": 7,
        "identity_b": 5,
    }


def test_identity_of_weight_zero_costs_no_pass() -> None:
    calls = []

    def gen(x: Tensor) -> Tensor:
        calls.append(x)
        return x

    loss = LossConfig(identity=0)
    out = translate(gen, gen, images(0), images(1), loss)
    losses = generator_losses(out, images(0), images(1), constant(0.0), constant(0.0), loss)
    assert len(calls) == 4
    assert losses.keys() == NAMES - {"identity_a", "identity_b"}


@pytest.mark.parametrize(("score", "expected"), [(0.0, 0.5), (0.5, 0.25), (1.0, 0.5)])
def test_discriminator_loss_is_half_the_sum(score: float, expected: float) -> None:
    judged = judge(constant(score), images(0), images(1), LossConfig())
    assert judged.loss.item() == pytest.approx(expected)
    assert judged.real.item() == judged.fake.item() == score


def test_discriminator_loss_leaves_the_generators_alone() -> None:
    disc, fake = nn.Conv2d(3, 1, 3), images(1).requires_grad_()
    judge(disc, images(0), fake, LossConfig(adversarial="wgan_gp")).loss.backward()
    assert fake.grad is None
    assert disc.weight.grad is not None


def test_wgan_gp_really_penalizes() -> None:
    """A critic of slope k per pixel has a gradient norm of k * sqrt(pixels) / pixels."""
    slope = 40.0

    def critic(x: Tensor) -> Tensor:
        return slope * x.mean(dim=(1, 2, 3)).view(-1, 1, 1, 1)

    real, fake = images(0), images(1)
    loss = LossConfig(adversarial="wgan_gp", gradient_penalty=10)
    scores = critic(fake).mean() - critic(real).mean()
    penalty = (slope / real[0].numel() ** 0.5 - 1) ** 2
    expected = (scores.item() + 10 * penalty) / 2
    assert judge(critic, real, fake, loss).loss.item() == pytest.approx(expected, rel=1e-5)
