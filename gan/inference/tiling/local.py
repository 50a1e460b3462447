"""Layers on a few lines of a picture: which lines they take, and what comes of them.

A layer is cut along its lines (dimension -2) only; its columns are always whole. `Span` counts
lines of the whole map, so that padding happens where the map ends and nowhere else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

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
        """What of it lies in a map of so many lines."""
        return Span(max(self.start, 0), min(self.stop, lines))

    def of(self, x: Tensor, have: "Span") -> Tensor:
        """Cut it out of x, which holds the lines `have`."""
        return x[..., self.start - have.start : self.stop - have.start, :]


class Local(Protocol):
    """A layer whose every output line depends on a few lines of its input."""

    def lines(self, lines: int) -> int:
        """The lines that it makes of so many."""

    def reach(self, want: Span, lines: int) -> Span:
        """The lines of its input, which has `lines`, that the lines `want` of its output take."""

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        """Compute the lines `want` from x, which is the lines of reach(want, lines)."""


@dataclass(frozen=True)
class Pointwise:
    """What treats every pixel alone; it may work in place."""

    function: Callable[[Tensor], Tensor]

    def lines(self, lines: int) -> int:
        return lines

    def reach(self, want: Span, lines: int) -> Span:
        return want

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        return self.function(x)


@dataclass(frozen=True)
class Mirror:
    """Reflection padding without repeating the edge; amounts below the size."""

    top: int
    bottom: int
    left: int
    right: int

    def lines(self, lines: int) -> int:
        return self.top + lines + self.bottom

    def reach(self, want: Span, lines: int) -> Span:
        start, stop = want.start - self.top, want.stop - self.top
        inside = Span(start, stop).clipped(lines)
        first = min(inside.start, 2 * lines - 1 - stop) if stop > lines else inside.start
        last = max(inside.stop, 1 - start) if start < 0 else inside.stop
        return Span(first, last)

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        start, stop = want.start - self.top, want.stop - self.top
        above, below = max(-start, 0), max(stop - lines, 0)
        amounts = (self.left, self.right, above, below)
        if any(amounts):
            x = functional.pad(x, amounts, mode="reflect")
        first = self.reach(want, lines).start - above
        return x[..., start - first : stop - first, :]


@dataclass(frozen=True)
class Convolution:
    """A convolution with zero padding; stride and the like for lines and columns."""

    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    groups: int = 1

    def lines(self, lines: int) -> int:
        return (lines + 2 * self.padding[0] - self.weight.shape[2]) // self.stride[0] + 1

    def reach(self, want: Span, lines: int) -> Span:
        return self._padded(want).clipped(lines)

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        padded = self._padded(want)
        above, below = max(-padded.start, 0), max(padded.stop - lines, 0)
        if above or below:
            x = functional.pad(x, (0, 0, above, below))
        padding = (0, self.padding[1])
        y = functional.conv2d(x, self.weight, self.bias, self.stride, padding, groups=self.groups)
        return y.float()  # autocast's are of half precision, in which no statistics are taken

    def _padded(self, want: Span) -> Span:
        stride, padding = self.stride[0], self.padding[0]
        last = (want.stop - 1) * stride - padding + self.weight.shape[2]
        return Span(want.start * stride - padding, last)


@dataclass(frozen=True)
class Transposed:
    """A transposed convolution: input line i adds to output lines stride i - padding and on."""

    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]

    def lines(self, lines: int) -> int:
        tail = self.weight.shape[2] + self.output_padding[0] - 2 * self.padding[0]
        return (lines - 1) * self.stride[0] + tail

    def reach(self, want: Span, lines: int) -> Span:
        stride, padding = self.stride[0], self.padding[0]
        first = -((self.weight.shape[2] - 1 - padding - want.start) // stride)  # rounded up
        return Span(first, (want.stop - 1 + padding) // stride + 1).clipped(lines)

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        y = functional.conv_transpose2d(
            x, self.weight, self.bias, self.stride, (0, self.padding[1]), self.output_padding
        )
        first = want.start + self.padding[0] - self.reach(want, lines).start * self.stride[0]
        return y[..., first : first + len(want), :].float()


@dataclass(frozen=True)
class Nearest:
    """Every pixel repeated `factor` times in both directions."""

    factor: int

    def lines(self, lines: int) -> int:
        return self.factor * lines

    def reach(self, want: Span, lines: int) -> Span:
        return Span(want.start // self.factor, (want.stop - 1) // self.factor + 1)

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        y = functional.interpolate(x, scale_factor=self.factor, mode="nearest")
        first = want.start - self.reach(want, lines).start * self.factor
        return y[..., first : first + len(want), :]


@dataclass(frozen=True)
class Blur:
    """Twice the lines and columns through a filter of 4 x 4, edges repeated: antialias.BlurUp."""

    weight: Tensor

    def lines(self, lines: int) -> int:
        return 2 * lines

    def reach(self, want: Span, lines: int) -> Span:
        return self._around(want).clipped(lines)

    def run(self, x: Tensor, want: Span, lines: int) -> Tensor:
        around = self._around(want)
        above, below = max(-around.start, 0), max(around.stop - lines, 0)
        x = functional.pad(x, (1, 1, above, below), mode="replicate")
        y = functional.conv_transpose2d(x, self.weight, None, 2, 3, groups=x.shape[1])
        first = want.start - 2 * (around.start + 1)
        return y[..., first : first + len(want), :].float()

    def _around(self, want: Span) -> Span:
        return Span(want.start // 2 - 1, (want.stop - 1) // 2 + 2)


def chain_lines(chain: Sequence[Local], lines: int) -> int:
    """The lines that layers one after another make of so many."""
    for layer in chain:
        lines = layer.lines(lines)
    return lines


def chain_spans(chain: Sequence[Local], want: Span, lines: int) -> list[Span]:
    """The lines before each layer, and at the end `want`; the first are what the chain takes."""
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
