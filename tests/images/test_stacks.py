"""Stacks of pages: counted, cut and written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from gan.images import ImageError, Picture, read_picture
from gan.images.stacks import cut_page, stack_pages
from gan.images.writer import write_stack
from gan.inference.translator import Translator
from gan.inspection.survey import Place, examine
from tests.support.commands import translate_folder

RNG = np.random.default_rng(0)
SHAPE = (3, 40, 48)
STACKS: dict[str, Any] = {
    "uint8": RNG.integers(0, 256, SHAPE).astype(np.uint8),
    "uint16": RNG.integers(0, 65536, SHAPE).astype(np.uint16),
    "int16": RNG.integers(-1024, 3072, SHAPE).astype(np.int16),
    "int32": RNG.integers(-70_000, 70_000, SHAPE).astype(np.int32),
    "uint32": RNG.integers(0, 2**32, SHAPE).astype(np.uint32),
    "float32": RNG.normal(0, 9, SHAPE).astype(np.float32),
    "rgb": RNG.integers(0, 256, (*SHAPE, 3)).astype(np.uint8),
    "rgb16": RNG.integers(0, 65536, (*SHAPE, 3)).astype(np.uint16),
}


def write(path: Path, values: Any, **options: Any) -> Path:
    kind = "rgb" if values.ndim == 4 else "minisblack"
    tifffile.imwrite(path, values, photometric=kind, **options)
    return path


@pytest.mark.parametrize("kind", STACKS)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_each_page_is_cut_with_its_numbers(tmp_path: Path, kind: str, compression: Any) -> None:
    path = write(tmp_path / "a.tif", STACKS[kind], compression=compression)
    assert stack_pages(path) == 3
    for page in range(3):
        (tmp_path / "page.tif").write_bytes(cut_page(path, page))
        assert np.array_equal(tifffile.imread(tmp_path / "page.tif"), STACKS[kind][page])
        assert stack_pages(tmp_path / "page.tif") == 1


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_pages_keep_their_polarity_and_their_place(tmp_path: Path, kind: str) -> None:
    """White at 0, resolution and the tags of a GeoTIFF are kept."""
    values = STACKS[kind]
    if kind == "float32":
        values = np.abs(values) / 100
    scale = (33550, "d", 3, (2.0, 2.0, 0.0), False)
    for photometric in ("miniswhite", "minisblack"):
        path = tmp_path / f"{photometric}.tif"
        with tifffile.TiffWriter(path) as file:
            for page in values:
                file.write(
                    page, photometric=photometric, extratags=[scale], resolution=(300, 300),
                    resolutionunit="INCH", metadata=None,
                )  # fmt: skip
        assert stack_pages(path) == 3
        (tmp_path / "page.tif").write_bytes(cut_page(path, 1))
        whole, cut_out = read_picture(path, channels=1, page=1), read_picture(tmp_path / "page.tif")
        assert np.array_equal(whole.pixels, cut_out.pixels[:, :, :1])
        assert cut_out.place[33550][1] == (2.0, 2.0, 0.0)
        assert cut_out.density == pytest.approx((300, 300))


@pytest.mark.parametrize("kind", ["uint8", "uint16", "rgb", "rgb16"])
def test_pages_are_read_and_written_as_pictures(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a.tif", STACKS[kind])
    channels: Any = 3 if "rgb" in kind else 1
    pages = [read_picture(path, channels=channels, page=page) for page in range(3)]
    for page, values in zip(pages, STACKS[kind], strict=True):
        assert np.array_equal(page.pixels.squeeze(), values)
    write_stack(pages, tmp_path / "out.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "out.tif"), STACKS[kind])
    assert stack_pages(tmp_path / "out.tif") == 3


def test_pages_of_numbers_are_written_as_such(tmp_path: Path) -> None:
    pages = [Picture(np.full((20, 30, 1), n * 16, np.uint16), written=(0, 4095)) for n in range(5)]
    write_stack(pages, tmp_path / "a.tif")
    assert [int(page[0, 0]) for page in tifffile.imread(tmp_path / "a.tif")] == [0, 1, 2, 3, 4]


def pyramid(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        file.write(STACKS["rgb"][0], photometric="rgb")
        file.write(STACKS["rgb"][0, ::2, ::2], photometric="rgb", subfiletype=1)


def masked(path: Path) -> None:
    with tifffile.TiffWriter(path) as file:
        file.write(STACKS["uint8"][0] > 127, photometric="minisblack")
        file.write(STACKS["uint8"][1] > 127, photometric="mask", subfiletype=4)


@pytest.mark.parametrize("make", [
    pyramid, masked, lambda path: Image.fromarray(STACKS["rgb"][0]).save(path),
])  # fmt: skip
def test_thumbnails_masks_and_single_pages_are_not_stacks(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "a.tif")
    assert stack_pages(tmp_path / "a.tif") == 1


@pytest.mark.parametrize("share", [0.001, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_stack_that_lost_pages_is_not_read_as_a_single_image(
    tmp_path: Path, negative_model: Path, share: float, compressed: bool
) -> None:
    """Pillow writes each page's directory before its pixels, tifffile after them."""
    path = tmp_path / "in/a.tif"
    path.parent.mkdir()
    pages = [Image.fromarray(page) for page in STACKS["rgb"]]
    how = {"compression": "tiff_deflate"} if compressed else {}
    pages[0].save(path, save_all=True, append_images=pages[1:], **how)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert translate_folder(negative_model, path.parent, tmp_path / "out") == 1
    assert not (tmp_path / "out/a.tif").exists()


def test_a_missing_page_is_named(tmp_path: Path) -> None:
    pages = [Image.fromarray(page) for page in STACKS["rgb"]]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=r"a\.tif: damaged: page \d cannot be found"):
        stack_pages(tmp_path / "a.tif")
    found = examine(tmp_path / "a.tif", Place(tmp_path), 100)
    assert isinstance(found, tuple)
    assert "cannot be found" in found[1]


@pytest.mark.parametrize("kind", ["rgb", "rgb16"])
def test_a_stack_is_translated_page_by_page(
    tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path / "in/a.tif", STACKS[kind])
    assert translate_folder(negative_model, tmp_path / "in", tmp_path / "out") == 0
    most = 65535 if kind == "rgb16" else 255
    assert np.array_equal(tifffile.imread(tmp_path / "out/a.tif"), most - STACKS[kind])
    assert "first frame" not in capsys.readouterr().err
    before = (tmp_path / "out/a.tif").read_bytes()
    translate_folder(negative_model, tmp_path / "in", tmp_path / "out")
    assert (tmp_path / "out/a.tif").read_bytes() == before


def test_another_format_holds_the_first_page_with_a_remark(
    tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path / "in/a.tif", STACKS["rgb"])
    translate_folder(negative_model, tmp_path / "in", tmp_path / "out", format="png")
    assert "a.tif: animated: only its first frame is used" in capsys.readouterr().err
    with Image.open(tmp_path / "out/a.png") as image:
        assert np.array_equal(np.asarray(image), 255 - STACKS["rgb"][0])


def test_a_page_that_is_not_finite_fails_the_whole_stack(
    tmp_path: Path, negative: Translator, negative_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    write(tmp_path / "in/a.tif", STACKS["rgb"])
    whole, seen = negative.translate_batch, []

    def third_fails(pixels: Any) -> Any:
        seen.append(1)
        return [None] if len(seen) == 3 else whole(pixels)

    monkeypatch.setattr(negative, "translate_batch", third_fails)
    assert translate_folder(negative_model, tmp_path / "in", tmp_path / "out") == 1
    assert not (tmp_path / "out/a.tif").exists()
    assert "NaN" in (tmp_path / "out/failed.tsv").read_text()
