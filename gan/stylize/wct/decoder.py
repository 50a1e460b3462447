"""The trained half of the transformation: a decoder that mirrors the encoder, and its file."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan.networks.described import read_described, state_dict_mismatch, write_described
from gan.networks.layers import NearestUpsample
from gan.stylize.wct.encoder import widths

KEY = "gan_wct_decoder"
"""Key of the entry in the metadata."""
VERSION = 1
"""Version of the entry's format."""
MOST_CHANNELS = 4096
MOST_CONVOLUTIONS = 16
DEEPEST = 5
"""Limits for the sizes in a file; a VGG has at most 512 channels and four convolutions a block."""


class Shape(NamedTuple):
    """The sizes of one stage."""

    channels: int
    """Channels of the level's maps."""
    out: int
    """Channels of the maps one level up; 3 for the picture."""
    convolutions: int
    """Convolutions after the upsampling."""


class Decoder(nn.Module):
    """Maps feature maps of a level to those of the level above it, and at level 1 to a picture.

    Every stage mirrors one block of the encoder: convolutions in reverse order with mirrored edges,
    and nearest-neighbor upsampling in place of pooling. Since each stage returns the feature maps
    of a level, one decoder serves all levels: its last stages decode any of them (blockwise
    training; Chiu and Gurari 2021, "PhotoWCT2", Sec. 3.1).
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        """Build the stages, from level 1 to the deepest."""
        super().__init__()
        self.shapes = [Shape(*shape) for shape in shapes]
        self.stages = nn.ModuleList(_stage(*shape) for shape in self.shapes)

    @property
    def depth(self) -> int:
        """The deepest level."""
        return len(self.stages)

    def up(self, level: int, maps: Tensor) -> Tensor:
        """Map a level's feature maps (N, C, h, w) to (N, C', 2h, 2w), or to a picture at level 1.

        The picture is (N, 3, h, w) in about [-1, 1].
        """
        result: Tensor = self.stages[level - 1](maps)
        return result

    def forward(self, maps: Tensor, level: int) -> list[Tensor]:
        """Return the outputs of the stages from `level` down to 1; the last is the picture."""
        made: list[Tensor] = []
        for stage in range(level, 0, -1):
            maps = self.up(stage, maps)
            made.append(maps)
        return made


def _stage(channels: int, out: int, convolutions: int) -> nn.Sequential:
    """Return one stage; the one that makes the picture has a single convolution."""
    layers: list[nn.Module] = [_convolution(channels, out)]
    if convolutions:
        layers += [nn.ReLU(), NearestUpsample(scale_factor=2)]
        for _ in range(convolutions):
            layers += [_convolution(out, out), nn.ReLU()]
    return nn.Sequential(*layers)


def _convolution(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, padding_mode="reflect")


def mirrored(backbone: str, depth: int) -> list[Shape]:
    """Return the sizes of the stages that mirror a VGG's levels 1 to `depth`."""
    blocks = widths(backbone)
    shapes = [Shape(blocks[0][0], 3, 0)]
    for above, block in pairwise(blocks[:depth]):
        shapes.append(Shape(block[0], above[0], max(1, len(above) - 1)))
    return shapes


def write_decoder(
    path: Path,
    decoder: Decoder,
    backbone: str,
    probes: Sequence[Tensor],
    about: dict[str, Any],
) -> None:
    """Write a decoder's file, atomically, with 16 bits per weight.

    `probes` are the results of encoder.probe for levels 1, 2 and so on; `about` are facts about the
    training. OSError, with the file's name, if it cannot be written.
    """
    tensors = {name: tensor.half().cpu() for name, tensor in decoder.state_dict().items()}
    described = {"version": VERSION, "backbone": backbone, "stages": decoder.shapes, "about": about}
    known = {f"probe{level}": probe.float() for level, probe in enumerate(probes, 1)}
    write_described(path, tensors | known, KEY, described)


class Opened(NamedTuple):
    """A decoder's file."""

    decoder: Decoder
    """On the CPU, frozen."""
    backbone: str
    probes: list[Tensor]
    """The results of encoder.probe for levels 1, 2 and so on of its encoder."""


def read_decoder(path: Path) -> Opened:
    """Return a file's decoder; no code of the file runs.

    ValueError, with the file's name, if it is not a decoder's, is damaged or of another version, or
    if its weights do not fit its description.
    """
    tensors, description = read_described(path, KEY, "decoder")
    try:
        described = json.loads(description)
        if described["version"] != VERSION:
            raise ValueError(f"version {described['version']}; this program reads {VERSION}")
        shapes = _checked(described["stages"])
        with torch.device("meta"):
            decoder = Decoder(shapes)
        probes = [tensors.pop(f"probe{level}") for level in range(1, len(shapes) + 1)]
        if problem := state_dict_mismatch(decoder.state_dict(), tensors, decoder.state_dict()):
            raise ValueError(problem)
        decoder.load_state_dict(tensors, assign=True)
        return Opened(decoder.requires_grad_(False).eval(), str(described["backbone"]), probes)
    except (RuntimeError, TypeError, KeyError, ValueError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path}: weights and description do not fit: {reason}") from error


def _checked(stages: Any) -> list[Shape]:
    """Return the sizes of a file's stages; ValueError or TypeError if they fit no decoder."""
    shapes = [Shape(*map(int, stage)) for stage in stages]
    if not 1 <= len(shapes) <= DEEPEST:
        raise ValueError(f"{len(shapes)} stages, not 1 to {DEEPEST}")
    wanted = 3
    for shape in shapes:
        fits = shape.out == wanted and 1 <= shape.channels <= MOST_CHANNELS
        if not fits or (shape.convolutions == 0) != (wanted == 3 and shape is shapes[0]):
            raise ValueError(f"stage {tuple(shape)}")
        if shape.convolutions > MOST_CONVOLUTIONS:
            raise ValueError(f"stage {tuple(shape)}")
        wanted = shape.channels
    return shapes
