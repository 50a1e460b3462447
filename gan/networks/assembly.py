"""The networks of a training run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from gan.config import NetworksConfig
from gan.domains import DIRECTIONS, Direction, Domain
from gan.networks import build_discriminator, build_generator, init_weights


@dataclass(frozen=True)
class Networks:
    """Two generators and two discriminators; disc_a scores images of domain A."""

    gen_ab: nn.Module
    gen_ba: nn.Module
    disc_a: nn.Module
    disc_b: nn.Module

    def __iter__(self) -> Iterator[nn.Module]:
        return iter((self.gen_ab, self.gen_ba, self.disc_a, self.disc_b))

    def named(self) -> dict[str, nn.Module]:
        """Return all four by name."""
        return vars(self)

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """Return the generators A to B and B to A."""
        return self.gen_ab, self.gen_ba

    def pair(self, direction: Direction) -> tuple[nn.Module, nn.Module]:
        """Return the generator of a direction, and that of the opposite one."""
        generators = {"ab": self.gen_ab, "ba": self.gen_ba}
        return generators[direction], generators[DIRECTIONS[direction].opposite]

    def disc(self, domain: Domain) -> nn.Module:
        """Return the discriminator of a domain."""
        return {"a": self.disc_a, "b": self.disc_b}[domain]

    @property
    def discriminators(self) -> tuple[nn.Module, nn.Module]:
        """Return the discriminators of A and of B."""
        return self.disc_a, self.disc_b


def generator_spec(
    networks: NetworksConfig, in_channels: int, out_channels: int
) -> dict[str, object]:
    """Return the arguments of build_generator, as they are stored in a generator's file."""
    return {
        "kind": networks.generator,
        "in_channels": in_channels,
        "out_channels": out_channels,
        "channels": networks.generator_channels,
        "norm": networks.norm,
        "upsample": networks.upsample,
        "dropout": networks.dropout,
        "downsample": networks.downsample,
    }


def build_networks(
    networks: NetworksConfig, channels_a: int, channels_b: int, *, seed: int
) -> Networks:
    """Build all four networks on the CPU and draw their weights from the seed alone."""
    built = Networks(
        gen_ab=generator(networks, channels_a, channels_b),
        gen_ba=generator(networks, channels_b, channels_a),
        disc_a=discriminator(networks, channels_a),
        disc_b=discriminator(networks, channels_b),
    )
    draw_weights(built, networks.init_gain, seed)
    return built


def build_generator_ab(
    networks: NetworksConfig, channels_a: int, channels_b: int, *, seed: int
) -> nn.Module:
    """Build the A to B generator alone, with the weights that build_networks would give it."""
    built = generator(networks, channels_a, channels_b)
    draw_weights([built], networks.init_gain, seed)
    return built


def build_guided_networks(
    networks: NetworksConfig, channels_a: int, channels_b: int, *, seed: int
) -> tuple[nn.Module, nn.Module]:
    """Build the A to B generator with a style image, and the discriminator of B."""
    built = generator(networks, channels_a, channels_b), discriminator(networks, channels_b)
    draw_weights(built, networks.init_gain, seed)
    return built


def generator(networks: NetworksConfig, in_channels: int, out_channels: int) -> nn.Module:
    """Build a generator of the configured kind, with torch's default weights."""
    return build_generator(**generator_spec(networks, in_channels, out_channels))  # type: ignore[arg-type]


def discriminator(networks: NetworksConfig, channels: int) -> nn.Module:
    """Build a discriminator of the configured kind, with torch's default weights."""
    return build_discriminator(
        networks.discriminator,
        in_channels=channels,
        channels=networks.discriminator_channels,
        layers=networks.discriminator_layers,
        norm=networks.norm,
    )


def draw_weights(built: Iterable[nn.Module], gain: float, seed: int) -> None:
    """Draw all weights from the seed alone, one network after the other."""
    draws = torch.Generator().manual_seed(seed)
    for network in built:
        init_weights(network, gain, draws)
