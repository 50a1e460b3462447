"""Every picture that is chosen is decoded once; which of them are copies of each other."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from gan.images import MAX_MEGAPIXELS
from gan.inspection.duplicates import near_copies
from gan.inspection.places import Place
from gan.inspection.survey import Sight, look
from gan.preparation.candidates import Candidate, Refusal, draw

NOWHERE = Place(Path())
"""Copies are sought among all pictures, wherever they lie."""


@dataclass(frozen=True)
class Seen:
    """A candidate that can be read to its end."""

    candidate: Candidate
    sight: Sight


def look_at(
    candidates: Sequence[Candidate], limit: int | None, seed: int
) -> tuple[list[Seen], list[Refusal]]:
    """So many readable candidates, drawn by seed and sorted by name, and the unreadable ones.

    Without a limit all are looked at; else only as many as are needed.
    """
    left = sorted(candidates, key=lambda candidate: draw(seed, candidate.name))
    wanted = len(left) if limit is None else limit
    seen: list[Seen] = []
    refused: list[Refusal] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        try:
            while left and len(seen) < wanted:
                some, left = left[: wanted - len(seen)], left[wanted - len(seen) :]
                for outcome in tqdm(
                    threads.map(glance, some), total=len(some), unit="image", disable=None
                ):
                    if isinstance(outcome, Seen):
                        seen.append(outcome)
                    else:
                        refused.append(outcome)
        finally:
            threads.shutdown(cancel_futures=True)  # Ctrl-C waits for those at work alone
    return sorted(seen, key=lambda one: one.candidate.name.as_posix()), refused


def glance(candidate: Candidate) -> Seen | Refusal:
    """A candidate with what is seen of it, or its file and why it cannot be read."""
    if candidate.frame:
        return Seen(candidate, candidate.frame.sight)
    outcome = look(candidate.source, NOWHERE, MAX_MEGAPIXELS)
    return Seen(candidate, outcome) if isinstance(outcome, Sight) else outcome


def copy_pairs(seen: Sequence[Seen]) -> list[tuple[int, int]]:
    """Pairs (later, earlier) of copies, near and mirrored ones too, as `gan inspect` knows them.

    Pictures without details are paired where size and thumbnail are equal.
    """
    if not seen:
        return []
    sights = [one.sight for one in seen]
    near = [*near_copies(sights), *near_copies(sights, mirrored=True)]
    firsts: dict[tuple[tuple[int, int], bytes], int] = {}
    equal = [
        (number, firsts.setdefault((sight.traits.size, sight.luma.tobytes()), number))
        for number, sight in enumerate(sights)
    ]
    pairs = {(later, earlier) for later, earlier, _ in near} | set(equal)
    return sorted((later, earlier) for later, earlier in pairs if later != earlier)
