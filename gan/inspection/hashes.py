"""A perceptual hash of 64 bits, and the pairs of pictures that are copies by it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
Luma = NDArray[np.uint8]

SIDE = 32
"""Pixels a side of the grey thumbnails that are compared."""
BITS = 64
MOST_BITS = 6
"""Bits in which the hashes of copies differ at most. Of 61 photographs, copies as JPEG of quality
20, at a third or twice the size, in another aspect, brighter and darker differ in 5 at most."""
LEAST_CORRELATION = 0.98
"""Of the details of copies. Those of the same copies have 0.995 or more; the most alike of 436
different crops out of 19 photographs, two that overlap nearly everywhere, 0.977."""
LEAST_DETAIL = 2.0
"""Grey levels (root mean square) of detail below which two pictures cannot be told apart: a plain
colour, or a clear sky. JPEG leaves about one by itself."""
DEAD_ZONE = 4.0
"""A coefficient up to this counts as 0: JPEG would choose its sign. Photographs have hundreds."""
CANDIDATES = 16
"""Nearest hashes that a picture is compared with, for each band."""
BLOCK = 2**22
"""Distances that are computed at once."""


DOWN, ACROSS = np.indices((SIDE, SIDE))
DCT = np.cos(np.pi * (2 * ACROSS + 1) * DOWN / (2 * SIDE)) * np.sqrt(2 / SIDE)
DCT[0] /= np.sqrt(2)
DCT = DCT.astype(np.float32)
"""The orthonormal DCT-II as a matrix: a row for each frequency."""
ORDER = np.argsort((DOWN + ACROSS).ravel(), kind="stable")[1 : BITS + 1]
"""The 64 lowest frequencies without the mean, by the sum of both directions."""
COARSE = DOWN + ACROSS < 3
"""Frequencies that light and shade alone can have in common."""


def coefficients(luma: Luma) -> NDArray[np.float32]:
    """The DCT of thumbnails, (N, 32, 32)."""
    result: NDArray[np.float32] = DCT @ luma.astype(np.float32) @ DCT.T
    return result


def hash_bits(luma: Luma) -> Bits:
    """Whether each of the 64 lowest frequencies is above 0; thumbnails (N, 32, 32) to (N, 64).

    A pHash (Zauner 2010, section 3.2.1) with the sign in place of the comparison with the median.
    """
    chunks = [coefficients(luma[start : start + 4096]) for start in range(0, len(luma), 4096)]
    low = [chunk.reshape(-1, SIDE * SIDE)[:, ORDER] > DEAD_ZONE for chunk in chunks]
    return np.concatenate([np.empty((0, BITS), bool), *low])


def details(luma: Luma) -> NDArray[np.float32]:
    """Thumbnails (N, 32, 32) as vectors (N, 1024) without mean, light and shade, of length 1.

    Those with less than LEAST_DETAIL are 0.
    """
    fine = np.where(COARSE, 0, coefficients(luma)).reshape(-1, SIDE * SIDE)
    length = np.linalg.norm(fine, axis=1, keepdims=True)
    enough = length >= LEAST_DETAIL * SIDE
    return np.where(enough, fine / np.maximum(length, 1), 0).astype(np.float32)


def copies(luma: Luma, *, mirrored: bool = False) -> list[tuple[int, int, int]]:
    """Pairs (later, earlier, differing bits) of copies among thumbnails (N, 32, 32), sorted.

    `mirrored` finds those where the later one is the mirror image of the earlier one. Copies have
    hashes that differ in at most MOST_BITS and details that correlate by LEAST_CORRELATION: the
    hashes find them in little time, the details make sure. Pictures without details have none.
    """
    seen = luma[:, :, ::-1] if mirrored else luma
    known = hash_bits(luma)
    sought = hash_bits(seen) if mirrored else known
    found: set[tuple[int, int, int]] = set()
    for later, earlier, distance in near(sought, known):
        alike = (details(seen[later]) * details(luma[earlier])).sum(1) >= LEAST_CORRELATION
        triples = (column[alike].tolist() for column in (later, earlier, distance))
        found.update(zip(*triples, strict=True))
    return sorted(found)


def near(
    sought: Bits, known: Bits
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
    """Indices of hashes and of earlier known ones within MOST_BITS, and the distances; in blocks.

    Cut into one band more than bits may differ, two such hashes agree in one band at least: only
    those are compared, which for 100,000 photographs is one pair in a hundred. A pair may come
    more than once.
    """
    for band in np.array_split(np.arange(BITS), MOST_BITS + 1):
        weights = 2 ** np.arange(len(band))
        wanted, had = sought[:, band] @ weights, known[:, band] @ weights
        for value in np.intersect1d(wanted, had):
            rows, columns = np.flatnonzero(wanted == value), np.flatnonzero(had == value)
            step = max(1, BLOCK // len(columns))
            for start in range(0, len(rows), step):
                yield _nearest(sought, known, rows[start : start + step], columns)


def _nearest(
    sought: Bits, known: Bits, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Of each row, the CANDIDATES nearest and earliest columns before it."""
    # The product of signs is the number of equal bits less that of others.
    left, right = (
        np.where(bits, 1, -1).astype(np.float32) for bits in (sought[rows], known[columns])
    )
    distance = ((BITS - left @ right.T) / 2).astype(np.intp)
    row, column = np.nonzero((distance <= MOST_BITS) & (columns < rows[:, None]))
    bits = distance[row, column]
    order = np.lexsort((column, bits, row))
    row, column, bits = row[order], column[order], bits[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = rank < CANDIDATES
    return rows[row[kept]], columns[column[kept]], bits[kept]
