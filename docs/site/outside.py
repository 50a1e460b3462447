"""A hook of the site: pages that lie outside docs/ join it, and links into the repository hold.

On a forge the pages are read where they lie. On the site README.md is the start page, and a link to
a file that is not a page leads to a copy of that file.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "datasets/README.md": "datasets.md",
    "checkpoints/README.md": "checkpoints.md",
}
"""Where a page lies in the repository, and on the site."""
SOURCES = {place: source for source, place in OUTSIDE.items()}
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^(```.*?^```)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages outside docs/, and a copy of every file of the repository that is linked."""
    for source, place in OUTSIDE.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    for page in list(files.documentation_pages()):
        for target, _ in LINK.findall(FENCE.sub("", page.content_string)):
            place = site_place(source_of(page.src_uri), target)
            copied = place.removeprefix("files/")
            if copied != place and files.get_file_from_path(place) is None:
                file = File.generated(config, place, abs_src_path=str(ROOT / copied))
                files.append(file)
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page with every relative link as the site has it; code blocks stay."""
    here = page.file.src_uri

    def moved(link: re.Match[str]) -> str:
        place = site_place(source_of(here), link[1])
        return f"]({posixpath.relpath(place, posixpath.dirname(here) or '.')}{link[2] or ''})"

    parts = FENCE.split(markdown)
    return "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)


def source_of(place: str) -> str:
    """Return where a page of the site lies in the repository."""
    return SOURCES.get(place, f"docs/{place}")


def site_place(source: str, target: str) -> str:
    """Return where on the site the target of a link in a page of the repository lies."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    if path in OUTSIDE:
        return OUTSIDE[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"files/{path}"
