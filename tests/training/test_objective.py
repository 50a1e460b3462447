"""The objective against closed forms: identity generators, constant discriminators, sums."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.config import LossConfig
from gan.config.extensions import register_adversarial, register_loss_term
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.losses import LOSS_TERMS
from gan.domains import Direction
from gan.training.objective import (
    NO_TARGETS,
    Cycle,
    Discriminator,
    LossTargets,
    Network,
    Passes,
    at_once,
    discriminator_loss,
    generator_losses,
    one_by_one,
    translate,
)
from tests.support.registering import forget_rows

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
) -> dict[Direction, Cycle]:
    """Both cycles, by direction."""
    return {
        "ab": translate("ab", gen_ab, gen_ba, a, b, loss),
        "ba": translate("ba", gen_ba, gen_ab, b, a, loss),
    }


def objective(
    cycles: dict[Direction, Cycle],
    disc_a: Discriminator,
    disc_b: Discriminator,
    loss: LossConfig,
    targets: LossTargets = NO_TARGETS,
) -> dict[str, Tensor]:
    """All terms of the generators' loss, by name."""
    return generator_losses("ab", cycles["ab"], disc_b, loss, targets) | generator_losses(
        "ba", cycles["ba"], disc_a, loss, targets
    )


def test_identity_generators_make_cycle_and_identity_losses_zero() -> None:
    a, b, loss = images(0), images(1), LossConfig()
    losses = objective(both_ways(same, same, a, b, loss), constant(1.0), constant(1.0), loss)
    assert losses.keys() == NAMES
    assert all(value == 0 for value in losses.values())


def test_every_image_belongs_to_the_domain_of_its_suffix() -> None:
    """Generators that add a power of ten each show which was called on what."""
    a, b = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 0.5)
    cycles = both_ways(lambda x: x + 1, lambda x: x + 10, a, b, LossConfig())
    fake_b, rec_a, idt_b = 1, 11, 1.5
    fake_a, rec_b, idt_a = 10.5, 11.5, 10
    off = {"unsteady": None}
    assert vars(cycles["ab"]) == dict(real=a, fake=fake_b, rec=rec_a, target=b, idt=idt_b) | off
    assert vars(cycles["ba"]) == dict(real=b, fake=fake_a, rec=rec_b, target=a, idt=idt_a) | off


def test_each_term_has_its_weight() -> None:
    loss = LossConfig(cycle=2, cycle_b=3, identity=5, identity_a=7)
    a, b = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    ones = torch.ones_like(a)
    cycles: dict[Direction, Cycle] = {
        "ab": Cycle(a, ones, ones, b, ones),
        "ba": Cycle(b, ones, ones, a, ones),
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


class Pixels:
    """A network whose maps are an image's pixels and its left half; records its inputs."""

    def __init__(self) -> None:
        self.inputs: list[Tensor] = []

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        self.inputs.append(images)
        return {"all": images, "left": images[..., : images.shape[-1] // 2]}


def gram_of(images: Tensor) -> Tensor:
    """By NumPy, per position: (1, C, C), the mean over the images."""
    maps = images.numpy().astype(np.float64)
    rows = maps.reshape(*maps.shape[:2], -1)
    return torch.from_numpy(np.einsum("nik,njk->ij", rows, rows) / len(maps) / rows.shape[2])[None]


def targets_of(a: Tensor, b: Tensor, network: Pixels) -> LossTargets:
    """The left halves are content; everything is style."""
    gram_a, gram_b = (
        {"all": gram_of(images), "left": gram_of(images[..., :4])} for images in (a, b)
    )
    return LossTargets(
        network,
        {"a": {"left": a[..., :4]}, "b": {"left": b[..., :4]}},
        {"a": gram_a, "b": gram_b},
    )


def test_optional_terms_equal_sums_by_numpy() -> None:
    a, b = images(0).double(), images(1).double()
    fake_a, fake_b, rec_a, rec_b = (images(seed).double() for seed in range(2, 6))
    cycles: dict[Direction, Cycle] = {
        "ab": Cycle(a, fake_b, rec_a, b, None),
        "ba": Cycle(b, fake_a, rec_b, a, None),
    }
    loss = LossConfig(perceptual=2, perceptual_cycle=3, style=5, tv=7)
    losses = objective(cycles, constant(0.0), constant(0.0), loss, targets_of(a, b, Pixels()))

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


def test_identity_generators_keep_all_features() -> None:
    a, b = images(0), images(1)
    loss = LossConfig(perceptual=1, perceptual_cycle=1)
    cycles, targets = both_ways(same, same, a, b, loss), targets_of(a, b, Pixels())
    losses = objective(cycles, constant(1.0), constant(1.0), loss, targets)
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
def test_features_are_computed_once_and_only_if_a_weight_requires_them(
    weights: dict[str, float], expected: list[str]
) -> None:
    a, b, network, loss = images(0), images(1), Pixels(), LossConfig.model_validate(weights)
    cycles = both_ways(lambda x: x + 1, lambda x: x + 2, a, b, loss)
    objective(cycles, constant(0.0), constant(0.0), loss, targets_of(a, b, network))
    out = {
        "fake_b": cycles["ab"].fake, "rec_a": cycles["ab"].rec,
        "fake_a": cycles["ba"].fake, "rec_b": cycles["ba"].rec,
    }  # fmt: skip
    names = [name for image in network.inputs for name, value in out.items() if value is image]
    assert sorted(names) == expected


def test_passes_at_once_are_passes_one_by_one() -> None:
    calls, batches = [], [images(0), images(1)[:1], images(2)]

    def network(x: Tensor) -> Tensor:
        calls.append(len(x))
        return 2 * x

    apart, together = one_by_one(network, *batches), at_once(network, *batches)
    assert calls == [2, 1, 2, 5]
    for one, other in zip(apart, together, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize(("score", "expected"), [(0.0, 0.5), (0.5, 0.25), (1.0, 0.5)])
def test_discriminator_loss_is_half_the_sum(score: float, expected: float) -> None:
    result = discriminator_loss(constant(score), images(0), images(1), LossConfig())
    assert result.loss.item() == pytest.approx(expected)
    assert result.real.item() == result.fake.item() == score


def test_discriminator_loss_gives_generators_no_gradient() -> None:
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


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Jolicoeur-Martineau 2018, the relativistic average LSGAN."""
    return (real - fake.mean() - 1).square().mean() + (fake - real.mean() + 1).square().mean()


def relativistic_generator(fake: Tensor, real: Tensor) -> Tensor:
    return (fake - real.mean() - 1).square().mean() + (real - fake.mean() + 1).square().mean()


def test_a_relativistic_form_equals_its_formula_and_gradient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scores are the pixels themselves; loss and gradient by NumPy."""
    forget_rows(monkeypatch, ADVERSARIAL)
    register_adversarial(
        "relativistic", relativistic_discriminator, relativistic_generator, uses_real=True, chance=1
    )
    real, fake, loss = images(0), images(1).requires_grad_(), LossConfig(adversarial="relativistic")
    r, f = real.numpy(), fake.detach().numpy()
    for_disc = np.mean((r - f.mean() - 1) ** 2) + np.mean((f - r.mean() + 1) ** 2)
    for_gen = np.mean((f - r.mean() - 1) ** 2) + np.mean((r - f.mean() + 1) ** 2)
    slope = 2 / f.size * (f - r.mean() - 1 - np.mean(r - f.mean() + 1))

    result = discriminator_loss(same, real, fake, loss)
    assert result.loss.item() == pytest.approx(for_disc / 2, rel=1e-5)
    cycle = Cycle(images(2), fake, images(2), real, None)
    value = generator_losses("ab", cycle, same, loss)["adversarial_ab"]
    assert value.item() == pytest.approx(for_gen, rel=1e-5)
    value.backward()
    assert fake.grad is not None
    np.testing.assert_allclose(fake.grad.numpy(), slope, atol=1e-7)


@pytest.mark.parametrize("adversarial", ["lsgan", "vanilla", "hinge", "wgan_gp"])
def test_real_images_are_scored_for_a_generator_only_if_its_form_requires_it(
    adversarial: str,
) -> None:
    inputs = []

    def disc(x: Tensor) -> Tensor:
        inputs.append(x)
        return x

    cycle = Cycle(images(0), images(1), images(0), images(2), None)
    generator_losses("ab", cycle, disc, LossConfig(adversarial=adversarial))
    assert [x is cycle.fake for x in inputs] == [True]


def test_a_registered_regularizer_is_added_with_its_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R1 (Mescheder et al. 2018) of a critic sum(w * x): |w|^2 / 2 everywhere."""

    def r1(disc: Network, real: Tensor, fake: Tensor) -> Tensor:
        real = real.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(disc(real).sum(), real, create_graph=True)
        return gradient.flatten(1).square().sum(dim=1).mean() / 2

    forget_rows(monkeypatch, ADVERSARIAL)
    lsgan = ADVERSARIAL["lsgan"]
    register_adversarial("r1", lsgan.discriminator, lsgan.generator, regularizer=r1, chance=0.25)
    weight = images(3)[0].requires_grad_()

    def critic(x: Tensor) -> Tensor:
        return (x * weight).sum(dim=(1, 2, 3)).view(-1, 1, 1, 1)

    real, fake = images(0), images(1)
    plain = discriminator_loss(critic, real, fake, LossConfig()).loss
    loss = LossConfig(adversarial="r1", gradient_penalty=6)
    regularized = discriminator_loss(critic, real, fake, loss).loss
    torch.testing.assert_close(regularized - plain, 6 * weight.square().sum() / 2 / 2)
    (slope,) = torch.autograd.grad(regularized - plain, weight)
    torch.testing.assert_close(slope, 6 * weight.detach() / 2, rtol=1e-4, atol=1e-5)


def half_size(x: Tensor) -> Tensor:
    return x.mean(dim=1, keepdim=True)[..., ::2, ::2]


@pytest.mark.parametrize("passes", [one_by_one, at_once])
@pytest.mark.parametrize("adversarial", ["lsgan", "vanilla", "hinge", "wgan_gp"])
def test_losses_of_two_score_maps_are_averaged(adversarial: str, passes: Passes) -> None:
    """Maps of different sizes; without the penalty, which is not a mean over maps."""
    loss, real, fake = LossConfig(adversarial=adversarial, gradient_penalty=0), images(0), images(1)
    alone: list[Network] = [same, half_size]
    several = discriminator_loss(lambda x: [disc(x) for disc in alone], real, fake, loss, passes)
    singles = [discriminator_loss(disc, real, fake, loss, passes) for disc in alone]
    for name in ("loss", "real", "fake"):
        expected = (getattr(singles[0], name) + getattr(singles[1], name)) / 2
        torch.testing.assert_close(getattr(several, name), expected)

    cycle = Cycle(images(2), fake, images(2), real, None)
    discriminators: list[Discriminator] = [lambda x: (same(x), half_size(x)), *alone]
    value, *parts = (
        generator_losses("ab", cycle, disc, loss)["adversarial_ab"] for disc in discriminators
    )
    torch.testing.assert_close(value, (parts[0] + parts[1]) / 2)


def test_passes_at_once_split_every_map() -> None:
    batches = [images(0), images(1)[:1], images(2)]

    def network(x: Tensor) -> list[Tensor]:
        return [2 * x, half_size(x)]

    apart, together = one_by_one(network, *batches), at_once(network, *batches)
    for one, other in zip(apart, together, strict=True):
        assert all(map(torch.equal, one, other))


def test_registered_terms_have_their_weights_and_directions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_rows(monkeypatch, LOSS_TERMS)
    register_loss_term("shift", lambda cycle: (cycle.fake - cycle.real).mean())
    register_loss_term("off", lambda cycle: 1 / 0)
    loss = LossConfig(terms={"shift": 3, "off": 0})
    a, b = images(0), images(1)
    cycles = both_ways(lambda x: x + 1, lambda x: x - 2, a, b, loss)
    losses = objective(cycles, constant(0.0), constant(0.0), loss)
    assert losses.keys() == NAMES | {"shift_ab", "shift_ba"}
    assert losses["shift_ab"].item() == pytest.approx(3 * 1, rel=1e-5)
    assert losses["shift_ba"].item() == pytest.approx(3 * -2, rel=1e-5)


@pytest.mark.parametrize(("value", "got"), [(torch.ones(2, 3), r"\(2, 3\)"), (0.5, "float")])
def test_a_registered_term_that_is_not_a_scalar_is_named(
    value: object, got: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_rows(monkeypatch, LOSS_TERMS)
    register_loss_term("odd", lambda cycle: value)
    loss = LossConfig.model_validate({"terms": {"odd": 1}})
    cycle = Cycle(images(0), images(1), images(2), images(3), None)
    with pytest.raises(ValueError, match=f"loss term odd: its function returned {got}"):
        generator_losses("ab", cycle, same, loss)
