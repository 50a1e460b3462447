"""The styles in a folder: images, sub-folders, and what is rejected."""

from pathlib import Path

import pytest
from PIL import Image

from gan.data import styles
from gan.data.styles import find_styles, joined_names


def write(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16)).save(root / name)
    return root


def test_each_image_and_each_sub_folder_is_a_style_sorted_by_name(tmp_path: Path) -> None:
    names = ("waves.png", "dots/2.png", "dots/old/1.png", "alps.2.jpg", ".hidden/x.png")
    root = write(tmp_path, *names)
    (root / "notes.txt").write_text("no picture")
    assert find_styles(root) == {
        "alps.2": [root / "alps.2.jpg"],
        "dots": [root / "dots/2.png", root / "dots/old/1.png"],
        "waves": [root / "waves.png"],
    }


def test_two_styles_of_one_name_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"waves\.(png|jpg) and waves\.(png|jpg) are two styles with"
    ):
        find_styles(write(tmp_path / "files", "waves.png", "waves.jpg"))
    with pytest.raises(ValueError, match=r"rename one"):
        find_styles(write(tmp_path / "both", "waves.png", "waves/1.png"))


def test_a_folder_without_images_is_rejected_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match=r"none: no images in this folder"):
        find_styles(tmp_path / "none")


def test_too_many_images_are_taken_for_a_folder_of_one_style(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(styles, "MOST_STYLES", 2)
    root = write(tmp_path, "1.png", "2.png", "3.png")
    with pytest.raises(ValueError, match=r"3 styles, but at most 2 are supported\. Each image"):
        find_styles(root)
    one = write(tmp_path / "one", "a/1.png", "a/2.png", "a/3.png")
    assert len(find_styles(one)) == 1


def test_new_names_follow_the_known_ones() -> None:
    assert joined_names(["z", "b"], {"a": 0, "c": 0}) == ("z", "b", "a", "c")
    with pytest.raises(ValueError, match=r"data\.b: a, b: style\.add_to already has styles"):
        joined_names(["b", "a", "x"], {"a": 0, "b": 0})
