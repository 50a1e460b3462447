"""`gan stylize --method wct` as a whole, with a random VGG-16 and a random decoder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gan.cli.main import main
from gan.networks.files import load_generator, save_generator
from gan.stylize import StylizeOptions, clip, stylize
from gan.stylize.wct.painter import Painter, Styles
from tests.support.clips import panned, read_clip, write_clip

Picture = Callable[..., Path]
Paint = Callable[..., NDArray[np.float64]]


@pytest.fixture
def given(tmp_path: Path, picture: Picture, decoder_file: Path) -> dict[str, Any]:
    """Return the options that every test starts from."""
    return {
        "content": picture("photo.png"), "style": [picture("painting.png", 40, 40, seed=1)],
        "output": tmp_path / "out.png", "method": "wct", "size": 48,
        "wct": {"decoder": decoder_file}, "device": "cpu", "overwrite": True,
    }  # fmt: skip


@pytest.fixture
def paint(given: dict[str, Any]) -> Paint:
    """paint(**options) -> pixels, (H, W, 3)."""

    def run(**options: Any) -> NDArray[np.float64]:
        config = StylizeOptions(**(given | options))
        assert stylize(config) == 0
        return pixels(config.output)

    return run


def pixels(path: Path) -> NDArray[np.float64]:
    with Image.open(path) as image:
        return np.asarray(image).astype(float)


def test_the_style_changes_the_result_and_strength_0_forgets_it(
    paint: Paint, picture: Picture
) -> None:
    other = [picture("other.png", seed=2)]
    assert np.abs(paint() - paint(style=other)).mean() > 3
    np.testing.assert_array_equal(paint(strength=0), paint(strength=0, style=other))


def test_weights_1_and_0_are_the_first_style_alone(
    paint: Paint, picture: Picture, tmp_path: Path
) -> None:
    both, alone = [tmp_path / "painting.png", picture("other.png", seed=2)], paint()
    np.testing.assert_array_equal(paint(style=both, style_weights=[3, 0]), alone)
    assert np.abs(paint(style=both) - alone).mean() > 1


def test_a_mask_confines_the_change(paint: Paint, tmp_path: Path) -> None:
    mask = Image.new("L", (96, 64), "black")
    mask.paste("white", (0, 0, 48, 64))
    mask.save(tmp_path / "left.png")
    change = np.abs(paint(masks=[tmp_path / "left.png"]) - pixels(tmp_path / "photo.png"))
    assert change[:, 26:].max() == 0  # the mask's edge is 24, softened by the resize
    assert change[:, :22].mean() > 3


def test_luma_keeps_the_photographs_colors(paint: Paint, tmp_path: Path) -> None:
    """I and Q by NTSC's matrix, on 8 bits."""
    matrix = np.array([[0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
    photo, result = pixels(tmp_path / "photo.png"), paint(preserve_color="luma")
    assert np.abs((result - photo) @ matrix.T).max() < 1
    assert np.abs(result - photo).mean() > 3


def test_a_gray_photograph_in_a_gray_style_stays_gray(paint: Paint, tmp_path: Path) -> None:
    names = [tmp_path / f"{name}-grey.png" for name in ("photo", "painting")]
    for name in names:
        source = name.with_stem(name.stem.removesuffix("-grey"))
        Image.open(source).convert("L").save(name)
    result = paint(content=names[0], style=names[1:])
    assert (result.max(2) - result.min(2)).max() <= 3


@pytest.mark.parametrize("color", ["red", "black"])
def test_pictures_of_one_color_are_stylized(color: str, paint: Paint, tmp_path: Path) -> None:
    Image.new("RGB", (48, 32), color).save(tmp_path / "flat.png")
    assert paint(content=tmp_path / "flat.png").shape == (32, 48, 3)
    assert paint(style=[tmp_path / "flat.png"]).shape == (32, 48, 3)


@pytest.mark.parametrize(("size", "expected"), [(36, (24, 36)), (None, (32, 48)), (500, (32, 48))])
def test_the_result_has_the_photographs_aspect(
    size: int | None, expected: tuple[int, int], paint: Paint
) -> None:
    assert paint(size=size).shape[:2] == expected


def test_a_sweep_is_a_sheet_of_single_results(paint: Paint, tmp_path: Path) -> None:
    sheet = paint(sweep=["strength=0,1"])
    for strength in (0, 1):
        single = paint(strength=strength, output=tmp_path / "one.png")
        windows = np.lib.stride_tricks.sliding_window_view(sheet, (32, 48, 3))[:, :, 0]
        candidates = np.argwhere((windows[..., 0, 0, :] == single[0, 0]).all(-1))
        assert any((windows[y, x] == single).all() for y, x in candidates)


def test_a_folder_is_stylized_file_by_file_and_its_style_is_read_once(
    given: dict[str, Any], paint: Paint, picture: Picture, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "many/deep").mkdir(parents=True)
    for seed, name in enumerate(("many/a.png", "many/deep/b.png")):
        picture(name, seed=seed)
    singles = [
        paint(content=tmp_path / f"many/{name}", output=tmp_path / "one.png")
        for name in ("a.png", "deep/b.png")
    ]
    (tmp_path / "many/broken.png").write_bytes(b"no image")
    Image.new("RGB", (9, 9)).save(tmp_path / "many/tiny.png")
    calls, styles = [], Painter.styles

    def counted(own: Painter, painting: Tensor) -> Styles:
        calls.append(1)
        return styles(own, painting)

    monkeypatch.setattr(Painter, "styles", counted)
    options = {"content": tmp_path / "many", "output": tmp_path / "results"}
    assert stylize(StylizeOptions(**(given | options))) == 1
    assert len(calls) == 1
    for single, name in zip(singles, ("a.png", "deep/b.png"), strict=True):
        np.testing.assert_array_equal(pixels(tmp_path / "results" / name), single)
    errors = capsys.readouterr().err
    assert "broken.png" in errors
    assert "tiny.png: size: 9x9 pixels: both sides must be at least 16" in errors
    assert not (tmp_path / "results/tiny.png").exists()


@pytest.mark.parametrize(("options", "message"), [
    ({"steps": 7}, "steps is for method optimize: remove it, or set method optimize"),
    ({"init": "noise"}, "init is for method optimize"),
    ({"sizes": [32]}, "sizes is for method optimize"),
    ({"perceptual": {"style_layers": ["relu1_1"]}}, r"perceptual\.style_layers is for method opt"),
    ({"method": "optimize"}, r"wct\.decoder is for method wct: remove it, or set method wct"),
    ({"wct": {"decoder": "x", "levels": [1, 2]}}, r"wct\.levels \[1, 2\]: name levels once"),
    ({"wct": {"decoder": "x", "levels": []}}, r"wct\.levels \[\]"),
    ({"wct": {"levels": [6]}}, "each an integer from 1 to 4. Got: 6"),
    ({"wct": {}}, r"wct\.decoder: name a decoder's run directory; train one with gan train --conf"),
    ({"seed": 1}, "seed is for method optimize"),
    ({"perceptual": {"backbone": "vgg16"}}, r"perceptual\.backbone is for method optimize"),
    ({"perceptual": {"weights": Path("x")}}, r"perceptual\.weights is for method optimize"),
    ({"sweep": ["steps=1,2"]}, "sweep: steps is for method optimize"),
    ({"output": Path("out.txt")}, "output out.txt: the name must end in"),
    ({"size": 17}, "size: 17x11 pixels: both sides must be at least 16"),
    ({"content": Path("nowhere.png")}, "nowhere.png: No such file"),
    ({"style_scale": 0.1}, "style: .*painting.png would have 5x5 pixels: both sides must be at"),
    ({"wct": {"decoder": Path("none")}}, r"wct\.decoder: none: no such run directory .*: train one"
     r" with gan train --config wct --data\.a PHOTOS$"),
])  # fmt: skip
def test_an_invalid_option_is_named(options: dict[str, Any], message: str, paint: Paint) -> None:
    with pytest.raises(ValueError, match=message):
        paint(**options)


def test_a_folder_takes_neither_masks_nor_sweeps(given: dict[str, Any], tmp_path: Path) -> None:
    for key, value in (("masks", [tmp_path / "mask.png"]), ("sweep", ["strength=0,1"])):
        with pytest.raises(ValueError, match=f"{key}: content .* is a folder"):
            StylizeOptions(**(given | {"content": tmp_path, key: value}))


def test_results_are_not_written_among_their_sources(given: dict[str, Any], tmp_path: Path) -> None:
    options = given | {"content": tmp_path, "output": tmp_path / "results"}
    with pytest.raises(ValueError, match=r"results: must not be, contain or lie inside "):
        StylizeOptions(**options)


def test_a_level_that_the_decoder_lacks_is_named(paint: Paint, decoder_file: Path) -> None:
    message = r"levels \[4\]: the decoder .* has levels up to 3: train one with .* vgg_4levels"
    with pytest.raises(ValueError, match=message):
        paint(wct={"decoder": decoder_file, "levels": [4]})


def test_each_frame_of_a_clip_is_painted_as_a_photograph(
    given: dict[str, Any], paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av", reason="needs the extra `video`")
    monkeypatch.setattr(clip, "QUALITY", 100)
    source, target = write_clip(tmp_path / "in.mp4", panned(2)), tmp_path / "out.mp4"
    options = {"content": source, "output": target, "size": 64}
    assert stylize(StylizeOptions(**(given | options))) == 0
    for frame, painted in zip(read_clip(source)[0], read_clip(target)[0], strict=True):
        Image.fromarray(frame).save(tmp_path / "frame.png")
        alone = paint(content=tmp_path / "frame.png", size=64)
        assert np.abs(alone - painted).mean() < 2  # rounding of YUV


def test_the_command_line(given: dict[str, Any]) -> None:
    words = ["--content", given["content"], "--style", given["style"][0], "--output"]
    words += [given["output"], "--method", "wct"]
    words += ["--wct.decoder", given["wct"]["decoder"], "--wct.levels", "[3,1]", "--size", "32"]
    assert main(["stylize", *map(str, words), "--device", "cpu"]) == 0
    assert pixels(given["output"]).shape[1] == 32


def test_existing_images_of_a_folder_are_skipped_and_counted(
    given: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 40), "teal").save(tmp_path / "in" / name)
    options = given | {"content": tmp_path / "in", "output": tmp_path / "out", "overwrite": False}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"kept")
    assert stylize(StylizeOptions(**options)) == 0
    said = capsys.readouterr().err
    assert f"1 of 2 images stylized to {tmp_path / 'out'}, 1 existed already" in said
    assert "; to write over them: --overwrite true" in said
    assert (tmp_path / "out" / "a.png").read_bytes() == b"kept"
    assert stylize(StylizeOptions(**(options | {"overwrite": True}))) == 0
    assert (tmp_path / "out" / "a.png").read_bytes() != b"kept"


def test_a_diverged_decoder_writes_no_picture(
    given: dict[str, Any], decoder_file: Path, tmp_path: Path
) -> None:
    network, spec, _ = load_generator(decoder_file)
    state = network.state_dict()
    state["stages.0.1.bias"].fill_(float("nan"))
    save_generator(state, tmp_path / "nan.safetensors", spec, {})
    config = StylizeOptions(**(given | {"wct": {"decoder": tmp_path / "nan.safetensors"}}))
    with pytest.raises(ValueError, match=r"wct\.decoder: it returns NaN for this picture"):
        stylize(config)
    assert not config.output.exists()


def test_a_painting_below_the_least_size_is_named(given: dict[str, Any], picture: Picture) -> None:
    small = picture("small.png", 1, 1)
    with pytest.raises(ValueError, match=r"style: .*small\.png: 1x1 pixels: both sides"):
        stylize(StylizeOptions(**(given | {"style": [small]})))
