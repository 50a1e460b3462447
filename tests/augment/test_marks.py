"""Translations in an augmented dataset are marked; copied originals are not."""

import hashlib
import json
from pathlib import Path

import pytest

from gan.augment import AugmentOptions, augment
from gan.images import made_by_model
from tests.support.labelled import write_imagefolder
from tests.support.packets import EXPECTED, EXT, packets, properties

OFF = dict.fromkeys(("structure", "shift", "edges", "luma", "contrast"), "off")


def augmented(tmp_path: Path, model: Path, **options: object) -> Path:
    if not (tmp_path / "in").exists():
        write_imagefolder(tmp_path / "in")
    given = {"dataset": tmp_path / "in", "output": tmp_path / "out", "format": "imagefolder"}
    assert augment(AugmentOptions.model_validate(given | {"model": [model]} | OFF | options)) == 0
    return tmp_path / "out"


def test_translations_are_marked_and_copies_are_the_originals(tmp_path: Path, model: Path) -> None:
    out = augmented(tmp_path, model, mode="add")
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    copies = {path.relative_to(out) for path in out.rglob("*.jpg")}
    translations = {name for name in copies if not (tmp_path / "in" / name).exists()}
    assert len(translations) == 4
    for name in translations:
        found = [properties(packet) for packet in packets(out / name)]
        assert found == [EXPECTED | {f"{EXT}AISystemVersionUsed": f"sha256:{digest}"}]
    for name in copies - translations:
        assert (out / name).read_bytes() == (tmp_path / "in" / name).read_bytes()


def test_marks_are_off_with_one_option_and_part_of_the_settings(
    tmp_path: Path, model: Path
) -> None:
    out = augmented(tmp_path, model, marks=False)
    assert not any(made_by_model(path) for path in out.rglob("*.jpg"))
    with pytest.raises(ValueError, match="was begun with marks False"):
        augmented(tmp_path, model)


def test_outputs_of_earlier_versions_are_finished(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their settings do not name marks."""
    report = augmented(tmp_path, model) / "augmentation.json"
    settings = json.loads(report.read_bytes())
    del settings["marks"]
    report.write_text(json.dumps(settings))
    augmented(tmp_path, model)
    assert "finished before" in capsys.readouterr().err
    with pytest.raises(ValueError, match="not False"):
        augmented(tmp_path, model, marks=False)
