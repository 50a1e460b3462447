"""The options of `gan report`: the text below a field is its help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from gan.config import Section
from gan.config.choices import Device
from gan.config.section import Fault


class ReportOptions(Section):
    """A run or several, and the output file.

    The file holds everything that it shows and needs no network. A run that is still training, has
    crashed or has no test folder is reported as far as it got. Several runs are compared on one
    page. Runs that differ only in their seeds are summarized by mean and deviation.
    """

    model: Annotated[list[Path], Field(min_length=1)]
    """Run directory, or several to compare."""
    root: Path | None = None
    """Folder that holds testA and testB. If not set, the run's data.root. For one run only."""
    output: Path | None = None
    """File to write. If not set, report.html in the run directory, or comparison.html in the
    current folder."""
    images: Annotated[int, Field(ge=0, le=200)] = 12
    """Number of test images to show for each direction. For one run they are translated now. For
    several runs they are taken from the newest sample grids."""
    device: Device = "auto"
    """Where to translate the test images. auto uses a GPU if there is one. For one run only."""
    ignore: list[str] = Field(default=[])
    """Keys in which runs of one recipe may differ in addition to the seed, for instance
    train.epochs. For several runs only."""

    @field_validator("model", mode="before")
    @classmethod
    def one(cls, value: Any) -> Any:
        """Turn a single path, as given in Python, into a list of one."""
        return [value] if isinstance(value, (str, Path)) else value

    def faults(self) -> Iterator[Fault]:
        given, several = self.model_fields_set, len(self.model) > 1
        for key in ("root", "device"):
            yield (
                several and key in given,
                f"{key} is for one run, but there are several: remove it",
            )
        yield self.ignore and not several, "ignore is for several runs, but there is one: remove it"
