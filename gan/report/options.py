"""The options of `gan report`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gan.config import Section
from gan.config.choices import Device


class ReportOptions(Section):
    """A run, and the file to write about it.

    The file holds all that it shows and requests nothing else. A run that is still training, has
    crashed or has no test folder is reported as far as it got.
    """

    model: Path
    """Run directory."""
    root: Path | None = None
    """Folder with testA and testB; not set, the run's own data.root."""
    output: Path | None = None
    """The file to write; not set, report.html in the run directory."""
    images: Annotated[int, Field(ge=0, le=200)] = 12
    """Test images of each direction that are translated and shown."""
    device: Device = "auto"
    """Where to translate them; auto takes a GPU where there is one."""
