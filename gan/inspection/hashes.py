"""A perceptual hash of 64 bits, and the pairs of pictures that are copies by it."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
Luma = NDArray[np.uint8]

SIDE = 32
"""Pixels a side of the gray thumbnails that are compared."""
BITS = 64
MOST_BITS = 6
"""Bits in which the hashes of copies differ at most. Of 40 photographs, copies as JPEG of quality
20, at a third or twice the size, in another aspect, brighter and darker differ in 5 at most."""
LEAST_CORRELATION = 0.98
"""Of the details of copies. Those of the same copies have 0.994 or more; the most alike of 436
different crops out of 19 photographs, two that are five pixels of 256 apart, 0.975."""
LEAST_DETAIL = 2.0
"""Gray levels (root mean square) of detail below which two pictures cannot be told apart: a plain
color, or a clear sky. JPEG leaves about one by itself."""
DEAD_ZONE = 4.0
"""A coefficient up to this counts as 0: JPEG would choose its sign. Photographs have hundreds."""
CANDIDATES = 16
"""Nearest hashes that a picture is compared with, for each band."""
CHUNK = 4096
"""Thumbnails that are worked on at once."""
BLOCK = 2**22
"""Distances that are computed at once."""

DOWN, ACROSS = np.indices((SIDE, SIDE))
SCALE = np.sqrt(np.where(DOWN == 0, 1, 2) / SIDE)
DCT = (SCALE * np.cos(np.pi * (2 * ACROSS + 1) * DOWN / (2 * SIDE))).astype(np.float32)
"""The orthonormal DCT-II as a matrix: a row for each frequency."""
ORDER = np.argsort((DOWN + ACROSS).ravel(), kind="stable")[1 : BITS + 1]
"""The 64 lowest frequencies without the mean, by the sum of both directions."""
PLACES = np.linspace(-1, 1, SIDE)
SHADE = np.linalg.qr(
    np.stack([np.outer(PLACES**i, PLACES**j).ravel() for i in range(4) for j in range(4 - i)], 1)
)[0].astype(np.float32)
"""Polynomials of up to the third degree over a thumbnail, (1024, 10): light, shade, a sky."""


def coefficients(luma: Luma) -> NDArray[np.float32]:
    """Return the DCT of thumbnails, (N, 32, 32)."""
    result: NDArray[np.float32] = DCT @ luma.astype(np.float32) @ DCT.T
    return result


def hash_bits(luma: Luma) -> Bits:
    """Return whether each of the 64 lowest frequencies is positive; thumbnails (N, 32, 32) to (N,
    64).

    A pHash (the DCT hash of Zauner 2010) with the sign in place of the comparison with the median.
    """
    return _in_chunks(
        lambda chunk: coefficients(chunk).reshape(-1, SIDE * SIDE)[:, ORDER] > DEAD_ZONE, luma
    )


def _in_chunks(function: Callable[[Luma], Bits], luma: Luma) -> Bits:
    """Return a function of thumbnails, of so many at once that memory does not matter."""
    starts = range(0, max(1, len(luma)), CHUNK)
    return np.concatenate([function(luma[start : start + CHUNK]) for start in starts])


def details(luma: Luma) -> NDArray[np.float32]:
    """Return thumbnails (N, 32, 32) as vectors (N, 1024) without mean, light and shade, of length
    1.

    Those with less than LEAST_DETAIL are 0.
    """
    flat = luma.reshape(-1, SIDE * SIDE).astype(np.float32)
    fine = flat - flat @ SHADE @ SHADE.T
    length = np.linalg.norm(fine, axis=1, keepdims=True)
    enough = length >= LEAST_DETAIL * SIDE
    return np.where(enough, fine / np.maximum(length, 1), 0).astype(np.float32)


def copies(luma: Luma, *, mirrored: bool = False) -> list[tuple[int, int, int]]:
    """Return pairs (later, earlier, differing bits) of copies among thumbnails (N, 32, 32), sorted.

    `mirrored` finds those where the later one is the mirror image of the earlier one. Copies have
    hashes that differ in at most MOST_BITS and details that correlate by LEAST_CORRELATION: the
    hashes find them in little time, the details make sure. Pictures without details have none.
    """
    able = np.flatnonzero(_in_chunks(lambda chunk: details(chunk).max(1, keepdims=True) > 0, luma))
    luma = luma[able]
    seen = luma[:, :, ::-1] if mirrored else luma
    known = hash_bits(luma)
    sought = hash_bits(seen) if mirrored else known
    found: set[tuple[int, int, int]] = set()
    for later, earlier, bits in near(sought, known):
        alike = (details(seen[later]) * details(luma[earlier])).sum(1) >= LEAST_CORRELATION
        columns = (able[later][alike], able[earlier][alike], bits[alike])
        found.update(zip(*(column.tolist() for column in columns), strict=True))
    return sorted(found)


def near(sought: Bits, known: Bits) -> Iterator[tuple[NDArray[np.intp], ...]]:
    """Yield indices of hashes and of earlier known ones within MOST_BITS, and the distances; in
    blocks.

    Cut into one band more than bits may differ, two such hashes agree in one band at least: only
    those are compared, which for 100,000 photographs is one pair in a hundred. A pair may come
    more than once. A hash with more than CANDIDATES others near it in one band gets the nearest
    of them, the earliest first, and is not looked up in the bands that follow.
    """
    crowded = np.zeros(len(sought), bool)
    for band in np.array_split(np.arange(BITS), MOST_BITS + 1):
        weights = 2 ** np.arange(len(band))
        wanted, had = sought[:, band] @ weights, known[:, band] @ weights
        for value in np.intersect1d(wanted, had):
            rows, columns = (
                np.flatnonzero((wanted == value) & ~crowded),
                np.flatnonzero(had == value),
            )
            step = max(1, BLOCK // len(columns))
            for start in range(0, len(rows), step):
                some = rows[start : start + step]
                before = columns[columns < some[-1]]
                agreement = _signs(sought[some]) @ _signs(known[before]).T
                close = (agreement >= BITS - 2 * MOST_BITS) & (before < some[:, None])
                crowded[some] = close.sum(1) > CANDIDATES
                _keep_nearest(close, agreement, crowded[some])
                row, column = np.nonzero(close)
                bits = (BITS - agreement[row, column]) / 2
                yield some[row], before[column], bits.astype(np.intp)


def _signs(bits: Bits) -> NDArray[np.float32]:
    """Return bits as 1 and -1: a product of two hashes is their equal bits less the others."""
    return bits.astype(np.float32) * 2 - 1


def _keep_nearest(close: Bits, agreement: NDArray[np.float32], crowded: Bits) -> None:
    """Leave in crowded rows the CANDIDATES that agree most, the earliest first; in place."""
    if crowded.any():
        columns = close.shape[1]
        order = (BITS - agreement[crowded]) * columns + np.arange(columns, dtype=np.float32)
        order[~close[crowded]] = np.inf
        last = np.partition(order, CANDIDATES - 1, axis=1)[:, [CANDIDATES - 1]]
        close[crowded] = order <= last
