"""What strangers may ask of the machine."""

from dataclasses import dataclass, fields

UPLOADS = 50
"""Of the largest size that may be kept at a time, with the results."""


@dataclass(frozen=True)
class Limits:
    """The most of everything; ValueError names a limit that is not above 0."""

    megapixels: float = 64
    """Of a picture; a larger one is rejected by its header."""
    megabytes: float = 200
    """Of an upload, all of its files together, and of each file in a zip once it is unpacked."""
    files: int = 500
    """Pictures of a batch."""
    batch_megapixels: float = 4000
    """Of all pictures of a batch together."""
    queue: int = 20
    """Who waits at the page; as many calls of the API are taken at once."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"max_{field.name}: {value}, must be above 0")

    @property
    def bytes(self) -> int:
        """Of an upload."""
        return int(self.megabytes * 1e6)

    @property
    def kept_bytes(self) -> int:
        """Of all files that are kept for all visitors; from there on uploads are rejected."""
        return UPLOADS * self.bytes
