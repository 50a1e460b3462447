"""Evaluations of translations whose quality is known."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.linalg import sqrtm
from torch import Tensor, nn
from torchvision.models import MobileNetV2

from gan.config import DataConfig
from gan.evaluation import (
    Evaluation,
    Instruments,
    Settings,
    evaluate,
    open_folders,
    open_instruments,
)
from gan.metrics import open_extractor
from tests.support import backbone
from tests.support.pictures import Photos

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_network(tmp_path_factory.mktemp("weights") / "mobilenet.pth")


@pytest.fixture(scope="module")
def instruments(weights: Path) -> Instruments:
    return Instruments(CPU, open_extractor("mobilenet_v2", weights, CPU), similarity=True)


def nothing(images: Tensor) -> Tensor:
    return images


def negative(images: Tensor) -> Tensor:
    return -images


def settings(**changes: Any) -> Settings:
    return Settings(**({"resamples": 50, "batch_size": 3} | changes))


def measured(root: Path, instruments: Instruments, **changes: Any) -> Evaluation:
    """An evaluation of a root's test folders; by default of generators that change nothing."""
    generators = changes.pop("generators", {"ab": nothing, "ba": nothing})
    data = DataConfig.model_validate(
        {"root": root, "load_size": 32, "crop_size": 32} | changes.pop("data", {})
    )
    return evaluate(generators, open_folders(data), data, settings(**changes), instruments)


def by_torchvision(files: list[Path], weights: Path) -> NDArray[Any]:
    """Pooled features of images at 32 pixels, computed without our code."""
    network = MobileNetV2().eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    pixels = [Image.open(path).resize((32, 32), Image.Resampling.BICUBIC) for path in files]
    scaled = np.stack([np.asarray(image) / 255 for image in pixels])
    scaled = (scaled - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    with torch.no_grad():
        maps = network.features(torch.from_numpy(scaled).float().permute(0, 3, 1, 2))
    return np.asarray(maps.mean((2, 3)).double())


def test_unchanged_images_score_like_the_baseline(
    tmp_path: Path, photos: Photos, instruments: Instruments
) -> None:
    photos("testA", 5), photos("testB", 5)
    metrics = measured(tmp_path, instruments).metrics
    assert [name for name in metrics if name.endswith("_ab")] == [
        f"{name}_ab" for name in ("fid", "kid", "l1", "ssim", "psnr", "lpips", "gram", "structure")
    ]
    for name, metric in metrics.items():
        if metric.unchanged is None:
            assert name.startswith(("structure", "cycle", "identity"))
            assert metric.value == 0
        else:
            # float32: a batch's sums may take another order.
            assert metric.value == pytest.approx(metric.unchanged.value, rel=1e-5)
            assert metric.change == "no clear difference"
        assert metric.low is not None
        assert metric.high is not None
        assert metric.low <= metric.high


def test_identical_folders_have_zero_fid_and_negative_kid(
    photos: Photos, instruments: Instruments, weights: Path
) -> None:
    """The closed form on features that torchvision computes; float32 features differ by 1e-6."""
    folder = photos("testA", 6)
    folder.rename(folder.parent / "testB")
    metrics = measured(photos("testA", 6).parent, instruments).metrics
    assert abs(metrics["fid_ab"].value) < 1e-3
    files = sorted((folder.parent / "testA").iterdir())
    # The fixture draws by folder name: testB was written as testA.
    assert files[0].read_bytes() == (folder.parent / "testB" / files[0].name).read_bytes()
    features = by_torchvision(files, weights)
    matrix = (features @ features.T / 1280 + 1) ** 3
    pairs = (matrix.sum() - np.trace(matrix)) / 30
    expected = 2 * (pairs - np.trace(matrix) / 6) / 6
    assert expected < 0
    assert metrics["kid_ab"].value == pytest.approx(expected, rel=1e-3)
    assert metrics["l1_ab"].value == 0
    assert metrics["psnr_ab"].value == 100
    assert metrics["ssim_ab"].value == pytest.approx(1, abs=1e-5)
    assert metrics["lpips_ab"].value < 1e-9


def test_fid_and_kid_are_those_of_scipy_and_torchvision(
    photos: Photos, instruments: Instruments, weights: Path
) -> None:
    """From files to the number without our code; 1e-3 for float32 features."""
    a, b = photos("testA", 6), photos("testB", 5)
    metrics = measured(a.parent, instruments).metrics
    x, y = (by_torchvision(sorted(folder.iterdir()), weights) for folder in (a, b))
    # n < d: the small product has the same nonzero eigenvalues as that of the covariances.
    root_x, root_y = ((of - of.mean(0)) / np.sqrt(len(of) - 1) for of in (x, y))
    inner = root_x @ root_y.T
    trace = np.trace(sqrtm(inner @ inner.T).real)
    gap = x.mean(0) - y.mean(0)
    expected = gap @ gap + (root_x**2).sum() + (root_y**2).sum() - 2 * trace
    assert metrics["fid_ab"].value == pytest.approx(expected, rel=1e-3)
    xx, yy, xy = ((a @ b.T / 1280 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    pairs = (xx.sum() - np.trace(xx)) / 30 + (yy.sum() - np.trace(yy)) / 20 - 2 * xy.mean()
    assert metrics["kid_ab"].value == pytest.approx(pairs, rel=1e-3)


def test_right_translations_are_better_and_wrong_ones_worse(
    photos: Photos, instruments: Instruments
) -> None:
    """testB holds the negatives of testA: `negative` is perfect in both directions."""
    folder = photos("testA", 8, size=(32, 32))
    (folder.parent / "testB").mkdir()
    for path in folder.iterdir():
        pixels = 255 - np.asarray(Image.open(path))
        Image.fromarray(pixels).save(folder.parent / "testB" / path.name)
    generators = {"ab": negative, "ba": lambda images: images * 0.5}
    metrics = measured(folder.parent, instruments, generators=generators).metrics
    for name in ("fid_ab", "l1_ab", "psnr_ab", "ssim_ab", "lpips_ab"):
        assert metrics[name].change == "better", name
    assert metrics["l1_ab"].value == 0
    assert metrics["cycle_a"].value == pytest.approx(metrics["identity_a"].value * 3, rel=1e-5)


def test_l1_is_the_mean_over_pairs_and_every_image_has_its_score(
    photos: Photos, instruments: Instruments
) -> None:
    a, b = photos("testA", 4, size=(32, 32)), photos("testB", 6, size=(32, 32))
    evaluation = measured(a.parent, instruments, generators={"ab": negative})
    expected = {}
    for path in sorted(a.iterdir()):
        one, other = (np.asarray(Image.open(p), float) for p in (path, b / path.name))
        expected[path.name] = np.abs(255 - one - other).mean() / 127.5
    scores = {i.file: i.scores["l1"] for i in evaluation.images if i.direction == "ab"}
    assert scores == pytest.approx(expected, rel=1e-5)  # float32
    l1 = evaluation.metrics["l1_ab"]
    assert l1.value == pytest.approx(np.mean([*expected.values()]), rel=1e-5)
    assert (l1.count, l1.better) == (4, "lower")
    assert l1.warning == "4 images: too few for an interval, which requires 5"
    assert evaluation.protocol["pairs"] == 4


def test_random_states_do_not_change_and_modes_are_restored(photos: Photos, weights: Path) -> None:
    """The generator has dropout in training mode: two equal results show eval mode."""
    photos("testB")
    root = photos("testA").parent

    def states() -> tuple[Any, ...]:
        return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()

    network = nn.Sequential(nn.Dropout(0.5), nn.Tanh()).train()
    before = states()
    first, second = (
        measured(root, open_instruments("mobilenet_v2", weights, CPU), generators={"ab": network})
        for _ in range(2)
    )
    assert states() == before
    assert network.training
    assert first.record() == second.record()


def test_batches_do_not_change_what_is_measured(photos: Photos, instruments: Instruments) -> None:
    """Except for float32 rounding, which another batch size may change."""
    a = photos("testA", 7)
    photos("testB", 7)
    one, other = (measured(a.parent, instruments, batch_size=size).metrics for size in (1, 7))
    for name, metric in one.items():
        assert metric.value == pytest.approx(other[name].value, rel=1e-4, abs=1e-9)


def test_one_generator_is_measured_without_metrics_of_the_other(
    tmp_path: Path, photos: Photos, instruments: Instruments
) -> None:
    photos("testA"), photos("testB")
    names = set(measured(tmp_path, instruments, generators={"ab": negative}).metrics)
    assert {"fid_ab", "structure_ab", "identity_b"} <= names
    assert not [name for name in names if name.endswith("_ba")]
    assert not {"cycle_a", "cycle_b", "identity_a"} & names


def test_without_an_extractor_pixels_are_compared(tmp_path: Path, photos: Photos) -> None:
    photos("testA"), photos("testB")
    evaluation = measured(tmp_path, Instruments(CPU))
    names = {name for name in evaluation.metrics if name.endswith("_ab")}
    assert names == {"l1_ab", "psnr_ab"}
    assert any("lpips skipped" in note for note in evaluation.notes)


@pytest.mark.parametrize(("a", "b", "expected"), [
    ({"count": 1}, {"count": 1}, "fid, kid skipped if a folder has one image"),
    ({"count": 3}, {"count": 3, "size": (40, 20)}, ""),
    ({"count": 3, "mode": "L"}, {"count": 3}, ""),
    ({"count": 3, "suffix": ".bmp"}, {"count": 3}, ""),
])  # fmt: skip
def test_odd_folders_are_measured(
    a: dict[str, Any], b: dict[str, Any], expected: str, photos: Photos, instruments: Instruments
) -> None:
    photos("testA", **a)
    evaluation = measured(photos("testB", **b).parent, instruments)
    assert np.isfinite(evaluation.metrics["l1_ab"].value)
    assert evaluation.protocol["pairs"] == a["count"]
    assert any(expected in note for note in ["", *evaluation.notes])


def test_unequal_aspects_are_reported_if_squares_are_cropped(
    tmp_path: Path, photos: Photos, instruments: Instruments
) -> None:
    photos("testA", 2, size=(40, 40)), photos("testB", 2, size=(40, 80))
    evaluation = measured(tmp_path, instruments, data={"resize": "short"})
    assert "2 pairs differ in aspect: their middle squares show different parts" in evaluation.notes


def test_gray_and_color_are_compared_in_the_target_domains_channels(
    tmp_path: Path, photos: Photos, instruments: Instruments
) -> None:
    photos("testA", 3), photos("testB", 3, mode="L")
    generators: dict[Any, Callable[[Tensor], Tensor]] = {
        "ab": lambda x: x.mean(1, keepdim=True),
        "ba": lambda x: x.repeat(1, 3, 1, 1),
    }
    channels = {"channels_b": 1}
    metrics = measured(tmp_path, instruments, generators=generators, data=channels).metrics
    assert {"l1_ab", "l1_ba", "cycle_b", "fid_ab"} <= set(metrics)
    assert metrics["cycle_b"].value == pytest.approx(0, abs=1e-6)
    assert "identity_a" not in metrics


def test_a_missing_folder_is_reported_and_the_rest_measured(
    photos: Photos, instruments: Instruments
) -> None:
    root = photos("testA").parent
    evaluation = measured(root, instruments)
    assert set(evaluation.metrics) == {"structure_ab", "cycle_a", "identity_a"}
    assert f"{root / 'testB'}: no such folder; metrics that need it are skipped" in evaluation.notes


def test_unreadable_files_are_skipped_by_name(photos: Photos, instruments: Instruments) -> None:
    photos("testB")
    folder = photos("testA")
    (folder / "001.png").write_bytes(b"no picture")
    evaluation = measured(folder.parent, instruments)
    assert evaluation.metrics["l1_ab"].count == 3
    assert any("skipped" in note and "001.png" in note for note in evaluation.notes)


def test_folders_without_images_are_rejected(tmp_path: Path, photos: Photos) -> None:
    data = DataConfig(root=tmp_path)
    with pytest.raises(ValueError, match=r"testA and .*testB: no such folder"):
        open_folders(data)
    (tmp_path / "testB").mkdir()
    photos("testA")
    with pytest.raises(ValueError, match="testB: no images in this folder"):
        open_folders(data)


def test_a_translation_that_is_not_finite_is_rejected_by_name(
    photos: Photos, instruments: Instruments
) -> None:
    root = photos("testA").parent
    with pytest.raises(ValueError, match=r"000.png and 3 more: the generator returns NaN"):
        measured(root, instruments, generators={"ab": lambda x: x * torch.nan})


def test_a_reconstruction_that_is_not_finite_is_rejected_too(
    photos: Photos, instruments: Instruments
) -> None:
    root = photos("testA").parent
    generators = {"ab": nothing, "ba": lambda x: x * torch.nan}
    with pytest.raises(ValueError, match=r"000.png and 3 more: the generator returns NaN"):
        measured(root, instruments, generators=generators, directions=("ab",))


def test_lpips_prefers_its_published_weights(tmp_path: Path, photos: Photos) -> None:
    """A stand-in for AlexNet and its weights: twice the mean difference."""
    photos("testA", 3), photos("testB", 3)

    def lpips(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return 2 * (x - y).abs().mean((1, 2, 3))

    size = {"load_size": 64, "crop_size": 64}
    evaluation = measured(tmp_path, Instruments(CPU, lpips={"alexnet": lpips}), data=size)
    metrics = evaluation.metrics
    assert metrics["lpips_ab"].value == pytest.approx(2 * metrics["l1_ab"].value, rel=1e-5)
    assert evaluation.protocol["lpips"] == "alexnet, torchmetrics' weights"
    small = measured(tmp_path, Instruments(CPU, lpips={"alexnet": lpips}))
    assert "lpips_ab" not in small.metrics


def test_the_reference_can_be_the_training_images(
    tmp_path: Path, photos: Photos, instruments: Instruments
) -> None:
    for name, count in (("testA", 4), ("testB", 4), ("trainA", 4), ("trainB", 9)):
        photos(name, count)
    data = DataConfig(root=tmp_path, load_size=32, crop_size=32)
    generators: dict[Any, Any] = {"ab": nothing}
    folders = open_folders(data, "test", "train")
    assert [len(folder.files) for folder in folders.references.values()] == [4, 9]
    of_train = evaluate(generators, folders, data, settings(), instruments)
    of_test = evaluate(generators, open_folders(data), data, settings(), instruments)
    assert of_train.metrics["l1_ab"] == of_test.metrics["l1_ab"]
    assert of_train.metrics["fid_ab"] != of_test.metrics["fid_ab"]


def test_the_folders_hash_changes_with_names_and_contents(photos: Photos) -> None:
    folder = photos("testA")
    data = DataConfig(root=folder.parent)

    def digest() -> str:
        return open_folders(data).sources["a"].sha256

    first = digest()
    assert digest() == first
    Image.new("RGB", (24, 20)).save(folder / "003.png")
    second = digest()
    (folder / "003.png").rename(folder / "004.png")
    assert len({first, second, digest()}) == 3


def test_pairs_have_equal_names_except_for_the_suffix(photos: Photos) -> None:
    a, b = photos("testA", 4), photos("testB", 3, suffix=".bmp")
    (a / "000.png").rename(a / "other.png")
    Image.new("RGB", (24, 20)).save(b / "002.jpg")  # two of this name: which one is meant?
    data = DataConfig(root=a.parent)
    expected = {a / "001.png": b / "001.bmp", b / "001.bmp": a / "001.png"}
    assert open_folders(data).pairs == expected
    assert open_folders(data, paired=False).pairs == {}
