"""Run layers on some lines of a map: find the input lines they need, compute their output.

Maps are cut along lines (dimension -2) only; columns are always complete. `Span` counts lines of
the whole map, so that padding is added only at the map's ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Span:
    """Lines of a map, from `start` up to but not including `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def clipped(self, lines: int) -> "Span":
        """Return the part of the span inside a map with `lines` lines."""
        return Span(max(self.start, 0), min(self.stop, lines))

    def of(self, x: Tensor, have: "Span") -> Tensor:
        """Return the span's lines of x (..., h, w), whose h lines are `have`."""
        return x[..., self.start - have.start : self.stop - have.start, :]


@dataclass(frozen=True)
class Local:
    """A layer whose output lines each depend on a few lines of its padded input.

    Line i of the output depends on `kernel` input lines that begin at line i * stride. If the layer
    `grows`, line i of the input adds to `kernel` output lines that begin at line i * stride. The
    defaults are for layers that treat every pixel separately.
    """

    function: Callable[[Tensor], Tensor]
    """Maps padded lines to output lines. It may pad and crop columns itself, and work in place."""
    kernel: int = 1
    stride: int = 1
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Columns to pad on the left and right, lines to pad at the top and bottom."""
    mode: Literal["constant", "reflect", "replicate"] = "constant"
    """Mode of padding. Reflection does not repeat the edge, so amounts must be below the size."""
    grows: bool = False
    cropped: int = 0
    """Lines cropped from the top and the bottom of the output, if the layer grows."""
    tail: int = 0
    """Additional lines at the end of the output, if the layer grows."""

    def lines(self, lines: int) -> int:
        """Return the number of output lines for a number of input lines."""
        padded = lines + self.padding[2] + self.padding[3]
        if self.grows:
            return (padded - 1) * self.stride + self.kernel + self.tail - 2 * self.cropped
        return (padded - self.kernel) // self.stride + 1

    def reach(self, want: Span, lines: int) -> Span:
        """Return the input lines, of `lines` in all, that the output lines `want` depend on."""
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
        """Return the output lines `want`, given x, the input lines of reach(want, lines)."""
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
        """Return the rows of the padded input that `want` needs.

        Row 0 is the image's first; the padding above it has negative numbers.
        """
        start, stop = want.start * self.stride, (want.stop - 1) * self.stride + self.kernel
        if self.grows:
            start = -((self.kernel - 1 - self.cropped - want.start) // self.stride)  # rounded up
            stop = (want.stop - 1 + self.cropped) // self.stride + 1
        top, bottom = self.padding[2:]
        return Span(max(start - top, -top), min(stop - top, lines + bottom))


def chain_lines(chain: Sequence[Local], lines: int) -> int:
    """Return the number of output lines of a chain of layers for a number of input lines."""
    for layer in chain:
        lines = layer.lines(lines)
    return lines


def chain_spans(chain: Sequence[Local], want: Span, lines: int) -> list[Span]:
    """Return, for each layer, the input lines needed for the chain's output `want`; last, `want`.

    `lines` is the number of lines of the chain's input.
    """
    sizes = [lines]
    for layer in chain:
        sizes.append(layer.lines(sizes[-1]))
    spans = [want]
    for layer, size in zip(reversed(chain), reversed(sizes[:-1]), strict=True):
        spans.append(layer.reach(spans[-1], size))
    return spans[::-1]


def run_chain(chain: Sequence[Local], x: Tensor, want: Span, lines: int) -> Tensor:
    """Return rows `want` of a chain's output.

    x, (..., h, w), is the part of the input that they need, its rows
    chain_spans(chain, want, lines)[0]. `lines` is the height of the whole input.
    """
    spans = chain_spans(chain, want, lines)
    assert x.shape[-2] == len(spans[0])
    for layer, span in zip(chain, spans[1:], strict=True):
        x = layer.run(x, span, lines)
        lines = layer.lines(lines)
    return x
