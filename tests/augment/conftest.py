"""A model for `gan augment` with a known function."""

from pathlib import Path

import pytest

from gan.inference.translator import Translator


@pytest.fixture
def model(tmp_path: Path, negative: Translator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that is opened as a translator to the negative."""
    path = tmp_path / "run" / "gen_ab.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"negative")
    monkeypatch.setattr(Translator, "load", lambda *_: negative)
    return path
