"""The documentation builds as a site, strictly and without a network, and describes every name."""

import ast
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

import gan
from gan.cli.commands import COMMANDS
from gan.cli.parser import leaves
from gan.config import Config

ROOT = Path(__file__).parents[1]
BUILD = """
import socket, sys

def offline(*arguments):
    raise OSError(f"the site must not be built from elsewhere: {arguments}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = offline
from mkdocs.__main__ import cli
cli(["build", "--strict", "--site-dir", sys.argv[1]])  # --quiet would hide the warnings from it
"""
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
"""What a browser loads with a page."""


class Page(HTMLParser):
    """The addresses that a page loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.loaded.append(values.get(LOADED.get(tag, "")) or "")
        self.anchors.add(values.get("id") or "")


def build(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a repository; no address outside this machine can be reached meanwhile."""
    return subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)],
        cwd=source,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site once."""
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT, folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_broken_links_and_anchors_keep_the_site_from_being_built(tmp_path: Path) -> None:
    for name in ("docs", "gan", "examples", "datasets", "checkpoints"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "docs").unlink()
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "mkdocs.yml"):
        shutil.copy(ROOT / name, tmp_path)
    with (tmp_path / "docs" / "time.md").open("a", encoding="utf-8") as page:
        page.write("[stop](stopping.md#nowhere), [log](nothing.md)\n")
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode == 1
    assert "contains a link 'nothing.md'" in built.stderr
    assert "does not contain an anchor '#nowhere'" in built.stderr


def navigation(entry: Any) -> Iterator[str]:
    """Yield the pages of a navigation, in order."""
    if isinstance(entry, str):
        yield entry
    for inner in entry.values() if isinstance(entry, dict) else entry:
        if not isinstance(entry, str):
            yield from navigation(inner)


def pages() -> list[str]:
    """Return the pages that mkdocs.yml names."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return list(navigation(yaml.safe_load(text)["nav"]))


def address(page: str) -> str:
    """Return the file that a page becomes."""
    return re.sub(r"README\.md$", "index.md", page).removesuffix(".md") + ".html"


def test_every_page_of_the_navigation_is_built_once_and_can_be_searched(site: Path) -> None:
    assert len(pages()) == len(set(pages())) > 25
    assert all((site / address(page)).is_file() for page in pages())
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert '"location":"looks.html"' in index.replace(": ", ":")


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = {
        target
        for path in site.rglob("*.html")
        for target in Page(path.read_text(encoding="utf-8")).loaded
    }
    assert not [target for target in loaded if re.match(r"(\w+:)?//", target)]
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import\s)\s*['\"]?(?:https?:)?//[^)'\"]*", styles)


def test_every_public_name_key_and_option_is_on_a_page_of_the_reference(site: Path) -> None:
    reference = site / "reference"
    python = (reference / "python.html").read_text(encoding="utf-8")
    headings = set(re.findall(r'<span class="doc doc-object-name[^"]*">(\w+)</span>', python))
    assert {*gan.__all__, "DomainTranslate", "DomainTranslateV2"} <= headings
    assert {"translate", "translate_batch", "load"} <= headings  # of Translator
    keys = Page((reference / "configuration.html").read_text(encoding="utf-8")).anchors
    assert leaves(Config).keys() <= keys
    commands = Page((reference / "commands.html").read_text(encoding="utf-8")).anchors
    assert {f"gan-{name}" for name in COMMANDS} | {"translate-input", "augment-mode"} <= commands


def test_pages_outside_docs_join_the_site_with_their_links(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="datasets.html"' in start
    assert 'href="recipes/index.html"' in start
    assert 'src="demo.jpg"' in start
    exchanging = (site / "exchanging.html").read_text(encoding="utf-8")
    assert 'href="files/examples/translate_onnx.py"' in exchanging
    copied = site / "files" / "examples" / "translate_onnx.py"
    assert copied.read_bytes() == (ROOT / "examples" / "translate_onnx.py").read_bytes()


def hook(name: str) -> Any:
    """Return a module of docs/site, as MkDocs and Griffe load it: by its path."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "site" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("page", "target", "place"), [
    ("README.md", "docs/time.md", "time.md"),
    ("README.md", "datasets/README.md", "datasets.md"),
    ("docs/recipes/monet.md", "../../README.md", "index.md"),
    ("docs/recipes/monet.md", "../looks.md", "looks.md"),
    ("datasets/README.md", "../docs/looks.md", "looks.md"),
    ("docs/exchanging.md", "../examples/translate_onnx.py", "files/examples/translate_onnx.py"),
])  # fmt: skip
def test_links_of_the_repository_become_links_of_the_site(
    page: str, target: str, place: str
) -> None:
    assert hook("outside").site_place(page, target) == place


def test_lines_about_parameters_become_a_list_and_other_colons_stay() -> None:
    text = "Return it.\n\nsize: pixels.\nnote: see `size`: there."
    expected = "Return it.\n\n* `size`: pixels.\nnote: see `size`: there."
    assert hook("docstrings").listed(text, "size|side") == expected


def test_every_document_has_its_place_in_the_navigation() -> None:
    documents = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")}
    assert documents <= set(pages())


def test_the_public_names_are_those_that_are_loaded_when_they_are_used() -> None:
    provided = inspect.getclosurevars(gan.__getattr__).nonlocals["homes"]
    assert sorted(gan.__all__) == sorted(provided)
    assert set(gan.__all__) <= set(dir(gan))
    code = "import sys, gan; print(sorted({'torch', 'pydantic'} & sys.modules.keys()), *dir(gan))"
    shown = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert shown.startswith("[]")
    assert set(gan.__all__) <= set(shown.split())


PYTHON = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
RECURRING = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", PYTHON, re.MULTILINE))))
"""Parameters that mean the same everywhere, explained in a table of the page about Python."""


def shown() -> Iterator[tuple[str, Any]]:
    """Yield the functions that the page about Python shows, and those of its classes, by name."""
    for name, options in re.findall(r"^::: (\S+)\n((?: +.*\n)*)", PYTHON, re.MULTILINE):
        module, _, attribute = name.rpartition(".")
        thing = getattr(importlib.import_module(module), attribute)
        members = yaml.safe_load(options)["options"]["members"] if options else None
        if not inspect.isclass(thing):
            yield name, thing
            continue
        for member, value in vars(thing).items():
            function = getattr(value, "__func__", value)
            chosen = not member.startswith("_") if members is None else member in (members or ())
            if chosen and inspect.isfunction(function):
                yield f"{name}.{member}", function


SHOWN = list(shown())


@pytest.mark.parametrize(("name", "function"), SHOWN, ids=[name for name, _ in SHOWN])
def test_public_functions_explain_their_parameters_and_errors(name: str, function: Any) -> None:
    text = inspect.getdoc(function) or ""
    words = set(re.findall(r"\w+", text.lower()))
    unexplained = {
        parameter
        for parameter in inspect.signature(function).parameters
        if parameter not in {"self", "cls"} | RECURRING and not mentioned(parameter, words)
    }
    assert text
    assert not unexplained, f"{name}: its docstring does not name {unexplained}"
    if "ValueError" in raised(function):
        assert "ValueError" in text, f"{name}: its docstring does not say when it is a ValueError"


def mentioned(parameter: str, words: set[str]) -> bool:
    """Return whether a text has a parameter's name, its words, or their plural."""
    parts = [parameter] if parameter in words else parameter.lower().split("_")
    return all({part, f"{part}s", part.removesuffix("s")} & words for part in parts)


def raised(function: Any) -> set[str]:
    """Return the errors that a function raises itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return {
        node.exc.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
    }
