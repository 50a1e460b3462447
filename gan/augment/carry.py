"""What is not translated: originals, labels and all other files, into the output."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from gan.augment.dataset import Dataset, Format, Item, Outputs, renamed
from gan.system.atomic import write_whole
from gan.system.output_folder import copy_file, link_file


def carry(
    dataset: Dataset,
    format: Format,
    outputs: Outputs,
    translated: Collection[Path],
    target: Path,
    link: bool = False,
) -> None:
    """Write all but the translated images: byte for byte, or as the format rewrites it.

    What is there already is left alone, but for the files that the format rewrites: they depend on
    what was rejected. With `link`, files are hard links to the source's; OSError where the output
    is on another disk.
    """
    for path, content in format.rewrite(dataset, outputs):
        write_bytes(target / path, content)
    for item in dataset.items:
        for source, name in files_of(item, outputs[item.image]):
            if name not in translated:
                put(dataset.root / source, target / name, link)
    for path in dataset.others:
        put(dataset.root / path, target / path, link)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, over what is there."""
    write_whole(path, lambda file: file.write(content))


def files_of(item: Item, outputs: tuple[Path, ...]) -> Iterator[tuple[Path, Path]]:
    """Each file of an item with its name beside each of its outputs."""
    for output in outputs:
        yield item.image, output
        for label in item.labels:
            yield label, renamed(item, label, output.stem.removesuffix(item.ending))


def put(source: Path, target: Path, link: bool) -> None:
    """Copy or link a file, whole or not at all, unless it is there."""
    if not os.path.lexists(target):
        (link_file if link else copy_file)(source, target)
