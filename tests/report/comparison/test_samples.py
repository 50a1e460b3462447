"""Translations of the same test image by all runs are shown side by side."""

import base64
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from gan.report.comparison.groups import grouped
from gan.report.comparison.runs import read_runs
from gan.report.comparison.samples import samples
from tests.support.reports import write_grid, write_run


def shown(text: str) -> list[list[tuple[str, int]]]:
    """Captions and shades of the pictures, row by row."""
    rows = []
    for row in text.split('<div class="beside"')[1:]:
        found = re.findall(r'base64,([^"]*)".*?<figcaption>(.*?)</figcaption>', row)
        shades = [
            int(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L")).mean())
            for data, _ in found
        ]
        rows.append(list(zip((caption for _, caption in found), shades, strict=True)))
    return rows


def page(runs: list[Path], most: int = 12) -> str:
    return str(samples(grouped(read_runs(runs)).groups, most))


def test_every_row_is_one_image_and_every_run_has_its_translation(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    for run, shade in zip(runs, (100, 200), strict=True):
        write_grid(run, 4, "ab", shade=9)  # an older one
        write_grid(run, 12, "ab", shade=shade)
    assert shown(page(runs)) == [
        [("original", real), ("1 · 0, step 12", 100), ("1 · 1, step 12", 200)] for real in (0, 40)
    ]


def test_runs_with_other_images_form_separate_blocks(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(3)]
    for run, count in zip(runs, (2, 3, 2), strict=True):
        write_grid(run, 12, "ab", images=count)
    text = page(runs)
    assert text.count("Not all runs show the same images in the same size") == 1
    assert [len(row) for row in shown(text)] == [3, 3, 2, 2, 2]


def test_fewer_images_are_shown_with_a_remark(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    for run in runs:
        write_grid(run, 12, "ba", images=5)
    text = page(runs, 2)
    assert len(shown(text)) == 2
    assert "2 of 5 images" in text
    assert shown(page(runs, 0)) == []


def test_missing_or_damaged_samples_are_named(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, seed) for seed, name in enumerate(("no", "torn", "narrow"))]
    write_grid(runs[1], 12, "ab")
    (runs[1] / "samples" / "step-00000012-ab.png").write_bytes(b"torn")
    (runs[2] / "samples").mkdir()
    Image.new("RGB", (16, 32)).save(runs[2] / "samples" / "step-00000012-ab.png")
    text = page(runs)
    assert "no: no samples yet" in text
    assert "torn: step-00000012-ab.png: not an image" in text
    assert "narrow: step-00000012-ab.png has no column of translations" in text
