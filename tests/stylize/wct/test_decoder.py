"""The decoder's sizes, its file, and files that are not one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from gan.config import PerceptualConfig
from gan.features import Features
from gan.stylize.wct.decoder import KEY, Decoder, Shape, mirrored, read_decoder
from gan.stylize.wct.encoder import encoder, layer, probe, widths


def test_the_blocks_of_vgg_16_are_the_papers() -> None:
    """Simonyan and Zisserman 2015, Table 1, column D."""
    wanted = [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]
    assert widths("vgg16") == wanted


def test_the_decoder_mirrors_the_encoder() -> None:
    shapes = [Shape(64, 3, 0), Shape(128, 64, 1), Shape(256, 128, 1), Shape(512, 256, 2)]
    assert mirrored("vgg16", 4) == shapes
    convolutions = [m for m in Decoder(shapes[:3]).modules() if isinstance(m, nn.Conv2d)]
    sizes = [(each.out_channels, each.in_channels) for each in convolutions]
    # relu3_1: conv1_1, conv1_2, conv2_1, conv2_2, conv3_1 are 3-64, 64-64, 64-128, 128-128, 128-256
    assert sorted(sizes) == sorted([(3, 64), (64, 64), (64, 128), (128, 128), (128, 256)])


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_stage_gives_maps_of_the_level_above(
    level: int, features: Features, decoder: Decoder
) -> None:
    images = torch.zeros(1, 3, 32, 40)
    maps = features(images)
    made = decoder(maps[layer(level)], level)
    wanted = [maps[layer(each)].shape for each in range(level - 1, 0, -1)] + [images.shape]
    assert [each.shape for each in made] == wanted


def test_other_networks_than_a_vgg_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"perceptual.backbone: .* VGG.* not mobilenet_v2"):
        encoder(PerceptualConfig(backbone="mobilenet_v2"), [1])


def test_a_constant_picture_has_constant_maps(features: Features) -> None:
    """Edges are mirrored, so there is no frame; torchvision's padding by zeros has one."""
    for maps in features(torch.full((1, 3, 32, 32), 0.25)).values():
        np.testing.assert_allclose(maps, maps[..., :1, :1].expand_as(maps), atol=1e-4)


def test_a_file_keeps_weights_to_16_bits(
    decoder_file: Path, decoder: Decoder, features: Features
) -> None:
    opened = read_decoder(decoder_file)
    assert (opened.backbone, opened.decoder.shapes) == ("vgg16", decoder.shapes)
    for name, weights in opened.decoder.state_dict().items():
        assert weights.dtype == torch.float32
        np.testing.assert_allclose(weights, decoder.state_dict()[name], rtol=1e-3, atol=1e-6)
    for level, found in enumerate(opened.probes, 1):
        np.testing.assert_array_equal(found, probe(features, level))
    count = sum(weights.numel() for weights in decoder.parameters())
    assert decoder_file.stat().st_size < 2 * count + 8192


def changed(path: Path, folder: Path, **changes: object) -> Path:
    """Return a copy of a decoder's file with other entries in its description."""
    described = {"version": 1, "backbone": "vgg16", "about": {}}
    described["stages"] = mirrored("vgg16", 3)
    save_file(load_file(path), folder / "x.safetensors", {KEY: json.dumps(described | changes)})
    return folder / "x.safetensors"


@pytest.mark.parametrize(("changes", "message"), [
    ({"version": 2}, "version 2; this program reads 1"),
    ({"stages": []}, "0 stages"),
    ({"stages": [[64, 3, 0]] * 9}, "9 stages"),
    ({"stages": [[64, 3, 0], [128, 32, 1]]}, r"stage \(128, 32, 1\)"),
    ({"stages": [[64, 3, 0], [128, 64, 0]]}, r"stage \(128, 64, 0\)"),
    ({"stages": [[64, 3, 0], [128, 64, 10**9]]}, r"stage \(128, 64, 1000000000\)"),
    ({"stages": [[10**9, 3, 0]]}, r"stage \(1000000000, 3, 0\)"),
    ({"stages": [[64, 3, 0], [128, 64, 1]]}, "is unknown"),
    ({"stages": [[64, 3, 0], [128, 64, 1], [512, 128, 1]]}, r"instead of"),
    ({"stages": [[64, 3, 0], [128, 64, 1], [256, 128, 1], [512, 256, 1]]}, "probe4"),
    ({"stages": "none"}, "fit"),
])  # fmt: skip
def test_a_file_whose_description_does_not_fit_is_rejected(
    changes: dict[str, object], message: str, decoder_file: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=rf"x.safetensors: .*{message}"):
        read_decoder(changed(decoder_file, tmp_path, **changes))


def test_other_files_are_rejected(decoder_file: Path, generator_file: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickle.safetensors"
    torch.save({"stages.0.0.weight": torch.zeros(3)}, pickled)
    short = tmp_path / "short.safetensors"
    short.write_bytes(decoder_file.read_bytes()[:-1000])
    for path, message in (
        (generator_file, "not one of our decoders"),
        (pickled, "cannot be read as a decoder"),
        (short, "cannot be read as a decoder"),
        (tmp_path / "missing.safetensors", "cannot be read as a decoder"),
    ):
        with pytest.raises(ValueError, match=rf"{path.name}: {message}"):
            read_decoder(path)
