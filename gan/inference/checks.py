"""What every translation checks: the size of a picture, and that its output is finite."""

from typing import TypeVar

from gan.config.choices import MIN_SIDE

Result = TypeVar("Result")


def check_size(width: int, height: int, about: str = "") -> None:
    """Raise ValueError, which begins with `about`, for less than the generators are defined for."""
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{about}{width}x{height} pixels: both sides must be at least {MIN_SIDE}")


def check_working_size(size: int | None) -> None:
    """Raise ValueError for a working size that the generators are not defined for."""
    if size is not None and size < MIN_SIDE:
        raise ValueError(f"size: {size}, must be at least {MIN_SIDE} pixels")


def require_finite(translated: Result | None) -> Result:
    """Return a translation; ValueError in place of one that is not finite."""
    if translated is None:  # it would become black, and look like a translation
        raise ValueError(
            "the generator returns NaN for this image; if it is trained well, try fp32"
        )
    return translated
