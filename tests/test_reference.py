"""Same numbers as the reference implementation, given its weights and images.

`golden/small` was written by junyanz/pytorch-CycleGAN-and-pix2pix at 2a7afba (torch CPU). The
environment variable GOLDEN names another file of the same form, without its suffix.
"""

import json
import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from gan.config import Config
from gan.networks import build_discriminator, build_generator
from gan.training.accelerator import build_accelerator
from gan.training.recipes.cyclegan import Trainer

GOLDEN = os.environ.get("GOLDEN", str(Path(__file__).parent / "golden" / "small"))
RECORD = json.loads(Path(f"{GOLDEN}.json").read_text())
TENSORS = load_file(f"{GOLDEN}.safetensors")

# The reference's names and ours: it calls the judge of domain B D_A, and gen_ab(b) idt_A.
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


def value(record: dict[str, Any], *names: str, default: Any) -> Any:
    """Return the entry under the first of several names that the record has."""
    return next((record[name] for name in names if name in record), default)


def stored_weights(prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in TENSORS.items()
        if name.startswith(prefix)
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
    network.train(value(record, "mode", default="train") == "train")
    with torch.no_grad():
        output = network(images)
    assert output.shape == expected.shape
    # Where a processor's convolutions round otherwise, single pixels differ by up to 1.5e-5.
    errors = (output - expected) / expected.std()
    assert errors.square().mean().sqrt() <= 1e-5
    assert errors.abs().max() <= 3e-5


def config_of(name: str, record: dict[str, Any]) -> Config:
    """Say in our words how the reference was trained."""
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
            "run": {"device": "cpu"},
        }
    )


@dataclass(frozen=True)
class Training:
    """What our training step made of the reference's networks and images."""

    name: str
    trainer: Trainer
    losses: list[dict[str, float]]

    def losses_agree(self) -> list[bool]:
        """Tell for each step whether all losses, by the reference's names, are within 1e-5."""
        steps = zip(self.losses, RECORD["steps"][self.name]["losses"], strict=True)
        return [
            all(ours[term] == pytest.approx(theirs[term], rel=1e-5) for term in theirs)
            for ours, theirs in steps
        ]

    def weight_errors(self, theirs: str) -> Tensor:
        """Return how far each weight of a network ended from the reference's."""
        network: nn.Module = getattr(self.trainer.bare, NETWORKS[theirs])
        expected = stored_weights(f"{self.name}/after/{theirs}/")
        cancelled = cancelled_biases(network)
        errors = [
            (parameter.detach() - expected[name]).abs().flatten()
            for name, parameter in network.named_parameters()
            if name not in cancelled
        ]
        return torch.cat(errors)

    def agrees(self) -> bool:
        return all(self.losses_agree()) and all(close(self.weight_errors(net)) for net in NETWORKS)


def cancelled_biases(network: nn.Module) -> set[str]:
    """Name the biases in front of an instance norm; Adam makes steps of their rounding noise."""
    return {
        f"{name}.{index}.bias"
        for name, module in network.named_modules()
        if isinstance(module, nn.Sequential)
        for index, (_, following) in enumerate(pairwise(module))
        if isinstance(following, nn.InstanceNorm2d)
    }


def close(errors: Tensor) -> bool:
    """Adam divides tiny gradients by themselves: a few weights amplify rounding, none far."""
    return bool((errors <= 1e-5).double().mean() >= 0.999 and errors.max() <= 3e-4)


def train(name: str, dtype: torch.dtype) -> Training:
    """Take our training steps from the reference's weights, on its images."""
    record = RECORD["steps"][name]
    config = config_of(name, record)
    trainer = Trainer(config, build_accelerator(config))
    for theirs, ours in NETWORKS.items():
        network: nn.Module = getattr(trainer.bare, ours)
        network.load_state_dict(stored_weights(f"{name}/before/{theirs}/"), strict=True)
        network.to(dtype)
    losses = []
    with pytest.MonkeyPatch.context() as patch:
        # The images are in [-1, 1] already.
        patch.setattr("gan.training.recipes.base.to_unit", lambda images: images.to(dtype))
        for step in range(len(record["losses"])):
            batch = TENSORS[f"{name}/real_a{step}"], TENSORS[f"{name}/real_b{step}"]
            values = trainer.train_step(step + 1, [batch])
            # A term of weight zero is 0 there and does not exist here.
            losses.append({t: float(values.get(ours, 0.0)) for t, ours in LOSSES.items()})
    return Training(name, trainer, losses)


@pytest.fixture(scope="module", params=RECORD.get("steps", {}))
def training(request: pytest.FixtureRequest) -> Training:
    """Train in double precision, or in single where only that lands on the reference's side.

    The gradient of an L1 loss jumps where a reconstruction meets its image, that of a ReLU at 0.
    Among 10^5 pixels one lies within float32's rounding of such a jump (in `small`, a pixel of
    rec_b misses its image by 7e-8), and the side that the machine's rounding picks moves later
    losses by 1e-4. Double precision rounds too little to pick; the reference ran in single.
    """
    name: str = request.param
    double = train(name, torch.float64)
    return double if double.agrees() else train(name, torch.float32)


def test_every_loss_of_every_step_is_the_references(training: Training) -> None:
    assert all(training.losses_agree()), training.losses


@pytest.mark.parametrize("theirs", NETWORKS)
def test_updated_weights_are_the_references(training: Training, theirs: str) -> None:
    errors = training.weight_errors(theirs)
    assert close(errors), f"{(errors > 1e-5).sum()} of {len(errors)} off, by up to {errors.max()}"


@pytest.mark.parametrize("name", RECORD.get("steps", {}))
def test_losses_before_the_first_update_are_the_references_in_single_precision(name: str) -> None:
    assert train(name, torch.float32).losses_agree()[0]
