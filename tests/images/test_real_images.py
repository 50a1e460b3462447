"""Train on and translate real photographs and paintings, if GAN_DATA names their folder."""

import os
from pathlib import Path

import pytest
from PIL import Image

from gan.cli.main import main

DATA = os.environ.get("GAN_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="GAN_DATA names no folder with trainA and trainB")


def test_the_small_recipe_trains_on_them_and_every_test_image_is_translated(tmp_path: Path) -> None:
    root, run, output = Path(str(DATA)), tmp_path / "run", tmp_path / "paintings"
    recipe = Path(__file__).parents[2] / "configs" / "small.yaml"
    options = {
        "config": recipe, "data.root": root, "data.workers": 0,
        "run.dir": run, "run.device": "cpu", "train.max_steps": 2,
    }  # fmt: skip
    assert main(["train", *(f"--{name}={value}" for name, value in options.items())]) == 0
    files = {"model": run, "input": root / "testA", "output": output}
    chosen = {"direction": "ab", "device": "cpu"}
    assert main(["translate", *(f"--{k}={v}" for k, v in (files | chosen).items())]) == 0
    originals = sorted(path for path in (root / "testA").rglob("*") if path.is_file())
    assert len(originals) > 0
    for path in originals:
        translated = output / path.relative_to(root / "testA")
        with Image.open(path) as before, Image.open(translated) as after:
            assert after.size == before.size
