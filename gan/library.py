"""Translating whole folders: every image comes back under its own relative name with its own
size."""

import sys
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
        try:
            write_image(translator.translate(read_image(source)), target)
        except (ValueError, OSError) as error:
            failed += 1
            reason = str(error).removeprefix(f"{source}: ")
            tqdm.write(f"{source}: {reason}", file=sys.stderr)
    done = f"{len(todo) - failed} of {len(pairs)} images translated to {output}"
    there = f", {len(pairs) - len(todo)} were already there" if len(todo) < len(pairs) else ""
    print(f"{done}{there}{f', {failed} failed' if failed else ''}", file=sys.stderr)
    return 1 if failed else 0


def plan(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Each image with the file that its translation goes to; ValueError where that would touch the
    originals."""
    if source.is_file():
        into_folder = target.is_dir() or not target.suffix
        pairs = [(source, target / source.name if into_folder else target)]
    else:
        files = [path for path in list_images(source) if target not in path.parents]
        pairs = [(path, target / path.relative_to(source)) for path in files]
    for path, destination in pairs:
        if destination.resolve() == path.resolve():
            raise ValueError(
                f"{destination}: the output would replace the original; give another --output"
            )
    return pairs
