"""What `gan report` takes."""

from pathlib import Path

from gan.config.choices import Device


def report(
    model: Path,
    root: Path | None = None,
    output: Path | None = None,
    images: int = 12,
    device: Device = "auto",
) -> int:
    """Write one HTML file about a run: its state, curves, metrics, samples and test images.

    The file holds all that it shows and asks for nothing else. A run that is still going, has
    crashed or has no test folder is reported as far as it got. ValueError names a model that is no
    run directory, or an output that is there and no report of ours; OSError one that cannot be
    written.

    Args:
        model: Run directory.
        root: Folder with testA and testB; left out, the run's own data.root.
        output: The file to write; left out, report.html in the run directory.
        images: Test images of each direction that are translated and shown.
        device: Where to translate them; auto takes a GPU where there is one.
    """
    given = locals()
    from gan.report.command import (
        write_report,  # torch and its company, which --help can do without
    )

    return write_report(**given)
