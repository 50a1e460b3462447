"""The options of `gan serve`: the text below a field is its help."""

from pathlib import Path

from gan.config import Count, Rate, Section
from gan.config.choices import MAX_DECODED_MB, Device, Precision

UPLOADS = 50
"""Of the largest size that may be kept at a time, with the results."""


class ServeOptions(Section):
    """Models, an address, and what visitors may send.

    Serves until it is interrupted. Nothing is requested from the internet, and uploads are deleted
    after an hour and at the end. Requires the extra `serve`.
    """

    models: list[Path]
    """Run directories, or generator files."""
    host: str = "127.0.0.1"
    """Address to listen at; with 0.0.0.0 every machine that reaches this one can use it."""
    port: int = 7860
    """Port to listen at; 0 for any that is free."""
    name: str | None = None
    """Name under which a proxy passes requests on, as paint.example.org."""
    https: bool = False
    """Serve by https, with a self-made certificate that browsers warn of once. Phones give a page
    the camera only by https."""
    certificate: Path | None = None
    """Folder with your own cert.pem and key.pem, for https without a warning."""
    examples: bool = True
    """Show pictures of the run's testA and testB, where they are on this machine."""
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    precision: Precision = "fp32"
    """Arithmetic of the network."""
    max_megapixels: Rate = 64
    """Larger pictures are rejected before they are decoded."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes that reading may take, all images at once; who would take more is rejected."""
    max_megabytes: Rate = 200
    """Larger uploads are rejected, and files in a zip that unpack to more."""
    max_files: Count = 500
    """Pictures of a batch."""
    max_batch_megapixels: Rate = 4000
    """What pictures of a batch may have together."""
    max_queue: Count = 20
    """Requests that may wait; others are rejected with a text to come again."""

    @property
    def secure(self) -> bool:
        """Whether the page is served by https."""
        return self.https or self.certificate is not None

    @property
    def max_bytes(self) -> int:
        """Of an upload, all files together, and of each file in a zip once it is unpacked."""
        return int(self.max_megabytes * 1e6)

    @property
    def kept_bytes(self) -> int:
        """Of all files that are kept for all visitors; from there on uploads are rejected."""
        return UPLOADS * self.max_bytes
