"""Translate one part of the images per command, and join the reports of all parts."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from gan.inference.folder.batches import make_batches
from gan.inference.folder.plan import Plan
from gan.system.atomic import write_whole
from gan.system.failures import Failure, write_failed
from gan.system.remote import RemotePath, path_of

T = TypeVar("T")

FOLDER = ".shards"
"""Folder in the output for the parts' reports. Its name is hidden, so no images are searched in
it."""


@dataclass(frozen=True)
class Shard:
    """Part `number`, from 1, of `count` parts."""

    number: int = 1
    count: int = 1
    division: str = ""
    """A hash of what the division depends on. Only parts of one division make a whole."""

    @classmethod
    def of(
        cls, text: str, batch_size: int | None = None, device: str = "", names: Iterable[str] = ()
    ) -> Self:
        """Return the shard for the text of the option, such as "3/64".

        The division depends on the size of batches, which the device sets without a `batch_size`,
        and on the names of all files.
        """
        number, _, count = text.partition("/")
        told = json.dumps([batch_size or device, *names])
        return cls(int(number), int(count), hashlib.sha256(told.encode()).hexdigest()[:16])

    def take(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items of this part: every count-th one."""
        return items[self.number - 1 :: self.count]

    def plan(self, whole: Plan, batch_size: int | None, device: str) -> Plan:
        """Return this part of a plan.

        Batches are made from the whole plan and then divided. So neither the number of parts nor
        existing translations change a batch, or an image's rounding. ValueError if the input is one
        file.
        """
        if self.count == 1:
            return whole
        if not whole.whole_folder:
            raise ValueError("shard: the input is one file and cannot be divided: remove --shard")
        mine = self.take(make_batches(whole.jobs, batch_size, device))
        clips = whole.clips
        return replace(
            whole,
            jobs=tuple(job for batch in mine for job in batch),
            failures=tuple(self.take(whole.failures)),
            others=whole.others if self.number == 1 else 0,
            clips=replace(
                clips,
                jobs=tuple(self.take(clips.jobs)),
                failures=tuple(self.take(clips.failures)),
                remark=clips.remark if self.number == 1 else None,
            ),
        )

    def at(self, number: int) -> Self:
        """Return another part of the same division."""
        return replace(self, number=number)

    def parts(self, reports: Sequence[Path]) -> tuple[list[dict[str, Any]], str | None]:
        """Return the parts' reports; and a line of text if one is missing or does not belong here.

        A part belongs to another division if it had other files, batches or devices: pictures
        would then be missing from the whole.
        """
        parts: list[dict[str, Any]] = []
        missing: list[int] = []
        foreign: list[int] = []
        for number, path in enumerate(reports, 1):
            try:
                part = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
            except FileNotFoundError:
                missing.append(number)
                continue
            parts.append(part)
            if part.get("division") != self.division:
                foreign.append(number)
        done = f"shard {self.number}/{self.count} done"
        if foreign:
            return parts, (
                f"{done}; run again, since they had other files or batches: parts "
                f"{_first(foreign)}. Give all parts the same files, --batch_size and --device"
            )
        return parts, f"{done}; parts without a report: {_first(missing)}" if missing else None

    def report(self, output: Path) -> Path:
        """Return the path of this part's report."""
        return output / FOLDER / f"{self.number}-of-{self.count}.json"

    def begin(self, output: Path) -> str | None:
        """Remove this part's earlier report: until the part ends, the whole counts as unfinished.

        Return a line of text about ignored reports for another number of parts; None without any.
        """
        if self.count == 1:
            return None
        self.report(output).unlink(missing_ok=True)
        if isinstance(output, RemotePath):
            return None
        ends = {path.stem.rpartition("-of-")[2] for path in output.glob(f"{FOLDER}/*-of-*.json")}
        if others := sorted(ends - {str(self.count)}):
            counts = " and ".join(others)
            return f"{output}: reports for {counts} parts, not {self.count}, are ignored"
        return None

    def end(self, output: Path, counts: Sequence[int], failures: Sequence[Failure]) -> str | None:
        """Write this part's report; if all parts have one, join their failures in failed.tsv.

        `counts`: number of all files, and of those that existed before. Return a line of text about
        all parts; None if there is one part only. Two parts that end together write the same list.
        """
        if self.count == 1:
            write_failed(output, failures)
            return None
        about: dict[str, Any] = {
            "division": self.division,
            "counts": list(counts),
            "failures": [(str(each.source), each.reason) for each in failures],
        }
        text = json.dumps(about).encode("utf-8", "surrogateescape")
        write_whole(self.report(output), lambda file: file.write(text))
        parts, missing = self.parts([self.at(n).report(output) for n in range(1, self.count + 1)])
        if missing:
            return missing
        joined = [Failure(path_of(name), why) for part in parts for name, why in part["failures"]]
        write_failed(output, joined)
        total, before = (sum(part["counts"][at] for part in parts) for at in (0, 1))
        many = "; more shards than pictures" if total < self.count else ""
        return (
            f"all {self.count} shards done: {total - before - len(joined)} of {total} files "
            f"translated, {before} existed already, {len(joined)} failed{many}"
        )


def divide(whole: Plan, text: str, batch_size: int | None, device: str) -> tuple[Shard, Plan]:
    """Return the shard for the text of the option, and its part of a plan."""
    names = [job.source.name for job in whole.jobs]
    names += [job.source.name for job in whole.clips.jobs]
    shard = Shard.of(text, batch_size, device, names)
    return shard, shard.plan(whole, batch_size, device)


def _first(numbers: Sequence[int]) -> str:
    """Return the first numbers as text."""
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
