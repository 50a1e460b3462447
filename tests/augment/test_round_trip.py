"""Translations with reconstructions: channels, and values that are not finite."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gan.augment import augment
from gan.augment.options import AugmentOptions
from gan.augment.round_trip import opposite
from gan.inference.folder.pipeline import Pipeline, RoundTrip
from gan.inference.translator import Translator
from tests.support import labelled

CPU = torch.device("cpu")


class Gray(nn.Module):
    """Returns the mean of three channels."""

    def forward(self, unit: Tensor) -> Tensor:
        return unit.mean(1, keepdim=True)


class Colors(nn.Module):
    """Returns three channels for one; NaN where it is black."""

    def forward(self, unit: Tensor) -> Tensor:
        return torch.where(unit == -1, torch.nan, unit).expand(-1, 3, -1, -1)


def test_a_reconstruction_has_its_own_channels_whatever_the_translation_has(
    tmp_path: Path,
) -> None:
    pictures = torch.randint(1, 256, (2, 3, 16, 16), dtype=torch.uint8)
    pictures[1] = 0
    forth, back = Translator(Gray(), 3, CPU), Translator(Colors(), 1, CPU)
    pipeline = Pipeline(forth, 100, None, tmp_path, lambda *_: None, back)
    first, second = pipeline.translate_batch(pictures)
    assert isinstance(first, RoundTrip)
    assert first.rec is not None
    assert first.fake.shape == (1, 16, 16)
    assert torch.equal(first.rec, first.fake.expand(3, -1, -1))
    assert second is None  # it cannot be translated back
    (alone, _) = replace(pipeline, back=None).translate_batch(pictures)
    assert alone is not None
    assert torch.equal(alone.fake, first.fake)
    assert alone.rec is None


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("gen_ab.safetensors", "gen_ba.safetensors"),
        ("gen_ba-epoch050.safetensors", "gen_ab-epoch050.safetensors"),
        ("latest_net_G_A.pth", None),
    ],
)
def test_the_opposite_generator_has_the_opposite_name(name: str, other: str | None) -> None:
    assert opposite(Path("run", name)) == (other and Path("run", other))


def test_each_model_is_opened_once(
    tmp_path: Path, negative: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def load(path: Path, *_: object, **__: object) -> Translator:
        opened.append(path)
        return negative

    monkeypatch.setattr(Translator, "load", load)
    models = [tmp_path / name / "gen_ab.safetensors" for name in ("one", "two")]
    for path in models:
        path.parent.mkdir()
        path.write_bytes(b"")
    labelled.write_yolo(tmp_path / "in")
    off = dict.fromkeys(("structure", "shift", "edges", "luma", "contrast"), "off")
    given = {"model": models, "dataset": tmp_path / "in", "output": tmp_path / "out"}
    assert augment(AugmentOptions.model_validate({"format": "yolo"} | given | off)) == 0
    assert opened == models
