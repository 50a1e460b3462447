"""The objective against closed forms: identity generators, constant discriminators, hand sums."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.config import LossConfig
from gan.domains import Domain
from gan.training.objective import (
    NO_TARGETS,
    Cycle,
    LossTargets,
    Network,
    at_once,
    discriminator_loss,
    generator_losses,
    one_by_one,
    translate,
)

NAMES = {
    "adversarial_ab", "adversarial_ba", "cycle_a", "cycle_b", "identity_a", "identity_b",
}  # fmt: skip


def images(seed: int) -> Tensor:
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def constant(value: float) -> Callable[[Tensor], Tensor]:
    return lambda x: torch.full((len(x), 1, 2, 2), value)


def same(x: Tensor) -> Tensor:
    return x


def both_ways(
    gen_ab: Network, gen_ba: Network, a: Tensor, b: Tensor, loss: LossConfig
) -> dict[Domain, Cycle]:
    """Both cycles, by the domain that they begin in."""
    return {
        "a": translate("b", gen_ab, gen_ba, a, b, loss),
        "b": translate("a", gen_ba, gen_ab, b, a, loss),
    }


def objective(
    cycles: dict[Domain, Cycle],
    disc_a: Network,
    disc_b: Network,
    loss: LossConfig,
    sight: LossTargets = NO_TARGETS,
) -> dict[str, Tensor]:
    """All terms of the generators' loss, by name."""
    return generator_losses("a", "b", cycles["a"], disc_b, loss, sight) | generator_losses(
        "b", "a", cycles["b"], disc_a, loss, sight
    )


def test_identity_generators_make_cycle_and_identity_losses_zero() -> None:
    a, b, loss = images(0), images(1), LossConfig()
    losses = objective(both_ways(same, same, a, b, loss), constant(1.0), constant(1.0), loss)
    assert losses.keys() == NAMES
    assert all(value == 0 for value in losses.values())


def test_every_image_lives_in_the_domain_that_its_suffix_names() -> None:
    """Generators that add a power of ten each leave a trace of who was called on what."""
    a, b = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 0.5)
    cycles = both_ways(lambda x: x + 1, lambda x: x + 10, a, b, LossConfig())
    fake_b, rec_a, idt_b = 1, 11, 1.5
    fake_a, rec_b, idt_a = 10.5, 11.5, 10
    assert vars(cycles["a"]) == dict(real=a, fake=fake_b, rec=rec_a, target=b, idt=idt_b)
    assert vars(cycles["b"]) == dict(real=b, fake=fake_a, rec=rec_b, target=a, idt=idt_a)


def test_terms_carry_their_own_weights() -> None:
    loss = LossConfig(cycle=2, cycle_b=3, identity=5, identity_a=7)
    a, b = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    ones = torch.ones_like(a)
    cycles: dict[Domain, Cycle] = {
        "a": Cycle(a, ones, ones, b, ones),
        "b": Cycle(b, ones, ones, a, ones),
    }
    losses = objective(cycles, constant(0.0), constant(-1.0), loss)
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
    cycles = both_ways(gen, gen, images(0), images(1), loss)
    losses = objective(cycles, constant(0.0), constant(0.0), loss)
    assert len(calls) == 4
    assert losses.keys() == NAMES - {"identity_a", "identity_b"}


class Looking:
    """Sees an image's pixels, and its left half; remembers which images it was asked to see."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        self.seen.append(images)
        return {"all": images, "left": images[..., : images.shape[-1] // 2]}


def gram_of(images: Tensor) -> Tensor:
    """By NumPy, per position: (1, C, C), the mean over the images."""
    maps = images.numpy().astype(np.float64)
    rows = maps.reshape(*maps.shape[:2], -1)
    return torch.from_numpy(np.einsum("nik,njk->ij", rows, rows) / len(maps) / rows.shape[2])[None]


def sight_of(a: Tensor, b: Tensor, see: Looking) -> LossTargets:
    """The left halves are content; everything is style."""
    gram_a, gram_b = (
        {"all": gram_of(images), "left": gram_of(images[..., :4])} for images in (a, b)
    )
    return LossTargets(see, {"left": a[..., :4]}, {"left": b[..., :4]}, gram_a, gram_b)


def test_optional_terms_equal_sums_by_numpy() -> None:
    a, b = images(0).double(), images(1).double()
    fake_a, fake_b, rec_a, rec_b = (images(seed).double() for seed in range(2, 6))
    cycles: dict[Domain, Cycle] = {
        "a": Cycle(a, fake_b, rec_a, b, None),
        "b": Cycle(b, fake_a, rec_b, a, None),
    }
    loss = LossConfig(perceptual=2, perceptual_cycle=3, style=5, tv=7)
    losses = objective(cycles, constant(0.0), constant(0.0), loss, sight_of(a, b, Looking()))

    def left(ours: Tensor, real: Tensor) -> Any:
        return np.mean((ours.numpy()[..., :4] - real.numpy()[..., :4]) ** 2)

    def style(ours: Tensor, real: Tensor) -> Any:
        distances = [
            np.sum((gram_of(image[None, ..., :width]) - gram_of(real[..., :width])).numpy() ** 2)
            / (4 * 3**2)
            for image in ours
            for width in (8, 4)
        ]
        return np.mean(distances)

    def variation(ours: Tensor) -> Any:
        padded = np.pad(ours.numpy(), ((0, 0), (0, 0), (0, 1), (0, 1)), mode="edge")
        dx, dy = np.diff(padded, axis=3)[..., :-1, :], np.diff(padded, axis=2)[..., :-1]
        return np.mean(np.sqrt(dx**2 + dy**2))

    expected = {
        "perceptual_ab": 2 * left(fake_b, a), "perceptual_ba": 2 * left(fake_a, b),
        "perceptual_cycle_a": 3 * left(rec_a, a), "perceptual_cycle_b": 3 * left(rec_b, b),
        "style_ab": 5 * style(fake_b, b), "style_ba": 5 * style(fake_a, a),
        "tv_ab": 7 * variation(fake_b), "tv_ba": 7 * variation(fake_a),
    }  # fmt: skip
    assert losses.keys() == expected.keys() | NAMES - {"identity_a", "identity_b"}
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-6), name


def test_identity_generators_keep_what_is_seen() -> None:
    a, b = images(0), images(1)
    loss = LossConfig(perceptual=1, perceptual_cycle=1)
    cycles, sight = both_ways(same, same, a, b, loss), sight_of(a, b, Looking())
    losses = objective(cycles, constant(1.0), constant(1.0), loss, sight)
    names = {"perceptual_ab", "perceptual_ba", "perceptual_cycle_a", "perceptual_cycle_b"}
    assert losses.keys() == NAMES | names
    assert all(losses[name] == 0 for name in names)


@pytest.mark.parametrize(("weights", "expected"), [
    ({}, []),
    ({"tv": 1.0}, []),
    ({"style": 1.0, "tv": 1.0}, ["fake_a", "fake_b"]),
    ({"style": 1.0, "perceptual": 1.0}, ["fake_a", "fake_b"]),
    ({"perceptual_cycle": 1.0}, ["rec_a", "rec_b"]),
], ids=str)  # fmt: skip
def test_an_image_is_seen_once_and_only_where_a_weight_asks_for_it(
    weights: dict[str, float], expected: list[str]
) -> None:
    a, b, see, loss = images(0), images(1), Looking(), LossConfig.model_validate(weights)
    cycles = both_ways(lambda x: x + 1, lambda x: x + 2, a, b, loss)
    objective(cycles, constant(0.0), constant(0.0), loss, sight_of(a, b, see))
    out = {
        "fake_b": cycles["a"].fake, "rec_a": cycles["a"].rec,
        "fake_a": cycles["b"].fake, "rec_b": cycles["b"].rec,
    }  # fmt: skip
    names = [name for image in see.seen for name, value in out.items() if value is image]
    assert sorted(names) == expected


def test_passes_at_once_are_passes_one_by_one() -> None:
    calls, batches = [], [images(0), images(1)[:1], images(2)]

    def network(x: Tensor) -> Tensor:
        calls.append(len(x))
        return 2 * x

    apart, together = one_by_one(network, *batches), at_once(network, *batches)
    assert calls == [2, 1, 2, 5]
    assert all(map(torch.equal, apart, together))


@pytest.mark.parametrize(("score", "expected"), [(0.0, 0.5), (0.5, 0.25), (1.0, 0.5)])
def test_discriminator_loss_is_half_the_sum(score: float, expected: float) -> None:
    judged = discriminator_loss(constant(score), images(0), images(1), LossConfig())
    assert judged.loss.item() == pytest.approx(expected)
    assert judged.real.item() == judged.fake.item() == score


def test_discriminator_loss_leaves_the_generators_alone() -> None:
    disc, fake = nn.Conv2d(3, 1, 3), images(1).requires_grad_()
    discriminator_loss(disc, images(0), fake, LossConfig(adversarial="wgan_gp")).loss.backward()
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
    assert discriminator_loss(critic, real, fake, loss).loss.item() == pytest.approx(
        expected, rel=1e-5
    )
