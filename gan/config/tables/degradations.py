"""Degradations of images, for data.degrade and gan evaluate --robust."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class DegradationRow:
    """One degradation, whose strength is a number."""

    code: Code
    """Function that maps pixels (H, W, C) of uint8 or uint16, a strength and a numpy Generator
    to pixels of the same type and shape."""
    title: str
    """Title, with {} in place of the strength."""
    least: float
    """Smallest valid strength."""
    most: float
    """Largest valid strength."""
    neutral: float
    """The strength that changes the image least, or not at all."""
    fixed: tuple[float, float]
    """The mild and the strong strength for gan evaluate --robust. gan explain uses the mild one."""

    def named(self, strength: float) -> str:
        """Return the title with the strength filled in."""
        return self.title.format(f"{strength:g}")


SHIFTS = (3, 5)
"""The mild and the strong shift for gan evaluate --robust, in pixels. gan explain uses the mild
one. Neither is a multiple of 4, the stride of a generator."""

_ROOM = "gan.images.degradations:"

# In the order in which a camera would do it: the light, the lens, the sensor, the file.
DEGRADATIONS = Table("degradation", {
    "brightness": DegradationRow(
        f"{_ROOM}brighten", "brightness times {}", 0, 10, neutral=1, fixed=(1.1, 1.3),
    ),
    "blur": DegradationRow(
        f"{_ROOM}blur", "Gaussian blur, sigma {}", 0, 100, neutral=0, fixed=(1, 2),
    ),
    "downscale": DegradationRow(
        f"{_ROOM}downscale", "resolution divided by {}", 1, 16, neutral=1, fixed=(2, 4),
    ),
    "noise": DegradationRow(
        f"{_ROOM}add_noise", "noise of {} gray levels", 0, 255, neutral=0, fixed=(8, 25),
    ),
    "jpeg": DegradationRow(
        f"{_ROOM}compress", "JPEG at quality {}", 1, 100, neutral=100, fixed=(40, 15),
    ),
})  # fmt: skip


def degrade_faults(ranges: Mapping[str, tuple[float, float]]) -> Iterator[tuple[bool, str]]:
    """Yield (condition, message) for each invalid range in data.degrade."""
    for name, (low, high) in ranges.items():
        row = DEGRADATIONS[name]
        yield (
            not row.least <= low <= high <= row.most,
            f"data.degrade: {name}: must be two numbers from {row.least:g} to {row.most:g}, "
            f"lower first, not [{low:g}, {high:g}]",
        )
