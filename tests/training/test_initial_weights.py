"""A run starts from other weights if they are named, and resumes from its own state only."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from gan.config import Config
from gan.networks import build_discriminator
from gan.networks.files import load_generator
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.recipes.cyclegan import Trainer
from tests.support.foreign import Norm, Resnet, randomized, resnet_layers


def config(folder: Path, **networks: Any) -> Config:
    small: dict[str, Any] = {"generator": "resnet_6blocks", "generator_channels": 2}
    small |= {"discriminator": "pixel", "discriminator_channels": 2}
    return Config.model_validate(
        {
            "run": {"dir": folder / "run", "device": "cpu"},
            "networks": small | networks,
            "data": {"crop_size": 16, "load_size": 16, "workers": 0},
        }
    )


def trainer(configured: Config) -> Trainer:
    return Trainer(configured, build_accelerator(configured))


def equal(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(ours, theirs) for ours, theirs in pairs)


def theirs(folder: Path, seed: int = 1, norm: Norm = "instance", **options: Any) -> nn.Module:
    """Another project's generator, saved as folder/g{seed}.pth."""
    bias = norm.startswith("instance")
    network = randomized(Resnet(resnet_layers(2, 6, norm, bias=bias, **options)), seed)
    torch.save(network.state_dict(), folder / f"g{seed}.pth")
    return network


def test_both_generators_start_from_files_and_discriminators_from_the_seed(tmp_path: Path) -> None:
    forth, back = theirs(tmp_path, 1), theirs(tmp_path, 2)
    begun = trainer(
        config(tmp_path, weights_ab=tmp_path / "g1.pth", weights_ba=tmp_path / "g2.pth")
    ).bare
    assert equal(begun.gen_ab, forth)
    assert equal(begun.gen_ba, back)
    initial = trainer(config(tmp_path)).bare
    assert equal(begun.disc_a, initial.disc_a)
    assert equal(begun.disc_b, initial.disc_b)


def test_a_generator_that_is_not_named_keeps_its_initial_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs(tmp_path)
    begun = trainer(config(tmp_path, weights_ab=tmp_path / "g1.pth")).bare
    assert equal(begun.gen_ba, trainer(config(tmp_path)).bare.gen_ba)
    assert (
        "gen_ab from a file, gen_ba random, disc_a random, disc_b random" in capsys.readouterr().err
    )


def test_a_folder_of_the_references_gives_all_four_by_domain(tmp_path: Path) -> None:
    """Its D_A scores the images of domain B, which G_A generates."""
    for number, name in enumerate(("G_A", "G_B"), start=1):
        theirs(tmp_path, number)
        (tmp_path / f"g{number}.pth").rename(tmp_path / f"latest_net_{name}.pth")
    discriminators_in = {}
    for number, name in enumerate(("D_A", "D_B")):
        discriminators_in[name] = randomized(build_discriminator("pixel", channels=2), number)
        torch.save(discriminators_in[name].state_dict(), tmp_path / f"latest_net_{name}.pth")
    begun = trainer(config(tmp_path, weights=tmp_path)).bare
    assert equal(begun.disc_b, discriminators_in["D_A"])
    assert equal(begun.disc_a, discriminators_in["D_B"])
    assert not equal(begun.gen_ab, begun.gen_ba)


def test_averages_begin_with_the_given_weights(tmp_path: Path) -> None:
    forth = theirs(tmp_path)
    configured = config(tmp_path, weights_ab=tmp_path / "g1.pth")
    averaged = configured.model_copy(
        update={"train": configured.train.model_copy(update={"ema": 0.9})}
    )
    assert equal(trainer(averaged).frame.generators["ab"], forth)


@pytest.mark.parametrize("before", [False, True])
def test_dropout_may_be_turned_on_and_off(before: bool, tmp_path: Path) -> None:
    forth = theirs(tmp_path, dropout=before)
    begun = trainer(config(tmp_path, weights_ab=tmp_path / "g1.pth", dropout=not before)).bare
    assert equal(begun.gen_ab, forth)


@pytest.mark.parametrize(
    ("networks", "norm", "expected"),
    [
        ({"generator_channels": 3}, "instance", "set networks.generator_channels 2"),
        ({"norm": "batch"}, "instance", "set networks.norm instance"),
        ({}, "instance_affine", "set networks.norm instance_affine"),
        (
            {"generator": "resnet_9blocks", "downsample": "blur"},
            "instance",
            "set networks.generator resnet_6blocks, networks.downsample stride",
        ),
    ],
)
def test_another_network_is_rejected_with_what_to_set(
    networks: dict[str, Any], norm: Norm, expected: str, tmp_path: Path
) -> None:
    theirs(tmp_path, norm=norm)
    path = tmp_path / "g1.pth"
    with pytest.raises(ValueError, match=f"^networks.weights_ab: {re.escape(str(path))}") as caught:
        trainer(config(tmp_path, weights_ab=path, **networks))
    assert str(caught.value).endswith(expected)


def test_missing_files_are_rejected(tmp_path: Path) -> None:
    for key in ("weights", "weights_ab"):
        with pytest.raises(ValueError, match=f"^networks.{key}: .*gone: no such"):
            trainer(config(tmp_path, **{key: tmp_path / "gone"}))


def test_a_folder_without_networks_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^networks\.weights: .*: has no weights for this run's "):
        trainer(config(tmp_path, weights=tmp_path))


def test_another_discriminator_is_rejected(tmp_path: Path) -> None:
    state = build_discriminator("basic", channels=2).state_dict()
    torch.save(state, tmp_path / "latest_net_D_A.pth")
    with pytest.raises(ValueError, match=r"latest_net_D_A.pth does not fit PixelDiscriminator: "):
        trainer(config(tmp_path, weights=tmp_path))


def test_a_run_starts_from_another_and_is_resumed_without_it(
    tmp_path: Path, photos: Callable[..., Path]
) -> None:
    """Four networks from another run; then that run is deleted, and the second resumes."""

    def run(name: str, steps: int, **networks: Any) -> Config:
        base = config(tmp_path, **networks).model_dump()
        base["run"]["dir"] = tmp_path / name
        base["data"] |= {"a": tmp_path / "a", "b": tmp_path / "b"}
        base["train"] |= {"max_steps": steps, "epochs": 5, "doctor_every": 0}
        return Config.model_validate(base)

    photos("a"), photos("b")
    assert train(run("first", 1)).status == 0
    first = trainer(run("first", 1)).bare
    second = trainer(run("second", 1, weights=tmp_path / "first")).bare
    left, _, _ = load_generator(tmp_path / "first" / "gen_ab.safetensors")
    assert equal(second.gen_ab, left)
    assert not equal(second.gen_ab, first.gen_ab)
    assert not equal(second.disc_a, first.disc_a)
    assert train(run("second", 1, weights=tmp_path / "first")).status == 0
    (tmp_path / "first").rename(tmp_path / "elsewhere")
    assert train(run("second", 2, weights=tmp_path / "first")).status == 0
