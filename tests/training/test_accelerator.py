"""The accelerator: settings of launchers, exactness, compilation."""

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch._dynamo.utils import counters

from benchmarks.plain import random_batch
from gan.config import Config
from gan.training.accelerator import build_accelerator, compile_networks
from gan.training.recipes.cyclegan import Trainer

CPU = torch.device("cpu")


def config(side: int = 16, **sections: dict[str, Any]) -> Config:
    values: dict[str, dict[str, Any]] = {
        "data": {"load_size": side, "crop_size": side},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2, "discriminator": "pixel",
            "discriminator_channels": 2,
        },
        "run": {"device": "cpu"},
    }  # fmt: skip
    return Config.model_validate(
        {name: values.get(name, {}) | sections.get(name, {}) for name in values | sections}
    )


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_launcher_for_cpus_contradicts_a_gpu(
    precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    settings = config(run={"device": "cuda"}, train={"precision": precision})
    with pytest.raises(ValueError, match=r"run\.device is cuda.*ACCELERATE_USE_CPU"):
        build_accelerator(settings)
    with pytest.raises(ValueError, match="fp16 requires a CUDA GPU"):
        build_accelerator(config(run={"device": "auto"}, train={"precision": "fp16"}))


@pytest.mark.parametrize(
    ("variable", "value", "printed"),
    [
        ("ACCELERATE_USE_DEEPSPEED", "true", "launched with DEEPSPEED"),
        ("ACCELERATE_USE_FSDP", "true", "launched with FSDP"),
        ("ACCELERATE_USE_MEGATRON_LM", "true", "launched with MEGATRON_LM"),
        ("ACCELERATE_DYNAMO_BACKEND", "inductor", "dynamo_backend inductor.*train.compile true"),
    ],
)
def test_an_engine_of_the_launcher_is_rejected_by_name(
    variable: str, value: str, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=printed):
        build_accelerator(config())


@pytest.mark.parametrize(
    ("precision", "rounds"), [("fp32", False), ("tf32", True), ("bf16", False)]
)
def test_float32_is_exact_unless_tf32_is_set(precision: str, rounds: bool) -> None:
    """torch's own default rounds convolutions, but not products."""
    build_accelerator(config(train={"precision": precision}))
    flags = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    build_accelerator(config())
    assert flags == (rounds, rounds)
    assert not torch.backends.cudnn.allow_tf32


@pytest.fixture
def as_before() -> Iterator[None]:
    yield
    torch.use_deterministic_algorithms(False)


def test_run_deterministic_uses_deterministic_operations_only(
    monkeypatch: pytest.MonkeyPatch, as_before: None
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    build_accelerator(config())
    assert not torch.are_deterministic_algorithms_enabled()
    build_accelerator(config(run={"device": "cpu", "deterministic": True}))
    assert torch.are_deterministic_algorithms_enabled()


@pytest.fixture
def compile_graphs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compile only to the graphs of the forward and backward passes: that needs no compiler."""
    torch._dynamo.reset()
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        yield
    torch._dynamo.reset()


def compiled(config: Config) -> Trainer:
    trainer = Trainer(config, build_accelerator(config))
    assert compile_networks(trainer.frame.updates.networks.values(), CPU) is None
    return trainer


@pytest.mark.usefixtures("compile_graphs")
@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=pytest.mark.slow)])
def test_every_run_of_a_process_is_compiled(precision: str) -> None:
    """torch compiles 8 graphs of one code object, and a run uses 4."""
    runs = []
    for batch in (1, 2, 3):
        trainer = compiled(config(train={"precision": precision, "batch_size": batch}))
        before = counters["stats"]["unique_graphs"]
        trainer.train_step(1, [random_batch(16, batch)])
        assert counters["stats"]["unique_graphs"] - before == 4
        runs.append(trainer)  # discarded ones are not counted


@pytest.mark.usefixtures("compile_graphs")
def test_a_compiled_gradient_penalty_is_the_plain_one() -> None:
    chosen = config(loss={"adversarial": "wgan_gp"})
    batch = [random_batch(16, 1)]
    ours = compiled(chosen).train_step(1, batch)
    theirs = Trainer(chosen, build_accelerator(chosen)).train_step(1, batch)
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_moments_are_laid_out_as_their_parameters() -> None:
    """The fused Adam reads both as flat memory: other strides would mix up the moments."""
    first, last = (Trainer(config(), build_accelerator(config())) for _ in range(2))
    first.train_step(1, [random_batch(16, 1)])
    contiguous = copy.deepcopy(first.frame.state())  # as a GPU saves them, or an early version
    for group in ("gen_optimizer", "disc_optimizer"):
        for moments in contiguous[group]["state"].values():
            moments |= {name: moment.contiguous() for name, moment in moments.items()}
    last.frame.restore(contiguous, {})
    for trainer in (first, last):
        trainer.train_step(2, [random_batch(16, 1)])
    for optimizer in last.frame.updates.optimizers.values():
        for parameter, state in optimizer.state.items():
            assert state["exp_avg"].stride() == parameter.stride()
    for ours, theirs in zip(last.bare, first.bare, strict=True):
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            # Adam turns rounding of gradients that are 0 into steps of 2e-4 at most.
            torch.testing.assert_close(one, other, rtol=0, atol=4e-4)
