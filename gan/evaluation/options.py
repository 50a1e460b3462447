"""The options of `gan evaluate`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Count, Resamples, Section
from gan.config.choices import Device, Precision, Split


class EvaluateOptions(Section):
    """A model, test folders, and settings of the measurement.

    Prints a table and answers in words. Appends a line with the protocol to RUN/metrics.jsonl, and
    writes the scores of every image to RUN/evaluation. Started by `accelerate launch` or torchrun,
    several processes share the work; the numbers do not depend on how many.
    """

    model: Path
    """Run directory, or one of its gen_*.safetensors files."""
    root: Path
    """Folder with testA and testB, or trainA and trainB."""
    features: str | None = None
    """Network whose features are compared: inception as in papers, or any of torchvision's, e.g.
    mobilenet_v2; not set, inception where it is installed."""
    weights: Path | None = None
    """File with its weights; not set, the one in torch's cache."""
    lpips_alex: Path | None = None
    """File with the convolutions of torchvision's AlexNet, for LPIPS; not set, the one in torch's
    cache."""
    lpips_vgg: Path | None = None
    """The same of VGG-16, for LPIPS on it."""
    directions: str | None = None
    """ab, ba, or both: ab,ba; not set, those that the model has."""
    split: Split = "test"
    """Which images are translated."""
    reference: Split | None = None
    """Which images FID, KID and Gram compare with; not set, those of the split."""
    paired: bool = True
    """Whether equal names in both folders are the same picture in both domains."""
    max_images: Count | None = None
    """Only the first so many images of each folder."""
    size: Annotated[int, Field(ge=16, le=4096)] | None = None
    """Side of the images in pixels; not set, the crop of the training."""
    batch_size: Count = 8
    """Images at once."""
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    precision: Precision = "fp32"
    """Arithmetic of the generators."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the resamples."""
    resamples: Resamples = 1000
    """For the intervals; 0 for none."""
    output: Path | None = None
    """Folder for metrics.jsonl and evaluation; not set, the run directory."""
    verbose: bool = False
    """Print every number by its name in metrics.jsonl and the protocol besides."""
