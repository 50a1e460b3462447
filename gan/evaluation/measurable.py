"""Which metrics an evaluation will have, known before it begins."""

from collections.abc import Collection, Iterator

from gan.config import DataConfig
from gan.evaluation.core import ENDS, OPPOSITE
from gan.evaluation.folders import Folder, Folders
from gan.evaluation.instruments import Instruments
from gan.inference.translator import Direction
from gan.metrics.pictures import MS_SSIM_SIDE


def measurable(
    generators: Collection[Direction], folders: Folders, data: DataConfig, instruments: Instruments
) -> list[str]:
    """The names of what `evaluate` would measure of these generators, in both directions."""
    return [
        name
        for direction, (source, target) in ENDS.items()
        if source in folders.sources
        for name in (
            *(
                f"{metric}_{direction}"
                for metric in of_translations(
                    folders.sources[source], folders.references.get(target), folders, data,
                    instruments,
                )
                if direction in generators
            ),
            *(
                f"{metric}_{source}"
                for metric in of_images(direction, generators, data)
            ),
        )
    ]  # fmt: skip


def of_translations(
    source: Folder,
    reference: Folder | None,
    folders: Folders,
    data: DataConfig,
    instruments: Instruments,
) -> Iterator[str]:
    """What translations of a folder's images are measured by."""
    side, seen = data.crop_size, instruments.extractor is not None
    if seen and reference and min(len(source.files), len(reference.files)) > 1:
        yield from ("fid", "kid")
    if any(file in folders.pairs for file in source.files):
        yield from ("l1", "psnr")
        if instruments.similarity:
            yield from ("ssim", "ms_ssim") if side >= MS_SSIM_SIDE else ("ssim",)
        if seen or instruments.heads(side):
            yield "lpips"
    if seen and reference:
        yield "gram"
    if seen:
        yield "structure"


def of_images(
    direction: Direction, generators: Collection[Direction], data: DataConfig
) -> Iterator[str]:
    """What a domain's own images are measured by."""
    if OPPOSITE[direction] in generators:
        if direction in generators:
            yield "cycle"
        if data.channels_a == data.channels_b:
            yield "identity"
