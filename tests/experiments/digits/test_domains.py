"""Digits from all supported files, all prepared equally."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from experiments.digits.domains import jitter, noise, prepare, read_mnist, read_uci, read_usps


def mnist(count: int = 30, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % 10
    return rng.integers(0, 256, (count, 28, 28), dtype=np.uint8), labels


def idx(values: NDArray[np.uint8]) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return header + values.tobytes()


@pytest.mark.parametrize("form", ["npz", "idx", "gz"])
def test_mnist_is_read_from_every_format(form: str, tmp_path: Path) -> None:
    images, labels = mnist()
    path = tmp_path
    if form == "npz":
        path = tmp_path / "mnist.npz"
        np.savez(path, images=images, labels=labels)
    for name, values in (("images-idx3", images), ("labels-idx1", labels)):
        file, content = tmp_path / f"train-{name}-ubyte", idx(values)
        if form == "gz":
            file.with_suffix(".gz").write_bytes(gzip.compress(content))
        elif form == "idx":
            file.write_bytes(content)
    read = read_mnist(path)
    np.testing.assert_array_equal(read[0], images)
    np.testing.assert_array_equal(read[1], labels)


def test_files_that_are_not_idx_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"neither an npz nor a folder with train-images\*"):
        read_mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    for content, message in (
        (b"PK", "not an IDX file of bytes"),
        (idx(mnist()[0])[:-1], "truncated"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            read_mnist(tmp_path)


def test_usps_is_read_with_its_range_and_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (4, 256)), [0, 9, 3, 4]
    lines = [
        f"{label + 1} " + " ".join(f"{i}:{v / 127.5 - 1:.6f}" for i, v in enumerate(row, start=1))
        for label, row in zip(labels, images, strict=True)
    ]
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress("\n".join(lines).encode()))
    read = read_usps(path)
    np.testing.assert_array_equal(read[0], images.reshape(4, 16, 16))
    assert read[1].tolist() == labels


def test_scikit_learns_digits_fill_the_gray_levels() -> None:
    images, labels = read_uci()
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert set(labels.tolist()) == set(range(10))


def square(side: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
    image = np.zeros((side, side), np.uint8)
    image[top : top + height, left : left + width] = 255
    return image


def test_digits_cropped_to_their_ink_do_not_depend_on_place_and_size() -> None:
    images = [square(28, 4, 9, 20, 10), square(28, 6, 2, 20, 10), square(40, 8, 9, 20, 10)]
    framed = [prepare((image[None], np.array([1])), "ink").images for image in images]
    assert (framed[0] == framed[1]).all()
    assert (framed[0] == framed[2]).all()
    ink = (framed[0][0, 0] > 127).nonzero()
    assert ink.amin(dim=0).tolist() == [0, 4]
    assert ink.amax(dim=0).tolist() == [15, 11]


def test_whole_digits_keep_their_place() -> None:
    image = square(16, 4, 8, 8, 4)
    digits = prepare((image[None], np.array([3])), "whole")
    ink = (digits.images[0, 0] > 127).nonzero()
    assert (ink.amin(dim=0).tolist(), ink.amax(dim=0).tolist()) == ([4, 8], [11, 11])
    assert digits.labels.tolist() == [3]


def test_an_image_without_ink_is_not_cropped() -> None:
    assert prepare((np.full((1, 8, 8), 9, np.uint8), np.array([0])), "ink").images.eq(9).all()


def test_jittered_digits_differ_in_place_and_size_and_stay_in_range() -> None:
    images = torch.full((200, 1, 16, 16), -1.0)
    images[:, :, 4:12, 6:10] = 1
    moved = jitter(images, torch.Generator().manual_seed(0))
    assert moved.shape == images.shape
    assert moved.amin() >= -1 - 1e-6
    assert moved.amax() <= 1 + 1e-6
    ink = (moved + 1).sum(dim=(1, 2, 3)) / (images + 1).sum(dim=(1, 2, 3))
    assert ink.amin() < 0.6
    assert ink.amax() > 1.5  # areas from 0.3 to 3.3 times, and thinner or thicker
    again = jitter(images, torch.Generator().manual_seed(0))
    assert torch.equal(moved, again)


def test_digits_are_not_changed_by_jitter_of_strength_0() -> None:
    images = 2 * torch.rand(5, 1, 16, 16) - 1
    same = jitter(images, torch.Generator().manual_seed(0), most=0)
    torch.testing.assert_close(same, images, rtol=0, atol=1e-5)  # resampled where they are


def test_noise_has_its_deviation_and_stays_in_range() -> None:
    noisy = noise(torch.zeros(100, 1, 16, 16), torch.Generator().manual_seed(0))
    assert noisy.abs().amax() <= 1
    assert 0.4 < noisy.std() < 0.5  # 0.5, less the clipped values
