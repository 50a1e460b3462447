"""Optimizers of all recipes: apply gradients, or skip the step if they are not finite."""

import copy
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from gan.config import Config

Groups = Mapping[str, tuple[Sequence[str], float]]
"""By the group's name: the names of the networks that one Adam updates, and its learning rate."""
OPTIMIZERS = {"generators": "gen_optimizer", "discriminators": "disc_optimizer"}
"""Names of optimizers in a training state, by group; those of others are NAME_optimizer."""
LEAST_LR_FACTOR = 1 / 64
"""Smallest factor of the learning rate: below it a run with non-finite steps stops."""


class Updates:
    """One Adam per group of networks, averages of exported networks, counts of skipped steps."""

    def __init__(
        self,
        config: Config,
        device: torch.device,
        networks: Mapping[str, nn.Module],
        groups: Groups,
        exported: Sequence[str],
    ) -> None:
        """networks are all trained networks by name; exported, the names of those for inference."""
        self.config = config
        self.networks = networks
        self.rates = {name: rate for name, (_, rate) in groups.items()}
        self.optimizers: dict[str, torch.optim.Adam] = {}
        betas = (config.optim.beta1, config.optim.beta2)
        for name, (members, rate) in groups.items():
            parameters = [p for member in members for p in networks[member].parameters()]
            # The fused Adam can skip a step on the device.
            self.optimizers[name] = torch.optim.Adam(parameters, lr=rate, betas=betas, fused=True)
        self.exported = {name: self.networks[name] for name in exported}
        # Moving averages of the exported networks (train.ema); empty if averaging is off.
        self.averages = {
            name: copy.deepcopy(net).eval().to(device)
            for name, net in (self.exported if config.train.ema else {}).items()
        }
        self.averaged = [
            _floats(average, networks[name]) for name, average in self.averages.items()
        ]
        # Buffers that forward passes change: batch norm statistics.
        self.buffers = [buffer for net in networks.values() for buffer in net.buffers()]
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.train.precision == "fp16")
        # Steps skipped because their gradients were not finite: the total, and the latest in a row.
        self.skipped = torch.zeros((), device=device)
        self.skipped_in_row = torch.zeros((), device=device)
        # Halved each time the run goes back after such steps.
        self.lr_factor = 1.0

    @property
    def lr(self) -> float:
        """The present learning rate of the first group, the generators."""
        return float(next(iter(self.optimizers.values())).param_groups[0]["lr"])

    def set_lr(self, multiplier: float) -> None:
        """Set the optimizers' learning rates: the configured ones times a multiplier."""
        for name, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = self.rates[name] * (multiplier * self.lr_factor)

    def slow_down(self, factor: float) -> None:
        """Multiply the configured learning rates by `factor` from the next set_lr() on.

        The count of skipped steps in a row begins again at 0.
        """
        self.lr_factor = factor
        self.skipped_in_row.zero_()

    def statistics(self) -> list[Tensor]:
        """Return copies of the buffers, for apply()."""
        return [buffer.clone() for buffer in self.buffers]

    def apply(self, step: int, statistics: Sequence[Tensor]) -> dict[str, Tensor]:
        """Apply the gradients unless one is not finite, without waiting for the device.

        A skipped step restores the buffers from `statistics`, copied at its beginning. Return
        scalars by name: the gradients' norms before clipping, and the counts of skipped steps.
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
        for buffer, before in zip(self.buffers, statistics, strict=True):
            buffer.copy_(torch.where(skipped.bool(), before, buffer))
        self.scaler.update()
        # The decay rises, so that the first, random weights soon leave the average.
        decay = min(self.config.train.ema, (1 + step) / (10 + step))
        for averages, networks in self.averaged:
            _move_towards(averages, networks, (1 - decay) * (1 - skipped))
        self.skipped += skipped
        self.skipped_in_row = (self.skipped_in_row + skipped) * skipped
        counts = {"skipped_steps": self.skipped, "skipped_in_row": self.skipped_in_row}
        return norms | {name: count.clone() for name, count in counts.items()}

    def state(self) -> dict[str, Any]:
        """Return the state of the networks, averages and optimizers."""
        optimizers = {_key(name): opt.state_dict() for name, opt in self.optimizers.items()}
        return optimizers | {
            "networks": {name: net.state_dict() for name, net in self.networks.items()},
            "averages": {name: average.state_dict() for name, average in self.averages.items()},
            "scaler": self.scaler.state_dict(),
            "skipped": self.skipped,
            "skipped_in_row": self.skipped_in_row,
            "lr_factor": self.lr_factor,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what state() returned."""
        saved = by_name(state["networks"], self.networks)
        for name, net in self.networks.items():
            net.load_state_dict(saved[name])
        # Averaging may be turned on for a resumed run.
        averages = by_name(state["averages"], self.averages) or saved
        for name, average in self.averages.items():
            average.load_state_dict(averages[name])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state[_key(name)])
            _lay_out_moments(optimizer)
        self.scaler.load_state_dict(state["scaler"])
        self.skipped.copy_(state["skipped"])
        self.skipped_in_row.copy_(state["skipped_in_row"])
        self.lr_factor = state["lr_factor"]


def _lay_out_moments(optimizer: torch.optim.Optimizer) -> None:
    """Give moments their parameters' strides, since the fused Adam reads both as flat memory.

    The strides differ if train.channels_last has changed since the state was saved.
    """
    for parameter, state in optimizer.state.items():
        for key, moment in state.items():
            if moment.shape == parameter.shape:
                state[key] = torch.empty_like(parameter).copy_(moment)


def _key(group: str) -> str:
    """Return the name of a group's optimizer in a training state."""
    return OPTIMIZERS.get(group, f"{group}_optimizer")


def by_name(saved: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return the saved networks by name; old versions saved a list, in the order of `names`."""
    return saved if isinstance(saved, dict) else dict(zip(names, saved, strict=False))


def _floats(average: nn.Module, network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Return the floating-point parameters and buffers of the average, and those of the network.

    Call it once: the tensors stay the same as long as the networks live, and it takes 3 ms.
    """
    both = [average.state_dict().values(), network.state_dict().values()]
    ours, theirs = ([tensor for tensor in side if tensor.is_floating_point()] for side in both)
    return ours, theirs


def _move_towards(average: list[Tensor], network: list[Tensor], weight: Tensor) -> None:
    """Compute average += weight * (network - average), in place; weight is a device scalar."""
    with torch.no_grad():
        if weight.device.type == "cpu":  # one pass over the memory
            torch._foreach_lerp_(average, network, [weight] * len(average))
            return
        steps = torch._foreach_sub(network, average)
        torch._foreach_mul_(steps, weight)
        torch._foreach_add_(average, steps)


def reseed(seed: int, process: int, step: int) -> random.Random:
    """Seed torch from these numbers, and return a seeded random.Random.

    A resumed run thus repeats the draws.
    """
    rng = random.Random(f"{seed}/{process}/{step}")
    torch.manual_seed(rng.getrandbits(63))
    return rng


def set_requires_grad(networks: Sequence[nn.Module], flag: bool) -> None:
    """Turn gradients for the weights of these networks on or off."""
    for net in networks:
        net.requires_grad_(flag)


def total(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).sum()


def mean(records: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean of each entry over the batches of a step, detached."""
    return {
        name: torch.stack([record[name].detach() for record in records]).mean()
        for name in records[0]
    }
