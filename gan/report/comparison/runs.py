"""Read the runs to compare, and give them unique names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.config import Config
from gan.report.logs import Log, read_log
from gan.report.standing import (
    Configuration,
    Standing,
    newest_manifest,
    open_configuration,
    standing,
)
from gan.training.records import Evaluation, Finding, Lines, best_step, found, read_lines
from gan.training.verdict import Verdict, run_verdict


@dataclass(frozen=True)
class Run:
    """A run's folder and its content."""

    folder: Path
    name: str
    opened: Configuration
    manifest: dict[str, Any]
    """Manifest of the newest training state; {} without one."""
    log: Log
    standing: Standing
    evaluations: Lines[Evaluation]
    best: int | None
    """The step in best.json; None without one."""
    findings: Lines[Finding]

    @property
    def config(self) -> Config:
        """Its configuration, or a substitute if the file is damaged."""
        return self.opened.config

    @property
    def seed(self) -> int:
        """Its run.seed."""
        return self.config.run.seed

    @property
    def open_findings(self) -> list[Finding]:
        """Findings of the doctor that have not disappeared."""
        return [finding for finding, gone in found(self.findings.records) if gone is None]

    @property
    def verdict(self) -> Verdict:
        """The verdict on the run."""
        return run_verdict(self.folder, self.config, self.standing.step)

    def remarks(self) -> Iterator[str]:
        """Yield a sentence for each of its damaged files."""
        for text in (self.opened.fault, self.evaluations.remark, self.findings.remark):
            if text:
                yield f"{self.name}: {text}"


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read the runs in these folders; ValueError if one is not a run, or is given twice."""
    places: dict[Path, Path] = {}
    for folder in folders:
        place = folder.resolve()
        if place in places:
            raise ValueError(
                f"model: {places[place]} and {folder} are the same run: name each run once"
            )
        places[place] = folder
    opened = [open_configuration(folder) for folder in folders]
    names = short_names(list(places))
    return [_read(*each) for each in zip(folders, names, opened, strict=True)]


def _read(folder: Path, name: str, opened: Configuration) -> Run:
    """Read the files of a run's folder."""
    log = read_log(folder / "logs")
    return Run(
        folder,
        name,
        opened,
        newest_manifest(folder),
        log,
        standing(folder, opened.config, log),
        read_lines(folder / "metrics.jsonl", Evaluation),
        best_step(folder),
        read_lines(folder / "doctor.jsonl", Finding),
    )


def short_names(places: Sequence[Path]) -> list[str]:
    """Return the last parts of each path, joined by /: as few as make all names different.

    The number of parts is the same for all. The paths must be distinct.
    """
    length = 1
    while True:
        names = ["/".join(place.parts[-length:]) for place in places]
        if len(set(names)) == len(places):
            return names
        length += 1
