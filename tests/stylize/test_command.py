"""The command as a whole, with a small random network: the effect of each option."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor

from gan.cli.main import main
from gan.config import PerceptualConfig
from gan.features import Features
from gan.images import read_image, write_image
from gan.images.pixels import from_image, to_unit
from gan.losses import style_layer_loss
from gan.stylize import StylizeOptions, stylize
from tests.support.packets import EXT, packets, properties

Picture = Callable[..., Path]
Paint = Callable[..., NDArray[np.float64]]


@pytest.fixture
def paint(tmp_path: Path, picture: Picture, backbone: PerceptualConfig) -> Paint:
    """paint(**options) -> pixels, (H, W, 3); content and style are random pictures."""
    given: dict[str, Any] = {"content": picture("photo.png")}
    given |= {"style": [picture("painting.png", 40, 40, seed=1)]}
    given |= {"output": tmp_path / "out.png", "perceptual": backbone, "sizes": [], "size": 48}
    given |= {"overwrite": True}

    def run(**options: Any) -> NDArray[np.float64]:
        config = StylizeOptions(**(given | {"steps": 8, "device": "cpu"} | options))
        stylize(config)
        return pixels(config.output)

    return run


def pixels(path: Path) -> NDArray[np.float64]:
    with Image.open(path) as image:
        return np.asarray(image).astype(float)


def scalars(folder: Path, name: str) -> list[float]:
    events = EventAccumulator(str(folder)).Reload()
    return [event.value for event in events.Scalars(f"loss/{name}")]


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("init", ["content", "noise"])
def test_the_loss_falls(optimizer: str, init: str, paint: Paint, tmp_path: Path) -> None:
    paint(optimizer=optimizer, init=init, steps=30, log=tmp_path / "logs")
    total = scalars(tmp_path / "logs", "total")
    assert len(total) >= 30
    assert total[-1] < total[0] / 2
    best = np.minimum.accumulate(total)
    # The rest are trials of a line search.
    assert np.mean(np.array(total[5:]) < 1.5 * best[5:]) > 0.9


@pytest.mark.parametrize(
    "options", [{"style_weight": 0, "tv_weight": 0}, {"strength": 0, "tv_weight": 0}]
)
def test_without_style_the_photograph_stays(
    options: dict[str, float], paint: Paint, tmp_path: Path
) -> None:
    photo = pixels(tmp_path / "photo.png")
    assert np.abs(paint(**options) - photo).max() <= 1  # rounding of the Gram matrices moves it
    assert np.abs(paint() - photo).mean() > 5


def test_more_strength_is_nearer_to_the_painting(
    paint: Paint, tmp_path: Path, backbone: PerceptualConfig
) -> None:
    """By the style loss of the written image."""
    extract = Features(backbone.backbone, backbone.style_layers, backbone.weights)

    def maps(path: Path) -> dict[str, Tensor]:
        found: dict[str, Tensor] = extract(to_unit(from_image(read_image(path)))[None])
        return found

    distances = []
    for strength in (0, 0.5, 1):
        paint(strength=strength, steps=40, content_weight=0)
        actual, wanted = maps(tmp_path / "out.png"), maps(tmp_path / "painting.png")
        distances.append(
            sum(style_layer_loss(actual[at], wanted[at]).item() for at in backbone.style_layers)
        )
    assert distances[2] < distances[1] < distances[0]


def test_a_mask_confines_the_change(paint: Paint, picture: Picture, tmp_path: Path) -> None:
    mask = Image.new("L", (96, 64), "black")
    mask.paste("white", (0, 0, 48, 64))
    mask.save(tmp_path / "left.png")
    result = paint(masks=[tmp_path / "left.png"], init="noise")
    change = np.abs(result - pixels(tmp_path / "photo.png"))
    assert change[:, 26:].max() == 0  # the mask's edge is 24, softened by the resize
    assert change[:, :22].mean() > 10


def test_a_mask_of_one_dot_changes_only_the_dot(paint: Paint, tmp_path: Path) -> None:
    mask = Image.new("L", (4800, 3200), "black")
    mask.putpixel((100, 100), 255)
    mask.save(tmp_path / "dot.png")
    change = np.abs(paint(masks=[tmp_path / "dot.png"]) - pixels(tmp_path / "photo.png"))
    assert change[4:].max() == change[:, 4:].max() == 0


def test_each_mask_gets_its_own_style(paint: Paint, tmp_path: Path) -> None:
    """A red and a blue painting, left and right."""
    for name, color, box in (
        ("red", "#ff2010", (0, 0, 24, 32)),
        ("blue", "#1020ff", (24, 0, 48, 32)),
    ):
        Image.new("RGB", (32, 32), color).save(tmp_path / f"{name}.png")
        mask = Image.new("L", (48, 32), "black")
        mask.paste("white", box)
        mask.save(tmp_path / f"{name}-mask.png")
    styles = [tmp_path / "red.png", tmp_path / "blue.png"]
    masks = [tmp_path / "red-mask.png", tmp_path / "blue-mask.png"]
    result = paint(style=styles, masks=masks, steps=60, content_weight=0)
    redness = (result[..., 0] - result[..., 2]).mean(axis=0)
    assert redness[:20].mean() > 30
    assert redness[28:].mean() < -30


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_weights_1_and_0_are_the_first_style_alone(
    scale: float, paint: Paint, picture: Picture, tmp_path: Path
) -> None:
    one, two = tmp_path / "painting.png", picture("other.png", seed=2)
    alone = paint()
    np.testing.assert_array_equal(paint(style=[one, two], style_weights=[scale, 0]), alone)
    np.testing.assert_array_equal(paint(style=[two, one], style_weights=[0, scale]), alone)
    assert np.abs(paint(style=[one, two]) - alone).mean() > 1


def test_luma_keeps_the_photographs_colors(paint: Paint, tmp_path: Path) -> None:
    """I and Q by NTSC's matrix, on 8 bits; clipping single channels would change them."""
    matrix = np.array([[0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
    photo = pixels(tmp_path / "photo.png")
    result = paint(preserve_color="luma", steps=20)
    assert np.abs((result - photo) @ matrix.T).max() < 1  # rounding to 8 bits
    assert np.abs(result - photo).mean() > 3


@pytest.mark.parametrize("preserve_color", ["no", "palette", "luma"])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_gray_photograph_in_a_gray_style_stays_gray(
    preserve_color: str, suffix: str, paint: Paint, tmp_path: Path
) -> None:
    """For all kinds of gray files; a painting with colors transfers them."""
    for name in ("photo", "painting"):
        grey = Image.open(tmp_path / f"{name}.png").convert("L")
        grey.convert("RGB" if name == "photo" else "L").save(tmp_path / f"{name}-grey.{suffix}")
    photo, painting = (tmp_path / f"{name}-grey.{suffix}" for name in ("photo", "painting"))
    options: dict[str, Any] = {"content": photo, "preserve_color": preserve_color, "steps": 20}
    result = paint(style=[painting], **options)
    assert (result.max(2) - result.min(2)).max() <= 3
    assert (result.max(2) - result.min(2)).mean() < 1
    assert np.abs(result - pixels(photo).reshape(*result.shape[:2], -1)).mean() > 3
    both = paint(style=[painting, tmp_path / "painting.png"], **options)
    assert ((both.max(2) - both.min(2)).mean() > 3) == (preserve_color == "no")


def test_palette_keeps_the_mean_color(paint: Paint, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "#1020ff").save(tmp_path / "blue.png")
    photo = pixels(tmp_path / "photo.png")
    plain, kept = (
        paint(style=[tmp_path / "blue.png"], preserve_color=each, steps=30)
        for each in ("no", "palette")
    )
    shifts = [
        np.abs(each.mean(axis=(0, 1)) - photo.mean(axis=(0, 1))).max() for each in (plain, kept)
    ]
    assert shifts[1] < shifts[0] / 2


def test_noise_is_repeatable_and_the_seeds_own(paint: Paint) -> None:
    first = paint(init="noise", seed=3)
    np.testing.assert_array_equal(paint(init="noise", seed=3), first)
    assert np.abs(paint(init="noise", seed=4) - first).mean() > 5


@pytest.mark.parametrize(("size", "expected"), [(36, (24, 36)), (None, (32, 48)), (500, (32, 48))])
def test_the_result_has_the_photographs_aspect(
    size: int | None, expected: tuple[int, int], paint: Paint
) -> None:
    assert paint(size=size, steps=1).shape[:2] == expected


def test_coarse_sizes_come_first(paint: Paint, tmp_path: Path) -> None:
    """Intermediate pictures show them; Adam takes exactly the chosen number of steps."""
    paint(sizes=[24, 36], steps=2, optimizer="adam", save_every=2)
    shapes = [pixels(path).shape[1] for path in sorted(tmp_path.glob("out-step*.png"))]
    assert shapes == [24, 36, 48]


def test_a_sweep_is_a_sheet_with_a_cell_for_every_choice(paint: Paint, tmp_path: Path) -> None:
    sheet = paint(sweep=["style_weight=0,100,1000", "steps=1,9"], tv_weight=0)
    single = {w: paint(style_weight=w, steps=9, tv_weight=0, output=tmp_path / "one.png")
              for w in (0, 100, 1000)}  # fmt: skip
    for picture in single.values():
        windows = np.lib.stride_tricks.sliding_window_view(sheet, (32, 48, 3))[:, :, 0]
        candidates = np.argwhere((windows[..., 0, 0, :] == picture[0, 0]).all(-1))
        assert any((windows[y, x] == picture).all() for y, x in candidates)
    paper = (sheet == (250, 246, 236)).all(axis=2)
    assert cells(paper) == (3, 2)


def cells(paper: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the rows and columns of pictures: runs without paper in the last cell."""
    lower, right = paper[-20], paper[:, -20]
    runs = [np.flatnonzero(np.diff(np.r_[1, line, 1].astype(int)) == -1) for line in (right, lower)]
    ends = [np.flatnonzero(np.diff(np.r_[1, line, 1].astype(int)) == 1) for line in (right, lower)]
    lengths = [end - start for start, end in zip(runs, ends, strict=True)]
    return int((lengths[0] == 32).sum()), int((lengths[1] == 48).sum())


@pytest.mark.parametrize(("options", "message"), [
    ({"style": []}, "style must name at least one painting"),
    ({"style_weights": [1, 2]}, "style_weights: 2 values, but style has 1"),
    ({"style_weights": [0]}, "style_weights: at least one must be larger than 0"),
    ({"perceptual": {"gram_decay": 0.5}}, r"perceptual\.gram_decay is for training"),
    ({"sizes": [32, 16]}, r"sizes \[32, 16\]: each must be larger"),
    ({"sizes": [64]}, r"sizes \[64\] must be at most size \(48\)"),
    ({"output": Path("out.txt")}, "output out.txt: the name must end in"),
    ({"sweep": ["tile=256"]}, "sweep: 'tile' cannot be swept: use style_weight, content_weight"),
    ({"sweep": ["steps=1,,2"]}, "sweep: steps=1,,2 must be like"),
    ({"sweep": ["steps=0"]}, "sweep: steps=0: Input should be greater than or equal to 1"),
    ({"sweep": ["steps=1", "steps=2"]}, "sweep: an option is named twice"),
    ({"size": 17}, "size: 17x11 pixels: both sides must be at least 16"),
    ({"content": Path("nowhere.png")}, "nowhere.png: No such file"),
])  # fmt: skip
def test_an_invalid_option_is_named(options: dict[str, Any], message: str, paint: Paint) -> None:
    with pytest.raises(ValueError, match=message):
        paint(**options)


def test_an_output_that_is_an_input_is_rejected(paint: Paint, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"output .*photo.png would replace an input"):
        paint(output=tmp_path / "photo.png")


def test_masks_that_do_not_fit_are_rejected(paint: Paint, tmp_path: Path) -> None:
    Image.new("L", (50, 50), "white").save(tmp_path / "square.png")
    Image.new("L", (48, 32), "black").save(tmp_path / "black.png")
    with pytest.raises(
        ValueError, match=r"square.png has 50x50 pixels and .*48x32: .* same aspect"
    ):
        paint(masks=[tmp_path / "square.png"])
    with pytest.raises(ValueError, match=r"black.png is completely black"):
        paint(masks=[tmp_path / "black.png"])


def test_the_command_line_takes_options_several_times(
    tmp_path: Path, picture: Picture, backbone: PerceptualConfig
) -> None:
    styles = [str(picture(f"{name}.png", seed=seed)) for seed, name in enumerate("ab", 1)]
    given = ["--content", str(picture("photo.png")), "--output", str(tmp_path / "out.png")]
    given += ["--style", styles[0], f"--style={styles[1]}", "--sweep", "steps=1,2", "--size", "32"]
    given += ["--sweep=strength=0,0.5,1", "--device", "cpu"]
    given += [
        "--perceptual.backbone",
        "mobilenet_v2",
        "--perceptual.weights",
        str(backbone.weights),
    ]
    assert main(["stylize", *given]) == 0
    assert pixels(tmp_path / "out.png").shape[1] > 3 * 32


@pytest.mark.parametrize("options", [{}, {"sweep": ["seed=1,2"]}])
def test_results_are_marked_with_the_hash_of_the_weights(
    options: dict[str, Any], paint: Paint, backbone: PerceptualConfig, tmp_path: Path
) -> None:
    paint(**options, save_every=4)
    assert backbone.weights
    digest = hashlib.sha256(backbone.weights.read_bytes()).hexdigest()
    written = [*tmp_path.glob("out*.png")]
    assert len(written) > 1
    for path in written:
        (packet,) = packets(path)
        assert properties(packet)[f"{EXT}AISystemVersionUsed"] == f"sha256:{digest}"


def test_without_marks_only_the_mark_is_missing(paint: Paint, tmp_path: Path) -> None:
    on, off = paint(), paint(marks=False, output=tmp_path / "off.png")
    assert np.array_equal(on, off)
    with Image.open(tmp_path / "off.png") as image:
        plain = tmp_path / "plain.png"
        write_image(image.copy(), plain)
    assert (tmp_path / "off.png").read_bytes() == plain.read_bytes()


def test_an_existing_file_is_kept_and_a_new_one_named(
    paint: Paint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paint(steps=1)
    assert capsys.readouterr().err.endswith(f"1 image stylized to {tmp_path / 'out.png'}\n")
    before = (tmp_path / "out.png").read_bytes()
    with pytest.raises(ValueError, match=r"out\.png: exists already: .*add --overwrite true"):
        paint(overwrite=False, strength=0)
    assert (tmp_path / "out.png").read_bytes() == before
    paint(strength=0, steps=1)
    assert (tmp_path / "out.png").read_bytes() != before
