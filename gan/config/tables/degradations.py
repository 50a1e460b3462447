"""Degradations of pictures: data.degrade trains with them, gan evaluate measures them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gan.config.table import Code, Table


@dataclass(frozen=True)
class DegradationRow:
    """A way to degrade a picture with a strength."""

    code: Code
    """Maps pixels (H, W, C) of uint8 or uint16, a strength and a numpy Generator to pixels of the
    same type and shape."""
    title: str
    """A few words with {} for the strength."""
    least: float
    """Smallest strength that is accepted."""
    most: float
    """Largest strength that is accepted."""
    neutral: float
    """The strength that changes nothing, or least."""
    fixed: tuple[float, float]
    """The mild and the strong strength of gan evaluate --robust. gan explain shows the mild one."""

    def named(self, strength: float) -> str:
        """Return the title with a strength."""
        return self.title.format(f"{strength:g}")


SHIFTS = (3, 5)
"""The mild and the strong shift of gan evaluate --robust, in pixels: no multiples of a generator's
stride of 4. gan explain shows the mild one."""

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
    """Yield (condition, message) for each range of data.degrade that is not accepted."""
    for name, (low, high) in ranges.items():
        row = DEGRADATIONS[name]
        yield (
            not row.least <= low <= high <= row.most,
            f"data.degrade: {name}: must be two numbers from {row.least:g} to {row.most:g}, "
            f"lower first, not [{low:g}, {high:g}]",
        )
