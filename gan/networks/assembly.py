"""The networks of a training run."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from gan.config import NetworksConfig
from gan.domains import Direction, Domain
from gan.networks import build_discriminator, build_generator, init_weights


class Networks(NamedTuple):
    """Two generators and two discriminators; disc_a scores images of domain A."""

    gen_ab: nn.Module
    gen_ba: nn.Module
    disc_a: nn.Module
    disc_b: nn.Module

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """Return the generators A to B and B to A."""
        return self.gen_ab, self.gen_ba

    def pair(self, direction: Direction) -> tuple[nn.Module, nn.Module]:
        """Return the generator of a direction and that of the opposite direction."""
        return self.generators if direction == "ab" else (self.gen_ba, self.gen_ab)

    def disc(self, domain: Domain) -> nn.Module:
        """Return the discriminator of a domain."""
        return self.disc_a if domain == "a" else self.disc_b

    @property
    def discriminators(self) -> tuple[nn.Module, nn.Module]:
        """Return the discriminators of A and of B."""
        return self.disc_a, self.disc_b


def generator_spec(
    networks: NetworksConfig, in_channels: int, out_channels: int, styles: int = 0
) -> dict[str, object]:
    """Return the arguments of build_generator by name, as a generator's file stores them.

    `styles` is the number of styles of a generator with several.
    """
    counted = {"styles": styles} if styles else {}
    return {
        "kind": networks.generator,
        "in_channels": in_channels,
        "out_channels": out_channels,
        "channels": networks.generator_channels,
        "norm": networks.norm,
        "upsample": networks.upsample,
        "dropout": networks.dropout,
        "downsample": networks.downsample,
        **counted,
    }


def build_networks(
    networks: NetworksConfig,
    channels_a: int,
    channels_b: int,
    names: Sequence[str] = Networks._fields,
    *,
    seed: int,
    styles: int = 0,
) -> dict[str, nn.Module]:
    """Build the networks `names` (gen_ab, disc_b and so on) on the CPU; return them by name.

    Weights depend only on the seed and the order of `names`. `styles` is as for generator_spec.
    """
    channels = {"a": channels_a, "b": channels_b}
    built: dict[str, nn.Module] = {}
    for name in names:
        kind, _, place = name.partition("_")
        if kind == "gen":
            spec = generator_spec(networks, channels[place[0]], channels[place[1]], styles)
            built[name] = build_generator(**spec)  # type: ignore[arg-type]
        else:
            built[name] = build_discriminator(
                networks.discriminator,
                in_channels=channels[place],
                channels=networks.discriminator_channels,
                layers=networks.discriminator_layers,
                norm=networks.norm,
                backbone=networks.discriminator_backbone,
                weights=networks.discriminator_weights,
            )
    draws = torch.Generator().manual_seed(seed)
    for network in built.values():
        init_weights(network, networks.init_gain, draws)
    return built
