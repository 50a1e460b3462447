"""What `gan translate` takes."""

from pathlib import Path
from typing import Literal

from gan.config.choices import MAX_MEGAPIXELS, Device, Format, Precision
from gan.domains import Direction


def translate_folder(
    model: Path,
    input: Path,
    output: Path,
    direction: Direction | None = None,
    device: Device = "auto",
    precision: Precision | Literal["auto"] = "fp32",
    overwrite: bool = False,
    dry_run: bool = False,
    format: Format | None = None,
    quality: int = 95,
    compare: Path | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    batch_size: int | None = None,
    tile: int | None = None,
    scratch: Path | None = None,
    style: Path | None = None,
    compile: bool = False,
    threads: int | None = None,
) -> int:
    """Translate an image, or a folder of images with all its sub-folders, with a trained generator.

    Images keep their relative names, sizes, depth, transparency and EXIF. Files that are already in
    the output are left alone: the same command goes on where it was stopped. What cannot be
    translated is named on stderr and in OUTPUT/failed.tsv; the rest is done, the exit status is 1.
    Started by `accelerate launch` or torchrun, several processes share the work.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        input: Image, or folder of images.
        output: File for an image, folder for a folder (or for an image).
        direction: ab translates A to B, ba B to A; needed where the model holds both.
        device: Where to compute; auto takes a GPU where there is one.
        precision: Arithmetic of the network; auto takes bf16 where the device computes in it.
        overwrite: Write over files that are already in the output.
        dry_run: Say what would be done, and do nothing.
        format: Format of the output, in place of each input's own.
        quality: Of JPEG, WebP, AVIF and HEIC, 1 to 100.
        compare: Folder for originals and translations side by side.
        max_megapixels: Larger images are refused.
        batch_size: Images of one size that are translated at once; left out, a few small ones.
        tile: Translate in tiles of so many pixels a side, to the same result in bounded memory;
            left out, only what would not fit is. For the ResNet generators.
        scratch: Folder for what tiles keep on disk; left out, the output.
        style: Painting whose style to give, for a generator that is shown one.
        compile: Compile the network, which takes minutes, for large folders; where there is no
            compiler it goes on without. The numbers are the same, but for rounding.
        threads: CPU threads of each process; left out, torch's, or where a launcher started
            several processes, each one's share of the cores.
    """
    given = locals()
    from gan.inference.folder.folder import (
        translate,  # torch and its company, which --help can do without
    )

    return translate(**given)
