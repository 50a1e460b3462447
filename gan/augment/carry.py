"""What is not translated: originals, labels and all other files, into the output."""

import errno
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from gan.augment.dataset import Dataset, Format, Item, Outputs, renamed
from gan.system.atomic import write_whole


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
                copy_or_link(dataset.root / source, target / name, link)
    for path in dataset.others:
        copy_or_link(dataset.root / path, target / path, link)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, over what is there."""
    write_whole(path, lambda file: file.write(content))


def files_of(item: Item, outputs: tuple[Path, ...]) -> Iterator[tuple[Path, Path]]:
    """Each file of an item with its name beside each of its outputs."""
    for output in outputs:
        yield item.image, output
        for label in item.labels:
            yield label, renamed(item, label, output.stem.removesuffix(item.ending))


def copy_or_link(source: Path, target: Path, link: bool) -> None:
    """Copy or link a file, whole or not at all, unless it is there."""
    if os.path.lexists(target):
        return
    if not link:
        with source.open("rb") as original:
            write_whole(target, lambda file: shutil.copyfileobj(original, file))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError as error:
        reason = "on another disk than the dataset" if error.errno == errno.EXDEV else error
        raise OSError(f"{target}: cannot be a link ({reason}): leave --link out") from error
