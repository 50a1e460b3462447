"""Realism: colors and textures of the target domain, measured without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial.distance import mahalanobis
from torch import Tensor

from gan.augment import augment
from gan.augment.gates import GATES
from gan.augment.realism import (
    INDEPENDENCE,
    SMALLEST,
    Domain,
    Statistics,
    describe,
    keeps_its_target,
    target_domain,
)
from gan.config import Config
from gan.images.pixels import from_array, to_array
from gan.inference.translator import Translator
from tests.support.augmenting import config, lines
from tests.support.labelled import WRITERS
from tests.support.pictures import picture

Pixels = NDArray[Any]
DEFAULT = float(GATES["realism"].default)


class Changing(Translator):
    """A translator that applies the same function to every image."""

    def __init__(self, change: Callable[[Pixels], Pixels] | None, channels: int = 3) -> None:
        self.change, self.channels = change, channels

    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]:
        if self.change is None:
            return [None for _ in pixels]
        return [from_array(self.change(to_array(each))) for each in pixels]


def photo(seed: int) -> Pixels:
    return np.asarray(picture(seed, (160, 140)))


def print_of(pixels: Pixels) -> Pixels:
    """Return a print in blue ink: dark lines along edges, three tones."""
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    tones = cv2.GaussianBlur(luma, (0, 0), 2) // 86 * 86
    tones[cv2.Canny(luma, 60, 120) > 0] = 0
    share = tones[:, :, None] / 255
    inked: Pixels = (share * [250, 240, 220] + (1 - share) * [20, 30, 110]).astype(np.uint8)
    return inked


@pytest.fixture(scope="module")
def prints() -> Domain:
    return Domain.of([describe(print_of(photo(seed))) for seed in range(40)])


def test_a_distance_is_mahalanobis_with_loosened_correlations() -> None:
    rows = np.random.default_rng(0).normal(3, [1.0, 2.0, 0.001], (50, 3))
    rows[:, 1] += rows[:, 0]
    spread = np.maximum(rows.std(axis=0), SMALLEST)
    covariance: NDArray[np.float64] = np.asarray(np.cov(rows.T, bias=True))
    loosened = (1 - INDEPENDENCE) * covariance + INDEPENDENCE * np.diag(spread**2)
    point = np.array([1.0, 9.0, 3.05])
    wanted = mahalanobis(point, rows.mean(axis=0), np.linalg.inv(loosened)) / np.sqrt(3)
    assert Statistics.of(list(rows)).distance(point) == pytest.approx(wanted, rel=1e-9)


def test_the_usual_distance_is_measured_on_held_out_images(prints: Domain) -> None:
    distances = [prints.statistics.distance(describe(print_of(photo(n)))) for n in range(100, 160)]
    assert 0.5 < np.median(distances) < prints.usual
    assert np.quantile(distances, 0.9) < 1.5 * prints.usual


def test_prints_of_other_images_are_realistic_and_unprinted_images_are_not(prints: Domain) -> None:
    for seed in range(200, 212):
        source = photo(seed)
        good = print_of(source)
        rng = np.random.default_rng(seed)
        noisy = np.clip(good + rng.normal(0, 40, good.shape), 0, 255).astype(np.uint8)
        bad = {
            "the photograph": source,
            "blurred": cv2.GaussianBlur(good, (0, 0), 4),
            "noise": noisy,
            "tinted": good // 3 + np.array([0, 170, 0], np.uint8),
            "one color": np.full_like(good, 200),
        }
        assert prints.realism(source, good) > DEFAULT
        found = {name: prints.realism(source, pixels) for name, pixels in bad.items()}
        assert max(found.values()) < DEFAULT, found


def test_a_source_near_the_domain_need_not_become_nearer(prints: Domain) -> None:
    source = print_of(photo(300))
    assert prints.realism(source, source) == 1


def blocks(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    mosaic: Pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return mosaic


def noise(pixels: Pixels) -> Pixels:
    more = np.random.default_rng(0).normal(0, 40, pixels.shape)
    return np.clip(pixels + more, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "change", [lambda p: 255 - p, lambda p: cv2.GaussianBlur(p, (0, 0), 4), blocks, noise, None]
)
def test_a_generator_that_spoils_images_of_its_target_domain_is_detected(
    change: Callable[[Pixels], Pixels] | None,
) -> None:
    images = [print_of(photo(seed)) for seed in range(40)]
    domain = Domain.of([describe(each) for each in images], images[:6])
    least = float(GATES["identity"].default)
    spoiling, good = domain.identity(Changing(change)), domain.identity(Changing(lambda p: p))
    slight = domain.identity(Changing(lambda p: (p // 4 * 4 + 2).astype(np.uint8)))
    assert spoiling is not None
    assert slight is not None
    assert good == pytest.approx(1)
    assert slight > 2 * least
    assert spoiling < least


def test_a_generator_into_other_channels_cannot_keep_images(prints: Domain) -> None:
    images = [print_of(photo(seed)) for seed in range(12)]
    domain = Domain.of([describe(each) for each in images], images)
    assert domain.identity(Changing(lambda p: p[:, :, :1])) is None
    assert domain.identity(Changing(lambda p: p, channels=1)) == pytest.approx(1, abs=1e-4)
    assert prints.identity(Changing(lambda p: p)) is None  # no samples


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        ({}, True),
        ({"loss": {"identity": 0}}, False),
        ({"loss": {"identity": 0, "identity_b": 1}}, True),
        ({"loss": {"identity_b": 0}}, False),
        ({"train": {"recipe": "contrastive"}, "loss": {"nce": 1}}, True),
        ({"train": {"recipe": "contrastive"}, "loss": {"nce": 1, "nce_identity": False}}, False),
    ],
)
def test_identity_is_measured_only_for_generators_trained_to_keep_images(
    tmp_path: Path, keys: dict[str, Any], kept: bool
) -> None:
    file = tmp_path / "gen_ab.safetensors"
    file.write_bytes(b"")
    options = config(tmp_path, "imagefolder", model=[file], direction="ab")
    assert not keeps_its_target(file, options)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"data": {"root": "data"}} | keys))
    assert keeps_its_target(file, options) == kept


def test_depth_channels_and_size_do_not_matter(prints: Domain) -> None:
    source, good = photo(301), print_of(photo(301))
    plain = prints.realism(source, good)
    deep = [pixels.astype(np.uint16) * 257 for pixels in (source, good)]
    assert prints.realism(*deep) == pytest.approx(plain, abs=0.02)
    large = [
        cv2.resize(pixels, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        for pixels in (source, good)
    ]
    assert prints.realism(*large) == pytest.approx(plain, abs=0.1)
    grey = [print_of(photo(seed))[:, :, :1] for seed in range(20)]
    domain = Domain.of([describe(pixels) for pixels in grey])
    assert domain.realism(source, grey[0]) == 1
    assert domain.realism(source, source) < DEFAULT


def write(folder: Path, count: int, first: int = 0) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(print_of(photo(first + number))).save(folder / f"{number}.png")
    return folder


def test_a_run_s_own_images_are_the_target(tmp_path: Path) -> None:
    run, file = tmp_path / "run", tmp_path / "run/gen_ab.safetensors"
    write(tmp_path / "data/trainB", 12)
    run.mkdir()
    options = config(tmp_path, "imagefolder", model=[run], direction="ab")
    file.write_bytes(b"other people's weights")
    assert target_domain(file, options) is None
    settings = Config.model_validate({"data": {"root": tmp_path / "data"}, "run": {"dir": run}})
    (run / "config.yaml").write_text(f"data:\n  root: {settings.data.root}\n")
    known = target_domain(file, options)
    assert known is not None
    assert known.fingerprint == Domain.read(tmp_path / "data/trainB").fingerprint  # type: ignore[union-attr]
    assert (
        target_domain(
            file, config(tmp_path, "imagefolder", model=[run], realism="off", identity="off")
        )
        is None
    )
    other = write(tmp_path / "other", 12, first=50)
    named = target_domain(file, config(tmp_path, "imagefolder", model=[run], target=other))
    assert named is not None
    assert named.fingerprint != known.fingerprint
    few = write(tmp_path / "few", 3)
    with pytest.raises(ValueError, match=r"target: .*few: at least 10 images"):
        target_domain(file, config(tmp_path, "imagefolder", model=[run], target=few))
    with pytest.raises(ValueError, match="nowhere"):
        target_domain(
            file, config(tmp_path, "imagefolder", model=[run], target=tmp_path / "nowhere")
        )


def test_the_command_measures_realism_with_a_target_and_reports_a_missing_one(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model's negatives look like negatives, and not like noise."""
    WRITERS["imagefolder"](tmp_path / "in")
    assert augment(config(tmp_path, "imagefolder", model=[model])) == 0
    assert "realism is not measured" in capsys.readouterr().err
    assert {line["decision"] for line in lines(tmp_path / "out")} == {"accepted"}
    (target := tmp_path / "target").mkdir()
    for number in range(12):
        noise = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(target / f"{number}.png")
    again = config(tmp_path, "imagefolder", model=[model], target=target)
    with pytest.raises(ValueError, match="targets"):  # the output was made without
        augment(again)
    assert augment(again.model_copy(update={"output": tmp_path / "other"})) == 0
    assert "realism is not measured" not in capsys.readouterr().err
    for line in lines(tmp_path / "other"):
        assert line["decision"] == "rejected"
        assert line["scores"]["realism"] < DEFAULT
        assert "does not look like the images of the target domain" in line["reason"]
