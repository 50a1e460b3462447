"""The options of `gan inspect`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Count, Rate, Section
from gan.config.choices import MAX_DECODED_MB, MAX_MEGAPIXELS


class InspectOptions(Section):
    """A dataset, and what counts as wrong with it.

    Every image is decoded, nothing is changed. Faults make the exit status 1: what cannot be read,
    duplicates in one folder, pictures in training and in test, tiny and very long ones. What
    training handles is a remark.
    """

    root: Path | None = None
    """Folder with trainA, trainB, testA and testB (any of them), or of images."""
    a: Path | None = None
    """Folder of domain A, in place of a root."""
    b: Path | None = None
    """Folder of domain B, in place of a root."""
    output: Path | None = None
    """Folder for inspection.tsv, statistics.tsv and sheet.png, the faults as a picture; not set,
    nothing is written."""
    min_side: Count = 64
    """Pixels; images with a shorter side are tiny."""
    max_aspect: Annotated[float, Field(ge=1)] = 3
    """Ratio of the sides from which on images are too long."""
    min_images: Annotated[int, Field(ge=0)] = 100
    """A smaller training folder is a remark."""
    max_megapixels: Rate = MAX_MEGAPIXELS
    """Larger images are not decoded."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes that reading may take, all images at once; who would take more is rejected."""
    strict: bool = False
    """Let remarks make the exit status 1 too."""
