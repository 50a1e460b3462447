"""The options of `gan prepare`: the text below a field is its help."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gan.config import Count, Rate, Section, Weight
from gan.preparation.tables import SUFFIXES

Link = Literal["copy", "hard", "symbolic"]


class PrepareOptions(Section):
    """Two domains, each chosen from folders, tables of files (.csv, .tsv, .json) and videos.

    Pictures are copied or linked, never changed, and copies of one picture stay on one side of the
    split. OUTPUT/preparation.jsonl records where each picture came from. After an interruption, run
    the same command again to continue. Files that cannot be read are named and skipped, and the
    exit status is 1.
    """

    output: Path
    """Folder for trainA, trainB, testA and testB. It must be new, empty, or begun by the same
    command."""
    a: list[Path]
    """Source of domain A: a folder, a table or a video. May be given several times."""
    b: list[Path] = Field(default=[])
    """Source of domain B. If not set, there is only domain A."""
    where_a: list[str] = Field(default=[])
    """Condition on A's files: column=value,value or column!=value. If given several times, all
    conditions must hold. Values may contain * and ?. Files of folders have the columns path, name
    and class."""
    where_b: list[str] = Field(default=[])
    """Condition on B's files, written as for where_a."""
    images: Path | None = None
    """Folder with the files that tables name. If not set, the folder of each table."""
    file_column: str | None = None
    """Column of tables that holds the file names. If not set, a column with a usual name, such as
    filename or path."""
    limit: Count | None = None
    """Largest number of images of each domain, training and test together. They are drawn by
    seed."""
    test: Weight = 0.1
    """Share of each domain's images to use as test images; from 1 on, their number."""
    unique: bool = False
    """Use only one of several copies of a picture. Without it, all stay on one side of the
    split."""
    frames_per_second: Rate = 1
    """Frames to take from each second of a video."""
    every_frame: Count | None = None
    """Take every n-th frame of a video, instead of frames_per_second."""
    block: Rate = 10
    """Length in seconds of the blocks into which a video is cut. A whole block is in training or in
    the test."""
    link: Link = "copy"
    """How pictures are put into the output. copy: copies. hard: hard links, which are one file
    under two names on the same disk. symbolic: symbolic links; training with this program skips
    them because they lead out of its folder."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Seed of the split and of the images that limit draws."""
    dry_run: bool = False
    """Print what would be done and write nothing."""

    @model_validator(mode="after")
    def check(self) -> Self:
        if self.where_b and not self.b:
            raise ValueError("where_b chooses from the sources of b: set b, or remove where_b")
        tables = any(path.suffix.lower() in SUFFIXES for path in (*self.a, *self.b))
        for key in ("images", "file_column"):
            if getattr(self, key) is not None and not tables:
                raise ValueError(
                    f"{key} is for tables ({', '.join(SUFFIXES)}): add one, or remove {key}"
                )
        return self
