"""The options of `gan evaluate`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Count, Resamples, Section
from gan.config.choices import Device, Precision, Split


class EvaluateOptions(Section):
    """A model, test folders, and settings of the measurement.

    Prints a table of the metrics, and their meaning in sentences. Adds a line with the protocol to
    RUN/metrics.jsonl and writes the scores of every image to RUN/evaluation. If `accelerate launch`
    or torchrun starts several processes, they share the work; the numbers do not depend on how many
    there are.
    """

    model: Path
    """Run directory, or one of its gen_*.safetensors files."""
    root: Path
    """Folder that holds testA and testB, or trainA and trainB."""
    features: str | None = None
    """Network whose features are compared: inception, as in papers, or one of torchvision's, for
    instance mobilenet_v2. If not set, inception where it is installed."""
    weights: Path | None = None
    """File with the weights of the network that features names. If not set, the one in torch's
    cache."""
    lpips_alex: Path | None = None
    """File with the convolutions of torchvision's AlexNet, for LPIPS. If not set, the one in
    torch's cache."""
    lpips_vgg: Path | None = None
    """File with the convolutions of torchvision's VGG-16, for LPIPS with VGG-16. If not set, the
    one in torch's cache."""
    directions: str | None = None
    """Directions to measure: ab, ba, or both as ab,ba. If not set, those that the model has."""
    split: Split = "test"
    """Split whose images are translated: test for testA and testB, train for trainA and trainB."""
    reference: Split | None = None
    """Split with the reference images of FID, KID and Gram. If not set, the same as split."""
    paired: bool = True
    """Treat files of the same name in both folders as one picture in both domains."""
    max_images: Count | None = None
    """Measure at most this many images of each folder, the first ones in sorted order."""
    size: Annotated[int, Field(ge=16, le=4096)] | None = None
    """Side of the images in pixels. If not set, the crop size of the training."""
    batch_size: Count = 8
    """Images that are measured at once."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    precision: Precision = "fp32"
    """Arithmetic of the generators."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the resamples."""
    resamples: Resamples = 1000
    """Number of resamples for the intervals of the metrics. 0 computes no intervals."""
    robust: bool = False
    """Also measure every metric on degraded images: brighter, blurred, small, noisy, compressed
    and shifted, each mildly and strongly. This takes 13 times as long."""
    output: Path | None = None
    """Folder for metrics.jsonl and evaluation. If not set, the run directory."""
    verbose: bool = False
    """Also print every number by its name in metrics.jsonl, and the protocol."""
