"""The command line: errors of one line that name the key, what is wrong, and the nearest name."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import Field

from gan.cli.main import (
    COMMANDS,
    appending,
    bind,
    build_parser,
    main,
    named_first,
    one_line,
)
from gan.config import Config, Section
from gan.system.text import nearest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("arguments", "expected"), [
    (["--loss.identiy", "0"], "no key loss.identiy; did you mean loss.identity?"),
    (["--optim.beta_1", "0"], "no key optim.beta_1; did you mean optim.beta1?"),
    (["--loss.identity", "much"], "loss.identity: Input should be a valid number"),
    (["--loss.identity", "-1"], "loss.identity: Input should be greater than or equal to 0"),
    (["--train.doctor_ignore", "copy"], "train.doctor_ignore: Expected a list, [ONE,TWO]. Got"),
    (["--networks.norm", "layer"], "networks.norm: Expected one of instance, instance_affine,"),
    (["--data.crop_size", "300"], "data.crop_size (300) is larger than data.load_size (286)"),
    (["--networks.generator", "unet_256", "--data.crop_size", "200"], "a multiple of 256"),
    (["--config", "nowhere.yaml"], "nowhere.yaml"),
    (["--style.size", "x"], "style.size: Input should be a valid integer, unable to parse string "
        "as an integer. Got value: x"),
    (["--train.max_steps", "true"], "parse string as an integer. Got value: true"),
])  # fmt: skip
def test_error_is_one_line_with_the_key(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", *arguments])
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert expected in lines[0]


@pytest.mark.parametrize(("yaml", "expected"), [
    ("loss:\n  identiy: 0\n", "no key loss.identiy; did you mean loss.identity?"),
    ("los:\n  identity: 0\n", "no key los"),
    ("data:\n  crop_size: big\n", "data.crop_size: Input should be a valid integer"),
    ("data:\n  load_size: 100\n", "data.crop_size (256) is larger than data.load_size (100)"),
    ("data: [unclosed\n", "recipe.yaml cannot be read"),
    ("", "recipe.yaml holds no keys"),
    ("- 1\n", "recipe.yaml holds no keys"),
    ("\udcff", "recipe.yaml is not a text file"),
    ("loss:\n  cycle: 1\nloss:\n  tv: 1\n", "names loss twice, again in line 3"),
    ("data:\n  flip: true\n  flip: false\n", "names data.flip twice, again in line 3"),
    ("data:\n  augment: [{Blur: {p: 1, p: 0}}]\n", "names data.augment.Blur.p twice"),
])  # fmt: skip
def test_error_in_a_file_is_one_line_with_the_key(
    yaml: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--config", str(path)])
    assert stopped.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert expected in lines[0]


def test_what_only_the_run_finds_is_one_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["train", "--data.root", str(tmp_path / "nothing"), "--run.device", "cpu"])
    assert status == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "trainA" in lines[0]


@pytest.mark.parametrize(("command", "goes_on"), [("evaluate", False), ("translate", True)])
def test_an_interrupted_command_promises_to_go_on_only_where_it_does(
    command: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def interrupted(model: Path) -> int:
        """Be interrupted."""
        raise KeyboardInterrupt

    monkeypatch.setitem(COMMANDS, command, "tests.stand_in:command")
    monkeypatch.setitem(sys.modules, "tests.stand_in", SimpleNamespace(command=interrupted))
    assert main([command, "model"]) == 130
    said = capsys.readouterr().err
    assert said.startswith(f"gan {command}: interrupted")
    assert ("the same command goes on" in said) == goes_on


def test_a_command_that_does_not_exist_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trian"]) == 2
    assert "did you mean train?" in capsys.readouterr().err


def test_nearest_keeps_silent_when_nothing_is_near() -> None:
    assert nearest("zzz", ["data.root"]) == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "usage: gan" in capsys.readouterr().out


def test_every_command_has_a_script() -> None:
    root = Path(__file__).parents[2]
    others = {"inspect": "inspect_data"}  # scripts/inspect.py would shadow the standard library's
    for command in COMMANDS:
        name = others.get(command, command)
        assert (root / "scripts" / f"{name}.py").exists() or (root / f"{name}.py").exists()


def test_no_script_shadows_the_standard_library() -> None:
    """Python puts a script's folder first on the path of all that it imports."""
    scripts = (Path(__file__).parents[2] / "scripts").glob("*.py")
    assert not {path.stem for path in scripts} & sys.stdlib_module_names


def test_print_config_shows_the_resolved_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--loss.cycle", "3", "--print_config"])
    assert stopped.value.code == 0
    assert "cycle: 3.0" in capsys.readouterr().out


class Lists(Section):
    """Lists of every kind."""

    splits: list[str] = Field(default=["train"])
    weights: list[float] = Field(default=[])


def lists(config: Lists) -> int:
    """A command with lists."""
    raise AssertionError


@pytest.mark.parametrize(("arguments", "splits", "weights"), [
    ([], ["train"], []),
    (["--splits", "val"], ["val"], []),
    (["--splits=val", "--weights", "2", "--splits", "train"], ["val", "train"], [2.0]),
    (["--splits", "[a,b]", "--splits", "c"], ["a", "b", "c"], []),
    (["--config", "FILE", "--weights", "3", "--weights=4"], ["test"], [3.0, 4.0]),
])  # fmt: skip
def test_the_first_mention_of_a_list_replaces_its_default_and_later_ones_are_added(
    arguments: list[str], splits: list[str], weights: list[float], tmp_path: Path
) -> None:
    path = tmp_path / "lists.yaml"
    path.write_text("splits: [test]\nweights: [1]\n")
    given = appending(lists, [str(path) if word == "FILE" else word for word in arguments])
    parser = build_parser(lists, "lists")
    found = bind(lists, parser.instantiate(parser.parse_args(given)))["config"]
    assert (found.splits, found.weights) == (splits, weights)


@pytest.mark.parametrize("arguments", [
    ["--loss.cycle", "3", "--config", "FILE"],
    ["--loss.cycle=3", "--config=FILE", "--plan"],
    ["--loss", "{cycle: 4, tv: 2}", "--loss.cycle", "3", "--config", "FILE"],
    ["--loss.cycle", "3", "--loss", "{cycle: 4}", "--config", "FILE"],
])  # fmt: skip
def test_what_is_typed_outranks_a_file_wherever_it_stands(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in configs/accelerate/slurm.sh, where --run.dir comes before the user's --config."""
    path = tmp_path / "recipe.yaml"
    path.write_text("loss: {cycle: 7, identity: 1}\nrun: {dir: elsewhere}\n")
    seen: list[Config] = []

    def command(config: Config, plan: bool = False) -> None:
        """Note the configuration.

        Args:
            config: All.
            plan: Nothing.
        """
        seen.append(config)

    monkeypatch.setattr("gan.cli.main.load", lambda name: command)
    given = [word.replace("FILE", str(path)) for word in arguments]
    assert main(["train", "--run.dir", "here", *given]) == 0
    assert (seen[0].loss.cycle, seen[0].loss.identity) == (3, 1)
    assert seen[0].run.dir == Path("here")


def test_a_later_file_outranks_an_earlier_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("1", "2"):
        (tmp_path / name).write_text(f"loss: {{cycle: {name}}}\n")
    with pytest.raises(SystemExit):
        main(["train", "--print_config", *(f"--config={tmp_path / name}" for name in ("2", "1"))])
    assert "cycle: 1.0" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "expected"), [
    (["export", "a", "b", "jpg"], "one of safetensors, reference, onnx, program, hub. Got"),
    (["translate", "a", "b", "c", "--precision", "x"], "one of fp32, bf16, fp16, auto. Got"),
    (["translate", "a", "b", "c", "--batch_size", "x"], "Expected an int. Got value: x"),
])  # fmt: skip
def test_a_value_that_is_none_of_several_types_is_told_all_that_are_right(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert expected in capsys.readouterr().err


def test_suffixes_keep_the_space_before_them() -> None:
    assert one_line("a \n .pth, .onnx or [type=x] .") == "a .pth, .onnx or."


def test_no_hidden_option_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["translate", "a", "b", "c", "--print_config"])
    assert capsys.readouterr().err.endswith("no key print_config\n")


def test_help_imports_nothing_heavy() -> None:
    """What --help needs is signatures; torch alone would take seconds."""
    code = (
        "import sys\n"
        "from contextlib import suppress\n"
        "from gan.cli.main import COMMANDS, main\n"
        "main(['--help'])\n"
        "for name in COMMANDS:\n"
        "    with suppress(SystemExit):\n"
        "        main([name, '--help'])\n"
        "heavy = {'torch', 'torchvision', 'accelerate', 'albumentations', 'cv2', 'scipy', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = done.stdout.splitlines()
    assert lines[-1] == "[]"
    assert sum("usage:" in line for line in lines) == 1 + len(COMMANDS)


def test_all_first_words_go_into_a_list() -> None:
    """gan serve RUN RUN --port 1, with names that YAML would take apart."""

    def command(models: list[Path], port: int = 0) -> None:
        """Serve."""

    words = ["a, b", "[c]", "d: e", "--port", "1"]
    parser = build_parser(command, None)
    values = bind(command, parser.instantiate(parser.parse_args(named_first(command, words))))
    assert values == {"models": [Path("a, b"), Path("[c]"), Path("d: e")], "port": 1}


def test_no_option_is_taken_for_another_that_it_abbreviates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """--overwrite least of all."""
    with pytest.raises(SystemExit):
        main(["convert", "a.pth", "b.pth", "--overwrit"])
    assert capsys.readouterr().err.endswith("no key overwrit; did you mean overwrite?\n")
