"""The autoencoder of VGG-16: its encoder is torchvision's, its decoder mirrors it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import vgg16

from gan.features import Features, load_encoder
from gan.networks import build_generator, init_weights
from gan.networks.vgg import VggAutoencoder
from tests.support.decoders import random_network, write_vgg


def images(height: int = 32, width: int = 40, channels: int = 3) -> torch.Tensor:
    draws = torch.Generator().manual_seed(0)
    return torch.rand(2, channels, height, width, generator=draws) * 2 - 1


def test_the_encoder_has_torchvisions_tensors_up_to_relu4_1() -> None:
    """Simonyan and Zisserman 2015, Table 1, column D."""
    with torch.device("meta"):
        theirs = vgg16().features[:19].state_dict()
        network = build_generator("vgg_4levels")
    ours = {name: each for name, each in network.state_dict().items() if name.startswith("encoder")}
    assert {name: each.shape for name, each in ours.items()} == {
        f"encoder.features.{name}": each.shape for name, each in theirs.items()
    }


def test_away_from_edges_the_maps_are_those_of_torchvisions_classifier(tmp_path: Path) -> None:
    path = write_vgg(tmp_path / "vgg.pth")
    layers = [f"relu{level}_1" for level in (1, 2, 3, 4)]
    theirs = Features("vgg16", layers, path)(images(128, 128))
    network = random_network(kind="vgg_4levels")
    fingerprint = load_encoder(network.encoder, path)
    assert len(fingerprint) == 16
    for level, maps in enumerate(network.encode(images(128, 128), 4)):
        inner = 48 // 2**level
        kept = slice(inner, -inner)
        np.testing.assert_allclose(
            maps[..., kept, kept], theirs[layers[level]][..., kept, kept], atol=1e-4
        )


def test_a_constant_picture_has_constant_maps() -> None:
    """Edges are mirrored, so there is no frame; torchvision's padding by zeros has one."""
    for maps in random_network().encode(torch.full((1, 3, 32, 32), 0.25), 3):
        np.testing.assert_allclose(maps, maps[..., :1, :1].expand_as(maps), atol=1e-4)


@pytest.mark.parametrize("deepest", [1, 2, 3, 4])
def test_the_decoder_mirrors_the_encoder(deepest: int) -> None:
    with torch.device("meta"):
        network = build_generator(f"vgg_{deepest}levels")
    assert isinstance(network, VggAutoencoder)
    up = [(each.out_channels, each.in_channels) for each in network.stages.modules()
          if isinstance(each, nn.Conv2d)]  # fmt: skip
    down = [each.shape[:2] for each in network.encoder.state_dict().values() if each.dim() == 4]
    assert sorted(up) == sorted((into, out) for out, into in down)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_stage_gives_maps_of_the_level_above(level: int) -> None:
    network = random_network()
    maps = network.encode(images(), 3)
    made = network.decode(maps[level - 1], level)
    wanted = [each.shape for each in reversed(maps[: level - 1])] + [images().shape]
    assert [each.shape for each in made] == wanted


def test_a_pass_with_levels_returns_what_encode_and_decode_do() -> None:
    network = random_network()
    maps, decodings = network(images(), [3, 1])
    for ours, theirs in zip(maps, network.encode(images(), 3), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for level, decoding in zip((3, 1), decodings, strict=True):
        *inner, picture = network.decode(maps[level - 1], level)
        np.testing.assert_array_equal(decoding.picture, picture)
        assert len(decoding.inner) == level - 1
        for ours, theirs in zip(decoding.inner, reversed(inner), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for ours, theirs in zip(decoding.seen, network.encode(picture, 3), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    plain = network(images())
    np.testing.assert_array_equal(plain, decodings[0].picture.clamp(-1, 1))


@pytest.mark.parametrize(("channels", "size"), [((3, 3), (17, 23)), ((1, 1), (16, 16))])
def test_any_size_is_reconstructed(channels: tuple[int, int], size: tuple[int, int]) -> None:
    network = random_network(
        kind="vgg_4levels", channels=2, in_channels=channels[0], out_channels=channels[1]
    )
    result = network(images(*size, channels[0]))
    assert result.shape == (2, channels[1], *size)
    assert result.abs().max() <= 1


def test_the_encoder_is_neither_trained_nor_drawn_again() -> None:
    network = random_network(channels=2)
    names = {name for name, _ in network.named_parameters()}
    assert names
    assert all(name.startswith("stages.") for name in names)
    before = {name: each.clone() for name, each in network.state_dict().items()}
    init_weights(network, 0.02, torch.Generator().manual_seed(3))
    changed = {n for n, each in network.state_dict().items() if not torch.equal(each, before[n])}
    assert changed == {name for name in names if name.endswith("weight")}


def test_weights_that_do_not_fit_are_rejected(tmp_path: Path) -> None:
    narrow = random_network(channels=2).encoder
    with pytest.raises(ValueError, match=r"networks\.generator_channels: VGG-16 has 64, not 2"):
        load_encoder(narrow, None)
    file = write_vgg(tmp_path / "wide.pth")
    with pytest.raises(
        ValueError, match=r"wide.pth: these are not the weights of vgg16: .* of \(2"
    ):
        load_encoder(narrow, file)
    with pytest.raises(ValueError, match=r"none.pth: cannot be read as weights"):
        load_encoder(narrow, tmp_path / "none.pth")


def test_levels_halve_height_and_width() -> None:
    sizes = [each.shape[2:] for each in random_network().encode(images(), 3)]
    assert all((2 * b[0], 2 * b[1]) == (a[0], a[1]) for a, b in pairwise(sizes))
