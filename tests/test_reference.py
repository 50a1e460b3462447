"""The same numbers as the reference implementation for its weights and images, in float64.

In float32 the processor's rounding decides the sign of an L1 term where a reconstruction nearly
equals its image. That moves later losses by 1e-4, in the reference's own code as well.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gan.config import Config
from gan.networks import build_discriminator, build_generator
from gan.training.accelerator import build_accelerator
from gan.training.recipes.cyclegan import Trainer
from tests.support.reference import DEVICE, RECORD, TENSORS, relative_error, stored_weights, value

TOLERANCE = 1e-9
"""Tolerance of losses, weights and outputs in float64, relative to their scale."""

# The reference's names and ours: it calls the discriminator of domain B D_A, and gen_ab(b) idt_A.
NETWORKS = {"G_A": "gen_ab", "G_B": "gen_ba", "D_A": "disc_b", "D_B": "disc_a"}
LOSSES = {
    "G_A": "adversarial_ab",
    "G_B": "adversarial_ba",
    "cycle_A": "cycle_a",
    "cycle_B": "cycle_b",
    "idt_A": "identity_b",
    "idt_B": "identity_a",
    "D_A": "discriminator_b",
    "D_B": "discriminator_a",
}


def build(record: dict[str, Any], images: Tensor, output: Tensor) -> nn.Module:
    norm = value(record, "norm", default="instance")
    if "ndf" in record:
        return build_discriminator(
            record["kind"],
            in_channels=images.shape[1],
            channels=record["ndf"],
            layers=value(record, "n_layers", default=3),
            norm=norm,
        )
    return build_generator(
        record["kind"],
        in_channels=images.shape[1],
        out_channels=output.shape[1],
        channels=record["ngf"],
        norm=norm,
        dropout=value(record, "dropout", "use_dropout", default=False),
    )


@pytest.mark.parametrize("name", RECORD.get("networks", {}))
def test_network_loads_the_references_weights_and_repeats_its_output(name: str) -> None:
    record = RECORD["networks"][name]
    images, expected = TENSORS[f"{name}/input"], TENSORS[f"{name}/output"]
    network = build(record, images, expected)
    network.load_state_dict(stored_weights(f"{name}/weights/"), strict=True)
    network.to(DEVICE).train(value(record, "mode", default="train") == "train")
    with torch.no_grad():
        output = network.double()(images.double().to(DEVICE))
    assert relative_error(output.cpu(), expected) <= TOLERANCE


def config_of(name: str, record: dict[str, Any]) -> Config:
    """Return our configuration of the reference's training."""
    lambda_a, lambda_b = record["lambda_A"], record["lambda_B"]
    beta1, beta2 = record["betas"]
    return Config.model_validate(
        {
            "data": {
                "channels_a": TENSORS[f"{name}/real_a0"].shape[1],
                "channels_b": TENSORS[f"{name}/real_b0"].shape[1],
            },
            "networks": {
                "generator": record["generator"],
                "generator_channels": record["ngf"],
                "discriminator": value(record, "discriminator", "netD", default="basic"),
                "discriminator_channels": record["ndf"],
                "discriminator_layers": value(record, "n_layers", "n_layers_D", default=3),
                "norm": value(record, "norm", default="instance"),
                "dropout": value(record, "dropout", "use_dropout", default=False),
            },
            "loss": {
                "adversarial": value(record, "gan_mode", "loss", default=name),
                "cycle_a": lambda_a,
                "cycle_b": lambda_b,
                "identity_a": lambda_a * record["lambda_identity"],
                "identity_b": lambda_b * record["lambda_identity"],
            },
            "optim": {"lr": record["lr"], "beta1": beta1, "beta2": beta2},
            "train": {"pool_size": record["pool_size"]},
            "run": {"device": DEVICE},
        }
    )


@dataclass(frozen=True)
class Training:
    """The results of our training steps with the reference's networks and images."""

    name: str
    trainer: Trainer
    losses: list[dict[str, float]]

    def network(self, theirs: str) -> nn.Module:
        """Return our network for a name of the reference."""
        network: nn.Module = getattr(self.trainer.bare, NETWORKS[theirs])
        return network


def canceled_biases(network: nn.Module) -> set[str]:
    """Return the names of biases before an instance norm; Adam steps on their rounding noise."""
    return {
        f"{name}.{index}.bias"
        for name, module in network.named_modules()
        if isinstance(module, nn.Sequential)
        for index, (_, following) in enumerate(pairwise(module))
        if isinstance(following, nn.InstanceNorm2d)
    }


def train(name: str, dtype: torch.dtype, steps: int) -> Training:
    """Run our training steps from the reference's weights, on its images."""
    config = config_of(name, RECORD["steps"][name])
    training = Training(name, Trainer(config, build_accelerator(config)), [])
    for theirs in NETWORKS:
        network = training.network(theirs)
        network.load_state_dict(stored_weights(f"{name}/before/{theirs}/"), strict=True)
        network.to(dtype)
    with pytest.MonkeyPatch.context() as patch:
        # The images are in [-1, 1] already.
        patch.setattr("gan.training.recipes.base.to_unit", lambda images: images.to(dtype))
        for step in range(steps):
            batch = TENSORS[f"{name}/real_a{step}"], TENSORS[f"{name}/real_b{step}"]
            values = training.trainer.train_step(step + 1, [batch])
            # A term of weight zero is 0 there and does not exist here.
            training.losses.append({t: float(values.get(ours, 0.0)) for t, ours in LOSSES.items()})
    return training


@pytest.fixture(scope="module", params=RECORD.get("steps", {}))
def training(request: pytest.FixtureRequest) -> Training:
    name: str = request.param
    return train(name, torch.float64, steps=len(RECORD["steps"][name]["losses"]))


def test_every_loss_of_every_step_is_the_references(training: Training) -> None:
    recorded = RECORD["steps"][training.name]["losses"]
    for ours, theirs in zip(training.losses, recorded, strict=True):
        assert {term: ours[term] for term in theirs} == pytest.approx(theirs, rel=TOLERANCE)


@pytest.mark.parametrize("theirs", NETWORKS)
def test_updated_weights_are_the_references(training: Training, theirs: str) -> None:
    network = training.network(theirs)
    expected = stored_weights(f"{training.name}/after/{theirs}/")
    canceled = canceled_biases(network)
    ours = {name: parameter.detach().cpu() for name, parameter in network.named_parameters()}
    assert ours.keys() <= expected.keys()
    for name in ours.keys() - canceled:
        assert relative_error(ours[name], expected[name]) <= TOLERANCE, name
    for name in canceled:
        torch.testing.assert_close(ours[name], expected[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", RECORD.get("steps", {}))
def test_losses_before_the_first_update_are_the_references_in_single_precision(name: str) -> None:
    theirs = RECORD["steps"][name]["losses"][0]
    ours = train(name, torch.float32, steps=1).losses[0]
    assert {term: ours[term] for term in theirs} == pytest.approx(theirs, rel=1e-5)
