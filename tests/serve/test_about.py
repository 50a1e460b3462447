"""The description of a model: only what its run's folder holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from gan.interop.domain_names import domain_names
from gan.serve.about import EXAMPLES, describe
from gan.serve.models import open_models
from gan.serve.studio import Studio
from tests.support.serving import Picture


@pytest.fixture
def run(tmp_path: Path, new_generator: Callable[..., Path]) -> Path:
    """Return a run that was trained on a folder with ten test images of A and one of B."""
    folder, root = tmp_path / "run", tmp_path / "photo2painting"
    folder.mkdir()
    new_generator(folder / "gen_ab.safetensors", "ab")
    new_generator(folder / "gen_ba.safetensors", "ba")
    for domain, count in (("A", 10), ("B", 1)):
        (root / f"test{domain}").mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (2000, 20)).save(root / f"test{domain}" / f"{domain}{number}.png")
    configure(folder, root=str(root))
    return folder


def configure(run: Path, **data: Any) -> None:
    (run / "config.yaml").write_text(yaml.safe_dump({"data": data}))


def test_domains_examples_and_training_are_read_from_the_run(run: Path) -> None:
    ab, ba = (choice.about for choice in open_models([run], "cpu", "fp32"))
    assert (ab.title, ba.title) == ("photo → painting", "painting → photo")
    assert ab.text.startswith("Trained on photo2painting")
    assert len(ab.examples) == EXAMPLES
    assert {path.name[0] for path in ab.examples} == {"A"}
    assert [path.name for path in ba.examples] == ["B0.png"]
    assert open_models([run], "cpu", "fp32")[0].label == "run: photo → painting"


def test_examples_can_be_disabled(run: Path) -> None:
    for choice in open_models([run], "cpu", "fp32", examples=False):
        assert choice.about.examples == ()


@pytest.mark.parametrize(("data", "expected"), [
    ({"a": "x/photos", "b": "y/paintings/"}, {"a": "photos", "b": "paintings"}),
    ({"a": "C:\\x\\photos", "b": "paintings"}, {"a": "photos", "b": "paintings"}),
    ({"root": "datasets/horse2zebra"}, {"a": "horse", "b": "zebra"}),
    ({"root": "datasets/monet"}, {}),
    ({"root": "mp3_2_wav"}, {}),
    ({"a": "x/trainA", "b": "x/trainB"}, {}),
    ({"a": "x/images", "b": "y/images"}, {}),
    ({"a": 3, "b": None, "root": ["x"]}, {}),
    ({}, {}),
])  # fmt: skip
def test_domain_names_are_read_from_folder_names(
    data: dict[str, Any], expected: dict[str, str]
) -> None:
    assert domain_names(data) == expected


@pytest.mark.parametrize("text", ["", "data: [", "- 1", "data: 3", "\0", "data: {root: /nowhere}"])
def test_a_run_without_a_description_is_served(run: Path, text: str) -> None:
    (run / "config.yaml").write_text(text)
    about = describe(run / "gen_ab.safetensors", "ab")
    assert (about.title, about.examples) == ("", ())


def test_a_file_without_a_run_has_no_description(generator_file: Path) -> None:
    assert describe(generator_file, "ab").title == ""
    assert describe(generator_file, "ab").examples == ()


@pytest.mark.parametrize(("card", "expected"), [
    ("---\nlicense: mit\n---\n\n# name\n\nMakes  photographs\nlook old.\n\nMore.",
     "Makes photographs look old."),
    ("---\nlicense: mit\n---\n\n# name\n\nUnpaired image-to-image translation (CycleGAN).\n", ""),
    ("# no card\n\nSomething else.", ""),
])  # fmt: skip
def test_a_users_model_card_is_shown(run: Path, card: str, expected: str) -> None:
    (run / "README.md").write_text(card)
    described = describe(run / "gen_ab.safetensors", "ab").text
    (run / "README.md").unlink()
    alone = describe(run / "gen_ab.safetensors", "ab").text
    assert described == f"{expected} {alone}".strip()


def test_examples_are_copied_to_the_visitors_folder_and_kept(
    studio: Studio, picture: Picture, tmp_path: Path
) -> None:
    """The copies are small and have no metadata; unreadable files are skipped."""
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    from gan.serve.single import copy_examples

    exif = Image.Exif()
    exif[0x010E] = "where I live"
    large = picture("100%.jpg", size=(300, 300), exif=exif)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    found = list(copy_examples(studio, (large, tmp_path / "broken.png"), studio.folder / "try"))
    ((whole, small),) = found
    assert whole.name == "100_.jpg"
    for path, side in ((whole, 300), (small, 160)):
        assert path.is_relative_to(studio.folder)
        assert studio.needed(path)
        with Image.open(path) as image:
            assert image.size == (side, side)
            assert not image.getexif()
            assert np.asarray(image).std() > 10
