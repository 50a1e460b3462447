"""The options of `gan report`: the text below a field is its help."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from gan.config import Section
from gan.config.choices import Device
from gan.config.sections import Fault


class ReportOptions(Section):
    """A run or several, and the output file.

    The file contains everything that it shows and loads nothing else. Runs that are still training,
    have crashed or have no test folder are reported as far as they got. Several runs are compared
    on one page; those that differ only in their seeds become a mean and a deviation.
    """

    model: Annotated[list[Path], Field(min_length=1)]
    """Run directory; several are compared."""
    root: Path | None = None
    """Folder with testA and testB; not set, the run's own data.root. For one run."""
    output: Path | None = None
    """The file to write; not set, report.html in the run directory, or comparison.html in the
    current folder."""
    images: Annotated[int, Field(ge=0, le=200)] = 12
    """Test images of each direction that are shown: translated now, or out of several runs'
    samples."""
    device: Device = "auto"
    """Where to translate them; auto takes a GPU where there is one. For one run."""
    ignore: list[str] = Field(default=[])
    """Keys in which seeds of one recipe may differ, for instance train.epochs. For several runs."""

    @field_validator("model", mode="before")
    @classmethod
    def one(cls, value: Any) -> Any:
        """Accept a single run from Python."""
        return [value] if isinstance(value, (str, Path)) else value

    def faults(self) -> Iterator[Fault]:
        given, several = self.model_fields_set, len(self.model) > 1
        for key in ("root", "device"):
            yield (
                several and key in given,
                f"{key} is for one run, but there are several: remove it",
            )
        yield self.ignore and not several, "ignore is for several runs, but there is one: remove it"
