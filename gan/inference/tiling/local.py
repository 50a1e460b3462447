"""Layers on a few lines of a picture: which lines they take, and what comes of them.

A layer is cut along its lines (dimension -2) only; its columns are always whole. `Span` counts
lines of the whole map, so that padding happens where the map ends and nowhere else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Span:
    """Lines start to stop, stop not included."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def clipped(self, lines: int) -> "Span":
        """Return what of it lies in a map of so many lines."""
        return Span(max(self.start, 0), min(self.stop, lines))

    def of(self, x: Tensor, have: "Span") -> Tensor:
        """Cut it out of x, which holds the lines `have`."""
        return x[..., self.start - have.start : self.stop - have.start, :]


@dataclass(frozen=True)
class Local:
    """A layer whose every output line depends on a few lines of its padded input.

    Line i of the output takes `kernel` lines from line i stride on. Where the layer `grows`, line i
    of the input adds to `kernel` lines of the output from line i stride on instead. The defaults
    are those of what treats every pixel alone.
    """

    function: Callable[[Tensor], Tensor]
    """From padded lines to lines; it pads and crops columns. It may work in place."""
    kernel: int = 1
    stride: int = 1
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Columns on the left and on the right, lines at the top and at the bottom."""
    mode: Literal["constant", "reflect", "replicate"] = "constant"
    """What it pads with. Reflection does not repeat the edge; its amounts are below the size."""
    grows: bool = False
    cropped: int = 0
    """Lines that are cut off the top and the bottom of an output that grows."""
    tail: int = 0
    """Lines that such an output has at its end besides."""

    def lines(self, lines: int) -> int:
        """Return the lines that it makes of so many."""
        padded = lines + self.padding[2] + self.padding[3]
        if self.grows:
            return (padded - 1) * self.stride + self.kernel + self.tail - 2 * self.cropped
        return (padded - self.kernel) // self.stride + 1

    def reach(self, want: Span, lines: int) -> Span:
        """Return the lines of its input, of `lines`, that the lines `want` of its output take."""
        takes = self._takes(want, lines)
        inside = takes.clipped(lines)
        if self.mode != "reflect":
            return inside
        first = (
            min(inside.start, 2 * lines - 1 - takes.stop) if takes.stop > lines else inside.start
        )
        last = max(inside.stop, 1 - takes.start) if takes.start < 0 else inside.stop
        return Span(first, last)

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        """Compute the lines `want` from x, which is the lines of reach(want, lines)."""
        takes, have = self._takes(want, lines), self.reach(want, lines)
        above, below = max(-takes.start, 0), max(takes.stop - lines, 0)
        amounts = (*self.padding[:2], above, below)
        if any(amounts):
            x = functional.pad(x, amounts, mode=self.mode)
        y = self.function(takes.of(x, Span(have.start - above, have.stop + below)))
        if not self.grows:
            return y
        first = want.start + self.cropped - (takes.start + self.padding[2]) * self.stride
        return y[..., first : first + len(want), :]

    def _takes(self, want: Span, lines: int) -> Span:
        """Return the lines of the input, with those of the padding: above it they are negative."""
        start, stop = want.start * self.stride, (want.stop - 1) * self.stride + self.kernel
        if self.grows:
            start = -((self.kernel - 1 - self.cropped - want.start) // self.stride)  # rounded up
            stop = (want.stop - 1 + self.cropped) // self.stride + 1
        top, bottom = self.padding[2:]
        return Span(max(start - top, -top), min(stop - top, lines + bottom))


def chain_lines(chain: Sequence[Local], lines: int) -> int:
    """Return the lines that layers one after another make of so many."""
    for layer in chain:
        lines = layer.lines(lines)
    return lines


def chain_spans(chain: Sequence[Local], want: Span, lines: int) -> list[Span]:
    """Return the lines before each layer, and at the end `want`; the chain takes the first."""
    sizes = [lines]
    for layer in chain:
        sizes.append(layer.lines(sizes[-1]))
    spans = [want]
    for layer, size in zip(reversed(chain), reversed(sizes[:-1]), strict=True):
        spans.append(layer.reach(spans[-1], size))
    return spans[::-1]


def run_chain(chain: Sequence[Local], x: Tensor, want: Span, lines: int) -> Tensor:
    """Compute the lines `want` of the last layer from x, what the chain takes of `lines` lines."""
    spans = chain_spans(chain, want, lines)
    assert x.shape[-2] == len(spans[0])
    for layer, span in zip(chain, spans[1:], strict=True):
        x = layer.run(x, span, lines)
        lines = layer.lines(lines)
    return x
