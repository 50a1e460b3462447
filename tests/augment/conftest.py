"""A model for `gan augment` with a known function."""

from pathlib import Path
from typing import Any

import pytest

from gan.inference.translator import Translator


@pytest.fixture
def model(tmp_path: Path, negative: Translator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is opened as a translator to the negative, at any working size."""

    def load(*_: Any, size: int | None = None) -> Translator:
        return negative.at_size(size)

    path = tmp_path / "run" / "gen_ab.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"negative")
    monkeypatch.setattr(Translator, "load", load)
    return path
