"""Translating folders: every image comes back under its own relative name, in its own size."""

import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from gan.images import list_images, read_image, write_image
from gan.translator import Device, Direction, Precision, Translator


def translate_folder(
    model: Path,
    input: Path,
    output: Path,
    direction: Direction | None = None,
    device: Device = "auto",
    precision: Precision = "fp32",
    overwrite: bool = False,
) -> int:
    """Translate an image, or a folder of images with all its sub-folders, with a trained generator.

    Images keep their relative names and their sizes in pixels. Files that are already in the output
    are left as they are. What cannot be translated is named on stderr; the rest is done, and the
    exit status is 1.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        input: Image, or folder of images.
        output: File for an image, folder for a folder (or for an image).
        direction: ab translates A to B, ba B to A; needed where the model holds both.
        device: Where to compute; auto takes a GPU where there is one.
        precision: Arithmetic of the network.
        overwrite: Write over files that are already in the output.
    """
    pairs = plan(input, output)
    todo = [pair for pair in pairs if overwrite or not pair[1].exists()]
    if not pairs:
        raise ValueError(f"{input}: no images in this folder or below it")
    translator = Translator.load(model, direction, device, precision)
    failed = 0
    for source, target in tqdm(todo, unit="image", disable=None):
        with warnings.catch_warnings(record=True) as remarks:
            try:
                write_image(translator.translate(read_image(source)), target)
            # Encoders raise nearly everything, and one image may be too large for the memory.
            except Exception as error:
                failed += 1
                say(source, str(error) or type(error).__name__)
        for remark in remarks:
            say(source, str(remark.message))
    done = f"{len(todo) - failed} of {len(pairs)} images translated to {output}"
    there = f", {len(pairs) - len(todo)} were already there" if len(todo) < len(pairs) else ""
    print(printable(f"{done}{there}{f', {failed} failed' if failed else ''}"), file=sys.stderr)
    return 1 if failed else 0


def plan(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Each image with the file that its translation goes to.

    ValueError where there is no input, or where a translation would replace an original.
    """
    if not source.exists():
        raise ValueError(f"{source}: no such file or folder")
    if source.is_file():
        into_folder = target.is_dir() or not target.suffix
        pairs = [(source, target / source.name if into_folder else target)]
    else:
        pairs = [(path, target / path.relative_to(source)) for path in inputs(source, target)]
    originals = {path.resolve() for path, _ in pairs}
    for _, destination in pairs:
        if destination.resolve() in originals:
            raise ValueError(
                f"{destination}: the output would replace an original; give another --output"
            )
    return pairs


def inputs(source: Path, target: Path) -> list[Path]:
    """The images of a folder, without those of an output folder that lies inside it."""
    if target.is_file():
        raise ValueError(f"{target}: the output of a folder is a folder, and this is a file")
    files, root, inside = list_images(source), source.resolve(), target.resolve()
    if root not in inside.parents:
        return files
    output = source / inside.relative_to(root)
    return [path for path in files if output not in path.parents]


def say(source: Path, text: str) -> None:
    """Name a file and what is the matter with it, in one line, without tearing the bar."""
    text = " ".join(text.removeprefix(f"{source}: ").split())
    tqdm.write(printable(f"{source}: {text}"), file=sys.stderr)


def printable(text: str) -> str:
    """The text with line breaks, control characters and undecodable bytes escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
