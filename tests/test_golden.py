"""Golden texts are compared, and written on demand, never under CI."""

from pathlib import Path

import pytest

from tests.support import terminal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(terminal, "FOLDER", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GAN_WRITE_GOLDEN", raising=False)
    return tmp_path


def test_a_text_is_compared(folder: Path) -> None:
    (folder / "a.txt").write_text("as it was\n")
    terminal.check_golden("a", "as it was\n")
    for name in ("a", "missing"):
        with pytest.raises(AssertionError, match="GAN_WRITE_GOLDEN=1 writes it again"):
            terminal.check_golden(name, "otherwise\n")
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_a_text_is_written_on_demand_but_not_under_ci(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAN_WRITE_GOLDEN", "1")
    terminal.check_golden("a", "new\n")
    assert (folder / "a.txt").read_text() == "new\n"
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match="not written under CI"):
        terminal.check_golden("a", "newer\n")
    assert (folder / "a.txt").read_text() == "new\n"
