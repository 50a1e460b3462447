"""Copies of real photographs stay on the side of their originals, which their names tell."""

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from gan.cli.main import main
from gan.images import list_images

ROOT = os.environ.get("GAN_DATA")
pytestmark = pytest.mark.skipif(not ROOT, reason="GAN_DATA names no folder of real images")


def test_saved_again_and_smaller_copies_are_on_their_originals_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    originals = list_images(Path(str(ROOT)) / "trainA")[:60]
    for number, path in enumerate(originals):
        shutil.copy(path, f"photos/{number:02d}{path.suffix}")
        with Image.open(path) as image:
            small = image.convert("RGB").resize((image.width // 2, image.height // 2))
        small.save(f"photos/{number:02d}-copy.jpg", quality=40)
    assert main(["prepare", "--output", "out", "--a", "photos", "--test", "0.3"]) == 0
    lines = [json.loads(line) for line in Path("out/preparation.jsonl").read_text().splitlines()]
    sides: dict[str, set[str]] = {}
    for line in lines:
        sides.setdefault(Path(line["file"]).name[:2], set()).add(line["split"])
    assert len(sides) == 60
    assert all(len(side) == 1 for side in sides.values())
    assert len(list_images(Path("out/testA"))) == 36
