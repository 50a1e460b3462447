"""Find copies among thumbnails by a perceptual hash of 64 bits, confirmed by correlation."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
Luma = NDArray[np.uint8]

SIDE = 32
"""Pixels per side of the gray thumbnails that are compared."""
BITS = 64
MOST_BITS = 6
"""Largest number of bits in which the hashes of copies differ. Copies of 40 photographs (JPEG of
quality 20, a third or twice the size, another aspect ratio, brighter or darker) differ in 5 bits at
most."""
LEAST_CORRELATION = 0.98
"""Smallest correlation between the details of copies. The copies above have 0.994 or more. Of 436
different crops from 19 photographs, the most similar two, five pixels of 256 apart, have 0.975."""
LEAST_DETAIL = 2.0
"""Gray levels (root mean square) of detail below which two images cannot be distinguished: a plain
color, or a clear sky. JPEG noise alone has about one."""
DEAD_ZONE = 4.0
"""DCT coefficients up to this count as 0, because JPEG noise decides their sign. Those of
photographs reach hundreds."""
CANDIDATES = 16
"""Nearest hashes that an image is compared with, for each band."""
CHUNK = 4096
"""Thumbnails that are processed at once."""
BLOCK = 2**22
"""Hash distances that are computed at once."""

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
"""Orthonormal polynomials up to degree 3 over a thumbnail, (1024, 10): smooth shading, a sky."""


def coefficients(luma: Luma) -> NDArray[np.float32]:
    """Return the DCT of thumbnails, both (N, 32, 32)."""
    result: NDArray[np.float32] = DCT @ luma.astype(np.float32) @ DCT.T
    return result


def hash_bits(luma: Luma) -> Bits:
    """Return the hashes (N, 64) of thumbnails (N, 32, 32): the signs of the 64 lowest frequencies.

    This is pHash (the DCT hash of Zauner 2010) with signs instead of comparisons with the median.
    """
    return _in_chunks(
        lambda chunk: coefficients(chunk).reshape(-1, SIDE * SIDE)[:, ORDER] > DEAD_ZONE, luma
    )


def _in_chunks(function: Callable[[Luma], Bits], luma: Luma) -> Bits:
    """Return the results of a function on thumbnails, CHUNK at once to bound the memory."""
    starts = range(0, max(1, len(luma)), CHUNK)
    return np.concatenate([function(luma[start : start + CHUNK]) for start in starts])


def details(luma: Luma) -> NDArray[np.float32]:
    """Return thumbnails (N, 32, 32) without smooth shading (SHADE), as unit vectors (N, 1024).

    Thumbnails with less detail than LEAST_DETAIL become zero vectors.
    """
    flat = luma.reshape(-1, SIDE * SIDE).astype(np.float32)
    fine = flat - flat @ SHADE @ SHADE.T
    length = np.linalg.norm(fine, axis=1, keepdims=True)
    enough = length >= LEAST_DETAIL * SIDE
    return np.where(enough, fine / np.maximum(length, 1), 0).astype(np.float32)


def copies(luma: Luma, *, mirrored: bool = False) -> list[tuple[int, int, int]]:
    """Return pairs (later, earlier, differing bits) of copies among thumbnails (N, 32, 32), sorted.

    `mirrored` finds pairs whose later thumbnail is the mirror image of the earlier one. The hashes
    of copies differ in at most MOST_BITS, and their details correlate by at least
    LEAST_CORRELATION: the hashes find candidates fast, and the details confirm them. Thumbnails
    without details have no copies.
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
    """Yield blocks of near pairs: (indices into `sought`, indices into `known`, differing bits).

    Near hashes differ in at most MOST_BITS; the index into `known` is the smaller one. Hashes are
    cut into MOST_BITS + 1 bands, so two near hashes have at least one band in common. Only such
    pairs are compared, one in a hundred for 100,000 photographs. A pair may be yielded more than
    once. If a hash has more than CANDIDATES near hashes in one band, only the nearest are yielded
    (the earliest of equally near ones), and its remaining bands are skipped.
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
    """Return bits as 1 and -1, so that a dot product counts equal bits minus different ones."""
    return bits.astype(np.float32) * 2 - 1


def _keep_nearest(close: Bits, agreement: NDArray[np.float32], crowded: Bits) -> None:
    """Keep, in each crowded row of `close`, only the best CANDIDATES, the earliest first."""
    if crowded.any():
        columns = close.shape[1]
        order = (BITS - agreement[crowded]) * columns + np.arange(columns, dtype=np.float32)
        order[~close[crowded]] = np.inf
        last = np.partition(order, CANDIDATES - 1, axis=1)[:, [CANDIDATES - 1]]
        close[crowded] = order <= last
