"""Set the precision of float32 products on CUDA."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def use_tf32(on: bool) -> None:
    """Turn TF32 on or off: with it CUDA rounds factors of float32 products to 10 mantissa bits.

    torch's default differs between convolutions (rounded) and matrix products (exact). This does
    not use the newer `fp32_precision`: once that is set, torch.export fails (torch 2.15).
    """
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


@contextmanager
def tf32(on: bool) -> Iterator[None]:
    """Use TF32, or exact float32, inside the context."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    use_tf32(on)
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
