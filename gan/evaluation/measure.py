"""Two passes: over the images that are compared with, then over those that are translated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from gan.config import DataConfig
from gan.config.choices import Channels
from gan.evaluation.folders import Folder, read_images
from gan.evaluation.instruments import Instruments
from gan.evaluation.rows import Generator, Reference, Row, Task, put
from gan.images.color import LUMA
from gan.images.pixels import to_pixels, to_unit
from gan.losses import mean_gram
from gan.metrics import gram_distances, l1, layer_distance, structure_distance
from gan.system.processes import Processes


@dataclass(frozen=True)
class Evaluator:
    """Where images are measured: how they are read, and by whom.

    Batches are made of the whole list and then shared out: so no number depends on how many
    processes there are.
    """

    instruments: Instruments
    data: DataConfig
    batch_size: int
    processes: Processes
    progress: bool = False

    def read(self, files: Sequence[Path], channels: Channels) -> Tensor:
        """Images on the device, in [-1, 1]."""
        return read_images(files, self.data, channels).to(self.instruments.device)

    def batches(self, folder: Folder) -> Iterable[list[tuple[int, Path]]]:
        """This process's share of a folder: batches of places in it and files."""
        listed = list(enumerate(folder.files))
        starts = range(0, len(listed), self.batch_size)
        own = self.processes.share([listed[s : s + self.batch_size] for s in starts])
        shown = self.progress and self.processes.main
        bar: Iterable[list[tuple[int, Path]]] = tqdm(
            own, folder.root.name, unit="batch", leave=False, disable=None if shown else True
        )
        return bar

    @torch.no_grad()
    def look(self, folder: Folder, channels: Channels) -> Reference | None:
        """What a folder looks like; None without an extractor."""
        extractor = self.instruments.extractor
        if extractor is None:
            return None
        features: list[tuple[int, Tensor]] = []
        sums: dict[str, Tensor] = {}
        for batch in self.batches(folder):
            maps = extractor(self.read([path for _, path in batch], channels))
            features.append((batch[0][0], extractor.features(maps)))
            for layer, values in extractor.style_maps(maps).items():
                own = mean_gram(values).cpu().double().sum(0, keepdim=True)
                sums[layer] = sums[layer] + own if layer in sums else own
        gathered = sorted(self.processes.gather(features), key=lambda pair: pair[0])
        parts = [part for part in self.processes.gather([sums]) if part]
        grams = {
            layer: torch.stack([part[layer] for part in parts]).sum(0) / len(folder.files)
            for layer in extractor.style
        }
        device = self.instruments.device
        return Reference(
            torch.cat([part for _, part in gathered]),
            {layer: gram.float().to(device) for layer, gram in grams.items()},
        )

    @torch.no_grad()
    def measure(self, folder: Folder, task: Task) -> list[Row]:
        """The rows of a folder's images, in their order; ValueError names an image whose
        translation is not finite."""
        own = [row for batch in self.batches(folder) for row in self.rows(batch, task)]
        rows: list[Row] = sorted(self.processes.gather(own), key=lambda row: row.place)
        broken = [row.file for row in rows if row.broken]
        if broken:
            raise ValueError(
                f"{broken[0]}: the generator returns NaN for this image"
                + (f" and {len(broken) - 1} more" if broken[1:] else "")
                + "; if it is trained well, try another precision: fp32"
            )
        return rows

    def rows(self, batch: Sequence[tuple[int, Path]], task: Task) -> Iterator[Row]:
        """Translate and measure one batch."""
        rows = [Row(place, path) for place, path in batch]
        real = self.read([row.file for row in rows], task.channels[0])
        if task.back and task.channels[0] == task.channels[1]:
            put(rows, {"identity": l1(task.back(real).float(), real)})
        if task.forth:
            self.translate(rows, real, task.forth, task)
        yield from rows

    def translate(self, rows: list[Row], real: Tensor, forth: Generator, task: Task) -> None:
        """What a translation is measured by."""
        raw = forth(real).float()
        for row, finite in zip(rows, raw.isfinite().flatten(1).all(1).tolist(), strict=True):
            row.finite = finite
        fake = to_unit(to_pixels(raw))  # what a file would hold
        if task.back:
            put(rows, {"cycle": l1(task.back(raw).float(), real)})
        fake_maps, real_maps = self.see(rows, fake, real, task.reference)
        paired = [place for place, row in enumerate(rows) if row.file in task.pairs]
        if not paired:
            return
        truth = self.read([task.pairs[rows[place].file] for place in paired], task.channels[1])
        chosen = [rows[place] for place in paired]
        source = in_channels(real, task.channels[1])[paired]
        scores = self.instruments.pixel_scores(fake[paired], truth)
        before = self.instruments.pixel_scores(source, truth)
        extractor = self.instruments.extractor
        if extractor and "lpips" not in scores:
            true_maps = extractor.style_maps(extractor(truth))
            scores["lpips"] = layer_distance(at(fake_maps, paired), true_maps)
            before["lpips"] = layer_distance(at(real_maps, paired), true_maps)
        put(chosen, scores, before)

    def see(
        self, rows: list[Row], fake: Tensor, real: Tensor, reference: Reference | None
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What the extractor tells of translations and sources; the maps of their textures."""
        extractor = self.instruments.extractor
        if extractor is None:
            return {}, {}
        of_fake, of_real = extractor(fake), extractor(real)
        for row, features, own in zip(
            rows, extractor.features(of_fake), extractor.features(of_real), strict=True
        ):
            row.features, row.own = features.clone(), own.clone()
        content = extractor.content
        put(rows, {"structure": structure_distance(of_fake[content], of_real[content])})
        style_fake, style_real = extractor.style_maps(of_fake), extractor.style_maps(of_real)
        if reference:
            put(
                rows,
                {"gram": gram_distances(style_fake, reference.grams)},
                {"gram": gram_distances(style_real, reference.grams)},
            )
        return style_fake, style_real


def at(maps: Mapping[str, Tensor], places: list[int]) -> dict[str, Tensor]:
    """The maps of some pictures of a batch."""
    return {layer: values[places] for layer, values in maps.items()}


def in_channels(images: Tensor, channels: int) -> Tensor:
    """Colour images as grey ones, or the other way, for what compares pixels."""
    if images.shape[1] == channels:
        return images
    if channels == 3:
        return images.expand(-1, 3, -1, -1)
    return (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
