"""The options of `gan prepare`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.config import Count, Rate, Section, Weight
from gan.preparation.tables import SUFFIXES

Link = Literal["copy", "hard", "symbolic"]


class PrepareOptions(Section):
    """Two domains, each chosen from folders, tables of files (.csv, .tsv, .json) and videos.

    Pictures are copied or linked, never changed, and copies of a picture stay on one side of the
    split. OUTPUT/preparation.jsonl says what came from where. The same command continues where it
    was stopped. What cannot be read is named and skipped, and the exit status is 1.
    """

    output: Path
    """Folder for trainA, trainB, testA and testB: new, empty, or begun by the same command."""
    a: list[Path]
    """Source of domain A: a folder, a table or a video. May be given several times."""
    b: list[Path] = Field(default=[])
    """Source of domain B; not set, there is domain A alone."""
    where_a: list[str] = Field(default=[])
    """Condition on A's files, column=value,value or column!=value; given several times, all must
    hold. Values may hold * and ?. Files of folders have the columns path, name and class."""
    where_b: list[str] = Field(default=[])
    """The same for B."""
    images: Path | None = None
    """Folder in which the files of tables lie; not set, each table's own."""
    file_column: str | None = None
    """Column of tables that names the file; not set, the one called filename or the like."""
    limit: Count | None = None
    """Images of each domain at most, training and test together, drawn by seed."""
    test: Weight = 0.1
    """Share of each domain that becomes its test images; from 1 on, their number."""
    unique: bool = False
    """Take one of several copies of a picture, in place of keeping them on one side."""
    frames_per_second: Rate = 1
    """Frames that are taken of each second of a video."""
    every_frame: Count | None = None
    """Take every so many frames of a video, in place of frames_per_second."""
    block: Rate = 10
    """Seconds of a video that are in training, or in the test, as a whole."""
    link: Link = "copy"
    """copy; hard: links on one disk, one file under two names; symbolic: links that training with
    this program skips, as it follows none out of a folder."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the split and of what limit draws."""
    dry_run: bool = False
    """Print what would be done, and write nothing."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if self.where_b and not self.b:
            raise ValueError("where_b chooses from the sources of b: name one, or remove where_b")
        tables = any(path.suffix.lower() in SUFFIXES for path in (*self.a, *self.b))
        for key in ("images", "file_column"):
            if getattr(self, key) is not None and not tables:
                raise ValueError(
                    f"{key} is for tables ({', '.join(SUFFIXES)}): name one, or remove {key}"
                )
        return self
