"""Keep the statistics of instance norms steady over a shot."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gan.inference.tiling.norms import HOLD, Statistics, held, scale_and_shift

Arrays = dict[str, NDArray[np.float64]]


class Held:
    """Running averages of the statistics of a network's instance norms, from the shot's start on.

    s becomes s + weight (x - s); the first frame gives s = x. Equal frames are normalized equally,
    bit by bit. Norms with running statistics (batch norm) do not change.
    """

    def __init__(self, network: nn.Module) -> None:
        self.layers = [*network.modules()]
        self.norms = [
            layer
            for layer in self.layers
            if isinstance(layer, nn.InstanceNorm2d) and layer.running_mean is None
        ]
        self.averages: dict[int, Statistics] = {}

    def begin(self) -> None:
        """Clear the averages, because a shot begins."""
        self.averages = {}

    @contextmanager
    def applied(self, weight: float) -> Iterator[None]:
        """Let norms apply running averages in this context, which translates one frame.

        weight: of this frame's statistics in the averages, from 0 to 1. It is the same for a whole
        frame and for tiles.
        """
        for index, norm in enumerate(self.norms):
            setattr(norm, HOLD, partial(self._average, index, weight))
            norm.forward = partial(_normalized, norm)  # type: ignore[method-assign]
        try:
            with self._eager():
                yield
        finally:
            for norm in self.norms:
                delattr(norm, HOLD)
                del norm.forward

    def _eager(self) -> AbstractContextManager[object]:
        """Return a context in which a compiled network runs uncompiled."""
        compiled = any(layer._compiled_call_impl is not None for layer in self.layers)
        return torch.compiler.set_stance("force_eager") if compiled else nullcontext()

    def _average(self, index: int, weight: float, present: Statistics) -> Statistics:
        before = self.averages.get(index, present)
        after = Statistics(
            *(old + weight * (new - old) for old, new in zip(before, present, strict=True))
        )
        self.averages[index] = after
        return after

    def state(self) -> Arrays:
        """Return the averages as arrays, by name."""
        return {
            f"{index}.{name}": value.numpy().copy()
            for index, average in self.averages.items()
            for name, value in average._asdict().items()
        }

    def restore(self, state: Mapping[str, NDArray[np.float64]]) -> None:
        """Set the averages to those of `state`."""
        self.averages = {
            index: Statistics(*(torch.from_numpy(state[f"{index}.{name}"]) for name in NAMES))
            for index in range(len(self.norms))
            if f"{index}.{NAMES[0]}" in state
        }


NAMES = Statistics._fields


def _normalized(norm: nn.InstanceNorm2d, x: Tensor) -> Tensor:
    """Normalize a frame's maps x, (1, C, H, W), by the averaged statistics.

    Reading the statistics waits for the device, once per norm.
    """
    assert len(x) == 1, "frames go through the network one by one"
    variance, mean = torch.var_mean(x.float(), dim=(0, 2, 3), correction=0)
    present = Statistics(mean.cpu().double(), variance.cpu().double())
    scale, shift = scale_and_shift(norm, held(norm, present))
    return torch.addcmul(shift.to(x.device), x.float(), scale.to(x.device)).to(x.dtype)
