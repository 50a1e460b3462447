"""The hashed versions are the tested ones."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([\w.-]+==[\w.+-]+)", re.MULTILINE)


def test_every_tested_version_has_hashes_and_no_other_has() -> None:
    text = (ROOT / "constraints-hashes.txt").read_text()
    tested = PINNED.findall((ROOT / "constraints.txt").read_text())
    *pinned, own = PINNED.findall(text)
    assert pinned == tested
    assert own.startswith("setuptools==")  # in every environment; TensorBoard requires it
    line = re.compile(r"([\w.-]+==[\w.+-]+|    --hash=sha256:[0-9a-f]{64})( \\)?|")
    for entry in text.split("\n")[2:]:
        assert line.fullmatch(entry), entry
    hashed = re.findall(r"^[\w.-]+==[\w.+-]+ \\$", text, re.MULTILINE)
    assert len(hashed) == len(tested) + 1
