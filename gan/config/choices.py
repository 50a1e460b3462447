"""What commands let one choose, by name; and what they all refuse."""

from typing import Literal

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16", "fp16"]
Format = Literal["png", "jpeg", "webp", "avif", "tiff"]
"""Of translations."""
Split = Literal["test", "train"]
FormatName = Literal["imagefolder", "yolo", "coco", "voc", "masks"]
"""Of labelled datasets."""
ExportFormat = Literal["safetensors", "reference", "onnx", "program"]
"""Of generators for other programs."""

MAX_MEGAPIXELS = 178.0
"""Larger images are refused before they are decoded: a file of a few kB can claim any size."""
