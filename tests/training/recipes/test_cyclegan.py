"""The training step: what it updates, what it does not, and its switches."""

import copy
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.peak import peak_bytes
from gan.training.recipes.base import Batch
from gan.training.recipes.cyclegan import Trainer
from tests.support.recipes import (
    assert_accumulation_equals_a_larger_batch,
    converted,
    in_double,
    parameters,
    poisoned,
)
from tests.support.trainers import all_equal, batch, build, gradients, weights


@pytest.mark.parametrize("adversarial", ["lsgan", "vanilla", "hinge", "wgan_gp"])
def test_a_step_moves_all_four_networks_and_reports_finite_values(adversarial: str) -> None:
    trainer = build(loss={"adversarial": adversarial})
    before = [copy.deepcopy(net.state_dict()) for net in trainer.bare]
    values = trainer.train_step(1, [batch(0)])
    assert all(torch.isfinite(value) for value in values.values())
    for old, net in zip(before, trainer.bare, strict=True):
        assert any(not torch.equal(old[name], now) for name, now in net.state_dict().items())


def test_the_penalty_reaches_the_critics_weights() -> None:
    plain = build(loss={"adversarial": "wgan_gp", "gradient_penalty": 0})
    penalized = build(loss={"adversarial": "wgan_gp", "gradient_penalty": 10})
    for trainer in (plain, penalized):
        trainer.train_step(1, [batch(0)])
    assert all_equal(
        list(plain.bare.gen_ab.state_dict().values()),
        list(penalized.bare.gen_ab.state_dict().values()),
    )
    assert not all_equal(weights(plain), weights(penalized))


def test_dropout_changes_a_step_and_nothing_before_it() -> None:
    trainers = [build(networks={"dropout": on}) for on in (False, True)]
    assert all_equal(*map(weights, trainers))
    for trainer in trainers:
        trainer.train_step(1, [batch(0)])
    assert not all_equal(*map(weights, trainers))


def test_a_step_is_a_function_of_the_seed_and_its_number() -> None:
    """Dropout and the pool's exchanges repeat, whatever was drawn in between."""
    sections: dict[str, dict[str, Any]] = {
        "networks": {"dropout": True},
        "train": {"pool_size": 1},
    }
    first, second = build(**sections), build(**sections)
    for step in range(1, 5):
        first.train_step(step, [batch(step)])
    for step in range(1, 5):
        torch.rand(step)
        second.train_step(step, [batch(step)])
    assert all_equal(weights(first), weights(second))


def test_accumulation_equals_a_larger_batch() -> None:
    """In float64, so that only the order of sums differs; biases before an instance norm too."""
    whole, parts = (build(train={"pool_size": 0}) for _ in range(2))
    assert_accumulation_equals_a_larger_batch(whole, parts, lambda step: batch(step, 2))


def plain_step(trainer: Trainer, optimizers: list[torch.optim.Adam], images: Batch) -> None:
    """The paper's step in its simplest form: one graph for both directions, one image per pass."""
    (gen_ab, gen_ba), (disc_a, disc_b) = trainer.bare.generators, trainer.bare.discriminators
    dtype = next(gen_ab.parameters()).dtype
    a, b = (pixels.to(dtype) / 127.5 - 1 for pixels in images)
    fake_b, fake_a = gen_ab(a), gen_ba(b)
    ((disc_b(fake_b) - 1).square().mean() + (disc_a(fake_a) - 1).square().mean()
     + 10 * (gen_ba(fake_b) - a).abs().mean() + 10 * (gen_ab(fake_a) - b).abs().mean()
     + (5 * (gen_ba(a) - a).abs().mean() + 5 * (gen_ab(b) - b).abs().mean()
        if a.shape == b.shape else 0)).backward()  # fmt: skip
    optimizers[1].zero_grad()
    for disc, real, fake in ((disc_a, a, fake_a.detach()), (disc_b, b, fake_b.detach())):
        ((disc(real) - 1).square().mean() / 2 + disc(fake).square().mean() / 2).backward()
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("batch_passes", [True, False])
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("sections", [
    {},
    {"networks": {"norm": "batch"}},
    {"networks": {"norm": "none", "upsample": "resize"}},
    {"networks": {"discriminator": "pixel"}},
    {"data": {"channels_a": 1}, "loss": {"identity": 0}},
], ids=str)  # fmt: skip
def test_the_step_is_the_plain_one(
    sections: dict[str, dict[str, Any]], batch_passes: bool, size: int
) -> None:
    """Fewer passes and a backward pass per direction change only the order of sums."""
    ours = build(**sections, train={"pool_size": 0, "batch_passes": batch_passes})
    plain = build(**sections, train={"pool_size": 0})
    for net in (*ours.bare, *plain.bare):
        net.double()
    optimizers = [
        torch.optim.Adam([p for net in nets for p in net.parameters()], lr=2e-4, betas=(0.5, 0.999))
        for nets in (plain.bare.generators, plain.bare.discriminators)
    ]
    with converted(in_double):
        for step in range(1, 4):
            images = batch(step, size, (ours.frame.config.data.channels_a, 3))
            ours.train_step(step, [images])
            plain_step(plain, optimizers, images)
    # Not the running statistics of norms, which depend on the order of passes.
    for mine, reference in zip(parameters(ours), parameters(plain), strict=True):
        # Gradients of biases before a norm are pure rounding, which Adam turns into steps.
        torch.testing.assert_close(mine, reference, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("batch_passes", [True, False])
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_the_gradients_of_a_step_are_the_plain_ones(
    batch_passes: bool, dtype: torch.dtype, limit: float
) -> None:
    """The length of their difference relative to theirs: all generators', all discriminators'."""
    ours = build(train={"pool_size": 0, "batch_passes": batch_passes})
    plain = build(train={"pool_size": 0})
    for net in (*ours.bare, *plain.bare):
        net.to(dtype)
    optimizers = [
        torch.optim.Adam([p for net in nets for p in net.parameters()])
        for nets in (plain.bare.generators, plain.bare.discriminators)
    ]
    seen: list[Tensor] = []

    def look(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        seen.append(gradients(optimizer).clone())

    for optimizer in (*ours.frame.updates.optimizers.values(), *optimizers):
        optimizer.register_step_pre_hook(look)
    images = batch(1, 3)
    with converted(lambda pixels: pixels.to(dtype) / 127.5 - 1):
        ours.train_step(1, [images])
    plain_step(plain, optimizers, images)
    assert len(seen) == 4
    for mine, reference in zip(seen[:2], seen[2:], strict=True):
        assert (mine - reference).norm() <= limit * reference.norm()


def test_batched_passes_change_nothing_if_a_norm_mixes_images() -> None:
    sections: dict[str, dict[str, Any]] = {"networks": {"norm": "batch"}}
    together, apart = build(**sections), build(**sections, train={"batch_passes": False})
    for trainer in (together, apart):
        trainer.train_step(1, [batch(1, 2)])
    assert all_equal(weights(together), weights(apart))


@pytest.mark.parametrize("sections", [{}, {"networks": {"dropout": True}},
                                      {"train": {"precision": "bf16"}}], ids=str)  # fmt: skip
def test_recomputed_blocks_give_the_same_step(sections: dict[str, Any]) -> None:
    train = sections.get("train", {})
    kept, again = build(**sections), build(**sections | {"train": train | {"recompute": True}})
    for step in (1, 2):
        for trainer in (kept, again):
            trainer.train_step(step, [batch(step)])
    assert all_equal(weights(kept), weights(again))


def test_a_step_takes_the_memory_of_one_direction() -> None:
    """And a third of it if residual blocks are recomputed."""
    networks = {"generator": "resnet_9blocks", "generator_channels": 8}
    cpu = torch.device("cpu")

    def trainer(**train: Any) -> Trainer:
        return build(data={"crop_size": 64}, networks=networks, train=train)

    images = [
        torch.randint(256, (1, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator())
        for _ in "ab"
    ]
    plain = trainer()
    for net in plain.bare:
        net.double()
    optimizers = [torch.optim.Adam(plain.bare.gen_ab.parameters(), lr=0.0)] * 2
    joint = peak_bytes(lambda: plain_step(plain, optimizers, images), cpu) / 2  # of float64
    for train, limit in (({}, 0.6), ({"recompute": True}, 0.35)):
        one = trainer(**train)
        one.train_step(1, [images])  # creates the optimizers' state
        assert peak_bytes(partial(one.train_step, 2, [images]), cpu) < limit * joint


def test_averages_follow_the_generators_by_the_decay() -> None:
    trainer = build(train={"ema": 0.9})
    expected = [
        tensor.clone() for tensor in trainer.frame.updates.averages["gen_ab"].state_dict().values()
    ]
    for step in range(1, 4):
        trainer.train_step(step, [batch(step)])
        decay = min(0.9, (1 + step) / (10 + step))
        now = trainer.bare.gen_ab.state_dict().values()
        expected = [decay * old + (1 - decay) * new for old, new in zip(expected, now, strict=True)]
    for ours, theirs in zip(
        trainer.frame.updates.averages["gen_ab"].state_dict().values(), expected, strict=True
    ):
        torch.testing.assert_close(ours, theirs)
    assert list(trainer.frame.generators.values()) == list(trainer.frame.updates.averages.values())


def test_without_averaging_the_trained_generators_are_exported() -> None:
    trainer = build()
    assert trainer.frame.generators == {"ab": trainer.bare.gen_ab, "ba": trainer.bare.gen_ba}


def test_clipping_bounds_the_gradients_and_reports_their_norm_before() -> None:
    trainer = build(optim={"grad_clip": 1e-3})
    received = []
    trainer.frame.updates.optimizers["generators"].register_step_pre_hook(
        lambda optimizer, *_: received.append(gradients(optimizer).norm())
    )
    values = trainer.train_step(1, [batch(0)])
    assert values["gradient_norm_generators"] > 1e-2
    torch.testing.assert_close(received[0], torch.tensor(1e-3), rtol=1e-3, atol=0)


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_a_step_that_is_not_finite_is_skipped_completely(norm: str) -> None:
    trainer = build(train={"ema": 0.5}, networks={"norm": norm})
    trainer.train_step(1, [batch(0)])
    before, averages = (
        weights(trainer),
        copy.deepcopy(trainer.frame.updates.averages["gen_ab"].state_dict()),
    )
    optimizer = copy.deepcopy(trainer.frame.updates.optimizers["generators"].state_dict())
    with converted(poisoned):
        values = trainer.train_step(2, [batch(1)])
    assert values["skipped_steps"] == values["skipped_in_row"] == 1
    assert all_equal(before, weights(trainer))
    assert all_equal(
        list(averages.values()),
        list(trainer.frame.updates.averages["gen_ab"].state_dict().values()),
    )
    after = trainer.frame.updates.optimizers["generators"].state_dict()["state"]
    for key, state in optimizer["state"].items():
        assert all(torch.equal(state[name], after[key][name]) for name in state)
    values = trainer.train_step(3, [batch(2)])
    assert [values[name].item() for name in ("skipped_steps", "skipped_in_row")] == [1, 0]
    assert not all_equal(before, weights(trainer))


def test_learning_rates_are_written_into_both_optimizers() -> None:
    trainer = build(optim={"lr": 1e-3, "discriminator_lr": 4e-3})
    trainer.frame.updates.set_lr(0.5)
    assert trainer.frame.updates.optimizers["generators"].param_groups[0]["lr"] == pytest.approx(
        5e-4
    )
    assert trainer.frame.updates.optimizers["discriminators"].param_groups[0][
        "lr"
    ] == pytest.approx(2e-3)


@pytest.mark.parametrize(("variable", "value", "key"), [
    ("ACCELERATE_MIXED_PRECISION", "bf16", "train.precision"),
    ("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4", "train.accumulate"),
])  # fmt: skip
def test_contradictory_settings_of_a_launcher_are_rejected(
    variable: str, value: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=rf"{key} is .*{value}"):
        build()


def test_fp16_without_a_gpu_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"train\.precision fp16 requires a CUDA GPU"):
        build(train={"precision": "fp16"})
