"""The options of `gan translate`: the text below a field is its help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gan.config import Count, Rate, Section
from gan.config.choices import (
    MAX_DECODED_MB,
    MAX_MEGAPIXELS,
    Device,
    Format,
    Precision,
    Steady,
    StyleName,
)
from gan.config.section import Fault
from gan.config.sections import Place, Side
from gan.domains import Direction


def shard_fault(text: str) -> Fault:
    """Return whether an option is not a shard, as 3/64 is, and its message."""
    number, _, count = text.partition("/")
    digits = number.isdecimal() and count.isdecimal()
    return (
        not (digits and 1 <= int(number) <= int(count)),
        f"shard: expected NUMBER/COUNT with NUMBER from 1 to COUNT. Got: {text}",
    )


class TranslateOptions(Section):
    """Images and clips to translate, and how.

    Images keep their relative names, sizes, depth, transparency and EXIF. Files that are already in
    the output are not touched: the same command continues where it was stopped. An image that
    cannot be translated is named on stderr and in OUTPUT/failed.tsv; the others are translated, and
    the exit status is 1. Clips (videos, with the extra `video`) keep their time stamps, sound and
    subtitles. Started by `accelerate launch` or torchrun, several processes share the
    work.
    """

    model: Path
    """Run directory, or one of its gen_*.safetensors files."""
    input: Place
    """Image or clip, or a folder of them with all its sub-folders. With the extra remote, the
    URL of images (s3://bucket/photos)."""
    output: Place
    """File for an image or a clip, folder for a folder (or for one file), or a URL."""
    direction: Direction | None = None
    """ab translates A to B, ba translates B to A. Required if the model holds both generators."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    precision: Literal[Precision, "auto"] = "fp32"
    """Arithmetic of the network. auto uses bf16 if the device computes in it."""
    overwrite: bool = False
    """Replace files that are already in the output."""
    dry_run: bool = False
    """Print what would be done, without doing it."""
    format: Format | None = None
    """Format of the output, in place of each input's own."""
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """Quality of JPEG, WebP, AVIF and HEIC files, and of clips, where 100 is lossless."""
    steady: Steady = "flow"
    """How clips are kept steady. statistics: norms use running averages over a shot. flow: also,
    each frame is blended with the last translation, moved by the optical flow. none: frame by
    frame."""
    marks: bool = True
    """Mark each image file, in its XMP, as made by a trained model, with the model's name. With
    false, no XMP is written. Clips are not marked."""
    compare: Place | None = None
    """Folder for pictures of originals and translations side by side."""
    shard: str = "1/1"
    """Translate one part of the images: 3/64 is the third of 64 parts. Each part is a separate
    command, on any machine. The last one to end joins the lists of failures."""
    max_megapixels: Rate = MAX_MEGAPIXELS
    """Images with more megapixels are rejected."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes of memory that reading may use, for all images at once. An image that would need
    more is rejected."""
    batch_size: Count | None = None
    """Number of images of equal size that are translated together. If not set, up to 16, if they
    are small."""
    tile: Annotated[int, Field(ge=64)] | None = None
    """Side of the tiles in pixels, in which images are translated in bounded memory, with the same
    result. If not set, only images that would not fit into memory are tiled. Only ResNet generators
    can be tiled."""
    scratch: Path | None = None
    """Folder for the temporary files of tiles. If not set, the output folder."""
    size: Side | None = None
    """Shorter side in pixels to which images are scaled for the network. Translations are scaled
    back to the images' own sizes. If not set, images are not scaled."""
    style: Path | None = None
    """Style image, for a generator that takes one."""
    style_index: StyleName | None = None
    """Number (from 0) or name of a style, for a generator with several."""
    style_blend: str | None = None
    """Mixture of styles for such a generator: each style with its weight, for instance
    0:0.5,3:0.5."""
    compile: bool = False
    """Compile the network, which takes minutes and pays off for large folders. Without a compiler
    the translation runs as usual. Outputs differ only by rounding."""
    threads: Count | None = None
    """CPU threads of each process. If not set, torch's number; with several processes, each one's
    share of the cores."""

    def faults(self) -> Iterator[Fault]:
        yield shard_fault(self.shard)
