"""The sheet of an augmentation."""

from pathlib import Path

import numpy as np
from PIL import Image

from gan.augment.dataset import Box, Item
from gan.augment.decisions import Decided
from gan.augment.gates import GATES
from gan.augment.plan import Task
from gan.augment.sheet import CELL, GAP, LABEL, TEXT, sheet

GREY = (128, 128, 128)


def labeled(page: Image.Image, column: int) -> set[tuple[int, int]]:
    """Return the pixels of the labels' color in a column of the first row."""
    left, top = GAP + column * (CELL + GAP), 4 * TEXT
    pixels = np.asarray(page.convert("RGB"))[top : top + CELL, left : left + CELL]
    found = np.argwhere((pixels == LABEL).all(axis=2))
    return {(int(x), int(y)) for y, x in found}


def page_of(root: Path, item: Item, count: int = 1) -> Image.Image:
    decided = [Decided(Task(item, Path("new.png"), 0, 1.0), "accepted") for _ in range(count)]
    return sheet(decided, root, lambda each: root / each.task.output)


def outline(left: int, top: int, right: int, bottom: int) -> set[tuple[int, int]]:
    """Return the two outermost pixels inside a rectangle."""
    xs, ys = range(left, right), range(top, bottom)
    return {
        (x, y) for x in xs for y in ys if min(x - left, right - 1 - x, y - top, bottom - 1 - y) < 2
    }


def test_boxes_are_drawn_on_both_images_at_any_scale(tmp_path: Path) -> None:
    for size in ((2 * CELL, CELL), (CELL // 4, CELL // 8)):
        for name in ("old.png", "new.png"):
            Image.new("RGB", size, GREY).save(tmp_path / name)
        width, height = size
        shares = Box(0.25, 0.5, 0.75, 1, relative=True)
        pixels = Box(width / 4, height / 2, 3 * width / 4, height)
        for box in (shares, pixels):
            page = page_of(tmp_path, Item(Path("old.png"), boxes=(box,)))
            wanted = outline(CELL // 4, CELL // 4, 3 * CELL // 4, CELL // 2)
            assert labeled(page, 0) == labeled(page, 1) == wanted


def test_a_mask_has_borders_and_pictures_without_labels_none(tmp_path: Path) -> None:
    mask = np.zeros((CELL, CELL), np.uint8)
    mask[:, CELL // 3 :] = 7
    Image.fromarray(mask).save(tmp_path / "mask.png")
    for name in ("old.png", "new.png"):
        Image.new("RGB", (CELL, CELL), GREY).save(tmp_path / name)
    page = page_of(tmp_path, Item(Path("old.png"), mask=Path("mask.png")))
    assert labeled(page, 0) == labeled(page, 1) == {(CELL // 3, y) for y in range(CELL)}
    page = page_of(tmp_path, Item(Path("old.png")))
    assert not labeled(page, 0)


def test_no_size_of_a_box_is_too_small_or_too_large(tmp_path: Path) -> None:
    for name in ("old.png", "new.png"):
        Image.new("RGB", (CELL // 6, CELL // 8), GREY).save(tmp_path / name)
    boxes = (Box(10, 10, 10, 10), Box(30, 30, 20, 20), Box(-50, -50, 500, 500))
    page = page_of(tmp_path, Item(Path("old.png"), boxes=boxes), count=12)
    # Six times as large; the first has no sides and is a dot, the last has none in the picture.
    found = labeled(page, 0)
    dot = found - outline(120, 120, 180, 180)
    assert found == labeled(page, 1) == dot | outline(120, 120, 180, 180)
    assert (60, 60) in dot
    assert all(max(abs(x - 60), abs(y - 60)) <= 2 for x, y in dot)


def test_every_score_is_shown(tmp_path: Path) -> None:
    Image.new("RGB", (CELL, CELL), GREY).save(tmp_path / "old.png")

    def page(**changed: float) -> bytes:
        scores = dict.fromkeys(GATES, 10.25) | changed
        task = Task(Item(Path("old.png")), Path("new.png"), 0, 1.0)
        each = Decided(task, "accepted", scores=scores)
        return sheet([each], tmp_path, lambda _: tmp_path / "old.png").tobytes()

    assert len({page(), *(page(**{gate: 70.25}) for gate in GATES)}) == 1 + len(GATES)
