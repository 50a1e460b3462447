"""One image: the properties of its translation, and the inputs that are rejected."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.images import read_image, read_picture
from gan.serve.studio import SHOWN, RejectedError, Studio, Wish, shown
from tests.support.hostile import huge_png
from tests.support.packets import EXT, packets, properties
from tests.support.serving import Picture


def translated(studio: Studio, source: Path, **wish: object) -> Path:
    """Translate an image to its negative; return the file."""
    asked = Wish(studio.choices[0], **wish)  # type: ignore[arg-type]
    return studio.translate(source, source.with_name("result"), asked).file


def test_strength_goes_from_the_picture_to_its_negative(studio: Studio, picture: Picture) -> None:
    source = picture("noise.png")
    pixels = np.asarray(read_image(source)).astype(float)
    for strength in (0, 0.5, 1):
        result = np.asarray(read_image(translated(studio, source, strength=strength)))
        expected = (1 - strength) * pixels + strength * (255 - pixels)
        np.testing.assert_array_equal(result, np.rint(expected))


def test_a_rotated_photo_is_returned_upright(studio: Studio, picture: Picture) -> None:
    exif = Image.Exif()
    exif[274], exif[315] = 6, "somebody"
    source = picture("turned.jpg", exif=exif, quality=100, subsampling=0)
    result = translated(studio, source, format="png")
    with Image.open(result) as image:
        assert image.size == (32, 40)
        assert 274 not in image.getexif()
        assert image.getexif()[315] == "somebody"
    np.testing.assert_array_equal(
        np.asarray(read_image(result)), 255 - np.asarray(read_image(source))
    )


def test_results_are_marked_unless_the_model_has_no_mark_or_no_strength(
    studio: Studio, picture: Picture
) -> None:
    source = picture("photo.jpg")
    (packet,) = packets(translated(studio, source))
    assert properties(packet)[f"{EXT}AISystemVersionUsed"] == "sha256:" + "5" * 64
    assert packets(translated(studio, source, strength=0)) == []
    wish = Wish(studio.choices[1])
    assert packets(studio.translate(source, source.with_name("other"), wish).file) == []


def test_sixteen_bits_stay_sixteen_bits(studio: Studio, tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (24, 20), dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.tif")
    result = read_picture(translated(studio, tmp_path / "deep.tif")).pixels
    assert result.dtype == np.uint16
    np.testing.assert_array_equal(result, np.repeat(65535 - values[:, :, None], 3, axis=2))


@pytest.mark.parametrize(("name", "kind"), [
    ("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP"), ("a.tif", "TIFF"), ("a.bmp", "BMP"),
])  # fmt: skip
def test_the_result_has_the_format_of_the_content_whatever_the_name(
    studio: Studio, picture: Picture, name: str, kind: str
) -> None:
    source = picture(name)
    nameless = source.rename(source.with_name("upload"))
    with Image.open(translated(studio, nameless)) as image:
        assert image.format == kind


def test_a_bomb_is_rejected_by_its_header(studio: Studio, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(huge_png(20_000, 15_000))
    assert bomb.stat().st_size < 1000
    with pytest.raises(RejectedError, match=r"^300.0 megapixels; at most 0.1 allowed$"):
        translated(studio, bomb)


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "empty file"),
    (b"no image at all, but long enough to be one", "not an image of a known kind"),
])  # fmt: skip
def test_a_file_that_is_not_an_image_is_rejected_without_its_path(
    studio: Studio, tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(RejectedError) as rejected:
        translated(studio, tmp_path / "x")
    assert str(rejected.value) == reason


def test_a_thin_picture_is_rejected(studio: Studio, picture: Picture) -> None:
    with pytest.raises(RejectedError, match="both sides must be at least 16"):
        translated(studio, picture("thin.png", size=(40, 3)))


@pytest.mark.parametrize(("wish", "reason"), [
    ({"strength": 1.01}, "strength: must be from 0 to 1, not 1.01"),
    ({"strength": float("nan")}, "strength: must be from 0 to 1, not nan"),
    ({"tile": 8}, "tile: must be from 64 to 4096, not 8"),
    ({"tile": 128}, "translates whole pictures"),
    ({"format": "exe"}, "format: must be one of png, .*, not exe"),
    ({"size": 15}, "size: must be from 16 to 4096, not 15"),
    ({"size": 5000}, "size: must be from 16 to 4096, not 5000"),
])  # fmt: skip
def test_invalid_settings_are_rejected(
    studio: Studio, wish: dict[str, object], reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason):
        Wish(studio.choices[0], **wish)  # type: ignore[arg-type]


def test_a_working_size_is_what_the_network_sees(studio: Studio, picture: Picture) -> None:
    """The result is that of scaling down and up with Pillow; the stand-in returns negatives."""
    source = picture("noise.png")
    with Image.open(source) as image:
        seen = image.resize((20, 16), Image.Resampling.BICUBIC)
        expected = 255 - np.asarray(seen.resize(image.size, Image.Resampling.BICUBIC)).astype(int)
    found = translated(studio, source, size=16)
    with Image.open(found) as image:
        assert np.abs(np.asarray(image).astype(int) - expected).max() <= 2


def test_a_strip_at_a_large_size_is_rejected_before_it_grows(
    studio: Studio, picture: Picture
) -> None:
    strip = picture("strip.png", size=(4000, 20))
    with pytest.raises(
        RejectedError, match=r"^size: 4000 gives 3200.0 megapixels for this picture"
    ):
        translated(studio, strip, size=4000)


def test_a_picture_that_does_not_fit_into_memory_is_rejected(
    studio: Studio, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.inference.translator.free_memory", lambda device: 0)
    with pytest.raises(RejectedError, match="do not fit into memory"):
        translated(studio, picture("noise.png"))


def test_the_shown_picture_is_small_and_has_the_same_shape(picture: Picture) -> None:
    long = shown(read_picture(picture("long.png", size=(2 * SHOWN, 100)))).pixels
    assert long.shape == (50, SHOWN, 3)
    small = read_picture(picture("small.png"))
    assert shown(small).pixels is small.pixels


def test_every_control_of_the_page_reaches_its_button(tmp_path: Path) -> None:
    """Gradio warns if an event passes fewer values than its function takes.

    In a separate process, because Gradio leaves event loops open.
    """
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    code = (
        "import gradio, sys, warnings; from pathlib import Path;"
        "from gan.serve.page import build_page; from tests.support.standin import stand_in;"
        "warnings.simplefilter('error'); page = build_page(stand_in(Path(sys.argv[1])));"
        "print([len(event.inputs) for event in page.fns.values() if event.name == 'translate'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == "[6, 6, 6]\n", done.stderr
