"""Split pictures into training and test; copies and neighboring frames stay on one side."""

from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from gan.domains import Domain
from gan.inspection.duplicates import near_copies
from gan.preparation.candidates import Candidate, draw

GAP = 1.0
"""Seconds before and after a test frame from which no training frame is taken."""


def copy_pairs(decoded: Sequence[Candidate]) -> list[tuple[int, int]]:
    """Return index pairs (later, earlier) of copies, near copies and mirrored copies.

    They are found as in `gan inspect`. Pictures without details are copies if their sizes and
    thumbnails are equal.
    """
    facts = [one.facts for one in decoded if one.facts]
    firsts: dict[tuple[tuple[int, int], bytes], int] = {}
    equal = [
        (number, firsts.setdefault((facts.traits.size, facts.luma.tobytes()), number))
        for number, facts in enumerate(facts)
    ]
    near = (*near_copies(facts), *near_copies(facts, mirrored=True))
    pairs = {(later, earlier) for later, earlier, _ in near} | set(equal)
    return sorted((later, earlier) for later, earlier in pairs if later != earlier)


def groups(
    members: Sequence[Candidate], pairs: Iterable[tuple[int, int]], block: float
) -> list[list[int]]:
    """Return the groups of pictures, as indices, that must be on one side of the split.

    Copies stay together, and so do the pages of a stack, and frames of the same `block` seconds of
    a video.
    """
    firsts: dict[tuple[Path, int], int] = {}
    blocks = [
        (number, firsts.setdefault((member.source, int(member.second // block)), number))
        for number, member in enumerate(members)
        if member.frame is not None or member.page is not None
    ]
    return joined(len(members), [*pairs, *blocks])


def joined(count: int, pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the connected components of a graph, sorted; its nodes are 0 to count - 1."""
    group = {number: [number] for number in range(count)}
    for one, other in pairs:
        small, large = sorted((group[one], group[other]), key=len)
        if small is not large:
            large += small
            group.update(dict.fromkeys(small, large))
    distinct = {id(some): some for some in group.values()}
    return sorted(map(sorted, distinct.values()))


def quota(count: int, test: float, domain: Domain) -> int:
    """Return how many of `count` pictures are for the test, never all.

    `test` is a share below 1, or a number of pictures. ValueError if that number leaves none for
    training.
    """
    if test < 1:
        return min(max(round(test * count), int(test > 0)), count - 1)
    if test >= count:
        raise ValueError(
            f"test: {test:g} of the {count} images of {domain.upper()} leave none for training"
        )
    return int(test)


def drawn(
    members: Sequence[Candidate], together: Sequence[list[int]], test: float, seed: int
) -> set[int]:
    """Return the indices of the test pictures: whole groups, drawn by seed, as many as fit.

    If all groups of a domain are too large, its smallest one is drawn, unless it is more than half
    of the domain.
    """
    counts = Counter(member.domain for member in members)
    left = {domain: quota(count, test, domain) for domain, count in counts.items()}

    def sizes(group: list[int]) -> Counter[Domain]:
        return Counter(members[number].domain for number in group)

    def chance(group: list[int]) -> bytes:
        return min(draw(seed, Path(members[n].domain, members[n].name)) for n in group)

    result: set[int] = set()
    order = sorted(together, key=chance)
    for group in order:
        if all(size <= left[domain] for domain, size in sizes(group).items()):
            result.update(group)
            left.update({domain: left[domain] - size for domain, size in sizes(group).items()})
    for domain in sorted(counts):
        if left[domain] and not any(members[number].domain == domain for number in result):
            fit = [
                group
                for group in order
                if sizes(group)[domain]
                and all(2 * size <= counts[other] for other, size in sizes(group).items())
            ]
            smallest: list[int] = min(fit, key=len, default=[])
            result.update(smallest)
    return result


def bordering(members: Sequence[Candidate], test: set[int]) -> set[int]:
    """Return the indices of training frames within GAP seconds of a test frame of their video."""
    seconds: dict[Path, list[float]] = defaultdict(list)
    frames = [number for number, member in enumerate(members) if member.frame is not None]
    for number in test.intersection(frames):
        insort(seconds[members[number].source], members[number].second)

    def beside(member: Candidate) -> bool:
        tested = seconds[member.source]
        return bisect_left(tested, member.second - GAP) < bisect_right(tested, member.second + GAP)

    return {number for number in frames if number not in test and beside(members[number])}
