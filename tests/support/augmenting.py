"""Outputs, settings and records of augmentations in tests."""

import json
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor, nn

from gan.augment.dataset import Dataset, Outputs
from gan.augment.formats import dataset_format
from gan.augment.options import AugmentOptions
from gan.augment.output import carry
from tests.support import labelled
from tests.support.interrupted_runs import contents


def output(dataset: Dataset, outputs: Outputs, target: Path, format: str) -> None:
    """Write an output whose translations are other photographs of the right size."""
    originals = {item.image for item in dataset.items}
    new = {name for names in outputs.values() for name in names} - originals
    for image, names in outputs.items():
        for name in new & {*names}:
            with Image.open(dataset.root / image) as picture:
                labelled.save(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), target / name)
    carry(dataset, dataset_format(format), outputs, new, target)


def reasons(dataset: Dataset) -> dict[str, str]:
    return {
        remark.source.relative_to(dataset.root).as_posix(): remark.reason
        for remark in dataset.remarks
    }


def doubled(root: Path, target: Path, format: str) -> Dataset:
    """Add a translation to every image, under a name that ends in +."""
    dataset = dataset_format(format).read(root)
    outputs = {
        item.image: (item.image, item.image.with_stem(f"{item.image.stem}+"))
        for item in dataset.items
    }
    output(dataset, outputs, target, format)
    return dataset


def assert_nothing_is_lost(root: Path, target: Path, rewritten: tuple[str, ...] = ()) -> None:
    before, after = contents(root), contents(target)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {*rewritten}


def config(tmp_path: Path, format: str, **options: Any) -> AugmentOptions:
    """Return options with all gates off except the given ones, because translators are odd."""
    gates = dict.fromkeys(("structure", "shift", "edges", "luma", "contrast", "cycle"), "off")
    given = {"model": [Path("negative")], "dataset": tmp_path / "in", "output": tmp_path / "out"}
    return AugmentOptions.model_validate(given | {"format": format} | gates | options)


def lines(output: Path) -> list[dict[str, Any]]:
    text = (output / "augmentation.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


class Brightest(nn.Module):
    """A classifier whose class is the brightest channel."""

    def forward(self, picture: Tensor) -> Tensor:
        return 8 * picture.mean((2, 3))
