"""Names and limits that the configuration, the commands and the code share."""

from typing import Annotated, Literal

from pydantic import Field

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "tf32", "bf16", "fp16"]
"""Arithmetic of the networks. tf32: NVIDIA GPUs round the factors of float32 products to 10
mantissa bits; other devices compute in fp32."""
Channels = Literal[1, 3]
Range = tuple[float, float]
"""(low, high): the values in image files that mean black and white."""
Norm = Literal["instance", "instance_affine", "batch", "none"]
Upsample = Literal["deconv", "resize", "blur"]
Downsample = Literal["stride", "blur"]
WeightedTerm = Literal[
    "cycle", "identity", "perceptual", "perceptual_cycle", "style", "tv", "semantic", "pixel"
]
"""Terms of the generators' loss whose weights LossConfig.weight returns."""
Schedule = Literal["linear", "constant", "cosine"]
Optimizer = Literal["lbfgs", "adam"]
"""Optimizers for stylization."""
Method = Literal["optimize", "wct"]
"""Methods of stylization."""
StyleName = Annotated[str, Field(coerce_numbers_to_str=True)]
"""Number (from 0) or name of a style, for a generator with several."""
PreserveColor = Literal["no", "luma", "palette"]
Better = Literal["lower", "higher"]
"""Whether lower or higher values of a metric are better."""
Change = Literal["better", "worse", "no clear difference"]
"""How a model changes a metric, compared with the source images."""
Format = Literal["png", "jpeg", "webp", "avif", "tiff"]
"""File formats of translations."""
Steady = Literal["none", "statistics", "flow"]
"""How the frames of a clip are kept in one style."""
Split = Literal["test", "val", "train"]
ExportFormat = Literal["safetensors", "reference", "onnx", "program"]
"""File formats of generators for other programs."""
ExportPrecision = Literal["fp32", "fp16", "int8"]
"""Number format of an ONNX file."""
FolderFormat = Literal["hub", "web"]
"""Formats of exports that are folders, with one generator or both of a run."""

MIN_SIDE = 16
"""Smallest side of an image in pixels: the generators require it."""
MAX_MEGAPIXELS = 178.0
"""Largest image in megapixels. Others are rejected before decoding, since a file of a few kB can
claim any size."""
MAX_DECODED_MB = 4000.0
"""Memory in MB that a process and its loader workers may use together to decode images."""


def is_range(low: float, high: float) -> bool:
    """Return whether two numbers form a range: low below high, and distinct in float32."""
    largest = max(abs(low), abs(high))
    return low < high and largest < 1e30 and high - low > max(1e-30, 1e-6 * largest)
