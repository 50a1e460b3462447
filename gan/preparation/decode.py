"""Decode every chosen picture once, and find which are copies of each other."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from gan.images import MAX_MEGAPIXELS
from gan.inspection.duplicates import near_copies
from gan.inspection.places import Place
from gan.inspection.survey import ImageFacts, examine
from gan.preparation.candidates import Candidate, Skipped, draw

NOWHERE = Place(Path())
"""Copies are sought among all pictures, wherever they lie."""


@dataclass(frozen=True)
class Decoded:
    """A candidate that can be read to its end."""

    candidate: Candidate
    facts: ImageFacts


def decode(
    candidates: Sequence[Candidate], limit: int | None, seed: int
) -> tuple[list[Decoded], list[Skipped]]:
    """Return so many readable candidates, drawn by seed and sorted by name, and unreadable ones.

    Without a limit all are decoded; else only as many as are needed.
    """
    left = sorted(candidates, key=lambda candidate: draw(seed, candidate.name))
    wanted = len(left) if limit is None else limit
    decoded: list[Decoded] = []
    skipped: list[Skipped] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            while left and len(decoded) < wanted:
                some, left = left[: wanted - len(decoded)], left[wanted - len(decoded) :]
                for outcome in tqdm(
                    threads.map(decode_one, some), total=len(some), unit="image", disable=None
                ):
                    if isinstance(outcome, Decoded):
                        decoded.append(outcome)
                    else:
                        skipped.append(outcome)
        finally:
            threads.shutdown(cancel_futures=True)  # Ctrl-C waits for those at work alone
    return sorted(decoded, key=lambda one: one.candidate.name.as_posix()), skipped


def decode_one(candidate: Candidate) -> Decoded | Skipped:
    """Return a candidate with its facts, or its file and why it cannot be read."""
    if candidate.frame:
        return Decoded(candidate, candidate.frame.facts)
    outcome = examine(candidate.source, NOWHERE, MAX_MEGAPIXELS)
    return Decoded(candidate, outcome) if isinstance(outcome, ImageFacts) else outcome


def copy_pairs(decoded: Sequence[Decoded]) -> list[tuple[int, int]]:
    """Pairs (later, earlier) of copies, near and mirrored ones too, as `gan inspect` knows them.

    Pictures without details are paired where size and thumbnail are equal.
    """
    if not decoded:
        return []
    facts = [one.facts for one in decoded]
    near = [*near_copies(facts), *near_copies(facts, mirrored=True)]
    firsts: dict[tuple[tuple[int, int], bytes], int] = {}
    equal = [
        (number, firsts.setdefault((facts.traits.size, facts.luma.tobytes()), number))
        for number, facts in enumerate(facts)
    ]
    pairs = {(later, earlier) for later, earlier, _ in near} | set(equal)
    return sorted((later, earlier) for later, earlier in pairs if later != earlier)
