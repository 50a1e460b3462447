"""The notebook of docs/recipes runs from first to last cell, and is stored with its outputs."""

import io
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

nbclient = pytest.importorskip("nbclient", reason="needs the extra `dev`")
nbformat = pytest.importorskip("nbformat", reason="needs the extra `dev`")

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "recipes" / "first_steps.ipynb"
FORMS = {"text/plain", "image/png"}


@pytest.fixture
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def shown(notebook: Any) -> list[set[str]]:
    """Return what each cell shows, text or a picture; library versions add other forms."""
    return [
        FORMS & {form for output in cell.outputs for form in output.get("data", {})}
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_the_notebook_is_stored_with_pictures_and_without_local_paths(notebook: Any) -> None:
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    pictures = [
        Image.open(io.BytesIO(b64decode(output["data"]["image/png"])))
        for cell in cells
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert pictures
    for picture in pictures:
        assert len(set(picture.convert("L").tobytes())) > 50, "a picture, not a surface"
    text = NOTEBOOK.read_text(encoding="utf-8")
    paths = set(re.findall(r"/(?:tmp|home|root|mnt|Users)/[\w./-]+", text))
    assert all(path.startswith("/tmp/first_steps") for path in paths), paths


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of jupyter_client and its event loop
def test_the_notebook_runs_and_gives_its_stored_outputs(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    stored = shown(notebook)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    assert shown(notebook) == stored
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("finished" in output.get("text", "") for output in outputs)
    assert len(list(tmp_path.glob("*/run/report.html"))) == 1
