"""Copies have near hashes, and different images do not."""

import io
from functools import cache

import numpy as np
import pytest
import scipy.fft
import skimage.data
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from gan.inspection.hashes import (
    MOST_BITS,
    ORDER,
    Luma,
    coefficients,
    copies,
    details,
    hash_bits,
    near,
)
from tests.support.pictures import picture

NAMES = ("astronaut", "camera", "chelsea", "coffee", "coins", "moon", "retina", "rocket")


@cache
def photographs() -> dict[str, Image.Image]:
    """Photographs of at most 400 pixels per side, so that tests are fast."""
    found = {name: Image.fromarray(getattr(skimage.data, name)()) for name in NAMES}
    for name in ("china", "flower"):
        found[name] = Image.fromarray(sklearn.datasets.load_sample_image(f"{name}.jpg"))
    for image in found.values():
        image.thumbnail((400, 400))
    return {name: image.convert("RGB") for name, image in found.items()}


def luma(*images: Image.Image) -> Luma:
    return np.stack([np.asarray(image.convert("L").resize((32, 32))) for image in images])


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


@settings(max_examples=60)
@given(
    name=st.sampled_from([*NAMES, "china", "flower"]),
    quality=st.integers(40, 95),
    scale=st.floats(0.4, 2),
    stretch=st.floats(0.7, 1.4),
    brightness=st.floats(0.85, 1.1),
    mirrored=st.booleans(),
)
def test_a_photograph_saved_again_resized_and_brightened_is_a_copy(
    name: str, quality: int, scale: float, stretch: float, brightness: float, mirrored: bool
) -> None:
    original = photographs()[name]
    size = round(original.width * scale * stretch), round(original.height * scale)
    changed = ImageEnhance.Brightness(jpeg(original.resize(size), quality)).enhance(brightness)
    if mirrored:
        changed = ImageOps.mirror(changed)
    found = copies(luma(original, changed), mirrored=mirrored)
    assert [(later, earlier) for later, earlier, _ in found] == [(1, 0)]


@pytest.mark.parametrize("mirrored", [False, True])
def test_different_photographs_and_drawings_are_not_copies(mirrored: bool) -> None:
    """Crops that do not overlap count as different photographs."""
    images = list(photographs().values())
    quarters = [
        image.crop((x * image.width // 2, y * image.height // 2,
                    (x + 1) * image.width // 2, (y + 1) * image.height // 2))
        for image in images for x in (0, 1) for y in (0, 1)
    ]  # fmt: skip
    drawings = [picture(seed) for seed in range(300)]
    assert copies(luma(*images, *quarters, *drawings), mirrored=mirrored) == []


def test_pictures_without_details_are_never_copies_of_each_other() -> None:
    """A single color, JPEG noise on it, and skies: their hashes would be equal, or random."""
    rng = np.random.default_rng(0)
    flat = [Image.new("RGB", (90, 70), (level,) * 3) for level in (0, 0, 1, 128, 200, 255)]
    noisy = [
        jpeg(Image.fromarray(rng.normal(120, 3, (70, 90, 3)).astype(np.uint8)), 50)
        for _ in range(20)
    ]
    down = np.linspace(0, 1, 70)[:, None, None]
    skies = [
        jpeg(Image.fromarray((base + rise * down * np.ones((70, 90, 3))).astype(np.uint8)), 80)
        for base, rise in ((100, 80), (120, 90), (90, 120), (140, 100))
    ]
    for mirrored in (False, True):
        assert copies(luma(*flat, *noisy, *skies), mirrored=mirrored) == []


def test_the_hash_is_the_signs_of_the_lowest_frequencies_of_scipys_transform() -> None:
    thumbnails = luma(*photographs().values())
    expected = scipy.fft.dctn(thumbnails.astype(np.float64), axes=(1, 2), norm="ortho")
    # float32 carries 7 digits, and the mean of 32x32 pixels is up to 32 x 255.
    np.testing.assert_allclose(coefficients(thumbnails), expected, atol=0.01)
    frequencies = {divmod(int(place), 32) for place in ORDER}
    assert len(frequencies) == 64
    assert (0, 0) not in frequencies
    assert max(map(sum, frequencies)) == 10  # 2 + 3 + ... + 10 are 54, and 10 of the next 11
    bits = (
        expected[
            :,
            [down for down, _ in map(lambda p: divmod(int(p), 32), ORDER)],
            [across for _, across in map(lambda p: divmod(int(p), 32), ORDER)],
        ]
        > 4
    )
    assert (hash_bits(thumbnails) == bits).mean() > 0.999  # at exactly 4, rounding decides


def test_details_are_unit_vectors_without_smooth_shading() -> None:
    thumbnails = luma(*photographs().values())
    vectors = details(thumbnails)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    y, x = np.mgrid[:32, :32]
    shaded = 0.8 * thumbnails + 20 + y + 0.3 * x - x * y / 40 + (y - 16) ** 3 / 500
    alike = (details(shaded) * vectors).sum(1)
    np.testing.assert_allclose(alike, 1, rtol=1e-4)  # float32 and 1024 terms


def triples(*columns: np.ndarray) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_near_hashes_are_found_as_by_comparing_all() -> None:
    """Random hashes with planted neighbors at every distance, in groups smaller than the limit."""
    rng = np.random.default_rng(0)
    known = rng.random((400, 64)) < 0.5
    for index in range(200, 400):
        known[index] = known[index - 200]
        flipped = rng.choice(64, index % 10, replace=False)
        known[index, flipped] ^= True
    sought = known.copy()
    sought[::3] = rng.random((134, 64)) < 0.5
    distance = (sought[:, None] != known[None]).sum(2)
    expected = {
        (later, earlier, int(distance[later, earlier]))
        for later, earlier in np.argwhere(distance <= MOST_BITS).tolist()
        if earlier < later
    }
    found = {triple for block in near(sought, known) for triple in triples(*block)}
    assert found == expected
    assert len(expected) > 80


def test_many_equal_hashes_cost_a_bounded_number_of_pairs() -> None:
    """If all images look the same, each is compared with the nearest ones, the earliest first."""
    known = np.zeros((3000, 64), bool)
    pairs = {pair for block in near(known, known) for pair in triples(*block[:2])}
    assert len(pairs) < 16 * 3000
    assert {later for later, _ in pairs} == set(range(1, 3000))
    assert all((later, 0) in pairs for later in range(1, 3000))
