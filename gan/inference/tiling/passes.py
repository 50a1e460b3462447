"""Run a generator in several passes over the bands of an image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import ceil
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.inference.tiling.local import Local, Span, chain_lines, chain_spans, run_chain
from gan.inference.tiling.norms import Moments
from gan.inference.tiling.stages import Stage, Stages, mirror, split
from gan.inference.tiling.storage import Lanes, LineFile, scratch_maps

Read = Callable[[slice, slice], Tensor]
"""Reads rows and columns of the image as (1, C, h, w) in [-1, 1]; called on another thread."""

Write = Callable[[slice, slice, Tensor], None]
"""Writes rows and columns of the output, given (1, C, h, w) in [-1, 1]."""

Take = Callable[[Span, Tensor, Tensor], None]
"""Receives a band, its lines of the source, and its output."""

MAPS = 2
"""Number of maps in files: the residual sum, and the last convolution's output before its norm."""


@torch.inference_mode()
def run_tiled(
    network: nn.Module,
    read: Read,
    write: Write,
    height: int,
    width: int,
    *,
    tile: int,
    scratch: Path,
    progress: Callable[[float], object] = lambda share: None,
) -> None:
    """Run a ResNet generator in eval mode on an image that need not fit into memory.

    The output is network(image) up to rounding, for sides of at least 16. For an image of a single
    color, instance norm outputs only rounding errors, in tiles or not. Memory is that of the widest
    layers on tile x tile pixels, or on a few lines across the image's shorter side if those are
    more. `scratch` is a folder with `scratch_bytes` of free space, for files without names.
    `progress` is called with the share of the work that is done, 0 to 1. ValueError for a network
    that cannot be tiled, OSError if the disk has too little space.
    """
    lying = width > height  # then image and kernels are transposed: bands cross the shorter side
    if lying:
        height, width = width, height
    stages = split(network, transposed=lying)
    multiple, lines, columns = _reduced(network, stages, height, width)

    def fetch(span: Span) -> list[Tensor]:
        rows, all_columns = slice(span.start, span.stop), slice(0, width)
        x = read(all_columns, rows).transpose(2, 3) if lying else read(rows, all_columns)
        return [x.contiguous(memory_format=torch.channels_last)]

    def take(band: Span, _: Tensor, output: Tensor) -> None:
        rows, all_columns = slice(band.start, min(band.stop, height)), slice(0, width)
        x = output[..., : rows.stop - rows.start, :width]
        if lying:
            write(all_columns, rows, x.transpose(2, 3))
        else:
            write(rows, all_columns, x)

    picture = Source(height, fetch, lambda pieces: pieces[0])
    with (
        scratch_maps(scratch, MAPS, stages.channels, lines, columns) as (sums, raw),
        Lanes() as lanes,
    ):
        # Equal bands of about tile x tile pixels, in lines at the resolution of the blocks.
        most = max(1, tile**2 // (multiple**2 * columns))
        band = ceil(lines / ceil(lines / most))
        total, done = stages.passes * ceil(lines / band), count(1)
        passes = Passes(
            lanes,
            next(network.parameters()).device,
            lines,
            band,
            tell=lambda: progress(next(done) / total),
        )
        features = _to_features(
            passes, stages, picture, mirror(0, -width % multiple, 0, -height % multiple), raw
        )
        features = _through_branches(passes, stages, features, sums, raw)
        _to_output(passes, stages, features, take)


def scratch_bytes(network: nn.Module, height: int, width: int) -> int:
    """Return the bytes of disk that run_tiled needs; ValueError for networks that it rejects."""
    stages = split(network)
    _, lines, columns = _reduced(network, stages, height, width)
    return MAPS * 4 * stages.channels * lines * columns


@dataclass(frozen=True)
class Source:
    """The input of a pass: `fetch` reads ahead on another thread, `combine` runs on the device."""

    lines: int
    fetch: Callable[[Span], list[Tensor]]
    combine: Callable[[list[Tensor]], Tensor]


@dataclass(frozen=True)
class Passes:
    """Passes over an image with `lines` lines at the lowest resolution, `band` of them at a time.

    `tell` is called after every band.
    """

    lanes: Lanes
    device: torch.device
    lines: int
    band: int
    tell: Callable[[], object]

    def sweep(self, source: Source, chain: Sequence[Local], take: Take) -> None:
        """Run a chain of layers band by band; call take(band, its lines of the source, output).

        The lines of the source belong to the band only if the chain keeps the resolution; otherwise
        ignore them.
        """
        lines = chain_lines(chain, source.lines)
        step = self.band * (lines // self.lines)
        bands = [Span(start, min(start + step, lines)) for start in range(0, lines, step)]
        reaches = [chain_spans(chain, band, source.lines)[0] for band in bands]
        fetched = self.lanes.ahead([partial(source.fetch, reach) for reach in reaches])
        for band, reach, pieces in zip(bands, reaches, fetched, strict=True):
            x = source.combine([piece.to(self.device) for piece in pieces])
            take(band, band.of(x, reach), run_chain(chain, x, band, source.lines))
            self.tell()

    def settle(
        self,
        source: Source,
        chain: Sequence[Local],
        stage: Stage,
        *,
        keep: LineFile | None = None,
        keep_source: LineFile | None = None,
    ) -> tuple[Local, ...]:
        """Return the stage's layers after its convolution, with the norm's statistics fixed.

        `chain` ends with that convolution. `keep` is a file for the convolution's output,
        `keep_source` one for the source. A pass runs only if the norm needs statistics or `keep` is
        set.
        """
        moments = Moments(stage.channels) if stage.needs_moments else None

        def take(band: Span, x: Tensor, output: Tensor) -> None:
            if keep_source is not None:
                self.lanes.write(keep_source, band.start, x)
            if keep is not None:
                self.lanes.write(keep, band.start, output)
            if moments is not None:
                moments.add(output)

        if moments is not None or keep is not None:
            self.sweep(source, chain, take)
        return stage.settled(moments)


def _to_features(
    passes: Passes, stages: Stages, picture: Source, completed: Local, raw: LineFile
) -> Source:
    """Run the layers down to the resolution of the blocks, with a pass for every norm.

    `completed` pads the image to the network's size multiple. Return the layers' output, stored in
    `raw`, as a source.
    """
    chain: list[Local] = [completed]
    rest: tuple[Local, ...] = ()
    for stage in stages.down:
        chain += (*rest, *stage.spatial)
        rest = passes.settle(picture, chain, stage, keep=raw if stage is stages.down[-1] else None)
    return _stored(passes.lines, raw, rest)


def _through_branches(
    passes: Passes, stages: Stages, features: Source, sums: LineFile, raw: LineFile
) -> Source:
    """Run every residual block; return the last one's output as a source.

    Each block overwrites the files: `sums` with its input, `raw` with its convolutions' outputs.
    """
    for branch in stages.branches:
        for stage in branch:
            rest = passes.settle(
                features,
                stage.spatial,
                stage,
                keep=raw,
                keep_source=sums if stage is branch[0] else None,
            )
            features = _stored(passes.lines, raw, rest)
        features = _stored(passes.lines, raw, rest, sums)
    return features


def _to_output(passes: Passes, stages: Stages, features: Source, take: Take) -> None:
    """Run the layers up to the output, with a pass for every norm and one that writes."""
    chain: list[Local] = []
    for stage in stages.up:
        chain += stage.spatial
        chain += passes.settle(features, chain, stage)
    passes.sweep(features, chain, take)


def _stored(
    lines: int, raw: LineFile, rest: Sequence[Local], sums: LineFile | None = None
) -> Source:
    """Return a source that reads `raw`, runs the layers `rest` and adds `sums`."""
    files = [raw] if sums is None else [raw, sums]

    def combine(pieces: list[Tensor]) -> Tensor:
        x, *others = pieces
        x = run_chain(rest, x, Span(0, x.shape[-2]), x.shape[-2])
        return x.add_(others[0]) if others else x

    return Source(lines, lambda span: [file.read(span) for file in files], combine)


def _reduced(network: nn.Module, stages: Stages, height: int, width: int) -> tuple[int, int, int]:
    """Return the network's size multiple, and the lines and columns at its residual blocks."""
    multiple = network.size_multiple
    assert isinstance(multiple, int)
    chain = [layer for stage in stages.down for layer in stage.spatial]
    lines, columns = (chain_lines(chain, side + -side % multiple) for side in (height, width))
    return multiple, lines, columns
