"""The commands that a run prints at its end work as they are printed."""

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gan.cli import main as cli
from gan.cli.commands import COMMANDS
from gan.config import Config
from gan.inference.folder.options import TranslateOptions
from gan.report.options import ReportOptions
from gan.stylize.options import StylizeOptions
from gan.training import train
from gan.training.next_steps import next_steps, print_end
from tests.support.pictures import Photos
from tests.support.runs import pixel_config
from tests.support.terminal import check_golden

ROOT = Path(__file__).parents[2]
FOLDERS = ("trainA", "trainB", "testA", "testB")


@pytest.fixture
def root(photos: Photos) -> Path:
    folders = [photos(f"my data/{name}", 2) for name in FOLDERS]
    return folders[0].parent


def commands(config: Config) -> list[list[str]]:
    """The commands as a shell splits them."""
    return [shlex.split(line) for line in next_steps(config) if line.startswith("  ")]


def started_as(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", [*map(str, words)])


def accepted(name: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """Parse words to options with a command's parser."""
    found: list[object] = []

    def keep(options: object, **_: object) -> int:
        found.append(options)
        return 0

    monkeypatch.setitem(COMMANDS, name, replace(COMMANDS[name], run=keep))
    assert cli.run(name, words) == 0
    return found[0]


def test_a_run_ends_with_three_commands_that_work(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an apostrophe and a space in the paths, below the working folder; and again."""
    monkeypatch.chdir(tmp_path)
    started_as(monkeypatch, ROOT / "train.py")
    config = pixel_config(root, Path("Ann's run"), max_steps=1)
    for last in (
        "step 1 of 400 done; set train.max_steps higher to train further",
        "finished at step 1 of 400",
    ):
        assert train(config).status == 0
        lines = capsys.readouterr().err.splitlines()
        assert lines[-6].startswith(f"Ann's run: {last}")
        assert lines[-5].startswith("Too early to say: the doctor's first check is at step 100.")
        report, curves, translation = map(shlex.split, lines[-3:])
    assert report[1:] == [str(ROOT / "scripts/report.py"), "--model", "Ann's run"]
    assert curves[1:] == ["-m", "tensorboard.main", "--logdir", "Ann's run/logs"]
    assert translation[1] == str(ROOT / "scripts/translate.py")
    for program in (report[0], curves[0], translation[0]):
        assert shutil.which(program) == sys.executable
    assert Path("Ann's run/logs").is_dir()
    assert accepted("report", report[2:], monkeypatch) == ReportOptions(model=[Path("Ann's run")])
    assert cli.run("translate", translation[2:]) == 0
    translated = sorted(path.name for path in Path("Ann's run/translations").iterdir())
    assert translated == sorted(path.name for path in (root / "testA").iterdir())


Start = Callable[[Path], tuple[Path, list[str]]]


def console_script(folder: Path) -> tuple[Path, list[str]]:
    """A `gan` that the shell does not find under its name."""
    (folder / "gan").touch()
    return folder / "gan", [str(folder / "gan"), "report"]


@pytest.mark.parametrize("start", [
    console_script,
    lambda _: (ROOT / "train.py", [sys.executable, str(ROOT / "scripts/report.py")]),
    lambda _: (ROOT / "gan/cli/__main__.py", [sys.executable, "-m", "gan.cli", "report"]),
    lambda _: (Path("/usr/bin/notebook"), [sys.executable, "-m", "gan.cli", "report"]),
    lambda folder: (folder / "train.py", [sys.executable, "-m", "gan.cli", "report"]),
])  # fmt: skip
def test_commands_are_started_as_the_program_was(
    start: Start, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, expected = start(tmp_path)
    started_as(monkeypatch, program, "train")
    monkeypatch.setenv("PATH", "")
    report, *_ = commands(pixel_config(root, tmp_path / "run"))
    assert report == [*expected, "--model", "run"]


def test_names_that_the_shell_finds_are_short(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(sys.executable).parent
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.chdir(ROOT)
    started_as(monkeypatch, "train.py")
    report, *_ = commands(pixel_config(root, ROOT / "checkpoints" / "monet"))
    assert report[0] == ("python" if shutil.which("python") == sys.executable else sys.executable)
    assert report[1:] == ["scripts/report.py", "--model", "checkpoints/monet"]


def test_extensions_are_named_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_as(monkeypatch, "gan", "train", "--extend", "my networks.py", "--extend=other")
    report, _, translation = commands(pixel_config(root, tmp_path / "run"))
    for words in (report, translation):
        assert [word for word in words if word in ("my networks.py", "other")] == [
            "my networks.py",
            "other",
        ]
        assert words.count("--extend") == 2


def options(config: Config, monkeypatch: pytest.MonkeyPatch) -> TranslateOptions:
    started_as(monkeypatch, ROOT / "train.py")
    found = accepted("translate", commands(config)[2][2:], monkeypatch)
    assert isinstance(found, TranslateOptions)
    return found


def test_one_generator_that_takes_a_style_gets_a_painting(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "data": {"a": root / "trainA", "b": root / "trainB"},
        "networks": {"generator": "adain"},
        "loss": {"style": 1},
        "run": {"dir": tmp_path / "-run"},
    }
    found = options(Config.model_validate(values), monkeypatch)
    assert (found.direction, found.input) == ("ab", root / "trainA")
    assert found.style == min((root / "trainB").iterdir())


def test_a_style_that_was_trained_needs_none(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {
        "data": {"root": root},
        "style": {"image": min((root / "testB").iterdir())},
        "loss": {"style": 1},
        "run": {"dir": tmp_path / "run"},
    }
    found = options(Config.model_validate(values), monkeypatch)
    assert (found.direction, found.style, found.input) == ("ab", None, root / "testA")


def test_the_input_of_the_translation_has_images(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (root / "testA").iterdir():
        path.unlink()
    config = pixel_config(root, Path("-run"))
    found = options(config, monkeypatch)
    assert (found.input, found.model) == (root / "trainA", Path("-run"))
    shutil.rmtree(root)
    assert options(config, monkeypatch).input == Path("PHOTOS")


def test_the_last_lines_of_a_run(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("gan", "python"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    started_as(monkeypatch, tmp_path / "gan", "train")
    lines: list[str] = []
    config = pixel_config(root.relative_to(tmp_path), Path("checkpoints/monet"))
    print_end(config, 400, "step 400 of 400 done", lines.append)
    check_golden("end_of_run", "".join(f"{line}\n" for line in lines))


def test_a_decoder_is_used_to_stylize(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    started_as(monkeypatch, ROOT / "train.py")
    config = Config.model_validate({
        "data": {"a": root / "trainA"}, "networks": {"generator": "vgg_3levels"},
        "loss": {"pixel": 1, "perceptual": 1}, "perceptual": {"backbone": "vgg16"},
        "run": {"dir": Path("decoder")},
    })  # fmt: skip
    *_, words = commands(config)
    assert words[1].endswith("stylize.py")
    options = accepted("stylize", words[2:], monkeypatch)
    assert isinstance(options, StylizeOptions)
    assert (options.method, options.wct.decoder) == ("wct", Path("decoder"))
    assert options.content.parent.name == "trainA"
