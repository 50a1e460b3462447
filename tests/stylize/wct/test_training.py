"""The training of a decoder: its loss, its last layer, its randomness."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan.features import Features
from gan.stylize.wct import training
from gan.stylize.wct.decoder import Decoder, mirrored
from gan.stylize.wct.encoder import layer
from gan.stylize.wct.training import loss, solve_last, train_decoder


@pytest.fixture
def photographs(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """Four smooth pictures; crops are small and few."""
    for name, value in (("CROP", 16), ("BATCH", 2), ("SOLVED", 8), ("WARM_UP", 2)):
        monkeypatch.setattr(training, name, value)
    rng = np.random.default_rng(0)
    blobs = [Image.fromarray(rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)) for _ in range(4)]
    return [blob.resize((48, 40), Image.Resampling.BICUBIC) for blob in blobs]


def test_the_loss_of_a_decoder_of_zeros_is_the_closed_form(features: Features) -> None:
    """Its maps are 0, at a relative distance of 1; its picture is gray."""
    decoder = Decoder(mirrored("vgg16", 3))
    for weights in decoder.parameters():
        nn.init.zeros_(weights)
    crops = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    wanted, gray = features(crops), features(torch.zeros_like(crops))
    apart = [
        ((gray[at] - maps).square().sum() / maps.square().sum()).item()
        for at, maps in wanted.items()
    ]
    expected = training.PIXELS * crops.square().mean().item() + float(np.mean(apart)) + 1
    assert loss(crops, features, decoder, 3).item() == pytest.approx(expected, rel=1e-4)


def test_the_last_convolution_has_the_least_squared_error(
    features: Features, photographs: list[Image.Image]
) -> None:
    """By NumPy's least squares over all positions away from the edges, for level 1 alone."""
    torch.manual_seed(0)
    crops = torch.rand(8, 3, 16, 16) * 2 - 1
    decoder = Decoder(mirrored("vgg16", 1)).requires_grad_(False)
    solve_last(crops, features, decoder)
    maps = features(crops)[layer(1)]
    padded = nn.functional.pad(maps, (1,) * 4, mode="reflect").numpy()
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, 64 * 9)
    rows = np.c_[rows, np.ones(len(rows))].astype(np.float64)
    wanted = crops.permute(0, 2, 3, 1).reshape(-1, 3).numpy()
    best = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    least = float(np.square(rows @ best - wanted).mean())
    ours = (decoder.up(1, maps) - crops).square().mean().item()
    assert ours == pytest.approx(least, rel=0.05, abs=1e-5)


def test_training_reduces_the_loss_and_depends_on_the_seed_only(
    features: Features, photographs: list[Image.Image]
) -> None:
    shapes = mirrored("vgg16", 3)
    few, same, other = (
        train_decoder(photographs, features, shapes, 3, seed=seed).state_dict()
        for seed in (0, 0, 1)
    )
    for name, weights in few.items():
        np.testing.assert_array_equal(weights, same[name])
    assert not torch.equal(few["stages.2.0.weight"], other["stages.2.0.weight"])
    crops = torch.stack(
        [next(training._crops(photographs, torch.Generator().manual_seed(9))) for _ in range(4)]
    )
    losses = [
        loss(crops, features, train_decoder(photographs, features, shapes, steps), 3).item()
        for steps in (1, 25)
    ]
    assert losses[1] < 0.9 * losses[0]


def test_crops_are_of_the_size_and_range(photographs: list[Image.Image]) -> None:
    drawn = training._crops(
        [*photographs, Image.new("RGB", (5, 300), "white")], torch.Generator().manual_seed(0)
    )
    crops = torch.stack([next(drawn) for _ in range(40)])
    assert crops.shape == (40, 3, 16, 16)
    assert crops.abs().max() <= 1
    assert any((crop == 1).all() for crop in crops)  # the white one


def test_every_fourth_step_starts_from_another_level_than_the_deepest() -> None:
    levels = [training._level(step, 4) for step in range(60)]
    assert [levels.count(level) for level in (1, 2, 3, 4)] == [5, 5, 5, 45]
    assert {training._level(step, 1) for step in range(9)} == {1}
