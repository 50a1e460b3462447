"""The pixels and classes of samples equal those of the files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.augment.ablation.pictures import (
    color_name,
    find_colors,
    read_colors,
    read_crops,
    read_maps,
)
from gan.augment.ablation.samples import Sample
from gan.augment.dataset import Box


def noise(seed: int, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_a_part_is_what_pillow_cuts_and_resizes(tmp_path: Path) -> None:
    image = Image.fromarray(noise(0, 60, 80, 3))
    image.save(tmp_path / "a.png")
    whole, part = Sample(Path("a.png")), Sample(Path("a.png"), "x", Box(10, 5, 50, 45))
    crops, failures = read_crops(tmp_path, [whole, part, whole], 16)
    assert not failures
    expected = image.resize((16, 16), Image.Resampling.BICUBIC)
    cut = image.crop((10, 5, 50, 45)).resize((16, 16), Image.Resampling.BICUBIC)
    for crop, own in zip(crops, (expected, cut, expected), strict=True):
        assert crop is not None
        assert (crop == np.asarray(own)).all()


def test_gray_and_sixteen_bits_are_read_as_8_bit_colors(tmp_path: Path) -> None:
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    Image.fromarray(deep).save(tmp_path / "deep.png")
    Image.fromarray(noise(1, 8, 8)).save(tmp_path / "grey.png")
    crops, _ = read_crops(tmp_path, [Sample(Path("deep.png")), Sample(Path("grey.png"))], 8)
    for crop, expected in zip(crops, (np.rint(deep / 257), noise(1, 8, 8)), strict=True):
        assert crop is not None
        assert crop.dtype == np.uint8
        assert (crop == expected[:, :, None]).all()


def test_a_range_says_what_black_and_white_are(tmp_path: Path) -> None:
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    crops, _ = read_crops(tmp_path, [Sample(Path("deep.png"))], 8, values=(0, 63))
    assert crops[0] is not None
    assert np.abs(crops[0][:, :, 0] - deep / 63 * 255).max() <= 1


def test_files_that_cannot_be_read_are_named_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    crops, failures = read_crops(tmp_path, [Sample(Path("a.png"))] * 3, 8)
    assert crops == [None] * 3
    assert [each.source for each in failures] == [tmp_path / "a.png"]


def test_masks_of_a_palette_of_gray_and_of_colors_have_their_colors_as_classes(
    tmp_path: Path,
) -> None:
    numbers = np.random.default_rng(0).integers(0, 3, (20, 30)).astype(np.uint8)
    palette = np.array([[0, 0, 0], [200, 30, 40], [7, 7, 7]], np.uint8)
    indexed = Image.fromarray(numbers).convert("P")
    indexed.putpalette(palette.flatten().tolist())
    indexed.save(tmp_path / "p.png")
    Image.fromarray(palette[numbers]).save(tmp_path / "rgb.png")
    Image.fromarray(numbers).save(tmp_path / "grey.png")
    for name in ("p.png", "rgb.png"):
        colors, _ = find_colors(tmp_path, [Path(name)])
        assert [color_name(color) for color in colors] == ["#000000", "#070707", "#c81e28"]
        assert (
            read_colors(tmp_path / name) == palette[numbers].astype(int) @ [65536, 256, 1]
        ).all()
    grey, _ = find_colors(tmp_path, [Path("grey.png")])
    assert [color_name(color) for color in grey] == ["#000000", "#010101", "#020202"]
    sample = Sample(Path("p.png"), mask=Path("p.png"))
    maps = read_maps(tmp_path, [sample], {"#000000": 0, "#c81e28": 1}, 10)
    nearest = Image.fromarray(numbers.astype(np.int32)).resize((10, 10), Image.Resampling.NEAREST)
    assert maps[0] is not None
    assert (maps[0] == np.array([0, 1, -1])[np.asarray(nearest)]).all()


def test_masks_of_sixteen_bits_go_by_their_numbers(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 26001]] * 2, np.uint16)).save(tmp_path / "a.png")
    colors, _ = find_colors(tmp_path, [Path("a.png")])
    assert [color_name(color) for color in colors] == ["0", "26001"]


def test_masks_with_too_many_colors_are_rejected(tmp_path: Path) -> None:
    Image.fromarray(noise(0, 30, 30, 3)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.png: the masks up to this one have 900 colors"):
        find_colors(tmp_path, [Path("a.png")])
