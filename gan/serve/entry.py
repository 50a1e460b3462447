"""What `gan serve` takes."""

from pathlib import Path

from gan.config.choices import Device, Precision
from gan.serve.limits import Limits


def serve(
    models: list[Path],
    host: str = "127.0.0.1",
    port: int = 7860,
    name: str | None = None,
    device: Device = "auto",
    precision: Precision = "fp32",
    max_megapixels: float = Limits.megapixels,
    max_megabytes: float = Limits.megabytes,
    max_files: int = Limits.files,
    max_batch_megapixels: float = Limits.batch_megapixels,
    max_queue: int = Limits.queue,
) -> int:
    """Serve a page that translates pictures, and an HTTP API, until it is interrupted.

    Nothing is asked of the internet, and uploads are deleted after an hour and at the end. Needs
    the extra `serve`. ValueError names a model that cannot be opened, OSError a port that is taken.

    Args:
        models: Run directories, or generator files.
        host: Address to listen at; with 0.0.0.0 every machine that reaches this one can use it.
        port: Port to listen at; 0 for any that is free.
        name: Name under which a proxy hands requests on, as paint.example.org.
        device: Where to compute; auto takes a GPU where there is one.
        precision: Arithmetic of the network.
        max_megapixels: Larger pictures are refused before they are decoded.
        max_megabytes: Larger uploads are refused, and files in a zip that unpack to more.
        max_files: Pictures of a batch.
        max_batch_megapixels: What pictures of a batch may have together.
        max_queue: Requests that may wait; others are asked to come again.
    """
    given = locals()
    from gan.serve.command import serve_page  # torch and Gradio, which --help can do without

    return serve_page(**given)
