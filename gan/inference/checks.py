"""Check the size of a picture, and that its translation is finite."""

from typing import TypeVar

from gan.config.choices import MIN_SIDE

Result = TypeVar("Result")


def check_size(width: int, height: int, about: str = "") -> None:
    """Raise ValueError, beginning with `about`, if a side is below the generators' minimum."""
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{about}{width}x{height} pixels: both sides must be at least {MIN_SIDE}")


def check_working_size(size: int | None) -> None:
    """Raise ValueError if a working size is below the generators' minimum."""
    if size is not None and size < MIN_SIDE:
        raise ValueError(f"size: must be at least {MIN_SIDE} pixels, not {size}")


NOT_FINITE = (
    "the generator returns NaN for this image: try precision fp32; if that does not help, its "
    "training has diverged"
)


def require_finite(translated: Result | None) -> Result:
    """Return a translation; raise ValueError for None, which stands for one that is not finite."""
    if translated is None:  # as 8 bits it would be black and look like a translation
        raise ValueError(NOT_FINITE)
    return translated
