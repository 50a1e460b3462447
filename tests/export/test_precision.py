"""ONNX files in float16 and int8: measured on pictures, rejected if they differ too much."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.export.precision import measured, opener, read_pictures
from gan.interop import Opened
from gan.networks import build_generator
from gan.networks.files import save_generator
from tests.support.commands import status
from tests.support.foreign import randomized

SPEC: dict[str, Any] = {
    "kind": "mobile", "in_channels": 3, "out_channels": 3, "channels": 2, "norm": "instance",
    "upsample": "resize", "dropout": False, "downsample": "stride",
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gen_ab.safetensors with random weights, and photos: six pictures of noise."""
    folder = tmp_path_factory.mktemp("precision")
    network = randomized(build_generator(**SPEC))
    save_generator(network.state_dict(), folder / "gen_ab.safetensors", SPEC, {})
    draws = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for number in range(6):
        pixels = draws.integers(0, 256, (66, 70, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{number}.png")
    return folder


def test_the_loss_is_that_of_a_known_difference() -> None:
    """A tenth of a gray level more everywhere: 0.1, and 20 log10(255 / 0.1) dB."""
    images = [np.zeros((1, 3, 5, 5), np.float32), np.ones((1, 3, 4, 6), np.float32)]
    loss = measured(lambda x: x, lambda x: (x + 0.1 / 127.5).astype(np.float32), images, None)
    assert loss.gray == pytest.approx(0.1, rel=1e-4)
    assert loss.psnr == pytest.approx(20 * np.log10(2550), rel=1e-4)
    assert str(loss) == "0.10 gray levels on average (PSNR 68.1 dB)"
    assert measured(lambda x: x, lambda x: x, images, None).psnr == float("inf")


def test_pictures_are_scaled_to_the_training_size_and_spread_over_the_folder(
    root: Path, tmp_path: Path
) -> None:
    opened = Opened(build_generator(**SPEC), SPEC, {"resize": "short", "load_size": 33})
    assert [image.shape for image in read_pictures(root / "photos", opened)] == [(1, 3, 33, 35)] * 6
    (tmp_path / "one.png").write_bytes((root / "photos" / "0.png").read_bytes())
    with pytest.raises(
        ValueError, match=r"calibrate: .* has 1 picture; at least two are required$"
    ):
        read_pictures(tmp_path, opened)
    for number in range(129):
        (tmp_path / f"{number:03}.png").symlink_to(tmp_path / "one.png")
    assert len(read_pictures(tmp_path, opened)) == 44  # every third of 130


def test_broken_pictures_are_skipped_and_counted_until_too_few_are_left(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = Opened(build_generator(**SPEC), SPEC, {})
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes((root / "photos" / "0.png").read_bytes())
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert len(read_pictures(tmp_path, opened)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"calibrate: 1 picture skipped: {tmp_path / 'b.png'}: not an image")
    (tmp_path / "a.png").unlink()
    with pytest.raises(
        ValueError, match=r"calibrate: .* has 1 picture; at least two are req.*; 1 picture"
    ):
        read_pictures(tmp_path, opened)


@pytest.mark.parametrize("folder", ["none", "empty"])
def test_errors_about_the_folder_name_its_option(
    folder: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    words = ["--precision", "int8", "--calibrate", str(tmp_path / folder)]
    assert status("export", str(root), str(tmp_path / "g.onnx"), "onnx", *words) == 1
    said = capsys.readouterr().err
    assert "g.onnx" not in said
    assert f"calibrate: {tmp_path / folder}" in said


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_smaller_file_stays_near_the_network(
    precision: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    files = {name: tmp_path / f"{name}.onnx" for name in ("fp32", precision)}
    keys = {
        "fp32": [],
        precision: ["--precision", precision, "--calibrate", str(root / "photos"),
                    "--max_loss", "20"],
    }  # fmt: skip
    for name, file in files.items():
        assert status("export", str(root), str(file), "onnx", *keys[name]) == 0
    printed = capsys.readouterr().out
    assert f"{precision} and float32 differ by" in printed
    assert "on 3 pictures of" in printed
    assert "onnxruntime and the network differ by at most" in printed
    exact, reduced = (onnx.load(file) for file in files.values())
    kinds = [node.op_type for node in reduced.graph.node]
    norms = [node for node in reduced.graph.node if node.op_type == "InstanceNormalization"]
    assert len(norms) == sum(n.op_type == "InstanceNormalization" for n in exact.graph.node)
    if precision == "int8":
        integers = [w for w in reduced.graph.initializer if w.data_type == onnx.TensorProto.INT8]
        weights = [w for w in integers if len(w.dims) == 4]
        assert len(weights) == kinds.count("Conv") - 1  # all but the last
    else:
        halves = [w for w in reduced.graph.initializer if w.data_type == onnx.TensorProto.FLOAT16]
        assert sum(len(w.dims) == 4 for w in halves) == kinds.count("Conv")
    # The same metadata, any size and batch, and float32 outside.
    assert {p.key for p in reduced.metadata_props} == {p.key for p in exact.metadata_props}
    draws = np.random.default_rng(3)
    image = draws.uniform(-1, 1, (2, 3, 37, 50)).astype(np.float32)
    one, other = (opener(file.read_bytes())(image) for file in files.values())
    assert other.shape == one.shape
    assert other.dtype == np.float32
    assert np.abs(one - other).mean() * 127.5 < (0.5 if precision == "fp16" else 20)
    assert not np.array_equal(one, other)
    assert b"site-packages" not in files[precision].read_bytes()


@pytest.mark.slow
def test_a_file_that_loses_too_much_is_not_written(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxscript")
    words = ["--precision", "int8", "--calibrate", str(root / "photos"), "--max_loss", "0.01"]
    assert status("export", str(root), str(tmp_path / "g.onnx"), "onnx", *words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "g.onnx: not written: int8 differs from float32 by" in line
    assert "more than max_loss 0.01: calibrate with pictures like those to translate" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("format", "options", "expected"), [
    ("program", ["--precision", "fp16"], "precision fp16 is for format onnx, not program"),
    ("onnx", ["--precision", "int8"], "precision int8 requires --calibrate FOLDER"),
    ("onnx", ["--max_loss", "1"], "max_loss is for precision fp16 and int8"),
    ("onnx", ["--precision", "int4"], "precision"),
])  # fmt: skip
def test_options_without_effect_are_rejected(
    format: str, options: list[str], expected: str, root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert status("export", str(root), str(tmp_path / "x.onnx"), format, *options) == 2
    assert expected in capsys.readouterr().err
