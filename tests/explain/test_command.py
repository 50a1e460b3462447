"""`gan explain`: one sheet, of a complete run and of parts of one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.config.tables.degradations import DEGRADATIONS
from gan.explain.command import explain
from gan.explain.look import open_look
from gan.explain.options import ExplainOptions
from gan.explain.patches import open_discriminator
from gan.explain.sheet import CELL, COLUMNS, GAP, SOFT, Section, Tile, draw_sheet
from gan.explain.stability import measure
from gan.system.signals import Interruption
from gan.training import Run
from gan.training.heat import score
from tests.support.pictures import Photos
from tests.support.runs import config


@pytest.fixture
def run(tmp_path: Path, photos: Photos) -> Path:
    for name in ("trainA", "trainB", "testB"):
        photos(f"data/{name}", size=(40, 32))
    settings = config(tmp_path / "data", tmp_path / "run", train={"max_steps": 2})
    Run(settings, Interruption()).fit()
    return tmp_path / "run"


@pytest.fixture
def photo(tmp_path: Path, photos: Photos) -> Path:
    return photos("new", count=1, size=(60, 40)) / "000.png"


def sections(path: Path) -> int:
    """Count the lines over the sections of a sheet, each from margin to margin."""
    with Image.open(path) as image:
        inside = np.asarray(image)[:, GAP : image.width - GAP]
    return int((inside == SOFT).all(axis=(1, 2)).sum())


def test_a_run_gives_all_sections(
    run: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ExplainOptions(
        model=run, input=photo, direction="ab", output=tmp_path / "sheet.png", device="cpu"
    )
    assert explain(options) == 0
    assert capsys.readouterr().out == f"Sheet: {tmp_path / 'sheet.png'}\n"
    assert sections(tmp_path / "sheet.png") == 5
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.width == COLUMNS * CELL + (COLUMNS + 1) * GAP


def test_missing_sections_are_skipped_and_named(
    run: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A single file has no reconstruction and no discriminator."""
    options = ExplainOptions(
        model=run / "gen_ba.safetensors", input=photo, output=tmp_path / "sheet.png", device="cpu"
    )
    assert explain(options) == 0
    printed = capsys.readouterr().out
    assert "No reconstruction: a single file holds one generator: name the run directory" in printed
    assert "No heat maps of the discriminator: --model is not a run directory" in printed
    assert sections(tmp_path / "sheet.png") == 3


def test_without_the_training_folders_the_scores_are_shown(
    run: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    options = ExplainOptions(
        model=run, input=photo, direction="ba", output=tmp_path / "sheet.png", device="cpu"
    )
    assert explain(options) == 0
    assert "no training folders" in capsys.readouterr().out
    assert sections(tmp_path / "sheet.png") == 4


def test_all_is_computed_at_the_size_of_training_or_the_one_given(run: Path, photo: Path) -> None:
    for size, side in ((None, 32), (40, 40)):
        look = open_look(ExplainOptions(model=run, input=photo, direction="ab", size=size))
        assert look.pixels.shape == (side, round(side * 1.5), 3)
        assert look.fake.shape == look.pixels.shape


@pytest.mark.parametrize(
    ("change", "message"),
    [({"direction": None}, "direction ab or ba"), ({"input": "gone.png"}, r"gone\.png")],
)
def test_wrong_models_and_pictures_are_named(
    run: Path, photo: Path, change: dict[str, object], message: str
) -> None:
    options = {"model": run, "input": photo, "direction": "ab"} | change
    with pytest.raises(ValueError, match=message):
        explain(ExplainOptions.model_validate(options))


def test_the_discriminator_is_that_of_the_newest_state(tmp_path: Path, photos: Photos) -> None:
    for name in ("trainA", "trainB"):
        photos(f"data/{name}")
    settings = config(tmp_path / "data", tmp_path / "run", train={"max_steps": 3})
    trained = Run(settings, Interruption())
    trained.fit()
    real = trained.frame.bare["disc_b"].eval()
    opened = open_discriminator(tmp_path / "run", settings, "b")
    unit = torch.rand(1, 3, 18, 18) * 2 - 1
    for name, tensor in opened.state_dict().items():
        assert torch.equal(tensor, real.state_dict()[name])
    for ours, theirs in zip(score(opened, unit), score(real, unit), strict=True):
        # Training stores weights in channels_last, for which torch has other kernels.
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_an_identity_translator_changes_as_its_picture_does() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    found = list(measure(lambda picture: picture, pixels))
    mild = [row.named(row.fixed[0]) for row in DEGRADATIONS.values()]
    assert [change.name for change in found] == [*mild, "shift of 3 pixels"]
    for change in found[:-1]:
        assert change.before > 0
        assert change.gain == 1
    assert found[-1].after == 0
    assert found[-1].changed.shape == (17, 27, 3)


def test_a_constant_translator_does_not_change_and_a_steep_one_amplifies() -> None:
    pixels = np.full((20, 30, 1), 100, np.uint8)
    for change in measure(lambda picture: picture * 0, pixels):
        assert change.after == 0
    noise = next(measure(lambda picture: (picture.astype(int) * 2).clip(0, 255), pixels))
    assert noise.gain == pytest.approx(2)


def test_every_tile_is_on_the_sheet() -> None:
    colors = [(n * 20, 0, 255 - n * 20) for n in range(7)]
    tiles = [Tile(Image.new("RGB", (10, 8), color), "a caption") for color in colors]
    page = draw_sheet("title", [Section("question", "sentence", tiles), Section("q", "s", tiles)])
    found = {color: count for count, color in page.getcolors(2**24) or []}
    for color in colors:
        assert found[color] == 2 * CELL * round(CELL * 0.8)
