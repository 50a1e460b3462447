"""The example for Ray Data writes the files of `gan translate`, with two workers of a local Ray."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.cli.main import main
from tests.support.generators import write_generator

ROOT = Path(__file__).parents[2]
LOCAL = """
import runpy, sys
import ray
ray.init(num_cpus=2, include_dashboard=False, object_store_memory=10**8, log_to_driver=False)
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def write_photos(folder: Path) -> None:
    """Pictures of several sizes and formats in sub-folders, one of them damaged."""
    draws = np.random.default_rng(0)
    for number in range(9):
        size = [(40, 30), (24, 20), (64, 64)][number % 3]
        pixels = draws.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        place = folder / f"part-{number % 2}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{number}.{['png', 'jpg'][number % 2]}")
    (folder / "damaged.png").write_bytes(b"not a picture")


def files(folder: Path) -> dict[str, bytes]:
    kept = (path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


@pytest.mark.engines
@pytest.mark.slow
def test_the_files_are_those_of_gan_translate(tmp_path: Path) -> None:
    pytest.importorskip("ray.data")
    write_photos(tmp_path / "photos")
    write_generator(tmp_path / "gen_ab.safetensors")
    words = ["--model", str(tmp_path / "gen_ab.safetensors"), "--input", str(tmp_path / "photos")]
    alone = ["translate", *words, "--output", str(tmp_path / "alone"), "--device", "cpu"]
    assert main([*alone, "--threads", "1"]) == 1  # of the damaged picture
    script = str(ROOT / "examples" / "ray_translate.py")
    done = subprocess.run(
        [sys.executable, "-c", LOCAL, script, *words, "--output", str(tmp_path / "ray")],
        env=os.environ | {"PYTHONPATH": str(ROOT), "RAY_TMPDIR": "/tmp", "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "damaged.png" in done.stderr
    assert files(tmp_path / "ray") == files(tmp_path / "alone")
    assert len(files(tmp_path / "ray")) == 9
