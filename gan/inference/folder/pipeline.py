"""Reading, translating and writing at the same time."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor
from tqdm import tqdm

from gan.images import Picture, read_picture, write_picture
from gan.images.pixels import from_array, to_array
from gan.inference.folder.compare import beside
from gan.inference.folder.plan import Job
from gan.inference.folder.streams import Streams
from gan.inference.translator import numbers
from gan.system.failures import Failure, failure, say

AHEAD_PIXELS = 2**25
"""Pixels that are read ahead, and that wait to be written, at most; one batch at least."""
THREADS = 4
"""That read, and as many that write."""
TILE = 512
"""Side of a tile in pixels, where a picture does not fit into memory and no side is given."""

Batch = Sequence[Job]
Read = Picture | Failure


@dataclass(frozen=True)
class Outcome:
    """What became of a picture."""

    job: Job
    failure: Failure | None
    remarks: tuple[str, ...] = ()


class Translates(Protocol):
    """What a pipeline asks of a `Translator`, or of whatever stands in its place."""

    channels: int
    device: torch.device

    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]: ...
    def translate_tiled(
        self, pixels: Tensor, tile: int, scratch: Path, progress: Callable[[float], None]
    ) -> Tensor | None: ...
    def can_tile(self) -> bool: ...
    def scratch_bytes(self, height: int, width: int) -> int: ...
    def fits(self, height: int, width: int) -> bool: ...


@dataclass(frozen=True)
class Pipeline:
    """How pictures are read, translated and written."""

    translator: Translates
    max_megapixels: float
    tile: int | None
    scratch: Path
    write: Callable[[Job, Picture, Tensor], Outcome]
    """Called by several threads."""

    def run(self, batches: Sequence[Batch]) -> Iterator[Outcome]:
        """Translate batches in their order; each outcome comes when its file is whole.

        Nothing comes of pictures that were there before: they are in a batch only because its
        other pictures would be rounded otherwise without them.
        """
        with (
            ThreadPoolExecutor(THREADS) as readers,
            Streams(self.translator.device) as streams,
            ThreadPoolExecutor(THREADS) as writers,
        ):
            writing: deque[tuple[int, Future[Outcome]]] = deque()
            try:
                for translated in streams.map(self.translate, self.read_ahead(batches, readers)):
                    for done in translated:
                        job = done[0]
                        if job.done:
                            continue
                        if len(done) == 2:
                            yield Outcome(*done)
                        else:
                            writing.append((job.pixels, writers.submit(self.write, *done)))
                    while writing and (
                        writing[0][1].done() or sum(size for size, _ in writing) > AHEAD_PIXELS
                    ):
                        yield writing.popleft()[1].result()
                for _, future in writing:
                    yield future.result()
            finally:
                readers.shutdown(cancel_futures=True)

    def read_ahead(
        self, batches: Sequence[Batch], readers: ThreadPoolExecutor
    ) -> Iterator[tuple[Batch, list[Read]]]:
        """Batches with their pictures, while the next ones are being read."""
        upcoming, reading = deque(batches), deque[tuple[Batch, list[Future[Read]]]]()
        while upcoming or reading:
            present = reading.popleft() if reading else None
            while upcoming and (not reading or ahead(reading) + size(upcoming[0]) <= AHEAD_PIXELS):
                batch = upcoming.popleft()
                reading.append((batch, [readers.submit(self.read, job) for job in batch]))
            if present:
                batch, futures = present
                yield batch, [future.result() for future in futures]

    def read(self, job: Job) -> Read:
        try:
            return read_picture(
                job.source,
                channels=1 if self.translator.channels == 1 else 3,
                max_megapixels=self.max_megapixels,
            )
        except Exception as error:
            return failure(job.source, error)

    def translate(
        self, batch: Batch, read: Sequence[Read]
    ) -> list[tuple[Job, Picture, Tensor] | tuple[Job, Failure]]:
        """Each picture of a batch with its translation."""
        done: list[tuple[Job, Picture, Tensor] | tuple[Job, Failure]] = []
        alike = defaultdict(list)  # a header may lie about the size, and says nothing of the depth
        for job, picture in zip(batch, read, strict=True):
            if isinstance(picture, Failure):
                done.append((job, picture))
            else:
                alike[picture.pixels.shape, picture.pixels.dtype].append((job, picture))
        for group in alike.values():
            for (job, picture), result in zip(group, self.translate_alike(group), strict=True):
                if isinstance(result, Failure):
                    done.append((job, result))
                else:
                    done.append((job, picture, result))
        return done

    def translate_alike(self, group: Sequence[tuple[Job, Picture]]) -> list[Tensor | Failure]:
        """Translate pictures of one size and depth, in one batch if it can be."""
        pixels = [from_array(picture.pixels) for _, picture in group]
        height, width = pixels[0].shape[-2:]
        single = len(group) == 1
        tiled = self.tile or not self.translator.fits(len(group) * height, width)
        try:
            if tiled and not single:
                return [result for pair in group for result in self.translate_alike([pair])]
            if tiled and self.translator.can_tile():
                results = [self.in_tiles(group[0][0], pixels[0])]
            else:
                results = self.translator.translate_batch(torch.stack(pixels))
        except Exception as error:  # one picture may be too large for the memory
            if single:
                return [failure(group[0][0].source, error)]
            return [result for pair in group for result in self.translate_alike([pair])]
        return [checked(job, result) for (job, _), result in zip(group, results, strict=True)]

    def in_tiles(self, job: Job, pixels: Tensor) -> Tensor | None:
        """Translate a picture in tiles, and say before what it takes."""
        height, width = pixels.shape[-2:]
        disk = self.translator.scratch_bytes(height, width) / 1e9
        megapixels = f"{height * width / 1e6:.1f} megapixels in tiles"
        say(job.source, f"{megapixels}, {disk:.2f} GB of disk in {self.scratch}")
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tqdm(total=100, unit="%", desc=job.source.name, disable=None, leave=False) as bar:
            return self.translator.translate_tiled(
                pixels, self.tile or TILE, self.scratch, lambda share: shown(bar, share)
            )


def write_translation(
    job: Job, picture: Picture, result: Tensor, *, quality: int, overwrite: bool
) -> Outcome:
    """Write what is missing: a translation with what its original had, a comparison."""
    translation = to_array(result)
    try:
        # The translation last: it says that all is there.
        if job.comparison:
            both = beside(picture.pixels, translation)
            write_picture(both, job.comparison, replace=overwrite)
        if job.target:
            picture = picture.with_pixels(translation)
            write_picture(picture, job.target, quality=quality, replace=overwrite)
    except Exception as error:  # encoders raise nearly everything
        return Outcome(job, failure(job.source, error), picture.remarks)
    return Outcome(job, None, picture.remarks)


def shown(bar: Any, share: float) -> None:
    """Move a bar of 100 on to a share."""
    bar.update(int(100 * share) - bar.n)


def ahead(reading: Sequence[tuple[Batch, object]]) -> int:
    """Pixels of the batches that are being read."""
    return sum(size(batch) for batch, _ in reading)


def size(batch: Batch) -> int:
    return sum(job.pixels for job in batch)


def checked(job: Job, result: Tensor | None) -> Tensor | Failure:
    try:
        return numbers(result)
    except ValueError as error:
        return failure(job.source, error)
