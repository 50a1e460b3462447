"""The four networks of a training run."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from gan.config import NetworksConfig
from gan.networks import build_discriminator, build_generator, init_weights


@dataclass(frozen=True)
class Networks:
    """Two generators and two discriminators; disc_a judges images of domain A."""

    gen_ab: nn.Module
    gen_ba: nn.Module
    disc_a: nn.Module
    disc_b: nn.Module

    def __iter__(self) -> Iterator[nn.Module]:
        return iter((self.gen_ab, self.gen_ba, self.disc_a, self.disc_b))

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """A to B, B to A."""
        return self.gen_ab, self.gen_ba

    @property
    def discriminators(self) -> tuple[nn.Module, nn.Module]:
        """The judge of A, the judge of B."""
        return self.disc_a, self.disc_b


def generator_spec(
    networks: NetworksConfig, in_channels: int, out_channels: int
) -> dict[str, object]:
    """The arguments of build_generator, as they are stored in a generator's file."""
    return {
        "kind": networks.generator,
        "in_channels": in_channels,
        "out_channels": out_channels,
        "channels": networks.generator_channels,
        "norm": networks.norm,
        "upsample": networks.upsample,
        "dropout": networks.dropout,
    }


def build_networks(
    networks: NetworksConfig, channels_a: int, channels_b: int, *, seed: int
) -> Networks:
    """Build all four networks on the CPU and draw their weights from the seed alone."""

    def discriminator(channels: int) -> nn.Module:
        return build_discriminator(
            networks.discriminator,
            in_channels=channels,
            channels=networks.discriminator_channels,
            layers=networks.discriminator_layers,
            norm=networks.norm,
        )

    def generator(*channels: int) -> nn.Module:
        return build_generator(**generator_spec(networks, *channels))  # type: ignore[arg-type]

    built = Networks(
        gen_ab=generator(channels_a, channels_b),
        gen_ba=generator(channels_b, channels_a),
        disc_a=discriminator(channels_a),
        disc_b=discriminator(channels_b),
    )
    draws = torch.Generator().manual_seed(seed)
    for network in built:
        init_weights(network, networks.init_gain, draws)
    return built


def build_generator_ab(
    networks: NetworksConfig, channels_a: int, channels_b: int, *, seed: int
) -> nn.Module:
    """The A to B generator alone, with the weights that build_networks would give it."""
    generator = build_generator(**generator_spec(networks, channels_a, channels_b))  # type: ignore[arg-type]
    init_weights(generator, networks.init_gain, torch.Generator().manual_seed(seed))
    return generator
