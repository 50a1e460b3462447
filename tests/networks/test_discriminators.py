"""The discriminators: the reference's parameters and keys, and how many pixels a score sees."""

import pytest
import torch
from torch import nn
from torch.autograd import gradgradcheck

from gan.config.choices import Norm
from gan.networks import build_discriminator


@pytest.mark.parametrize(
    ("kind", "layers", "norm", "parameters"),
    [
        ("basic", 3, "instance", 2_764_737),
        ("basic", 3, "batch", 2_765_633),
        ("basic", 3, "none", 2_763_841),
        ("n_layers", 1, "instance", 136_385),
        ("n_layers", 2, "instance", 662_977),
        ("n_layers", 3, "instance", 2_764_737),
        ("n_layers", 4, "instance", 6_959_553),
        ("n_layers", 5, "instance", 11_154_369),
        ("pixel", 3, "instance", 8_705),
        ("pixel", 3, "batch", 8_832),
        ("pixel", 3, "none", 8_576),
    ],
)
def test_the_number_of_parameters_is_the_references(
    kind: str, layers: int, norm: Norm, parameters: int
) -> None:
    with torch.device("meta"):
        discriminator = build_discriminator(kind, layers=layers, norm=norm)
    assert sum(p.numel() for p in discriminator.parameters()) == parameters


@pytest.mark.parametrize(
    ("kind", "norm", "weights", "biases"),
    [
        ("basic", "instance", [0, 2, 5, 8, 11], [0, 2, 5, 8, 11]),
        ("basic", "none", [0, 2, 5, 8, 11], [0, 11]),
        ("basic", "batch", [0, 2, 3, 5, 6, 8, 9, 11], [0, 3, 6, 9, 11]),
        ("pixel", "instance", [0, 2, 5], [0, 2, 5]),
        ("pixel", "none", [0, 2, 5], [0]),
        ("pixel", "batch", [0, 2, 3, 5], [0, 3]),
    ],
)
def test_keys_are_the_references(
    kind: str, norm: Norm, weights: list[int], biases: list[int]
) -> None:
    names = dict(build_discriminator(kind, channels=1, norm=norm).named_parameters()).keys()
    prefix = "net" if kind == "pixel" else "model"
    expected = {f"{prefix}.{i}.weight" for i in weights} | {f"{prefix}.{i}.bias" for i in biases}
    assert names == expected


@pytest.mark.parametrize(
    ("kind", "layers", "size"),
    [
        ("basic", 5, 30),  # "basic" ignores layers
        ("n_layers", 1, 126),
        ("n_layers", 2, 62),
        ("n_layers", 3, 30),
        ("n_layers", 4, 14),
        ("n_layers", 5, 6),
        ("pixel", 5, 256),
    ],
)
def test_size_of_the_score_map_for_256_pixels(kind: str, layers: int, size: int) -> None:
    with torch.device("meta"):
        discriminator = build_discriminator(kind, layers=layers)
        assert discriminator(torch.empty(2, 3, 256, 256)).shape == (2, 1, size, size)


@pytest.mark.parametrize(
    ("kind", "layers", "pixels"),
    [("pixel", 3, 1), ("n_layers", 1, 16), ("n_layers", 2, 34), ("basic", 3, 70)],
)
def test_a_score_sees_its_receptive_field(kind: str, layers: int, pixels: int) -> None:
    """The receptive field: where the gradient of the central score is not zero."""
    discriminator = build_discriminator(kind, channels=1, layers=layers, norm="none")
    for parameter in discriminator.parameters():
        nn.init.ones_(parameter)  # so that nothing cancels
    images = torch.ones(1, 3, 128, 128, requires_grad=True)
    scores = discriminator(images)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    assert images.grad is not None
    rows, columns = images.grad[0, 0].nonzero().unbind(1)
    assert rows.max() - rows.min() + 1 == pixels
    assert columns.max() - columns.min() + 1 == pixels


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("kind", ["basic", "pixel"])
def test_second_derivatives_are_correct(kind: str, norm: Norm) -> None:
    """The gradient penalty differentiates a gradient; compared with finite differences."""
    torch.manual_seed(0)
    discriminator = build_discriminator(kind, in_channels=1, channels=2, norm=norm).double()
    images = torch.randn(2, 1, 32, 32, dtype=torch.float64, requires_grad=True)
    assert gradgradcheck(discriminator, images, fast_mode=True)


@pytest.mark.parametrize("kind", ["basic", "n_layers", "pixel"])
def test_gray_images_can_be_scored(kind: str) -> None:
    scores = build_discriminator(kind, in_channels=1, channels=2)(torch.rand(2, 1, 32, 32))
    assert scores.shape[:2] == (2, 1)
