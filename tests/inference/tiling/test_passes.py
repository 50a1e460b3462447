"""An image in bands: the same output as in one piece, in bounded memory and disk space."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.config.choices import Downsample, Norm, Upsample
from gan.inference.tiling import run_tiled, scratch_bytes
from gan.networks import build_generator

EXACT = 5e-5
"""Tolerance in [-1, 1]; measured up to 8e-6. Local statistics differ by 0.1 and more."""


def generator(
    kind: str = "resnet_6blocks",
    *,
    norm: Norm = "instance",
    upsample: Upsample = "deconv",
    affine: bool = False,
    channels: int = 4,
    in_channels: int = 3,
    downsample: Downsample = "stride",
) -> nn.Module:
    """Return a generator with larger weights than torch's defaults, and random norms."""
    torch.manual_seed(0)
    network = build_generator(
        kind,
        channels=channels,
        norm=norm,
        upsample=upsample,
        in_channels=in_channels,
        downsample=downsample,
    )
    if affine:
        make_affine(network)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
            for tensor in (*module.parameters(), *module.buffers()):
                if tensor.is_floating_point():
                    nn.init.uniform_(tensor, 0.5, 1.5)
    return network.eval()


def make_affine(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.InstanceNorm2d):
            setattr(module, name, nn.InstanceNorm2d(child.num_features, affine=True))
        make_affine(child)


def picture(height: int, width: int, *, dark: bool = False, channels: int = 3) -> Tensor:
    """Return noise on waves; with dark, the lower half is black, where variances are zero."""
    torch.manual_seed(1)
    waves = torch.sin(torch.arange(width) / 9) * torch.cos(torch.arange(height) / 7)[:, None]
    x = (0.6 * waves + 0.4 * torch.randn(1, channels, height, width)).clamp(-1, 1)
    if dark:
        x[..., height // 2 :, :] = -1
    return x


def tiled(network: nn.Module, x: Tensor, tile: int, scratch: Path) -> Tensor:
    output = torch.full((1, 3, *x.shape[-2:]), torch.nan)

    def write(rows: slice, columns: slice, part: Tensor) -> None:
        assert output[..., rows, columns].isnan().all(), "written twice"
        output[..., rows, columns] = part

    def read(rows: slice, columns: slice) -> Tensor:
        return x[..., rows, columns].clone()

    run_tiled(network, read, write, *x.shape[-2:], tile=tile, scratch=scratch)
    return output


@torch.inference_mode()
def difference(network: nn.Module, x: Tensor, tile: int, scratch: Path) -> float:
    return float((tiled(network, x, tile, scratch) - network(x)).abs().max())


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("tile", [64, 128, 1024])
@pytest.mark.parametrize(("height", "width"), [(150, 203), (257, 130)])
def test_tiles_change_nothing(
    height: int, width: int, tile: int, dark: bool, tmp_path: Path
) -> None:
    assert difference(generator(), picture(height, width, dark=dark), tile, tmp_path) < EXACT


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("upsample", get_args(Upsample))
@pytest.mark.parametrize(
    "kind", ["resnet_6blocks", "resnet_9blocks", "mobile", "resnet_6blocks_half"]
)
def test_tiles_change_nothing_in_any_resnet(
    kind: str, upsample: Upsample, affine: bool, tmp_path: Path
) -> None:
    network = generator(kind, upsample=upsample, affine=affine, channels=6)
    for x in (picture(101, 90), picture(90, 101, dark=True)):
        assert difference(network, x, 32, tmp_path) < EXACT


@pytest.mark.parametrize("upsample", ["deconv", "blur"])
@pytest.mark.parametrize(("height", "width"), [(101, 90), (17, 64), (16, 301)])
@pytest.mark.parametrize("tile", [8, 32])
def test_tiles_change_nothing_in_networks_with_blur_filters(
    upsample: Upsample, height: int, width: int, tile: int, tmp_path: Path
) -> None:
    network = generator(upsample=upsample, downsample="blur", norm="instance_affine")
    assert difference(network, picture(height, width), tile, tmp_path) < EXACT


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_tiles_change_nothing_without_instance_norm(norm: Norm, tmp_path: Path) -> None:
    assert difference(generator(norm=norm), picture(101, 90), 32, tmp_path) < EXACT


def test_dropout_is_off(tmp_path: Path) -> None:
    network = build_generator("resnet_6blocks", channels=4, dropout=True).eval()
    assert difference(network, picture(50, 40), 16, tmp_path) < EXACT


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 19), (16, 301), (302, 16), (64, 63)])
def test_any_size_from_16_up_in_the_thinnest_bands(height: int, width: int, tmp_path: Path) -> None:
    """Four lines at a time, the minimum."""
    assert difference(generator(), picture(height, width), 8, tmp_path) < EXACT


def test_a_picture_much_larger_than_the_tile(tmp_path: Path) -> None:
    assert difference(generator(), picture(700, 501, dark=True), 64, tmp_path) < EXACT


def test_gray_pictures(tmp_path: Path) -> None:
    x = picture(70, 50, channels=1)
    assert difference(generator(in_channels=1), x, 32, tmp_path) < EXACT


@torch.inference_mode()
def test_tiles_with_local_statistics_differ_clearly() -> None:
    """Shows that the tests above would detect local statistics."""
    network, x = generator(), picture(256, 128, dark=True)
    whole = network(x)[..., 48:80, :]
    alone = network(x[..., :128, :])[..., 48:80, :]
    assert (whole - alone).abs().mean() > 0.1 > 1000 * EXACT


@torch.inference_mode()
def test_autocast_keeps_its_precision(tmp_path: Path) -> None:
    """bfloat16 in tiles differs from float32 at most as much as bfloat16 in one piece."""
    network, x = generator(channels=8), picture(101, 90)
    exact = network(x)
    with torch.autocast("cpu", torch.bfloat16):
        whole, parts = network(x).float(), tiled(network, x, 32, tmp_path)
    assert (parts - exact).abs().mean() < 1.1 * (whole - exact).abs().mean()


def scratch_in_use(folder: Path) -> int:
    """Return the bytes of this process's open files in a folder, with or without a name."""
    total = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            if os.readlink(link).startswith(f"{folder}/"):
                total += os.stat(link).st_size
        except FileNotFoundError:
            continue  # the listing's own
    return total


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_the_disk_space_is_as_estimated_and_free_afterwards(tmp_path: Path) -> None:
    network, x, seen = generator(), picture(101, 90), []

    def write(rows: slice, columns: slice, part: Tensor) -> None:
        seen.append(scratch_in_use(tmp_path))
        assert list(tmp_path.iterdir()) == []
        if fails and rows.start > 0:
            raise RuntimeError("the caller's")

    for fails in (False, True):
        try:
            run_tiled(network, lambda r, c: x[..., r, c], write, 101, 90, tile=32, scratch=tmp_path)
        except RuntimeError as error:
            assert fails and str(error) == "the caller's"  # noqa: PT017, PT018, both ways are run
        else:
            assert not fails
        assert scratch_in_use(tmp_path) == 0
    said = scratch_bytes(network, 101, 90)
    assert said == 2 * 4 * 16 * math.ceil(101 / 4) * math.ceil(90 / 4)
    assert set(seen) == {said}


def test_networks_that_cannot_be_tiled_are_rejected_before_anything_is_read(tmp_path: Path) -> None:
    network = build_generator("unet_128", channels=2).eval()
    with pytest.raises(ValueError, match="cannot be run in tiles"):
        tiled(network, picture(16, 16), 64, tmp_path)
    with pytest.raises(ValueError, match="cannot be run in tiles"):
        scratch_bytes(network, 16, 16)


MEMORY = """
import sys, pathlib, torch
from gan.networks import build_generator
from gan.inference.tiling import run_tiled

def peak():  # MiB; ru_maxrss would begin with the parent's
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

def run(height):
    x = torch.zeros(1, 3, 1, 1).expand(1, 3, height, 512)
    read = lambda rows, columns: x[..., rows, columns]
    write = lambda rows, columns, part: None
    run_tiled(network, read, write, height, 512, tile=128, scratch=pathlib.Path(sys.argv[1]))
    return x

torch.set_num_threads(1)
network = build_generator("resnet_6blocks", channels=16).eval()
run(512)
before = peak()
x = run(2048)
tiled = peak()
with torch.inference_mode():
    network(x)
print(tiled - before, peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_is_that_of_a_tile(tmp_path: Path) -> None:
    """A map of 16 channels takes 64 MiB for the whole image, and 1 MiB for a tile."""
    command = [sys.executable, "-c", MEMORY, str(tmp_path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    parts, whole = map(int, printed.split())
    assert parts < 32  # MiB, four times the picture: allocator's noise
    assert whole > 128  # so this test can fail


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("kind", ["resnet_6blocks", "resnet_9blocks"])
def test_progress_rises_evenly_to_one(tmp_path: Path, kind: Any, norm: Any) -> None:
    """The announced number of passes is the actual one."""
    network = build_generator(kind, channels=2, norm=norm).eval()
    shares: list[float] = []
    run_tiled(
        network,
        lambda rows, columns: torch.zeros(1, 3, rows.stop - rows.start, columns.stop),
        lambda *_: None,
        100,
        70,
        tile=64,
        scratch=tmp_path,
        progress=shares.append,
    )
    steps = np.diff([0.0, *shares])
    np.testing.assert_allclose(steps, steps[0])
    assert shares[-1] == 1
