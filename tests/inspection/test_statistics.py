"""The statistics of folders, compared with known numbers; and the reported differences."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from gan.inspection.statistics import Numbers, differences, lines, numbers
from gan.inspection.survey import ImageFacts, Place, examine
from tests.support.commands import inspect_folders
from tests.support.pictures import picture, write_dataset


def seen(folder: Path, *images: Image.Image, suffix: str = ".png") -> list[ImageFacts]:
    folder.mkdir()
    found = []
    for number, image in enumerate(images):
        path = folder / f"{number}{suffix}"
        image.save(path)
        facts = examine(path, Place(folder), 178)
        assert isinstance(facts, ImageFacts)
        found.append(facts)
    return found


def test_the_statistics_of_known_images_are_right(tmp_path: Path) -> None:
    """Two halves of one color each: every mean, deviation and saturation is known."""
    halves = Image.new("RGB", (128, 128), (200, 100, 0))
    halves.paste((100, 100, 100), (0, 0, 64, 128))
    grey = Image.new("RGB", (256, 128), (50, 50, 50))
    of = numbers(seen(tmp_path / "a", halves, grey))
    # Bicubic filtering mixes two columns of 64 at the border.
    np.testing.assert_allclose(of.mean[:3], [100, 75, 50], atol=0.1)
    luma = (0.299 * 150 + 0.587 * 100 + 0.114 * 50 + 50) / 2
    np.testing.assert_allclose(of.mean[3], luma, atol=0.1)
    np.testing.assert_allclose(of.deviation[:3], [25, 0, 25], atol=0.6)
    np.testing.assert_allclose(of.saturation, 0.25, atol=0.01)
    assert (len(of.sizes), of.grey, of.framed, of.short) == (2, 0.5, 0, 128)
    printed = lines(of)
    assert printed["median size"] == "192x128"
    assert printed["smallest, largest"] == "128x128, 256x128"
    assert printed["median aspect"] == "1.50"
    assert printed["formats"] == "PNG 2"


def sentences(a: list[ImageFacts], b: list[ImageFacts]) -> list[str]:
    both: tuple[Numbers, Numbers] = numbers(a), numbers(b)
    return list(differences(*both))


def test_domains_that_differ_only_in_style_have_no_findings(tmp_path: Path) -> None:
    a = seen(tmp_path / "a", *(picture(seed) for seed in range(4)))
    b = seen(tmp_path / "b", *(ImageOps.posterize(picture(seed), 2) for seed in range(4, 8)))
    assert sentences(a, b) == []


def test_smaller_images_are_reported_unless_both_are_large(tmp_path: Path) -> None:
    a = seen(tmp_path / "a", picture(0, (240, 260)))
    b = seen(tmp_path / "b", picture(1, (80, 90)))
    assert [line[:67] for line in sentences(a, b)] == [
        "B is 3.0x smaller than A (median shorter side 80 and 240): if both "
    ]
    assert sentences(b, a)[0].startswith("A is 3.0x smaller than B")
    large = seen(tmp_path / "large", picture(2, (900, 910)))
    enough = seen(tmp_path / "enough", picture(3, (300, 310)))
    assert sentences(large, enough) == []


@pytest.mark.parametrize(("change", "expected"), [
    (lambda image: image.resize((120, 80)), "B is wider (median aspect 1.50 and 1.00)"),
    (lambda image: ImageOps.expand(image.resize((80, 50)), (0, 15), "white"),
     "100% of B have bars of one color along opposite edges, and 0% of the other"),
    (lambda image: image.convert("L"), "100% of B are gray, and 0% of the other"),
])  # fmt: skip
def test_differences_that_are_not_style_are_reported(
    tmp_path: Path, change: object, expected: str
) -> None:
    assert callable(change)
    a = seen(tmp_path / "a", *(picture(seed, (80, 80)) for seed in range(3)))
    b = seen(tmp_path / "b", *(change(picture(seed, (80, 80))) for seed in range(3, 6)))
    (sentence,) = sentences(a, b)
    assert sentence.startswith(expected)


def test_jpeg_against_another_format_is_reported(tmp_path: Path) -> None:
    a = seen(tmp_path / "a", picture(0), suffix=".jpg")
    b = seen(tmp_path / "b", picture(1))
    (sentence,) = sentences(a, b)
    assert sentence.startswith("A is JPEG and the other is not")


def test_all_folders_are_in_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_dataset(tmp_path / "data", trainA=3, trainB=2, testB=1)
    assert inspect_folders(root, output=tmp_path / "out") == 0
    rows = [
        line.split("\t") for line in (tmp_path / "out" / "statistics.tsv").read_text().splitlines()
    ]
    assert rows[:2] == [["", "trainA", "trainB", "testB"], ["images", "3", "2", "1"]]
    assert {len(row) for row in rows} == {4}
    assert "median size        96x80" in capsys.readouterr().out
