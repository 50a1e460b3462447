"""The baseline: a training step as in the code of the paper's authors, with torch's layers."""

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from gan.config import Config
from gan.domains import DIRECTIONS, DOMAINS, Domain
from gan.images.pixels import to_unit
from gan.networks.assembly import Networks, build_networks
from gan.networks.layers import use_torch_layers
from gan.training.accelerator import build_accelerator
from gan.training.image_pool import ImagePool
from gan.training.objective import discriminator_loss, generator_losses, translate
from gan.training.optimization import reseed, set_requires_grad, total

Device = Literal["auto", "cpu", "cuda"]
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Case:
    """A training: crops of side x side pixels, batch size, networks and device."""

    side: int
    batch: int
    generator: str
    channels: int
    device: Device


def settings(case: Case, **train: Any) -> Config:
    return Config.model_validate(
        {
            "data": {"load_size": case.side, "crop_size": case.side},
            "networks": {
                "generator": case.generator,
                "generator_channels": case.channels,
                "discriminator_channels": case.channels,
            },
            "train": {"batch_size": case.batch} | train,
            "run": {"device": case.device},
        }
    )


class Plain:
    """A training step as in the code of the paper's authors, with torch's layers."""

    def __init__(self, case: Case) -> None:
        self.config = settings(case, batch_size=1)
        self.device = build_accelerator(self.config).device
        networks = Networks(**build_networks(self.config.networks, 3, 3, seed=0))
        for network in networks:
            use_torch_layers(network)
        self.networks = networks
        for network in networks:
            network.to(self.device)
        self.optimizers = [
            torch.optim.Adam(itertools.chain(*(n.parameters() for n in pair)), 2e-4, (0.5, 0.999))
            for pair in (networks.generators, networks.discriminators)
        ]
        self.pools = {domain: ImagePool(50) for domain in DOMAINS}
        self.batch = random_batch(case.side, 1)

    def step(self, step: int) -> None:
        """Train one step: both directions, one backward pass of their sum, both discriminators."""
        nets, loss = self.networks, self.config.loss
        rng = reseed(0, 0, step)
        a, b = (to_unit(images.to(self.device)) for images in self.batch)
        real: dict[Domain, Tensor] = {"a": a, "b": b}
        set_requires_grad(nets.discriminators, False)
        self.optimizers[0].zero_grad()
        losses: dict[str, Tensor] = {}
        fakes: dict[Domain, Tensor] = {}
        for direction, ends in DIRECTIONS.items():
            images = real[ends.source], real[ends.target]
            cycle = translate(direction, *nets.pair(direction), *images, loss)
            losses |= generator_losses(direction, cycle, nets.disc(ends.target), loss)
            fakes[ends.target] = cycle.fake.detach()
        total(losses).backward()
        self.optimizers[0].step()
        set_requires_grad(nets.discriminators, True)
        self.optimizers[1].zero_grad()
        for domain, fake in fakes.items():
            past = self.pools[domain].exchange(fake, rng)
            discriminator_loss(nets.disc(domain), real[domain], past, loss).loss.backward()
        self.optimizers[1].step()


def random_batch(side: int, size: int) -> Batch:
    """Return a batch of noise, two uint8 tensors (size, 3, side, side), as from a loader."""
    draws = torch.Generator().manual_seed(0)
    shape = (size, 3, side, side)
    a, b = (torch.randint(256, shape, dtype=torch.uint8, generator=draws) for _ in range(2))
    if torch.cuda.is_available():
        a, b = a.pin_memory(), b.pin_memory()
    return a, b
