"""Parts of an augmentation that separate commands translate; the last one to end completes it."""

import json
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
    write_bytes(_report(output, part), line({str(path): why for path, why in failures.items()}))
    joined: dict[Path, str] = {}
    missing: list[int] = []
    for number in range(1, part.count + 1):
        try:
            found = json.loads(_report(output, Shard(number, part.count)).read_bytes())
            joined |= {Path(name): reason for name, reason in found.items()}
        except FileNotFoundError:
            missing.append(number)
    if missing:
        named = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
        return None, f"shard {part.number}/{part.count} done; without a report yet: {named}"
    return joined, f"all {part.count} shards done"
