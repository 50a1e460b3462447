"""The floors of docs/architecture.md: a module imports from lower floors only."""

import ast
from collections.abc import Collection, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = [
    {"system", "domains"},
    {"config"},
    {"images", "networks", "losses"},
    {"data", "features", "interop"},
    {"metrics", "semantics"},
    {"inference"},
    {"evaluation", "inspection"},
    {"training"},
    {"explain", "export", "report", "stylize"},
    {"augment", "preparation", "serve"},
    {"cli"},
]
"""Names in gan; those on higher floors come later."""

ALLOWED = {
    "accelerate": {"training", "system.processes"},
    "albumentations": {"data", "augment.albumentation", "augment.ablation.color"},
}
"""Rooms, or single modules of a room."""


def modules() -> list[Path]:
    return sorted((ROOT / "gan").rglob("*.py"))


def room(path: Path) -> str:
    """The top-level name in gan that a file belongs to."""
    return path.relative_to(ROOT / "gan").parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def floor(name: str) -> int:
    found = [number for number, names in enumerate(FLOORS) if name in names]
    assert found, f"gan.{name} is on no floor: add it to FLOORS and docs/architecture.md"
    return found[0]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_from_lower_floors_only(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return  # the package's entry point
    for name in imported(path):
        parts = name.split(".")
        outside = ("scripts", "train", "benchmarks", "demo", "experiments", "tests")
        assert parts[0] not in outside, f"{path} imports {name}"
        if parts[0] != "gan" or parts[1] in (own, "__version__"):
            continue
        assert floor(parts[1]) < floor(own), (
            f"gan.{own} imports {name}, which is not on a lower floor"
        )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_libraries_stay_in_their_rooms(path: Path) -> None:
    for library, rooms in ALLOWED.items():
        if any(name.split(".")[0] == library for name in imported(path)):
            module = ".".join(path.relative_to(ROOT / "gan").with_suffix("").parts)
            assert {room(path), module} & rooms


UNIX = {
    "fcntl", "resource", "ctypes", "grp", "pwd", "termios", "preadv", "pwritev", "pread", "pwrite",
    "posix_fallocate", "sched_getaffinity", "sched_setaffinity", "prctl", "fork", "getuid",
    "geteuid", "killpg", "setsid", "mkfifo",
}  # fmt: skip
"""Modules, and functions of os and other modules, that Windows lacks."""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_windows_lacks_is_used_in_one_module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {name.split(".")[0] for name in imported(path)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if path == ROOT / "gan" / "system" / "unix.py":
        assert {"ctypes", "preadv", "pwritev", "posix_fallocate", "prctl"} <= used
    else:
        assert not used & UNIX


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert ".cuda(" not in text
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            most = 30 if node.name == "train_step" else 60
            assert node.end_lineno - node.lineno + 1 <= most, node.name


def test_the_package_has_few_rooms() -> None:
    others = {"__pycache__", "__init__.py", "py.typed"}
    assert len({path.name for path in (ROOT / "gan").iterdir()} - others) <= 24


def imported_when_loaded(body: Sequence[ast.AST]) -> set[str]:
    """Yield the modules that statements import when they run: not in functions, nor for typing."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            names |= imported_when_loaded(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            names |= imported_when_loaded([*ast.iter_child_nodes(node)])
    return names


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in modules()
    }
    graph: dict[str, set[str]] = {}
    for module, path in paths.items():
        names = imported_when_loaded(ast.parse(path.read_text(encoding="utf-8")).body)
        targets = {name if name in paths else name.rpartition(".")[0] for name in names}
        graph[module] = targets & paths.keys()
    # Fails with the modules of a circle.
    assert set(TopologicalSorter(graph).static_order()) == paths.keys()


def floors_table(floors: Sequence[Collection[str]]) -> str:
    """Write the floors as a Markdown table, the highest first."""
    rows = [
        f"| {number} | {', '.join(f'`{name}`' for name in sorted(names))} |\n"
        for number, names in reversed([*enumerate(floors)])
    ]
    return "| floor | rooms |\n| --- | --- |\n" + "".join(rows)


def test_the_document_shows_the_floors() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    shown = text.partition("<!-- floors -->\n")[2].partition("<!-- /floors -->")[0]
    assert shown == floors_table(FLOORS)


def test_data_folders_are_not_packages() -> None:
    """An __init__.py in datasets/ would shadow the Hugging Face library of that name."""
    for folder in ("datasets", "checkpoints", "configs", "scripts", "tests"):
        assert not list((ROOT / folder).glob("__init__.py"))
