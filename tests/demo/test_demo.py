"""The demo: its painter, its dataset, its two distances, and its report."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from demo import dataset
from demo.dataset import prepare
from demo.distances import domain_distance, histograms, truth_distance
from demo.painting import INKS, KEY, paint
from demo.report import report
from gan.images import list_images, read_image

Pixels = NDArray[np.uint8]


def flat(level: int | tuple[int, int, int], side: int = 32) -> Pixels:
    return np.full((side, side, 3), level, np.uint8)


def blobs(seed: int = 0) -> Pixels:
    """Return a colored image with large smooth shapes, 96 x 64."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (5, 4, 3), np.uint8))
    return np.asarray(small.resize((64, 96), Image.Resampling.BICUBIC))


# The painter


def test_equal_photographs_give_equal_paintings_and_are_not_changed() -> None:
    photo = blobs()
    before = photo.copy()
    painting = paint(photo)
    assert painting.shape == photo.shape
    assert painting.dtype == np.uint8
    np.testing.assert_array_equal(paint(photo), painting)
    np.testing.assert_array_equal(photo, before)


def test_most_of_a_painting_is_one_of_the_few_colors() -> None:
    def share_near_an_ink(image: Pixels) -> float:
        inks = np.concatenate([INKS, KEY[None]])
        differences = np.abs(image[:, :, None].astype(float) - inks).max(axis=-1)
        return float((differences.min(axis=-1) < 24).mean())

    photos = [blobs(seed) for seed in range(4)]
    assert np.mean([share_near_an_ink(photo) for photo in photos]) < 0.15
    assert np.mean([share_near_an_ink(paint(photo)) for photo in photos]) > 0.6


def test_lighter_grays_are_never_painted_darker() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8), 2)
    photo = np.broadcast_to(ramp[None, :, None], (64, 512, 3))
    luma = paint(photo)[32].astype(float) @ [0.299, 0.587, 0.114]
    assert (np.diff(luma) >= -1).all()
    assert luma[-1] - luma[0] > 150


def test_edges_are_inked_on_their_dark_side() -> None:
    photo = flat(110, side=64)
    photo[:, 32:] = 200
    row = paint(photo)[32].astype(float)
    distance_to_ink = np.abs(row - KEY).mean(axis=-1)
    assert 26 <= distance_to_ink.argmin() < 32
    assert distance_to_ink.min() < 30 < distance_to_ink[8]


# The distances


def test_a_pool_is_at_no_distance_from_itself() -> None:
    pool = [blobs(0), blobs(1)]
    assert domain_distance(pool, pool) == 0
    assert domain_distance(pool, pool[::-1]) == pytest.approx(0, abs=1e-12)
    assert truth_distance(pool, pool) == 0


def test_flat_images_of_far_colors_share_edges_and_no_colors() -> None:
    """All colors differ, and no edges: (1 + 0) / 2."""
    assert domain_distance([flat(0)], [flat(255)]) == pytest.approx(0.5, abs=1e-6)


def test_a_mixed_pool_is_between_both() -> None:
    """Half of the pixels have another color: (1/2 + 0) / 2, for all sizes of images."""
    mixed = [flat(0), flat(255, side=64)]
    assert domain_distance(mixed, [flat(255)]) == pytest.approx(0.25, abs=1e-6)


def test_nearly_the_same_color_is_nearly_the_same() -> None:
    near, far = domain_distance([flat(96)], [flat(112)]), domain_distance([flat(96)], [flat(144)])
    assert 0 < near < far < 0.5


def test_histograms_sum_to_one() -> None:
    for histogram in histograms([blobs(0), blobs(1)]):
        assert histogram.sum() == pytest.approx(1)


@pytest.mark.parametrize(("level", "cell"), [(0.01, 0), (0.04, 1), (0.09, 2), (0.2, 3)])
def test_a_slope_falls_into_the_cell_of_its_edges(level: float, cell: int) -> None:
    """A ramp of n gray levels per pixel has gradient n / 255, except at its reflected ends."""
    ramp = np.clip(np.arange(64) * level * 255, 0, 255 * 63)
    photo = np.repeat(np.abs((ramp + 255) % 510 - 255)[None, :, None], 32, 0).repeat(3, 2)
    edges = histograms([photo.astype(np.uint8)]).edges
    assert edges.argmax() == cell


def test_truth_distance_of_flat_images_is_their_difference() -> None:
    distance = truth_distance([flat(51), flat(0)], [flat(102), flat(102)])
    assert distance == pytest.approx((0.2 + 0.4) / 2)


# The dataset


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "CROPS", 2)


@pytest.mark.usefixtures("small")
def test_no_photograph_is_in_two_splits_and_test_b_is_test_a_painted(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    prepare(root)
    files = {name: list_images(root / name) for name in ("trainA", "trainB", "testA", "testB")}
    photos = {name: {path.name.split("-")[0] for path in files[name]} for name in files}
    assert len(files["trainA"]) == 2 * len(photos["trainA"])
    assert not photos["trainA"] & photos["trainB"]
    assert not photos["testA"] & (photos["trainA"] | photos["trainB"])
    assert [path.name for path in files["testA"]] == [path.name for path in files["testB"]]
    for photo, painting in zip(files["testA"], files["testB"], strict=True):
        expected = paint(np.asarray(read_image(photo)))
        np.testing.assert_array_equal(np.asarray(read_image(painting)), expected)


def test_paintings_to_learn_from_have_the_contrast_of_the_true_ones(tmp_path: Path) -> None:
    """With other photographs it was 0.84 of that, and all translations were pale."""
    prepare(tmp_path / "demo")

    def contrast(folder: str) -> float:
        images = [read_image(path).convert("L") for path in list_images(tmp_path / "demo" / folder)]
        return float(np.mean([np.asarray(image).std() for image in images]))

    assert contrast("trainB") > 0.95 * contrast("testB")


@pytest.mark.usefixtures("small")
def test_an_up_to_date_dataset_is_kept_and_an_older_one_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "demo"
    prepare(root)
    first = {path.name: path.stat().st_mtime_ns for path in list_images(root)}
    prepare(root)
    assert {path.name: path.stat().st_mtime_ns for path in list_images(root)} == first
    monkeypatch.setattr(dataset, "recipe", lambda: "newer")
    prepare(root)
    assert all(path.stat().st_mtime_ns > first[path.name] for path in list_images(root))
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_that_is_not_the_demos_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ValueError, match="not written by the demo"):
        prepare(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_build_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "paint", lambda pixels: 1 / 0)
    monkeypatch.setattr(dataset, "CROPS", 1)
    with pytest.raises(ZeroDivisionError):
        prepare(tmp_path / "demo")
    assert not list(tmp_path.iterdir())


# The report


def folder_of(root: Path, images: dict[str, list[Pixels]]) -> Path:
    for name, pixels in images.items():
        (root / name).mkdir(parents=True)
        for number, image in enumerate(pixels):
            Image.fromarray(image).save(root / name / f"{number}.png")
    return root


def test_report_writes_the_sheet_and_reports_that_an_untrained_run_missed(
    tmp_path: Path, new_generator: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [blobs(seed)[:64] for seed in range(2)]
    paintings = [paint(photo) for photo in photos]
    root = folder_of(tmp_path / "data", {"testA": photos, "testB": paintings, "trainB": paintings})
    run = tmp_path / "run"
    run.mkdir()
    for direction in ("ab", "ba"):
        new_generator(run / f"gen_{direction}.safetensors", direction)
    assert report(run, root, device="cpu") == 1
    printed = capsys.readouterr().out
    assert f"domain {domain_distance(photos, paintings):.3f} -> " in printed
    assert f"paintings {truth_distance(photos, paintings):.3f} -> " in printed
    assert "goal missed" in printed
    assert read_image(run / "sheet.png").size == (4 * 64 + 5 * 16, 54 + 2 * 80)
