"""How exactly CUDA computes in float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def use_tf32(on: bool) -> None:
    """Let CUDA round the factors of float32 products to 10 bits, or not.

    torch's own default differs between convolutions (rounded) and matrix products (exact). Not by
    its newer `fp32_precision`: once that is set, torch.export fails (torch 2.15).
    """
    torch.backends.cuda.matmul.allow_tf32 = on
    torch.backends.cudnn.allow_tf32 = on


@contextmanager
def tf32(on: bool) -> Iterator[None]:
    """Use TF32, or exact float32, for as long as the context lasts."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    use_tf32(on)
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
