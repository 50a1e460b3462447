"""docs/extending.md: every example works as the page describes."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import gan
from gan.cli.main import main
from gan.config import tables
from gan.config.table import Table
from tests.support.launching import write_images

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = {
    found[1]: found[0]
    for found in re.findall(r'^```python\n("""(\w+\.py):.*?)^```', PAGE, re.DOTALL | re.MULTILINE)
}
COMMANDS = [
    shlex.split(line)
    for line in re.findall(r"^gan \w+ --extend .*$", PAGE, re.MULTILINE)
    if "--config" not in line
]
TINY = {
    "data.load_size": 18, "data.crop_size": 16, "data.workers": 0, "train.max_steps": 4,
    "networks.generator_channels": 2, "networks.discriminator_channels": 2, "train.log_every": 1,
    "networks.generator": "resnet_6blocks", "networks.discriminator": "pixel", "run.device": "cpu",
}  # fmt: skip


def rows_of_all_tables() -> Iterator[dict[str, object]]:
    """Yield the rows of each table of gan.config.tables."""
    for module in vars(tables).values():
        for value in vars(module).values() if hasattr(module, "__file__") else ():
            if isinstance(value, Table):
                yield value


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with all example files and a dataset; tables are restored afterwards."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    root = write_images(tmp_path / "datasets" / "demo")
    (root / "testA").symlink_to(root / "trainA")
    (root / "testB").symlink_to(root / "trainB")
    monkeypatch.chdir(tmp_path)
    before = [(rows, dict(rows)) for rows in rows_of_all_tables()]
    assert len(before) >= 7
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])
        yield tmp_path
    for rows, old in before:
        rows.clear()
        rows.update(old)
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


def with_tiny_keys(words: list[str], **more: object) -> list[str]:
    """Return the words after `gan`, with keys that make it a run of a second."""
    if words[1] != "train":
        return [*words[1:], "--device=cpu", "--resamples=0", "--size=16"]
    keys = TINY | {name.replace("__", "."): value for name, value in more.items()}
    return [
        *words[1:],
        *(f"--{key}={value}" for key, value in keys.items() if f"--{key}" not in words),
    ]


def test_every_file_is_used() -> None:
    used = {words[words.index("--extend") + 1] for words in COMMANDS}
    assert used == FILES.keys() - {"my_run.py"}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[1:4]))
def test_every_command_of_the_page_runs(
    words: list[str], folder: Path, generator_file: Path
) -> None:
    if words[1] == "evaluate":
        words = [str(generator_file) if word == "checkpoints/demo" else word for word in words]
    assert main(with_tiny_keys(words)) == 0


def test_a_registered_generator_and_loss_resume_exactly_and_translate(folder: Path) -> None:
    words = next(words for words in COMMANDS if "my_networks.py" in words)
    assert main(with_tiny_keys(words)) == 0
    again = [word.replace("checkpoints/tiny", "checkpoints/parts") for word in words]
    assert main(with_tiny_keys(again, train__max_steps=2)) == 0
    assert main(with_tiny_keys(again)) == 0
    for direction in ("ab", "ba"):
        whole, parts = (
            load_file(folder / "checkpoints" / run / f"gen_{direction}.safetensors")
            for run in ("tiny", "parts")
        )
        assert whole.keys() == parts.keys()
        assert all(torch.equal(whole[name], parts[name]) for name in whole)
    translate = ["translate", "--extend", "my_networks.py", "checkpoints/parts"]
    assert main([*translate, "datasets/demo/trainA", "out", "--direction=ab", "--device=cpu"]) == 0
    assert len(list((folder / "out").glob("*.png"))) == 5


def test_a_run_from_python_returns_its_result(folder: Path) -> None:
    text = FILES["my_run.py"]
    for old, new in (
        ('"max_steps": 100', '"max_steps": 2'),
        ('"generator_channels": 16', '"generator_channels": 2'),
        ('"load_size": 72, "crop_size": 64', '"load_size": 26, "crop_size": 24'),
    ):
        assert old in text
        text = text.replace(old, new)
    space: dict[str, gan.TrainResult] = {}
    exec(compile(text, "my_run.py", "exec"), space)
    result = space["result"]
    assert (result.steps, result.status, result.metrics) == (2, 0, {})
    assert result.files["ab"] == Path("checkpoints/from_python/gen_ab.safetensors")
    assert result.files["ab"].is_file()
    assert result.generators["ab"](torch.zeros(1, 3, 16, 16)).shape == (1, 3, 16, 16)
