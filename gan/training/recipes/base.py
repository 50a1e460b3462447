"""The protocol of recipes, and what they share: building networks, steps of several batches."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import Direction, Domain
from gan.images.pixels import to_unit
from gan.networks.assembly import build_networks
from gan.networks.fused import fuse_norms
from gan.networks.resnet import recompute_blocks
from gan.training.accelerator import distribute, share_statistics
from gan.training.image_pool import ImagePool, usable
from gan.training.initial_weights import load_initial_weights
from gan.training.objective import Network
from gan.training.optimization import Groups, Updates, mean, reseed

T = TypeVar("T")
Batch = Sequence[Tensor]
"""Images of each domain of the recipe, uint8 or uint16 (N, C, H, W); with data.degrade, then their
degraded copies."""


class Recipe(Protocol):
    """What a run requires of a recipe. Each recipe has a row in gan.config.tables.recipes."""

    frame: "Frame"
    """The networks and everything that resuming requires."""

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update all networks once; return losses, scores and gradient norms by name.

        The gradients of the batches are averaged. All randomness comes from (run.seed, process,
        step).
        """

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return functions that translate A to B, and B to A or None, for inference.

        real holds the test images of each domain; a recipe whose generator takes styles uses some
        of them as styles.
        """

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return each direction's columns of the sample grid, (N, C, H, W) each.

        real is as in translations.
        """


class Part(Protocol):
    """A feature of a recipe with state that all processes share."""

    def state(self) -> dict[Any, Any]:
        """Return the state that resuming requires."""

    def restore(self, state: dict[Any, Any], device: torch.device) -> None:
        """Restore what state() returned; the state is {} if the saved run lacked the feature."""


@dataclass(frozen=True)
class Frame:
    """The networks of a recipe, their optimizers, and all other content of a training state."""

    config: Config
    accelerator: Accelerator
    bare: Mapping[str, nn.Module]
    """The trained networks by name: gen_ab, disc_b and so on."""
    networks: Mapping[str, nn.Module]
    """The same networks, wrapped for training in several processes."""
    updates: Updates
    fingerprints: dict[str, str]
    """Hashes of files, by the key that names the file; they must not change on resuming."""
    pools: Mapping[Domain, ImagePool] = field(default_factory=dict)
    """Past translations for the discriminators; each process has its own."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Features with state that all processes share, by name."""
    styles: Sequence[str] = ()
    """Names of the styles, in the order of their numbers, of a generator with several."""

    @property
    def generators(self) -> dict[Direction, nn.Module]:
        """The exported generators by direction: their averages if averaging is on."""
        networks = self.updates.averages or self.updates.exported
        directions = RECIPES[self.config.recipe].directions
        return {direction: networks[f"gen_{direction}"] for direction in directions}

    def prepare(self, batch: Batch) -> list[Tensor]:
        """Return a batch's images on the device, in [-1, 1], without the degraded copies."""
        return self._to_device(batch[: len(self.config.domains)])

    def inputs(self, batch: Batch, images: list[Tensor]) -> list[Tensor]:
        """Return the generators' inputs: degraded copies with data.degrade, else `images`.

        images: the result of prepare().
        """
        return self._to_device(batch[len(images) :]) if self.config.data.degrade else images

    def _to_device(self, batch: Batch) -> list[Tensor]:
        device = self.accelerator.device
        return [to_unit(images.to(device, non_blocking=True)) for images in batch]

    def state(self) -> dict[str, Any]:
        """Return the state that all processes share."""
        return self.updates.state() | {name: part.state() for name, part in self.parts.items()}

    def own_state(self) -> dict[str, Any]:
        """Return the state of this process: its pools."""
        return {f"pool_{domain}": pool.state() for domain, pool in self.pools.items()}

    def restore(self, state: dict[str, Any], own_state: dict[str, Any]) -> None:
        """Restore what state() and own_state() returned."""
        device, side = self.accelerator.device, self.config.data.crop_size
        self.updates.restore(state)
        for name, part in self.parts.items():
            part.restore(state.get(name, {}), device)
        for domain, pool in self.pools.items():
            pool.restore(usable(own_state.get(f"pool_{domain}"), side, device))


def build_frame(
    config: Config,
    accelerator: Accelerator,
    built: Mapping[str, nn.Module],
    groups: Groups,
    fingerprints: dict[str, str],
    parts: Mapping[str, Part] | None = None,
    styles: Sequence[str] = (),
) -> Frame:
    """Load initial weights and prepare networks for training, on all processes.

    `built` holds the networks on the CPU by name: gen_ab, disc_b and so on. The generators of the
    recipe's directions are averaged; each domain with a discriminator gets a pool. `styles` are the
    style names of a generator with several. The frame's fingerprints are `fingerprints` and those
    of networks that are read from files. ValueError as in load_initial_weights and
    share_statistics.
    """
    row = RECIPES[config.recipe]
    for network in built.values():
        fingerprints = fingerprints | getattr(network, "fingerprints", {})
    load_initial_weights(config, built, main=accelerator.is_main_process)
    if config.train.recompute:
        recompute_blocks(built.values())
    if config.train.fused:
        fuse_norms(built.values())
    bare = {name: share_statistics(net, accelerator) for name, net in built.items()}
    # On CPUs it is faster for all of our layers (docs/log.md, 2026-11-30).
    last = config.train.channels_last or accelerator.device.type == "cpu"
    networks = {
        name: distribute(net, accelerator, channels_last=last) for name, net in bare.items()
    }
    exported = [f"gen_{direction}" for direction in row.directions]
    updates = Updates(config, accelerator.device, bare, groups, exported)
    pools = {domain: ImagePool(config.train.pool_size) for domain in row.discriminators}
    own = parts or {}
    return Frame(config, accelerator, bare, networks, updates, fingerprints, pools, own, styles)


def recipe_networks(config: Config, names: Sequence[str], styles: int = 0) -> dict[str, nn.Module]:
    """Return a run's networks on the CPU by name, with the initial weights of run.seed."""
    data, seed = config.data, config.run.seed
    channels = data.channels_a, data.channels_b
    return build_networks(config.networks, *channels, names, seed=seed, styles=styles)


class Step:
    """One update: collects gradients and logged values of its batches until it is applied."""

    def __init__(self, frame: Frame, number: int) -> None:
        """Begin a step; all its random numbers follow from (run.seed, process, step)."""
        self.frame = frame
        self.number = number
        self.rng = reseed(frame.config.run.seed, frame.accelerator.process_index, number)
        self.statistics = frame.updates.statistics()
        self.records: list[dict[str, Tensor]] = []
        self.count = 0

    def accumulate(self, batches: Sequence[T]) -> Iterator[T]:
        """Yield the batches in turn; the gradients that minimize() adds are averaged over them."""
        self.count = len(batches)
        # Within an outer context, autocast keeps the weights that it has cast, for all passes.
        with torch.autocast(self.frame.accelerator.device.type, enabled=False):
            for batch in batches:
                self.records.append({})
                yield batch

    @contextmanager
    def gradients(self, networks: Sequence[nn.Module], *, complete: bool = True) -> Iterator[None]:
        """Enter the context in which these networks' forward and backward passes must run.

        The processes average gradients only in the step's last batch, and only if `complete`: pass
        False if another backward pass through these networks follows for the same batch.
        """
        with ExitStack() as stack:
            if not complete or len(self.records) < self.count:
                for net in networks:
                    stack.enter_context(self.frame.accelerator.no_sync(net))
            yield

    def minimize(self, loss: Tensor, values: Mapping[str, Tensor]) -> None:
        """Backpropagate a loss of the present batch, and record scalars to log, by name."""
        self.frame.updates.scaler.scale(loss / self.count).backward()
        self.records[-1] |= values

    def apply(self) -> dict[str, Tensor]:
        """Update the networks; return scalars by name.

        They are the recorded values, averaged over the batches, and those of Updates.apply.
        """
        return mean(self.records) | self.frame.updates.apply(self.number, self.statistics)
