"""The command `gan prepare`, which makes the two-folder layout from folders, tables and videos."""

import shlex
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan.domains import DOMAINS, Domain
from gan.preparation.candidates import Candidate, Skipped, decode
from gan.preparation.options import PrepareOptions
from gan.preparation.sources import select
from gan.preparation.split import bordering, copy_pairs, drawn, groups
from gan.preparation.writing import (
    CHOSEN,
    SETTINGS,
    begin,
    check_strangers,
    write_files,
    write_frames,
    write_report,
)
from gan.system.failures import FAILED, Failure, check_failed, say, write_failed
from gan.system.output_folder import check_disk, check_empty, check_place, check_same
from gan.system.text import printable

NAMED = 20
"""Largest number of skipped files to name on stderr; all are in failed.tsv."""


def prepare(config: PrepareOptions) -> int:
    """Make the two-folder layout; return the exit status: 1 if files were skipped.

    ValueError, with the option or file, if one is invalid.
    """
    # A dataset can only be continued with the same settings.
    settings = config.model_dump(mode="json", exclude={"output", "dry_run"})
    _check_output(config, settings)
    check_failed(config.output)
    with warnings.catch_warnings(action="ignore"):  # of libraries, about damaged metadata
        decoded, found = _decode_domains(config)
        skipped = [*dict.fromkeys(found)]  # one source may serve both domains
        chosen = _divide(decoded, config)
        check_strangers(config.output, {config.output / one.target for one in chosen})
        if not config.dry_run:
            begin(config.output, settings)
            lost = [
                *write_files(chosen, config.output, config.link),
                *write_frames(chosen, config.output),
            ]
            gone = {one.target for one, _ in lost}
            write_report([one for one in chosen if one.target not in gone], config.output)
            skipped += [(Path(one.label), reason) for one, reason in lost]
            write_failed(config.output, [Failure(*each) for each in skipped])
    _name_skipped(skipped)
    _tell(chosen, len(decoded) - len(chosen), len(skipped), config)
    return 1 if skipped else 0


def _check_output(config: PrepareOptions, settings: dict[str, Any]) -> None:
    """Raise ValueError if the output overlaps a source, or holds other files or other settings.

    Hard links also require an output on the disk of the sources.
    """
    sources = [*config.a, *config.b, *([config.images] if config.images else [])]
    check_place(config.output, sources)
    begun = config.output / SETTINGS
    if begun.exists():
        check_same(config.output, begun, settings)
    else:
        check_empty(config.output)
    if config.link == "hard":
        check_disk(config.output, sources)


def _decode_domains(config: PrepareOptions) -> tuple[list[Candidate], list[Skipped]]:
    """Return the readable pictures of both domains, and the skipped files; ValueError if none."""
    selected: dict[Domain, list[Candidate]] = {}
    skipped: list[Skipped] = []
    for domain in DOMAINS[: 2 if config.b else 1]:
        selected[domain], unusable = select(config, domain)
        skipped += unusable
    _check_apart(selected["a"], selected.get("b", []))
    result: list[Candidate] = []
    for domain, candidates in selected.items():
        decoded, unreadable = decode(candidates, config.limit, config.seed)
        if not decoded:
            path, reason = unreadable[0]
            raise ValueError(f"{domain}: no image can be read; for instance, {path}: {reason}")
        result += decoded
        skipped += unreadable
    return result, skipped


def _check_apart(a: Sequence[Candidate], b: Sequence[Candidate]) -> None:
    """Raise ValueError if a picture is chosen for both domains: it shows no difference to learn."""
    of_a = {candidate.origin for candidate in a}
    shared = [candidate for candidate in b if candidate.origin in of_a]
    if shared:
        raise ValueError(
            f"{len(shared)} images are chosen for A and for B, for instance {shared[0].label}: "
            "narrow where_a or where_b"
        )


def _divide(decoded: Sequence[Candidate], config: PrepareOptions) -> list[Candidate]:
    """Return the pictures with their splits and groups.

    Training frames close to a test frame are excluded and, with `unique`, so are further copies.
    """
    pairs = copy_pairs(decoded)
    if config.unique:
        later = {number for number, _ in pairs}
        decoded, pairs = [one for number, one in enumerate(decoded) if number not in later], []
    together = groups(decoded, pairs, config.block)
    test = drawn(decoded, together, config.test, config.seed)
    left_out = bordering(decoded, test)
    group = {number: index for index, some in enumerate(together) if some[1:] for number in some}
    return [
        replace(one, split="test" if number in test else "train", group=group.get(number))
        for number, one in enumerate(decoded)
        if number not in left_out
    ]


def _name_skipped(skipped: Sequence[Skipped]) -> None:
    """Print the skipped files on stderr."""
    for path, reason in skipped[:NAMED]:
        say(path, reason)
    if len(skipped) > NAMED:
        say(Path(FAILED), f"{len(skipped) - NAMED} more were skipped")


def _tell(chosen: Sequence[Candidate], left_out: int, skipped: int, config: PrepareOptions) -> None:
    """Print on stdout how many pictures each folder has, and the next command."""
    for domain in DOMAINS[: 2 if config.b else 1]:
        for split in ("train", "test"):
            count = sum((one.domain, one.split) == (domain, split) for one in chosen)
            whole = ": all images are copies or one block of a video, which stay together"
            remark = whole if not count and split == "test" and config.test else ""
            print(f"{split}{domain.upper()}: {count} image{'s' * (count != 1)}{remark}")
    if config.link == "symbolic":
        print("symbolic links lead out of the folders and `gan train` skips them: use --link hard")
    if left_out:
        print(f"{left_out} images excluded: further copies, or frames close to test frames")
    done = "copied" if config.link == "copy" else f"linked ({config.link})"
    if config.dry_run:
        rest = f", {skipped} skipped" if skipped else ""
        print(printable(f"{config.output}: {len(chosen)} images would be {done}{rest}"))
        return
    rest = f", {skipped} skipped ({FAILED})" if skipped else ""
    print(printable(f"{config.output}: {len(chosen)} images {done}{rest}; {CHOSEN} lists them"))
    print(printable(f"Next: gan inspect {shlex.quote(str(config.output))}"))
