"""The options of `gan serve`: the text below a field is its help."""

from pathlib import Path

from gan.config import Count, Rate, Section
from gan.config.choices import Device, Precision
from gan.serve.limits import Limits


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
    device: Device = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    precision: Precision = "fp32"
    """Arithmetic of the network."""
    max_megapixels: Rate = Limits.megapixels
    """Larger pictures are rejected before they are decoded."""
    max_megabytes: Rate = Limits.megabytes
    """Larger uploads are rejected, and files in a zip that unpack to more."""
    max_files: Count = Limits.files
    """Pictures of a batch."""
    max_batch_megapixels: Rate = Limits.batch_megapixels
    """What pictures of a batch may have together."""
    max_queue: Count = Limits.queue
    """Requests that may wait; others are rejected with a text to come again."""
