"""Class folders: every image has its class, also in batches."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.config import DataConfig
from gan.data import classes_of
from gan.data.unpaired import OneFolder
from gan.images import list_images


def write_levels(root: Path, classes: tuple[str, ...] = ("a", "b", "c"), count: int = 4) -> Path:
    """Write class folders of images with one gray level: ten times the class, plus the number."""
    for number, name in enumerate(classes):
        (root / name / "deeper").mkdir(parents=True)
        for i in range(count):
            level = np.full((16, 16), 10 * number + i, np.uint8)
            folder = root / name / "deeper" if i == 0 else root / name
            Image.fromarray(level).save(folder / f"{i}.png")
    return root


def test_the_class_is_the_first_folder_and_classes_are_sorted(tmp_path: Path) -> None:
    files = list_images(write_levels(tmp_path, ("dog", "ant", "cat"), 2))
    names, labels = classes_of(tmp_path, files)
    assert names == ["ant", "cat", "dog"]
    assert [path.relative_to(tmp_path).parts[0] for path in files] == [
        names[label] for label in labels
    ]


@pytest.mark.parametrize(("names", "message"), [
    (["a/0.png", "1.png"], r"1\.png: not in a class folder; expected .*/CLASS/"),
    (["a/0.png", "a/1.png"], r"at least two class folders, not \['a'\]"),
])  # fmt: skip
def test_a_folder_without_class_folders_is_rejected(
    names: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        classes_of(tmp_path, [tmp_path / name for name in names])


def test_every_image_occurs_once_per_epoch_with_its_class(tmp_path: Path) -> None:
    files = list_images(write_levels(tmp_path))
    data = DataConfig(load_size=16, crop_size=16, channels_a=1)
    images = OneFolder(files, data, 3, classes_of(tmp_path, files)[1])
    for epoch in (0, 1):
        pairs = [images[epoch, index] for index in range(len(images))]
        assert [int(label) for _, label in pairs] == [int(x[0, 0, 0]) // 10 for x, _ in pairs]
        levels = [int(image[0, 0, 0]) for image, _ in pairs]
        assert sorted(levels) == [10 * number + i for number in range(3) for i in range(4)]
        assert levels != sorted(levels)
