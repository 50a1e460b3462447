"""The training data of a run: the dataset given by data.dataset, and its test images."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from gan.config import Config, DataConfig
from gan.config.table import load
from gan.config.tables.datasets import DATASETS
from gan.data import Folder, ImageDataset, index_folders, sample_image
from gan.domains import Domain
from gan.images import ImageError, list_images
from gan.images.budget import limit_decoding
from gan.images.pixels import to_unit
from gan.training.accelerator import processes_of
from gan.training.broken_images import INDEX

ROWS = 4
"""Number of test images of each domain in a sample grid."""


@dataclass(frozen=True)
class TrainingData:
    """A dataset, and its folders if it has any."""

    config: Config
    dataset: ImageDataset
    folders: Mapping[Domain, Folder]

    @property
    def fingerprints(self) -> dict[str, str]:
        """The hash of a dataset without folders, which must not change when a run is resumed.

        Keyed by data.dataset; {} with folders, or if the dataset has no attribute `fingerprint`.
        """
        mark = None if self.folders else getattr(self.dataset, "fingerprint", None)
        return {} if mark is None else {"data.dataset": str(mark)}

    def test_images(self, device: torch.device) -> dict[Domain, Tensor]:
        """Return each domain's fixed test images on `device`, (N, C, H, W) in [-1, 1]."""
        if self.folders:
            images = {
                at: test_images(self.config.data, at, folder.files)
                for at, folder in self.folders.items()
            }
        else:
            images = {at: to_unit(self.pixels(at)) for at in self.config.domains}
        return {domain: batch.to(device) for domain, batch in images.items()}

    def pixels(self, domain: Domain) -> Tensor:
        """Return a domain's test images of a dataset without folders, uint8 or uint16 (N, C, H, W).

        They come from the dataset's method test_images if it has one, else from its first items.
        """
        own: Callable[[Domain], Tensor] | None = getattr(self.dataset, "test_images", None)
        if own is not None:
            return own(domain)
        place = self.config.domains.index(domain)
        count = min(ROWS, len(self.dataset))
        return torch.stack([self.dataset[0, index][place] for index in range(count)])


def open_data(
    config: Config, accelerator: Accelerator, print_line: Callable[[str], None]
) -> TrainingData:
    """Open the dataset of a run, and print remarks about its folders.

    The main process decodes the folders' files, for all processes. ValueError as in index_folders.
    For a dataset without folders, ValueError if it is empty, or if its first item does not fit
    data.crop_size, data.channels_a and data.channels_b.
    """
    limit_decoding(config.data.max_decoded_mb)
    row = DATASETS[config.data.dataset]
    if not row.folders:
        data = TrainingData(config, load(row.code)(config), {})
        _check_item(data.dataset, config)
        return data
    folders: dict[Domain, Folder] = processes_of(accelerator).once(
        lambda: index_folders(config.data, config.domains, config.run.dir / INDEX)
    )
    for folder in folders.values():
        for reason in folder.unreadable:
            print_line(f"skipped: {reason}")
        if folder.paged:
            names = ", ".join(path.name for path in folder.paged[:3])
            print_line(
                f"{folder.root}: {len(folder.paged)} images have several pages or frames ({names}"
                f"{', ...' if folder.paged[3:] else ''}): only the first of each is used"
            )
        for remark, count in folder.remarks.items():
            print_line(f"{folder.root}: {count} of {len(folder.files)} images: {remark}")
    dataset = load(row.code)(config, folders)
    if remark := dataset.crops.describe():
        print_line(remark)
    return TrainingData(config, dataset, folders)


def _check_item(dataset: ImageDataset, config: Config) -> None:
    """Raise ValueError unless the first item has an image of the right shape for each domain."""
    data, side = config.data, config.data.crop_size
    if not len(dataset):
        raise ValueError(f"data.dataset: {data.dataset} has no items")
    item = dataset[0, 0]
    found = [(image.dtype, tuple(image.shape)) for image in item]
    depths = [torch.uint16 if image.dtype == torch.uint16 else torch.uint8 for image in item]
    shapes = [(data.channels(domain), side, side) for domain in config.domains]
    wanted = list(zip(depths, shapes, strict=False))
    if found != wanted:
        raise ValueError(
            f"data.dataset: {data.dataset}: its first item is {found}, not {wanted}: change the "
            "dataset, or data.crop_size, data.channels_a and data.channels_b"
        )


def test_images(data: DataConfig, domain: Domain, training_files: Sequence[Path]) -> Tensor:
    """Return up to ROWS test images of a domain, (N, C, crop_size, crop_size) in [-1, 1].

    They are spread over the test folder, or over the training files if there is no test folder or
    nothing in it is readable.
    """
    folder = data.test_folder(domain)
    images = _readable(list_images(folder), data, domain) if folder else []
    return torch.stack(images or _readable(training_files, data, domain))


def _readable(files: Sequence[Path], data: DataConfig, domain: Domain) -> list[Tensor]:
    """Return up to ROWS images, (C, H, W) in [-1, 1], evenly spread; skip unreadable ones."""
    images = []
    for path in files[:: max(1, len(files) // ROWS)]:
        with suppress(ImageError):
            images.append(sample_image(path, data, domain))
    return images[:ROWS]
