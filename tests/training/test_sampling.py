"""The test images of a run, and the columns of sample grids."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.config import DataConfig
from gan.networks import build_generator
from gan.training import dataset  # pytest would collect dataset.test_images as a test
from gan.training.sampling import sample_columns

Photos = Callable[..., Path]


def config(root: Path, **changes: object) -> DataConfig:
    return DataConfig.model_validate({"root": root, "load_size": 16, "crop_size": 16} | changes)


def as_tensor(*paths: Path) -> Tensor:
    """The pixels of 16x16 images in [-1, 1], in one line of numpy."""
    pixels = np.stack([np.asarray(Image.open(path)) for path in paths])
    return torch.from_numpy(pixels / 127.5 - 1).permute(0, 3, 1, 2).float()


def test_the_first_four_test_images_are_shown(photos: Photos, tmp_path: Path) -> None:
    folder = photos("testB", count=6, size=(16, 16))
    images = dataset.test_images(config(tmp_path), "b", [])
    expected = as_tensor(*(folder / f"00{number}.png" for number in range(4)))
    assert images.dtype == torch.float32
    torch.testing.assert_close(images, expected, atol=1e-6, rtol=0)


def test_without_test_images_training_images_are_shown(photos: Photos, tmp_path: Path) -> None:
    training = sorted(photos("trainA", count=5, size=(16, 16)).iterdir())
    expected = as_tensor(*training[:4])
    torch.testing.assert_close(dataset.test_images(config(tmp_path), "a", training), expected)
    (tmp_path / "testA").mkdir()
    torch.testing.assert_close(dataset.test_images(config(tmp_path), "a", training), expected)
    data = DataConfig(a=tmp_path / "trainA", b=tmp_path, load_size=16, crop_size=16)
    torch.testing.assert_close(dataset.test_images(data, "a", training), expected)


def test_a_damaged_test_image_does_not_end_a_run(photos: Photos, tmp_path: Path) -> None:
    folder = photos("testA", count=5, size=(16, 16))
    training = sorted(photos("trainA", count=2, size=(16, 16)).iterdir())
    (folder / "001.png").write_bytes((folder / "001.png").read_bytes()[:300])
    shown = dataset.test_images(config(tmp_path), "a", training)
    expected = as_tensor(*(folder / f"00{number}.png" for number in (0, 2, 3, 4)))
    torch.testing.assert_close(shown, expected)
    for path in folder.iterdir():
        path.write_bytes(b"")
    shown = dataset.test_images(config(tmp_path), "a", training)
    torch.testing.assert_close(shown, as_tensor(*training))


def test_test_images_of_any_size_and_channels_make_one_batch(
    photos: Photos, tmp_path: Path
) -> None:
    photos("testA/one", count=1, size=(40, 20))
    photos("testA/two", count=1, size=(9, 300), mode="L")
    for resize in ("square", "short", "none"):
        for channels in (1, 3):
            data = config(tmp_path, resize=resize, channels_a=channels)
            assert dataset.test_images(data, "a", []).shape == (2, channels, 16, 16)


class Add(nn.Module):
    """Adds a number, and records whether it ran in training mode."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number, self.modes = number, set[bool]()

    def forward(self, x: Tensor) -> Tensor:
        self.modes.add(self.training)
        return x + self.number


def test_columns_are_real_fake_reconstruction_identity() -> None:
    """With generators that add 1 and 10, the columns are x, x + 1, x + 11 and x + 10."""
    x = torch.rand(2, 3, 8, 8)
    columns = sample_columns(Add(1), Add(10), x)
    assert len(columns) == 4
    for column, added in zip(columns, (0, 1, 11, 10), strict=True):
        torch.testing.assert_close(column, x + added)


@pytest.mark.parametrize("modes", [(True, True), (False, True), (False, False)])
def test_networks_run_in_eval_mode_and_return_to_their_mode(modes: tuple[bool, bool]) -> None:
    forth, back = Add(1).train(modes[0]), Add(1).train(modes[1])
    sample_columns(forth, back, torch.zeros(1, 3, 4, 4))
    assert forth.modes == back.modes == {False}
    assert (forth.training, back.training) == modes


def test_no_identity_is_shown_between_gray_and_color() -> None:
    forth = build_generator("resnet_6blocks", in_channels=1, out_channels=3, channels=2)
    back = build_generator("resnet_6blocks", in_channels=3, out_channels=1, channels=2)
    columns = sample_columns(forth, back, torch.rand(2, 1, 16, 16))
    assert [column.shape[1] for column in columns] == [1, 3, 1]
    assert not any(column.requires_grad for column in columns)
