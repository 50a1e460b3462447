"""Translate one part of the images per command, and join the reports of all parts."""

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
"""Folder in the output for the parts' reports. Its name is hidden, so no images are searched in
it."""


@dataclass(frozen=True)
class Shard:
    """Part `number`, from 1, of `count` parts."""

    number: int = 1
    count: int = 1

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the shard for the text of the option, such as "3/64"."""
        number, _, count = text.partition("/")
        return cls(int(number), int(count))

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
            return f"shard {self.number}/{self.count} done; parts without a report: {named}"
        joined = [Failure(path_of(name), why) for part in parts for name, why in part["failures"]]
        write_failed(output, joined)
        total, before = (sum(part["counts"][at] for part in parts) for at in (0, 1))
        many = "; more shards than pictures" if total < self.count else ""
        return (
            f"all {self.count} shards done: {total - before - len(joined)} of {total} files "
            f"translated, {before} existed already, {len(joined)} failed{many}"
        )
