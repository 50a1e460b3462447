"""CycleGAN's recipe: four networks, two optimizers, two pools, and the step that updates them."""

import copy
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from gan.acceleration import distribute, share_statistics
from gan.config import Config
from gan.image_pool import ImagePool
from gan.networks.assembly import Networks, build_networks
from gan.objective import generator_losses, judge, translate
from gan.pixels import to_unit

Batch = tuple[Tensor, Tensor]
"""(a, b): uint8 images of each domain, (N, C, H, W)."""


class Trainer:
    """All that learns, and the step in which it does."""

    config: Config
    accelerator: Accelerator

    # The networks as they are trained (wrapped for several processes), bare, and averaged.
    networks: Networks
    bare: Networks
    averages: tuple[nn.Module, ...]

    # What updates them.
    gen_optimizer: torch.optim.Adam
    disc_optimizer: torch.optim.Adam
    scaler: torch.amp.GradScaler

    # Steps left out because their gradients were not finite: in all, and in a row up to now.
    skipped: Tensor
    skipped_in_row: Tensor
    lr_factor: float
    """Halved each time that the run goes back after such steps."""

    # Past translations shown to the discriminators, each process its own.
    pool_a: ImagePool
    pool_b: ImagePool

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        self.config, self.accelerator = config, accelerator
        networks = build_networks(
            config.networks, config.data.channels_a, config.data.channels_b, seed=config.run.seed
        )
        self.bare = Networks(*(share_statistics(net, accelerator) for net in networks))
        # Moving averages of the generators (train.ema); none where averaging is off.
        self.averages = tuple(
            copy.deepcopy(net).eval().to(accelerator.device)
            for net in (self.bare.generators if config.train.ema else ())
        )
        self.networks = Networks(*(distribute(net, accelerator) for net in self.bare))
        optim = config.optim
        self.gen_optimizer = self.adam(self.bare.generators, optim.lr)
        self.disc_optimizer = self.adam(
            self.bare.discriminators, optim.discriminator_lr or optim.lr
        )
        fp16 = config.train.precision == "fp16"
        self.scaler = torch.amp.GradScaler(accelerator.device.type, enabled=fp16)
        self.skipped = torch.zeros((), device=accelerator.device)
        self.skipped_in_row = torch.zeros((), device=accelerator.device)
        self.lr_factor = 1.0
        self.pool_a = ImagePool(config.train.pool_size)
        self.pool_b = ImagePool(config.train.pool_size)

    def adam(self, networks: Sequence[nn.Module], lr: float) -> torch.optim.Adam:
        """One Adam over several networks; the fused one can leave out a step on the device."""
        parameters = [parameter for net in networks for parameter in net.parameters()]
        betas = (self.config.optim.beta1, self.config.optim.beta2)
        return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """The generators for use, A to B and B to A: the averaged ones where averaging is on."""
        if self.averages:
            return self.averages[0], self.averages[1]
        return self.bare.generators

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One update of all four networks; its losses, scores and gradient norms by name.

        batches are accumulated: their gradients are averaged. All randomness comes from (run.seed,
        process, step). Both halves use the translations made before the update, as the paper's
        authors do.
        """
        nets, bare, loss = self.networks, self.bare, self.config.loss
        rng, records = self.reseed(step), []
        statistics = [buffer.clone() for net in bare for buffer in net.buffers()]
        for number, batch in enumerate(batches, start=1):
            a, b = (
                to_unit(images.to(self.accelerator.device, non_blocking=True)) for images in batch
            )
            with self.gradients_agree(when=number == len(batches)):
                # Generators: fool both discriminators and come back home.
                set_requires_grad(bare.discriminators, False)
                out = translate(nets.gen_ab, nets.gen_ba, a, b, loss)
                losses = generator_losses(out, a, b, bare.disc_a, bare.disc_b, loss)
                self.scaler.scale(total(losses) / len(batches)).backward()

                # Discriminators: tell real images from present and past translations.
                set_requires_grad(bare.discriminators, True)
                judged_b = judge(nets.disc_b, b, self.pool_b.exchange(out.fake_b, rng), loss)
                judged_a = judge(nets.disc_a, a, self.pool_a.exchange(out.fake_a, rng), loss)
                self.scaler.scale((judged_a.loss + judged_b.loss) / len(batches)).backward()
            records.append(losses | judged_a.named("a") | judged_b.named("b"))
        return mean(records) | self.update(step, statistics)

    def update(self, step: int, statistics: Sequence[Tensor]) -> dict[str, Tensor]:
        """Apply the gradients of both halves, unless one is not finite; without a sync."""
        optimizers = {"generators": self.gen_optimizer, "discriminators": self.disc_optimizer}
        norms = {}
        for name, optimizer in optimizers.items():
            self.scaler.unscale_(optimizer)
            gradients = [p.grad for p in optimizer.param_groups[0]["params"] if p.grad is not None]
            norms[f"gradient_norm_{name}"] = norm = get_total_norm(gradients)
            if self.config.optim.grad_clip is not None:
                parameters = optimizer.param_groups[0]["params"]
                clip_grads_with_norm_(parameters, self.config.optim.grad_clip, norm)
        skipped = (~torch.stack(list(norms.values())).isfinite().all()).float()
        for optimizer in optimizers.values():
            optimizer.found_inf = skipped  # type: ignore[attr-defined]  # read by the fused kernel
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        buffers = [buffer for net in self.bare for buffer in net.buffers()]
        for buffer, before in zip(buffers, statistics, strict=True):  # batch norms' alone
            buffer.copy_(torch.where(skipped.bool(), before, buffer))
        self.scaler.update()
        # A rising decay keeps the first, random weights from lingering in the average.
        decay = min(self.config.train.ema, (1 + step) / (10 + step))
        for average, net in zip(self.averages, self.bare.generators, strict=False):
            move_towards(average, net, (1 - decay) * (1 - skipped))
        self.skipped += skipped
        self.skipped_in_row = (self.skipped_in_row + skipped) * skipped
        counts = {"skipped_steps": self.skipped, "skipped_in_row": self.skipped_in_row}
        return norms | {name: count.clone() for name, count in counts.items()}

    def set_lr(self, multiplier: float) -> None:
        """Write the configured learning rates, times a factor, into the optimizers."""
        optim, multiplier = self.config.optim, multiplier * self.lr_factor
        self.gen_optimizer.param_groups[0]["lr"] = optim.lr * multiplier
        self.disc_optimizer.param_groups[0]["lr"] = (
            optim.discriminator_lr or optim.lr
        ) * multiplier

    def reseed(self, step: int) -> random.Random:
        """Make all that follows a function of (seed, process, step): a resumed run repeats it."""
        rng = random.Random(f"{self.config.run.seed}/{self.accelerator.process_index}/{step}")
        torch.manual_seed(rng.getrandbits(63))
        return rng

    @contextmanager
    def gradients_agree(self, *, when: bool) -> Iterator[None]:
        """Average gradients over the processes in these backward passes, or not yet."""
        with ExitStack() as stack:
            if not when:
                for net in self.networks:
                    stack.enter_context(self.accelerator.no_sync(net))
            yield

    def state(self) -> dict[str, Any]:
        """What all processes share and resuming needs."""
        return {
            "networks": [net.state_dict() for net in self.bare],
            "averages": [average.state_dict() for average in self.averages],
            "gen_optimizer": self.gen_optimizer.state_dict(),
            "disc_optimizer": self.disc_optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "skipped": self.skipped,
            "skipped_in_row": self.skipped_in_row,
            "lr_factor": self.lr_factor,
        }

    def own_state(self) -> dict[str, Any]:
        """What each process has for itself: its pools."""
        return {"pool_a": self.pool_a.state(), "pool_b": self.pool_b.state()}

    def restore(self, state: dict[str, Any], own_state: dict[str, Any]) -> None:
        """Go on from what state() and own_state() gave."""
        for net, saved in zip(self.bare, state["networks"], strict=True):
            net.load_state_dict(saved)
        averages = state["averages"] or state["networks"][:2]  # averaging may begin on the way
        for average, saved in zip(self.averages, averages, strict=False):
            average.load_state_dict(saved)
        self.gen_optimizer.load_state_dict(state["gen_optimizer"])
        self.disc_optimizer.load_state_dict(state["disc_optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.skipped.copy_(state["skipped"])
        self.skipped_in_row.copy_(state["skipped_in_row"])
        self.lr_factor = state["lr_factor"]
        for name, pool in (("pool_a", self.pool_a), ("pool_b", self.pool_b)):
            images = own_state.get(name)
            if images is not None and images.shape[-1] == self.config.data.crop_size:
                pool.restore(images.to(self.accelerator.device))
            else:
                pool.restore(None)


def move_towards(average: nn.Module, network: nn.Module, weight: Tensor) -> None:
    """average += weight * (network - average), in place; weight is a scalar on the device."""
    with torch.no_grad():
        pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
        floats = [(ours, theirs) for ours, theirs in pairs if ours.is_floating_point()]
        ours, theirs = (list(tensors) for tensors in zip(*floats, strict=True))
        steps = torch._foreach_sub(theirs, ours)
        torch._foreach_mul_(steps, weight)
        torch._foreach_add_(ours, steps)


def set_requires_grad(networks: Sequence[nn.Module], flag: bool) -> None:
    for net in networks:
        net.requires_grad_(flag)


def total(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()


def mean(records: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each entry over the batches of a step, detached."""
    return {
        name: torch.stack([record[name].detach() for record in records]).mean()
        for name in records[0]
    }
