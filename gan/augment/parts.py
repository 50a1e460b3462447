"""Parts of an augmentation that separate commands translate; the last one to end completes it."""

from collections.abc import Mapping
from pathlib import Path

from gan.augment.output import FOLDER, line, write_bytes
from gan.inference.folder.shards import Shard


def _report(output: Path, part: Shard) -> Path:
    """Return the file that states that a part has ended."""
    return output / FOLDER / f"part-{part.number}-of-{part.count}.json"


def begin_part(output: Path, part: Shard) -> None:
    """Remove the report of an earlier start: until this one ends, the whole is not done."""
    if part.count > 1:
        _report(output, part).unlink(missing_ok=True)


def join_parts(
    output: Path, part: Shard, failures: Mapping[Path, str]
) -> tuple[dict[Path, str] | None, str]:
    """Report that a part has ended; return the failures of all, or None while any is missing.

    And a line about the parts. Failures are reasons by source image.
    """
    if part.count == 1:
        return dict(failures), ""
    own = {str(path): why for path, why in failures.items()}
    write_bytes(_report(output, part), line({"division": part.division, "failures": own}))
    parts, missing = part.parts([_report(output, part.at(n)) for n in range(1, part.count + 1)])
    if missing:
        return None, missing
    joined = {Path(name): why for each in parts for name, why in each["failures"].items()}
    return joined, f"all {part.count} shards done"
