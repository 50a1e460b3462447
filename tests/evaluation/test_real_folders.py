"""Real photographs and paintings with a network that was trained on photographs."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from gan.config import DataConfig
from gan.evaluation import Settings, evaluate, open_folders, open_instruments
from gan.evaluation.folders import read_images
from gan.metrics.kernel import kernel_estimate

DATA = os.environ.get("GAN_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="GAN_DATA names no folder with testA and testB")
CPU = torch.device("cpu")


def test_halves_of_a_folder_have_zero_mean_and_another_domain_does_not(
    mobilenet_weights: Path,
) -> None:
    """Over all halvings the mean is exactly 0; over 200 it is within three standard errors."""
    data = DataConfig(root=Path(str(DATA)), load_size=64, crop_size=64)
    folders = open_folders(data)
    extractor = open_instruments("mobilenet_v2", mobilenet_weights, CPU).extractor
    assert extractor is not None
    with torch.no_grad():
        photos, paintings = (
            extractor.features(extractor.maps(read_images(folder.files, data, "a")))
            for folder in folders.sources.values()
        )
    rng, values = np.random.default_rng(0), []
    for _ in range(200):
        order = rng.permutation(len(photos))
        half = len(photos) // 2
        values.append(kernel_estimate(photos[order[:half]], photos[order[half:]]).value)
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)
    assert kernel_estimate(photos, paintings).value > max(values)


def test_the_ground_truth_is_better_than_the_sources(mobilenet_weights: Path) -> None:
    """testB's folder on both sides, pairs by name: the scores of a perfect translation."""
    root = Path(str(DATA))
    data = DataConfig(root=root, load_size=32, crop_size=32)
    folders = open_folders(data, max_images=12)
    truth = {
        image.numpy().tobytes(): other
        for image, other in zip(
            *(read_images(folder.files, data, "a") for folder in folders.sources.values()),
            strict=True,
        )
    }

    def perfect(images: torch.Tensor) -> torch.Tensor:
        return torch.stack([truth[image.numpy().tobytes()] for image in images])

    instruments = open_instruments("mobilenet_v2", mobilenet_weights, CPU)
    settings = Settings(directions=("ab",), resamples=200)
    metrics = evaluate({"ab": perfect}, folders, data, settings, instruments).metrics
    assert abs(metrics["fid_ab"].value) < 1e-3
    assert metrics["kid_ab"].value < 0
    for name in ("fid", "kid", "l1", "ssim", "psnr", "lpips", "gram"):
        assert metrics[f"{name}_ab"].change == "better", name
