"""What every recipe's step ends with: gradients applied, or left out where they are not finite."""

import copy
import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from gan.config import Config

OPTIMIZERS = {"generators": "gen_optimizer", "discriminators": "disc_optimizer"}
"""What is updated together, and what its optimizer is called in a training state."""


class Updates:
    """An Adam for the generators and one for the discriminators, if any; the averaged generators;
    and the count of steps left out."""

    def __init__(
        self,
        config: Config,
        device: torch.device,
        generators: Sequence[nn.Module],
        discriminators: Sequence[nn.Module] = (),
    ) -> None:
        self.config, self.generators = config, tuple(generators)
        self.networks = (*generators, *discriminators)
        # Moving averages of the generators (train.ema); none where averaging is off.
        self.averages = tuple(
            copy.deepcopy(net).eval().to(device)
            for net in (self.generators if config.train.ema else ())
        )
        optim = config.optim
        self.rates = {"generators": optim.lr}
        self.optimizers = {"generators": self.adam(generators, optim.lr)}
        if discriminators:
            self.rates["discriminators"] = rate = optim.discriminator_lr or optim.lr
            self.optimizers["discriminators"] = self.adam(discriminators, rate)
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.train.precision == "fp16")
        # Steps left out because their gradients were not finite: in all, and in a row up to now.
        self.skipped = torch.zeros((), device=device)
        self.skipped_in_row = torch.zeros((), device=device)
        # Halved each time that the run goes back after such steps.
        self.lr_factor = 1.0

    def adam(self, networks: Sequence[nn.Module], lr: float) -> torch.optim.Adam:
        """One Adam over several networks; the fused one can leave out a step on the device."""
        parameters = [parameter for net in networks for parameter in net.parameters()]
        betas = (self.config.optim.beta1, self.config.optim.beta2)
        return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)

    @property
    def for_use(self) -> tuple[nn.Module, ...]:
        """The generators that a run leaves: the averaged ones where averaging is on."""
        return self.averages or self.generators

    @property
    def lr(self) -> float:
        """The generators' present learning rate."""
        rate: float = self.optimizers["generators"].param_groups[0]["lr"]
        return rate

    def set_lr(self, multiplier: float) -> None:
        """Write the configured learning rates, times a factor, into the optimizers."""
        for name, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = self.rates[name] * (multiplier * self.lr_factor)

    def slow_down(self, factor: float) -> None:
        """Begin anew after steps that were left out, with the learning rates times a factor."""
        self.lr_factor = factor
        self.skipped_in_row.zero_()

    def buffers(self) -> Iterator[Tensor]:
        """What a forward pass changes: the statistics of batch norms."""
        return (buffer for net in self.networks for buffer in net.buffers())

    def statistics(self) -> list[Tensor]:
        """Copies of the buffers, for apply."""
        return [buffer.clone() for buffer in self.buffers()]

    def apply(self, step: int, statistics: Sequence[Tensor]) -> dict[str, Tensor]:
        """Apply the gradients, unless one is not finite; without a sync.

        A step that is left out takes back the buffers that were copied at its beginning. The
        gradients' norms and the counts of such steps, by name.
        """
        norms = {}
        for name, optimizer in self.optimizers.items():
            self.scaler.unscale_(optimizer)
            parameters = optimizer.param_groups[0]["params"]
            norm = get_total_norm([p.grad for p in parameters if p.grad is not None])
            norms[f"gradient_norm_{name}"] = norm
            if self.config.optim.grad_clip is not None:
                clip_grads_with_norm_(parameters, self.config.optim.grad_clip, norm)
        skipped = (~torch.stack(list(norms.values())).isfinite().all()).float()
        for optimizer in self.optimizers.values():
            optimizer.found_inf = skipped  # type: ignore[attr-defined]  # read by the fused kernel
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for buffer, before in zip(self.buffers(), statistics, strict=True):
            buffer.copy_(torch.where(skipped.bool(), before, buffer))
        self.scaler.update()
        # A rising decay keeps the first, random weights from lingering in the average.
        decay = min(self.config.train.ema, (1 + step) / (10 + step))
        for average, net in zip(self.averages, self.generators, strict=False):
            move_towards(average, net, (1 - decay) * (1 - skipped))
        self.skipped += skipped
        self.skipped_in_row = (self.skipped_in_row + skipped) * skipped
        counts = {"skipped_steps": self.skipped, "skipped_in_row": self.skipped_in_row}
        return norms | {name: count.clone() for name, count in counts.items()}

    def state(self) -> dict[str, Any]:
        """The networks and all that updates them."""
        optimizers = {OPTIMIZERS[name]: opt.state_dict() for name, opt in self.optimizers.items()}
        return optimizers | {
            "networks": [net.state_dict() for net in self.networks],
            "averages": [average.state_dict() for average in self.averages],
            "scaler": self.scaler.state_dict(),
            "skipped": self.skipped,
            "skipped_in_row": self.skipped_in_row,
            "lr_factor": self.lr_factor,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what state() gave."""
        for net, saved in zip(self.networks, state["networks"], strict=True):
            net.load_state_dict(saved)
        averages = state["averages"] or state["networks"]  # averaging may begin on the way
        for average, saved in zip(self.averages, averages, strict=False):
            average.load_state_dict(saved)
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state[OPTIMIZERS[name]])
        self.scaler.load_state_dict(state["scaler"])
        self.skipped.copy_(state["skipped"])
        self.skipped_in_row.copy_(state["skipped_in_row"])
        self.lr_factor = state["lr_factor"]


def move_towards(average: nn.Module, network: nn.Module, weight: Tensor) -> None:
    """average += weight * (network - average), in place; weight is a scalar on the device."""
    with torch.no_grad():
        pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
        floats = [(ours, theirs) for ours, theirs in pairs if ours.is_floating_point()]
        ours, theirs = (list(tensors) for tensors in zip(*floats, strict=True))
        steps = torch._foreach_sub(theirs, ours)
        torch._foreach_mul_(steps, weight)
        torch._foreach_add_(ours, steps)


def reseed(seed: int, process: int, step: int) -> random.Random:
    """Make all that follows a function of these three: a resumed run repeats it."""
    rng = random.Random(f"{seed}/{process}/{step}")
    torch.manual_seed(rng.getrandbits(63))
    return rng


def set_requires_grad(networks: Sequence[nn.Module], flag: bool) -> None:
    """Let gradients reach the weights of these networks, or not."""
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
