"""Exported generators give the network's output, in other programs and for any size."""

import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.cli.main import main
from gan.config.tables.generators import generator_row
from gan.export.formats import parity
from gan.export.graph import Graph
from gan.inference.translator import Translator
from gan.interop import open_generator
from gan.networks import build_generator
from gan.networks.files import KEY, load_generator, save_generator
from tests.support.commands import convert, export_model, status
from tests.support.foreign import randomized

ROOT = Path(__file__).parents[2]
ort = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

RESNET: dict[str, Any] = {"kind": "resnet_6blocks", "channels": 2}
SMALL = RESNET | {"kind": "resnet_1blocks"}
"""Few layers, because tracing takes time for each."""
SPECS: dict[str, dict[str, Any]] = {
    "resnet": SMALL,
    "resize, batch": SMALL | {"upsample": "resize", "norm": "batch"},
    "CUT, affine, gray": SMALL
    | {"upsample": "blur", "downsample": "blur", "norm": "instance_affine", "in_channels": 1},
    "half": SMALL | {"kind": "resnet_1blocks_half"},
    "unet": {"kind": "unet_32", "channels": 2, "norm": "none", "dropout": True},
}
Shape = tuple[int, int, int]


def written(path: Path, spec: dict[str, Any]) -> nn.Module:
    """Write a generator with random weights in our format, and return it."""
    defaults: dict[str, Any] = {
        "in_channels": 3,
        "out_channels": 3,
        "norm": "instance",
        "upsample": "deconv",
    }
    spec = defaults | {"dropout": False, "downsample": "stride"} | spec
    network = randomized(build_generator(**spec))
    save_generator(network.state_dict(), path, spec, {"direction": "ab"})
    return network


def session(path: Path) -> Callable[[Tensor], Tensor]:
    opened = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda image: torch.from_numpy(opened.run(None, {"image": image.numpy()})[0])


def random_shapes(count: int) -> list[Shape]:
    rng = random.Random(5)
    return [(rng.randint(1, 4), rng.randint(16, 90), rng.randint(16, 90)) for _ in range(count)]


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return generator.onnx, next to the gen_ab.safetensors from which it was exported."""
    folder = tmp_path_factory.mktemp("onnx")
    written(folder / "gen_ab.safetensors", SMALL)
    export_model(folder, folder / "generator.onnx", "onnx")
    return folder / "generator.onnx"


def test_onnx_equals_the_network_in_twenty_sizes_and_batches(onnx_file: Path) -> None:
    network, _, _ = load_generator(onnx_file.with_name("gen_ab.safetensors"))
    run, draws = session(onnx_file), torch.Generator().manual_seed(2)
    for count, height, width in random_shapes(20):
        x = torch.rand((count, 3, height, width), generator=draws) * 2 - 1
        with torch.no_grad():
            expected = network(x)
        result = run(x)
        assert result.shape == expected.shape
        assert (result - expected).abs().max() <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SPECS)[1:])
def test_onnx_of_every_family(name: str, tmp_path: Path) -> None:
    network = written(tmp_path / "g.safetensors", SPECS[name])
    export_model(tmp_path / "g.safetensors", tmp_path / "g.onnx", "onnx")
    channels = SPECS[name].get("in_channels", 3)
    assert parity(network, session(tmp_path / "g.onnx"), channels, random_shapes(5)) <= 1e-4


def test_onnx_of_an_autoencoder(tmp_path: Path) -> None:
    network = written(tmp_path / "g.safetensors", {"kind": "vgg_4levels", "channels": 2})
    export_model(tmp_path / "g.safetensors", tmp_path / "g.onnx", "onnx")
    assert parity(network, session(tmp_path / "g.onnx"), 3, random_shapes(5)) <= 1e-4
    assert network(torch.rand(1, 3, 16, 16)).std() > 0.01


@pytest.mark.parametrize("name", SPECS)
def test_the_graph_equals_the_network(name: str, tmp_path: Path) -> None:
    """Mirrored by indices instead of flips, with torch's layers instead of this program's."""
    network = written(tmp_path / "g.safetensors", SPECS[name])
    channels = SPECS[name].get("in_channels", 3)
    shapes = [(1, 16, 16), (2, 17, 31), (1, 64, 19)]
    graph = Graph(network, generator_row(SPECS[name]["kind"]).size_multiple)
    assert parity(network, graph, channels, shapes) <= 1e-5
    assert all(type(module) is not type(network) for module in graph.inner.modules())


def test_mirroring_by_indices_equals_numpy(tmp_path: Path) -> None:
    graph = Graph(written(tmp_path / "g.safetensors", SPECS["unet"]), 32)
    for size in (2, 3, 7, 16, 31, 32, 33, 100):
        expected = np.pad(np.arange(size), (0, -size % 32), mode="reflect")
        assert graph.mirrored(size, torch.device("cpu")).tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["resnet", pytest.param("unet", marks=pytest.mark.slow)])
def test_a_program_equals_the_network_in_any_size(name: str, tmp_path: Path) -> None:
    network = written(tmp_path / "g.safetensors", SPECS[name])
    export_model(tmp_path / "g.safetensors", tmp_path / "g.pt2", "program")
    extra = {f"{KEY}.json": ""}
    program = torch.export.load(tmp_path / "g.pt2", extra_files=extra)
    assert parity(network, program.module(), 3, random_shapes(6)) <= 1e-4
    assert "RGB" in json.loads(extra[f"{KEY}.json"])["image"]
    with zipfile.ZipFile(tmp_path / "g.pt2") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert str(ROOT).encode() not in content
    assert b"site-packages" not in content


def test_the_file_describes_input_and_output_and_holds_no_paths(onnx_file: Path) -> None:
    opened = ort.InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    said = opened.get_modelmeta().custom_metadata_map
    assert said["image"].startswith("float32 (N, C, H, W), RGB, value / 127.5 - 1")
    assert "(x + 1) * 127.5" in said["translation"]
    assert json.loads(said[KEY])["about"] == {"direction": "ab"}
    batch, channels, height, width = opened.get_inputs()[0].shape
    assert channels == 3
    assert all(isinstance(free, str) for free in (batch, height, width))
    content = onnx_file.read_bytes()
    for trace in (str(ROOT), sys.prefix, "site-packages", ".py"):
        assert trace.encode() not in content


def test_the_example_translates_without_torch_as_we_do(onnx_file: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "photo.png", tmp_path / "painting.png"
    pixels = np.random.default_rng(0).integers(0, 256, (37, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(source)
    script = ROOT / "examples" / "translate_onnx.py"
    assert len([line for line in script.read_text().splitlines() if line.strip()]) <= 20
    blocked = "import sys, runpy; sys.modules['torch'] = None; sys.modules['gan'] = None; "
    arguments = [str(script), str(onnx_file), str(source), str(target)]
    code = f"{blocked}sys.argv = {arguments!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)
    translator = Translator.load(onnx_file.with_name("gen_ab.safetensors"), device="cpu")
    ours = np.asarray(translator.translate(Image.fromarray(pixels))).astype(int)
    with Image.open(target) as image:
        theirs = np.asarray(image).astype(int)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1  # where a value lies between two levels


def test_a_file_that_differs_from_the_network_is_not_written(tmp_path: Path) -> None:
    network = written(tmp_path / "g.safetensors", RESNET)
    with pytest.raises(ValueError, match="differs from the network by"):
        parity(network, lambda x: network(x) + 0.01, 3)
    with pytest.raises(ValueError, match=r"returns .* instead of"):
        parity(network, lambda x: network(x)[..., 1:], 3)
    with pytest.raises(ValueError, match="differs from the network by nan"):
        parity(network, lambda x: network(x) * torch.nan, 3)


def test_converting_to_another_format_and_back_changes_no_bit(tmp_path: Path) -> None:
    network = written(tmp_path / "gen_ab.safetensors", RESNET)
    convert(tmp_path, tmp_path / "latest_net_G_A.pth")
    convert(tmp_path / "latest_net_G_A.pth", tmp_path / "again.safetensors")
    again, _, about = load_generator(tmp_path / "again.safetensors")
    assert about["direction"] == "ab"
    state = network.state_dict()
    assert all(torch.equal(state[name], tensor) for name, tensor in again.state_dict().items())


def test_the_commands_print_what_they_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "g.safetensors", tmp_path / "latest_net_G.pth"
    written(source, RESNET)
    assert main(["convert", str(source), str(target)]) == 0
    assert "--netG resnet_6blocks --ngf 2 --norm instance" in capsys.readouterr().out
    assert open_generator(target).spec["channels"] == 2
    assert main(["export", str(source), "--format", "reference", "--output", str(target)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main(["convert", str(source), str(target), "--overwrite"]) == 0
    capsys.readouterr()
    assert main(["convert", str(source), str(source), "--overwrite"]) == 1
    assert "would replace" in capsys.readouterr().err
    assert main(["convert", str(source), str(tmp_path / "g.h5")]) == 1
    assert "must name the format: safetensors, pth, onnx, pt2" in capsys.readouterr().err


@pytest.mark.parametrize(("output", "format", "options", "expected"), [
    ("x.bin", "safetensors", [], "x.bin: a file of format safetensors must end in .safetensors"),
    ("x.safetensors", "reference", [], "a file of format reference must end in .pth"),
    ("x.pth", "reference", ["--push", "me/monet"], "push is for format hub, not reference"),
    ("x.onnx", "onnx", ["--license", "mit"], "license is for format hub, not onnx"),
    ("x", "hub", ["--part", "a"], "part: not supported by hub"),
    ("x.pth", "reference", ["--part", "a"], "holds no generator a; its only generator has no name"),
])  # fmt: skip
def test_options_without_effect_are_rejected(
    output: str, format: str, options: list[str], expected: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    written(source := tmp_path / "g.safetensors", RESNET)
    wrong = 1 if "no generator" in expected or not options else 2
    assert status("export", str(source), str(tmp_path / output), format, *options) == wrong
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert not (tmp_path / output).exists()


def test_a_network_that_a_format_cannot_hold_is_rejected_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path / "g.safetensors", SPECS["resize, batch"])
    assert main(["convert", str(tmp_path / "g.safetensors"), str(tmp_path / "g.pth")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "g.pth: the reference has no resnet_1blocks" in lines[0]
    assert [path.name for path in tmp_path.iterdir()] == ["g.safetensors"]
