"""Measure images in two passes: over the references, then over the sources."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path

import torch
from torch import Tensor

from gan.config import DataConfig
from gan.config.table import load
from gan.config.tables.metrics import METRICS
from gan.domains import Domain, Ends
from gan.evaluation.folders import Folder, read_images
from gan.evaluation.instruments import Instruments
from gan.images.color import LUMA
from gan.images.pixels import to_pixels, to_unit
from gan.inference.checks import NOT_FINITE
from gan.losses import mean_gram
from gan.metrics import Batch, Images
from gan.metrics.batch import Around, Generator, unchanged
from gan.system.processes import Processes
from gan.system.progress import Progress


@dataclass(frozen=True)
class Reference:
    """Features of a collection of reference images."""

    features: Tensor
    """Features (n, d), float64."""
    grams: dict[str, Tensor]
    """Mean Gram matrices (1, C, C) by layer, on the device."""


@dataclass
class Row:
    """The scores of one source image, and its features."""

    place: int
    """Index of the image in its folder."""
    file: Path
    scores: dict[str, float] = field(default_factory=dict)
    unchanged: dict[str, float] = field(default_factory=dict)
    """Scores of the source image, which takes the place of its translation."""
    features: Tensor | None = None
    """Features of the translation, (d,)."""
    own: Tensor | None = None
    """Features of the source image, (d,)."""
    finite: bool = True
    """Whether the translation is finite."""


@dataclass(frozen=True)
class Task:
    """The functions for a folder's images: `forth` translates, `back` reconstructs."""

    forth: Generator | None
    back: Generator | None
    ends: Ends
    """The domains of the images and of the translations."""
    pairs: Mapping[Path, Path]
    reference: Reference | None
    metrics: Sequence[str]
    """Names of the metrics to measure."""

    def scores(self, *, pairs: bool) -> list[str]:
        """Return the names of the image metrics that need pairs or, with pairs=False, do not.

        They are ordered by MetricRow.stage.
        """
        return sorted(
            (
                name
                for name in self.metrics
                if METRICS[name].of == "image" and ("pairs" in METRICS[name].needs) == pairs
            ),
            key=lambda name: METRICS[name].stage,
        )


@dataclass(frozen=True)
class Evaluator:
    """Reads, translates and measures images.

    A folder's images are split into batches first, and the processes share these batches: results
    do not depend on the number of processes.
    """

    instruments: Instruments
    data: DataConfig
    batch_size: int
    processes: Processes
    progress: bool = False
    around: Around = unchanged
    """Returns a generator whose input is first degraded."""

    def images(self, files: Sequence[Path], domain: Domain) -> Images:
        """Read images onto the device; features are extracted when a metric uses them."""
        return Images(
            read_images(files, self.data, domain).to(self.instruments.device),
            self.instruments.extractor,
        )

    def batches(self, folder: Folder) -> Iterator[list[tuple[int, Path]]]:
        """Yield this process's share of a folder: batches of (index in the folder, file)."""
        listed = list(enumerate(folder.files))
        starts = range(0, len(listed), self.batch_size)
        own = self.processes.share([listed[s : s + self.batch_size] for s in starts])
        shown = self.progress and self.processes.main
        images, title = sum(map(len, own)), folder.root.name
        with Progress(images, "images", title=title, shown=shown, leave=False) as progress:
            for batch in own:
                yield batch
                progress.update(len(batch))

    @torch.no_grad()
    def reference(self, folder: Folder, domain: Domain) -> Reference | None:
        """Return the features and mean Gram matrices of a folder; None without an extractor."""
        extractor = self.instruments.extractor
        if extractor is None:
            return None
        sums: dict[str, Tensor] = {}

        def share() -> list[tuple[int, Tensor]]:
            features = []
            for batch in self.batches(folder):
                images = self.images([path for _, path in batch], domain)
                features.append((batch[0][0], extractor.features(images.maps)))
                for layer, values in images.style.items():
                    own = mean_gram(values).cpu().double().sum(0, keepdim=True)
                    sums[layer] = sums[layer] + own if layer in sums else own
            return features

        gathered = sorted(self.processes.gather(share), key=lambda pair: pair[0])
        parts = [part for part in self.processes.gather(lambda: [sums]) if part]
        grams = {
            layer: torch.stack([part[layer] for part in parts]).sum(0) / len(folder.files)
            for layer in extractor.style
        }
        return Reference(
            torch.cat([part for _, part in gathered]),
            {layer: gram.float().to(self.instruments.device) for layer, gram in grams.items()},
        )

    @torch.no_grad()
    def measure(self, folder: Folder, task: Task) -> list[Row]:
        """Measure a folder's images; return their rows in the folder's order, on all processes.

        ValueError, with the image, if its translation or one of its scores is not finite.
        """
        rows = self.processes.gather(
            lambda: [row for batch in self.batches(folder) for row in self.rows(batch, task)]
        )
        rows.sort(key=lambda row: row.place)
        for row in rows:
            for name, score in row.scores.items():
                if row.finite and not math.isfinite(score) and callable(METRICS[name].code):
                    raise ValueError(f"metric {name}: its function returned {score} for {row.file}")
        broken = [
            row.file
            for row in rows
            if not row.finite or not all(map(math.isfinite, row.scores.values()))
        ]
        if broken:
            more = f" and {len(broken) - 1} more" if broken[1:] else ""
            raise ValueError(f"{broken[0]}{more}: {NOT_FINITE}")
        return rows

    def rows(self, files: Sequence[tuple[int, Path]], task: Task) -> Iterator[Row]:
        """Translate and measure a batch of (index, file); yield the row of each image."""
        rows = [Row(place, path) for place, path in files]
        source = self.images([row.file for row in rows], task.ends.source)
        lpips = self.instruments.lpips_at(self.data.crop_size)
        batch = Batch(source, back=task.back, lpips=lpips, around=self.around)
        if task.forth:
            batch = self.translate(rows, batch, task)
        channels = self.data.channels(task.ends.target)
        sources = Images(
            _in_channels(source.pixels, channels), source.extractor, lambda: source.maps
        )
        _score(rows, batch, replace(batch, fake=sources), task.scores(pairs=False))
        paired = [place for place, row in enumerate(rows) if row.file in task.pairs]
        if paired and (names := task.scores(pairs=True)):
            chosen = [rows[place] for place in paired]
            truth = self.images([task.pairs[row.file] for row in chosen], task.ends.target)
            batch = batch.at(paired, truth)
            _score(chosen, batch, replace(batch, fake=sources.at(paired)), names)
        yield from rows

    def translate(self, rows: list[Row], batch: Batch, task: Task) -> Batch:
        """Return the batch with its translations; store their and the sources' features in rows."""
        assert task.forth
        raw = self.around(task.forth)(batch.source.pixels).float()
        for row, finite in zip(rows, raw.isfinite().flatten(1).all(1).tolist(), strict=True):
            row.finite = finite
        extractor = self.instruments.extractor
        depth = torch.uint16 if self.data.values(task.ends.target) else torch.uint8
        fake = Images(to_unit(to_pixels(raw, depth)), extractor)  # as in a file
        if extractor:
            features = (extractor.features(images.maps) for images in (fake, batch.source))
            for row, of_fake, of_source in zip(rows, *features, strict=True):
                row.features, row.own = of_fake.clone(), of_source.clone()
        grams = task.reference.grams if task.reference else {}
        return replace(batch, fake=fake, unrounded=raw, grams=grams)


def _score(rows: Sequence[Row], batch: Batch, unchanged: Batch, names: Iterable[str]) -> None:
    """Measure a batch with the named metrics; store the scores in the rows.

    Metrics with a baseline also measure `unchanged`: the batch with the sources as translations.
    """
    for name in names:
        _put([row.scores for row in rows], name, batch)
        if METRICS[name].baseline:
            _put([row.unchanged for row in rows], name, unchanged)


def _put(places: Sequence[dict[str, float]], name: str, batch: Batch) -> None:
    """Measure a batch with a metric, and store each image's score in its dict of `places`.

    ValueError if the metric's function does not return one score per image.
    """
    metric = METRICS[name]
    taken = [attrgetter(part)(batch) for part in metric.takes] or [batch]
    scores = load(metric.code)(*taken)
    if getattr(scores, "shape", None) != (len(places),):
        got = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise ValueError(f"metric {name}: its function returned {got}, must be ({len(places)},)")
    for place, value in zip(places, scores.tolist(), strict=True):
        place[name] = value


def _in_channels(images: Tensor, channels: int) -> Tensor:
    """Convert color images to gray or the reverse, for metrics that compare pixels."""
    if images.shape[1] == channels:
        return images
    if channels == 3:
        return images.expand(-1, 3, -1, -1)
    return (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
