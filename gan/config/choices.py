"""What can be chosen by name, once for the configuration, the commands and the code."""

from typing import Literal

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "tf32", "bf16", "fp16"]
"""Of networks. tf32: float32 whose factors an NVIDIA GPU rounds to 10 bits; elsewhere fp32."""
Channels = Literal[1, 3]
Range = tuple[float, float]
"""The numbers in files that are black and white: low, high."""
Norm = Literal["instance", "instance_affine", "batch", "none"]
Upsample = Literal["deconv", "resize", "blur"]
Downsample = Literal["stride", "blur"]
WeightedTerm = Literal[
    "cycle", "identity", "perceptual", "perceptual_cycle", "style", "tv", "semantic"
]
"""Of the generators' loss: each has its key in the section loss."""
Schedule = Literal["linear", "constant", "cosine"]
Optimizer = Literal["lbfgs", "adam"]
"""Of stylizations."""
PreserveColor = Literal["no", "luma", "palette"]
Better = Literal["lower", "higher"]
"""Which values of a metric are better."""
Change = Literal["better", "worse", "no clear difference"]
"""What a model does to a metric, compared with doing nothing."""
Format = Literal["png", "jpeg", "webp", "avif", "tiff"]
"""Of translations."""
Split = Literal["test", "val", "train"]
ExportFormat = Literal["safetensors", "reference", "onnx", "program"]
"""Of generators for other programs."""

MIN_SIDE = 16
"""Pixels of a side of an image, at least: what the generators are defined from."""
MAX_MEGAPIXELS = 178.0
"""Larger images are rejected before they are decoded: a file of a few kB can claim any size."""
MAX_DECODED_MB = 4000.0
"""Memory that images may take while they are read, all that a process reads at once together."""


def is_range(low: float, high: float) -> bool:
    """Return whether two numbers are the ends of a range: the lower first, apart in float32."""
    largest = max(abs(low), abs(high))
    return low < high and largest < 1e30 and high - low > max(1e-30, 1e-6 * largest)
