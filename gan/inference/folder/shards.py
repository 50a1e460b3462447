"""Translate a part of the images, without a launcher, and join the reports of all parts."""

import json
from collections.abc import Sequence
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
"""Folder in the output for the reports of the parts; hidden, so it is not searched for images."""


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, from 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the shard of an option, "3/64"."""
        number, _, count = text.partition("/")
        return cls(int(number), int(count))

    def take(self, items: Sequence[T]) -> Sequence[T]:
        """Return every count-th item."""
        return items[self.number - 1 :: self.count]

    def plan(self, whole: Plan, batch_size: int | None, device: str) -> Plan:
        """Return this part of a plan.

        Batches are made of the whole before they are shared out: so neither the number of parts
        nor what was translated before changes a batch, or an image's rounding.
        ValueError if the input is one file.
        """
        if self.count == 1:
            return whole
        if not whole.whole_folder:
            raise ValueError("shard: the input is one file, which has no parts: remove --shard")
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

    def report(self, output: Path) -> Path:
        """Return the file of this part's report."""
        return output / FOLDER / f"{self.number}-of-{self.count}.json"

    def begin(self, output: Path) -> str | None:
        """Remove the report of an earlier start: until this one ends, the whole is not done.

        Return a line if there are reports of another number of parts, which are ignored.
        """
        if self.count == 1:
            return None
        self.report(output).unlink(missing_ok=True)
        if isinstance(output, RemotePath):
            return None
        ends = {path.stem.rpartition("-of-")[2] for path in output.glob(f"{FOLDER}/*-of-*.json")}
        if others := sorted(ends - {str(self.count)}):
            counts = " and ".join(others)
            return f"{output}: reports of {counts} parts, not {self.count}, exist and are ignored"
        return None

    def end(self, output: Path, counts: Sequence[int], failures: Sequence[Failure]) -> str | None:
        """Write this part's report; if no part's is missing, join them in failed.tsv.

        `counts`: files in all, and those that existed before. Return a line about all parts, or
        None if there is one only. Two parts that end at once both write the same list.
        """
        if self.count == 1:
            write_failed(output, failures)
            return None
        about: dict[str, Any] = {
            "counts": list(counts),
            "failures": [(str(each.source), each.reason) for each in failures],
        }
        text = json.dumps(about).encode("utf-8", "surrogateescape")
        write_whole(self.report(output), lambda file: file.write(text))
        parts: list[dict[str, Any]] = []
        missing: list[int] = []
        for number in range(1, self.count + 1):
            try:
                content = Shard(number, self.count).report(output).read_bytes()
                parts.append(json.loads(content.decode("utf-8", "surrogateescape")))
            except FileNotFoundError:
                missing.append(number)
        if missing:
            named = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
            return f"shard {self.number}/{self.count} done; without a report yet: {named}"
        joined = [Failure(path_of(name), why) for part in parts for name, why in part["failures"]]
        write_failed(output, joined)
        total, before = (sum(part["counts"][at] for part in parts) for at in (0, 1))
        many = "; there are more parts than pictures" if total < self.count else ""
        return (
            f"all {self.count} shards done: {total - before - len(joined)} of {total} files "
            f"translated, {before} existed already, {len(joined)} failed{many}"
        )
