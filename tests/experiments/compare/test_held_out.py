"""The folders for choosing recipes share no photographs."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.dataset import TEST, TRAIN, painted
from experiments.compare.held_out import hold_out
from gan.images import read_image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0)
    for domain, photographs in (("A", "pqrstu"), ("B", "vwx")):
        folder = tmp_path / "data" / f"train{domain}"
        folder.mkdir(parents=True)
        for name in photographs:
            for crop in range(2):
                pixels = noise.integers(256, size=(32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{name}_{crop}.png")
    return tmp_path / "data"


def crops(names: str) -> set[str]:
    return {f"{name}_{crop}.png" for name in names for crop in range(2)}


def found(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_folder_few_has_images_of_all_photographs(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.compare.held_out.FEW", 3)
    shutil.copytree(data / "trainB", data / "testB")
    hold_out(data, tmp_path / "out", a="r,u", b="v")
    few = tmp_path / "out/few"
    assert found(few / "trainA") == {"p_0.png", "r_0.png", "t_0.png"}
    assert found(few / "trainB") == {"v_0.png", "w_0.png", "x_0.png"}
    assert found(few / "testB") == crops("vwx")
    assert not (few / "testA").exists()


def test_photographs_are_on_one_side_and_truths_are_paintings(data: Path, tmp_path: Path) -> None:
    hold_out(data, tmp_path / "out", a="r,u", b="v")
    held, prints = tmp_path / "out/held", tmp_path / "out/prints"
    assert [found(held / name) for name in ("trainA", "trainB", "valA", "valB")] == [
        crops("pqst"), crops("wx"), crops("ru"), crops("v"),
    ]  # fmt: skip
    assert [found(prints / name) for name in ("trainA", "trainB", "valA", "valB")] == [
        crops("ps"), crops("qt"), crops("ru"), crops("ru"),
    ]  # fmt: skip
    demo = tmp_path / "out/demo"
    assert found(demo / "valA") == found(demo / "valB") == crops("pqrstu")
    assert not {name.split("-")[0] for name in found(demo / "trainA")} & {*TRAIN["trainB"], *TEST}
    truth = painted(read_image(demo / "valA/p_0.png"))
    assert read_image(demo / "valB/p_0.png").tobytes() == truth.tobytes()
    for folder, name in (("trainB", "q_1.png"), ("valB", "u_0.png")):
        expected = painted(read_image(data / "trainA" / name))
        assert read_image(prints / folder / name).tobytes() == expected.tobytes()
    with pytest.raises(ValueError, match="exists already"):
        hold_out(data, tmp_path / "out")
