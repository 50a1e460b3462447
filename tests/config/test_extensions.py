"""Files, modules and installed packages that add rows: imported once, rejected in one line."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from gan.config import extensions
from gan.config.extensions import load_extensions, register_metric


@pytest.fixture(autouse=True)
def restored_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remove the modules and folders that a test imports."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_file_is_imported_once_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "our_rows.py"
    path.write_text("import sys\nsys.our_count = getattr(sys, 'our_count', 0) + 1\n")
    load_extensions([str(path)])
    load_extensions([str(path)])
    assert vars(sys).pop("our_count") == 1
    assert sys.modules["our_rows"].__file__ == str(path)
    assert str(tmp_path) in sys.path


def test_installed_packages_are_imported_by_their_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "installed_rows.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    points = {"gan": [EntryPoint("rows", "installed_rows", "gan")]}
    monkeypatch.setattr(extensions, "entry_points", lambda *, group: points[group])
    load_extensions([])
    assert "installed_rows" in sys.modules


@pytest.mark.parametrize(("name", "text", "message"), [
    ("missing.py", None, r"missing\.py: no such file$"),
    ("pathlib.py", "", r"pathlib\.py: a module pathlib exists already: rename the file$"),
    ("broken_rows.py", "1 / 0", r"ZeroDivisionError: division by zero \(broken_rows.py:1\)$"),
])  # fmt: skip
def test_a_file_that_cannot_be_imported_is_named(
    tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf"^extend: .*{message}"):
        load_extensions([str(tmp_path / name)])


def test_a_module_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match=r"^extend: no_such_module: ModuleNotFoundError: "):
        load_extensions(["no_such_module"])


def test_an_installed_package_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("broken", "no_such_module_of_a_package", "gan")
    monkeypatch.setattr(extensions, "entry_points", lambda group: [entry])
    with pytest.raises(ValueError, match="extend: no_such_module_of_a_package: ModuleNotFound"):
        load_extensions([])


def test_an_unknown_fact_of_a_metric_is_named() -> None:
    with pytest.raises(ValueError, match=r"metric odd: .*'color'"):
        register_metric("odd", len, title="Odd", better="lower", color="red")
