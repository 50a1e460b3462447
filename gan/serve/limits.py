"""What strangers may ask of the machine."""

from dataclasses import dataclass

UPLOADS = 50
"""Of the largest size that may be kept at a time, with the results."""


@dataclass(frozen=True)
class Limits:
    """The most of everything."""

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

    @property
    def bytes(self) -> int:
        """Of an upload."""
        return int(self.megabytes * 1e6)

    @property
    def kept_bytes(self) -> int:
        """Of all files that are kept for all visitors; from there on uploads are rejected."""
        return UPLOADS * self.bytes
