"""Decode every chosen picture once, and find which are copies of each other."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gan.images import MAX_MEGAPIXELS
from gan.inspection.duplicates import near_copies
from gan.inspection.places import Place
from gan.inspection.survey import ImageFacts, examine, in_threads
from gan.preparation.candidates import Candidate, Skipped, draw

NOWHERE = Place(Path())
"""Copies are sought among all pictures, wherever they lie."""


def decode(
    candidates: Sequence[Candidate], limit: int | None, seed: int
) -> tuple[list[Candidate], list[Skipped]]:
    """Return so many readable candidates, drawn by seed and sorted by name, and unreadable ones.

    Without a limit all are decoded; else only as many as are needed.
    """
    left = sorted(candidates, key=lambda candidate: draw(seed, candidate.name))
    wanted = len(left) if limit is None else limit
    decoded: list[Candidate] = []
    skipped: list[Skipped] = []
    while left and len(decoded) < wanted:
        some, left = left[: wanted - len(decoded)], left[wanted - len(decoded) :]
        for outcome in in_threads(decode_one, some, "image"):
            if isinstance(outcome, Candidate):
                decoded.append(outcome)
            else:
                skipped.append(outcome)
    return sorted(decoded, key=lambda one: one.name.as_posix()), skipped


def decode_one(candidate: Candidate) -> Candidate | Skipped:
    """Return a candidate with its facts, or its file and why it cannot be read."""
    if candidate.facts:
        return candidate
    outcome = examine(candidate.source, NOWHERE, MAX_MEGAPIXELS)
    return replace(candidate, facts=outcome) if isinstance(outcome, ImageFacts) else outcome


def copy_pairs(decoded: Sequence[Candidate]) -> list[tuple[int, int]]:
    """Pairs (later, earlier) of copies, near and mirrored ones too, as `gan inspect` knows them.

    Pictures without details are paired where size and thumbnail are equal.
    """
    facts = [one.facts for one in decoded if one.facts]
    near = [*near_copies(facts), *near_copies(facts, mirrored=True)]
    firsts: dict[tuple[tuple[int, int], bytes], int] = {}
    equal = [
        (number, firsts.setdefault((facts.traits.size, facts.luma.tobytes()), number))
        for number, facts in enumerate(facts)
    ]
    pairs = {(later, earlier) for later, earlier, _ in near} | set(equal)
    return sorted((later, earlier) for later, earlier in pairs if later != earlier)
