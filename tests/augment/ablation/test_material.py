"""Samples get the translations of their images in the output, and no others."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.checks.drawn import write_dataset
from gan.augment.ablation.material import Material, read_material
from gan.augment.ablation.plan import Plan, make_plan
from gan.augment.formats import dataset_format
from gan.images import read_image
from tests.support.augmenting import config


def planned(tmp_path: Path, labels: str, format: str) -> Plan:
    write_dataset(tmp_path / "in", labels, "shape", 9, 0)
    write_dataset(tmp_path / "test", labels, "shape", 9, 1)
    settings = config(tmp_path, format, ablation=True, test=tmp_path / "test")
    return make_plan(dataset_format(format).read(tmp_path / "in"), settings)


def read(tmp_path: Path, plan: Plan, rows: list[tuple[Path, str, str]]) -> Material:
    """Return the material; rows are source, output (the inverted source) and decision."""
    out = tmp_path / "out"
    for source, output, _ in rows:
        (out / output).parent.mkdir(parents=True, exist_ok=True)
        shown = 255 - np.asarray(read_image(tmp_path / "in" / source))
        if "broken" in output:
            (out / output).write_bytes(b"no picture")
        else:
            Image.fromarray(shown).save(out / output)
    keys = ("source", "output", "decision")
    lines = [json.dumps(dict(zip(keys, map(str, row), strict=True))) for row in rows]
    (out / "augmentation.jsonl").write_text("\n".join(lines))
    return read_material(plan, tmp_path / "in", out, (None, None), 100)


def test_readable_accepted_translations_belong_to_their_samples(tmp_path: Path) -> None:
    plan = planned(tmp_path, "classes", "imagefolder")
    images = [sample.image for sample in plan.train]
    rows = [
        (images[0], "0.png", "accepted"),
        (images[0], "0_2.png", "accepted"),
        (images[1], "1.png", "rejected"),
        (images[2], "broken.png", "accepted"),
        (images[4], "4.png", "accepted"),
    ]
    found = read(tmp_path, plan, rows)
    assert [len(own) for own in found.translations.of] == [2, 0, 0, 0, 1, 0, 0, 0, 0]
    assert [each.source.name for each in found.failures] == ["broken.png"]
    for number, own in enumerate(found.translations.of):
        for place in own:
            assert (found.translations.pixels[place] == 255 - found.train.pixels[number]).all()


def test_crops_of_translations_are_cut_where_those_of_their_sources_are(tmp_path: Path) -> None:
    plan = planned(tmp_path, "boxes", "yolo")
    rows = [(sample.image, sample.image.name, "accepted") for sample in plan.train]
    found = read(tmp_path, plan, [*dict.fromkeys(rows)])
    assert len(found.train.labels) == len(found.translations.of) > 18
    for number, (place,) in enumerate(found.translations.of):
        sum_of_both = found.translations.pixels[place].astype(int) + found.train.pixels[number]
        assert np.abs(sum_of_both - 255).max() <= 1  # resized apart, each rounded
