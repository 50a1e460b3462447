"""Read, translate and write images at the same time."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.images import Mark, Picture, write_picture
from gan.images.deep import Array
from gan.images.pixels import from_array, to_array
from gan.images.writer import scaling, write_stack
from gan.inference.checks import require_finite
from gan.inference.folder.plan import Job
from gan.inference.folder.streams import Streams
from gan.inference.translator import Translator
from gan.system.atomic import ends_the_work
from gan.system.failures import Failure, failure, say
from gan.system.memory import out_of_memory
from gan.system.progress import Progress

AHEAD_PIXELS = 2**25
"""Largest number of pixels that are read ahead, or wait to be written; one batch may have more."""
THREADS = 4
"""Number of threads that read, and of those that write."""
TILE = 512
"""Default side of a tile in pixels, for pictures that do not fit into memory."""

GAP = 8
"""Width in pixels of the white gap between an original and its translation, side by side."""

Batch = Sequence[Job]
Read = Picture | Failure


@dataclass(frozen=True)
class Outcome:
    """The result of a job: written, or failed."""

    job: Job
    failure: Failure | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoundTrip:
    """A translation and, if wanted, its reconstruction; (C, H, W) each."""

    fake: Tensor
    rec: Tensor | None = None


@dataclass(frozen=True)
class Translated:
    """A picture and its translation, which is not written yet."""

    job: Job
    picture: Picture
    result: RoundTrip | None
    """None if it is not finite."""
    more: tuple[Picture, ...] = ()
    """The translations of a stack's further pages."""


@dataclass(frozen=True)
class Pipeline:
    """Reads, translates and writes batches of pictures."""

    translator: Translator
    max_megapixels: float
    tile: int | None
    scratch: Path
    write: Callable[..., None]
    """Called by several threads with a job, its picture, its round trip and the further pages of a
    stack. An error that it raises becomes the picture's failure."""
    back: Translator | None = None
    """The generator of the other direction, for reconstructions."""
    stacks: bool = False
    """Whether all pages of stacks are translated, or only the first."""

    def run(self, batches: Sequence[Batch]) -> Iterator[Outcome]:
        """Translate batches in order; yield each outcome once its files are completely written.

        Pictures translated earlier (`job.done`) yield no outcome. They stay in the batch because
        without them its other pictures would be rounded differently.
        """
        with (
            ThreadPoolExecutor(THREADS) as readers,
            Streams(self.translator.device) as streams,
            ThreadPoolExecutor(THREADS) as writers,
        ):
            writing: deque[tuple[int, Future[Outcome]]] = deque()
            try:
                # Stages 1 and 2: read ahead, and translate what was read.
                for done in streams.map(self.translate, self.read_ahead(batches, readers)):
                    # Stage 3: hand translations to the writers; failures are outcomes already.
                    for each in (one for one in done if not one.job.done):
                        if isinstance(each, Outcome):
                            yield each
                        else:
                            writing.append((each.job.pixels, writers.submit(self.finish, each)))
                    # Stage 4: yield written files; wait if too many pixels are queued.
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
        """Yield batches with their pictures, while the next ones are being read."""
        upcoming, reading = deque(batches), deque[tuple[Batch, list[Future[Read]]]]()
        while upcoming or reading:
            present = reading.popleft() if reading else None
            while upcoming and (
                not reading or pixels(upcoming[0], *(batch for batch, _ in reading)) <= AHEAD_PIXELS
            ):
                batch = upcoming.popleft()
                reading.append((batch, [readers.submit(self.read, job) for job in batch]))
            if present:
                batch, futures = present
                yield batch, [future.result() for future in futures]

    def read(self, job: Job) -> Read:
        try:
            return self.translator.read(job.source, self.max_megapixels)
        except Exception as error:
            if ends_the_work(error):
                raise
            return failure(job.source, error)

    def translate(self, batch: Batch, read: Sequence[Read]) -> list[Outcome | Translated]:
        """Translate the pictures of a batch; return outcomes for those that failed."""
        done: list[Outcome | Translated] = []
        alike = defaultdict(list)  # headers may have a wrong size and lack the depth
        for job, picture in zip(batch, read, strict=True):
            if isinstance(picture, Failure):
                done.append(Outcome(job, picture))
            elif self.stacks and job.pages > 1 and not job.done:
                done.append(self.translate_stack(job, picture))
            else:
                alike[picture.pixels.shape, picture.pixels.dtype].append((job, picture))
        for group in alike.values():
            done += self.translate_alike(group)
        return done

    def translate_alike(self, group: Sequence[tuple[Job, Picture]]) -> list[Outcome | Translated]:
        """Translate pictures of one size and depth, in one batch if they fit into memory."""
        pixels = [from_array(picture.pixels) for _, picture in group]
        height, width = pixels[0].shape[-2:]
        tiled = self.tile or not self.translator.fits(height, width, len(group))
        if len(group) > 1:
            if not tiled:
                with suppress(Exception):  # one by one, only the bad picture fails
                    results = self.translate_batch(torch.stack(pixels))
                    return [
                        Translated(*pair, result)
                        for pair, result in zip(group, results, strict=True)
                    ]
            return [result for pair in group for result in self.translate_alike([pair])]
        ((job, picture),) = group
        try:
            return [Translated(job, picture, self.translate_one(job, pixels[0], bool(tiled)))]
        except Exception as error:
            return [Outcome(job, failure(job.source, error))]

    def translate_stack(self, job: Job, first: Picture) -> Outcome | Translated:
        """Translate the pages of a stack one by one; if one fails, the stack fails."""
        try:
            results = []
            for page in range(job.pages):
                picture = first
                if page:  # the first has been read ahead
                    picture = self.translator.read(job.source, self.max_megapixels, page)
                height, width = picture.pixels.shape[:2]
                tiled = bool(self.tile or not self.translator.fits(height, width))
                result = self.translate_one(job, from_array(picture.pixels), tiled)
                results.append((picture, require_finite(result)))
        except Exception as error:
            return Outcome(job, failure(job.source, error))
        more = tuple(picture.with_pixels(to_array(result.fake)) for picture, result in results[1:])
        remarks = tuple(remark for remark in first.remarks if not remark.startswith("animated"))
        return Translated(job, replace(first, remarks=remarks), results[0][1], more)

    def translate_batch(self, pixels: Tensor) -> list[RoundTrip | None]:
        """Translate a batch and, if wanted, reconstruct it; None where either is not finite.

        Reconstructions start from the rounded pixels that are written.
        """
        fakes = self.translator.translate_batch(pixels)
        finite = [fake for fake in fakes if fake is not None]
        if self.back is None or not finite:
            return [fake if fake is None else RoundTrip(fake) for fake in fakes]
        recs = iter(self.back.translate_batch(torch.stack(finite)))
        return [fake if fake is None else _joined(fake, next(recs)) for fake in fakes]

    def translate_one(self, job: Job, pixels: Tensor, tiled: bool) -> RoundTrip | None:
        """Translate a picture at once; in tiles with `tiled`, or if memory runs out.

        Generators that cannot be tiled always run at once. None if the output is not finite.
        """
        if not (tiled and self.translator.tiles):
            try:
                return self.translate_batch(pixels[None])[0]
            except Exception as error:
                if not (out_of_memory(error) and self.translator.tiles):
                    raise
            if self.translator.device.type == "cuda":
                torch.cuda.empty_cache()
        return self.in_tiles(job, pixels)

    def in_tiles(self, job: Job, pixels: Tensor) -> RoundTrip | None:
        """Translate a picture in tiles; reconstruct it if `back` is set and can be tiled, too.

        Before, print how large the picture is and how much disk it requires.
        """
        height, width = pixels.shape[-2:]
        disk = self.translator.scratch_bytes(height, width) / 1e9
        say(
            job.source,
            f"{height * width / 1e6:.1f} megapixels in tiles, {disk:.2f} GB of disk in "
            f"{self.scratch}",
        )
        self.scratch.mkdir(parents=True, exist_ok=True)
        side = self.tile or TILE
        with Progress(100, "%", title=job.source.name, leave=False) as bar:
            fake = self.translator.translate_tiled(
                pixels, side, self.scratch, lambda share: bar.update(int(100 * share) - bar.done)
            )
            if fake is None or self.back is None or not self.back.tiles:
                return fake if fake is None else RoundTrip(fake)
            return _joined(fake, self.back.translate_tiled(fake, side, self.scratch))

    def finish(self, translated: Translated) -> Outcome:
        """Write a translation; return a failure if it is not finite or cannot be written.

        Errors that would also stop all other images are raised: a full disk, a store that is down.
        """
        job, picture = translated.job, translated.picture
        try:
            self.write(job, picture, require_finite(translated.result), *translated.more)
        except Exception as error:  # encoders and other people's models raise nearly everything
            if ends_the_work(error):
                raise
            return Outcome(job, failure(job.source, error), picture.remarks)
        return Outcome(job, None, (*picture.remarks, *scaling(picture, job.target)))


def _joined(fake: Tensor, rec: Tensor | None) -> RoundTrip | None:
    return None if rec is None else RoundTrip(fake, rec)


def write_translation(
    job: Job,
    picture: Picture,
    result: RoundTrip,
    *more: Picture,
    quality: int,
    overwrite: bool,
    mark: Mark | None,
) -> None:
    """Write the missing files of a job: the translation and the comparison.

    The translation gets the original's metadata. more: translations of a stack's further pages, for
    the same file. quality: 1 to 100, for lossy formats. mark: the model's mark for all files, or
    None.
    """
    translation = to_array(result.fake)
    # The translation is written last: if it exists, the comparison does, too.
    if job.comparison:
        both = _beside(picture.pixels, translation).with_mark(mark)
        write_picture(both, job.comparison, replace=overwrite)
    if job.target:
        picture = picture.with_pixels(translation).with_mark(mark)
        if more:
            pages = [page.with_mark(mark) for page in more]
            write_stack([picture, *pages], job.target, replace=overwrite)
            return
        write_picture(picture, job.target, quality=quality, replace=overwrite)


def pixels(*batches: Batch) -> int:
    """Return the number of pixels of all pictures of batches."""
    return sum(job.pixels for batch in batches for job in batch)


def _beside(original: Array, translation: Array) -> Picture:
    """Return two pictures (H, W, 1 or 3) of one type and height side by side."""
    both = [np.broadcast_to(pixels, (*pixels.shape[:2], 3)) for pixels in (original, translation)]
    gap = np.full((original.shape[0], GAP, 3), np.iinfo(original.dtype).max, original.dtype)
    return Picture(np.concatenate([both[0], gap, both[1]], axis=1))
