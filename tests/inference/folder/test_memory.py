"""Pictures that do not fit into the device's memory: one by one, then in tiles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.inference.translator import Translator
from tests.support.commands import translate_folder
from tests.support.pictures import Photos


@pytest.fixture
def most_pixels(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Make a translator fail above a number of pixels; list the pixels of its calls."""

    def limit(most: int) -> list[int]:
        asked: list[int] = []
        translate = Translator.translate_batch

        def limited(self: Translator, pixels: Tensor) -> list[Tensor | None]:
            asked.append(pixels.numel() // pixels.shape[1])
            if asked[-1] > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return translate(self, pixels)

        monkeypatch.setattr(Translator, "translate_batch", limited)
        return asked

    return limit


def outputs(folder: Path) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return [np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))]


@pytest.mark.parametrize(("most", "asked"), [(100 * 90, [4, 1, 1, 1, 1]), (0, [4, 1, 1, 1, 1])])
def test_pictures_that_do_not_fit_are_translated_alone_and_then_in_tiles(
    most: int,
    asked: list[int],
    photos: Photos,
    tmp_path: Path,
    generator_file: Path,
    most_pixels: Callable[[int], list[int]],
) -> None:
    folder = photos(count=4, size=(100, 90))
    options: dict[str, Any] = {"model": generator_file, "input": folder, "batch_size": 4}
    assert translate_folder(output=tmp_path / "whole", **options) == 0
    pieces = most_pixels(most)
    assert translate_folder(output=tmp_path / "small", **options) == 0
    assert pieces == [count * 9000 for count in asked]
    for ours, theirs in zip(outputs(tmp_path / "small"), outputs(tmp_path / "whole"), strict=True):
        assert np.abs(ours.astype(int) - theirs).max() <= 1  # tiles round differently
