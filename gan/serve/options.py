"""The options of `gan serve`: the text below a field is its help."""

from pathlib import Path

from gan.config import Count, Rate, Section
from gan.config.choices import MAX_DECODED_MB, Device, Precision

UPLOADS = 50
"""Visitors' files, including results, may take the space of this many largest uploads."""


class ServeOptions(Section):
    """Models, an address, and limits for visitors.

    Serves until it is interrupted. It needs no internet. Uploads are deleted after an hour and at
    the end. Requires the extra `serve`.
    """

    models: list[Path]
    """Run directories, or generator files."""
    host: str = "127.0.0.1"
    """Address to listen at. With 0.0.0.0 every machine that reaches this one can use the page."""
    port: int = 7860
    """Port to listen at. 0 chooses a free port."""
    name: str | None = None
    """Host name by which visitors open the page if a proxy forwards their requests, for instance
    paint.example.org."""
    https: bool = False
    """Serve over https, with a self-made certificate that browsers warn about once. Phones let a
    page use the camera only over https."""
    certificate: Path | None = None
    """Folder with your own cert.pem and key.pem, for https without a warning."""
    examples: bool = True
    """Offer pictures of the run's testA and testB to try, if they are on this machine."""
    marks: bool = True
    """Mark each result, in its XMP, as made by a trained model, with the model's name. With false,
    no XMP is written."""
    device: Device = "auto"
    """Where to compute. auto uses a GPU if there is one."""
    precision: Precision = "fp32"
    """Arithmetic of the network."""
    max_megapixels: Rate = 64
    """Pictures with more megapixels are rejected before they are decoded."""
    max_decoded_mb: Rate = MAX_DECODED_MB
    """Megabytes of memory that reading may use, for all images at once. An image that would need
    more is rejected."""
    max_megabytes: Rate = 200
    """Largest upload in megabytes, and largest size of a file in a zip once it is unpacked."""
    max_files: Count = 500
    """Largest number of pictures in a batch."""
    max_batch_megapixels: Rate = 4000
    """Largest total megapixels of a batch."""
    max_clip_megapixels: Rate = 2.1
    """Largest megapixels of a clip's frames: 2.1 allow 1920x1080."""
    max_clip_seconds: Rate = 60
    """Longest clip in seconds."""
    max_clip_frames: Count = 1800
    """Largest number of frames of a clip. One clip is translated at a time."""
    max_queue: Count = 20
    """Requests that may wait. Further ones are rejected with a message to try again later."""

    @property
    def secure(self) -> bool:
        """Whether the page is served over https."""
        return self.https or self.certificate is not None

    @property
    def max_bytes(self) -> int:
        """Most bytes of an upload of one or more files, and of each unpacked file of a zip."""
        return int(self.max_megabytes * 1e6)

    @property
    def kept_bytes(self) -> int:
        """Most bytes of all files of all visitors; beyond them, uploads are rejected."""
        return UPLOADS * self.max_bytes
