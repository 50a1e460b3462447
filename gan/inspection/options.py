"""The options of `gan inspect`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Count, Rate, Section
from gan.config.choices import MAX_DECODED_MB, MAX_MEGAPIXELS


class InspectOptions(Section):
    """A dataset, and limits for its images.

    Decodes every image and changes nothing. Faults make the exit status 1: files that cannot be
    read, duplicates in one folder, images that are in training and in test, tiny images and very
    long ones. Anything that training can handle is reported as a remark.
    """

    root: Path | None = None
    """Folder that holds any of trainA, trainB, testA and testB, or images."""
    a: Path | None = None
    """Folder of domain A, instead of root."""
    b: Path | None = None
    """Folder of domain B, instead of root."""
    output: Path | None = None
    """Folder for inspection.tsv, statistics.tsv and sheet.png (thumbnails of the faults). If not
    set, nothing is written."""
    min_side: Count = 64
    """Smallest shorter side in pixels; an image below it counts as tiny."""
    max_aspect: Annotated[float, Field(ge=1)] = 3
    """Largest ratio of the longer to the shorter side; an image above it counts as too long."""
    min_images: Annotated[int, Field(ge=0)] = 100
    """Smallest number of images in a training folder; fewer give a remark."""
    max_megapixels: Rate = MAX_MEGAPIXELS
    """Images with more megapixels are not decoded."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes of memory that reading may use, for all images at once. An image that would need
    more is rejected."""
    strict: bool = False
    """Exit with status 1 also if there are only remarks."""
