"""The command line: errors are one line that names the key, the problem and the nearest name."""

import functools
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import torch
from pydantic import Field
from torch.utils.data import DataLoader, Dataset

from gan.cli.commands import COMMANDS, Command
from gan.cli.errors import one_line
from gan.cli.main import main
from gan.cli.parser import Parser
from gan.config import Config, Section
from gan.config.table import NameIn, Table
from gan.system.text import nearest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("arguments", "expected"), [
    (["--optim.beta_1", "0"], "no key optim.beta_1; did you mean optim.beta1?"),
    (["--data.range_a", "[0,010]"], "data.range_a: an item of [0,010] is 010, which YAML read"),
    (["--data.range_a", "[0, 1:30]"], "is 1:30, which YAML reads as 90"),
    (["--data.workers", "1:30"], "data.workers: expected an integer from 0 to 1024. Got: 1:30"),
    (["--data.range_a", "[true, 4095]"], "data.range_a: expected a list, [a number"),
    (["--networks.generator_channels", str(10**9)], "networks.generator_channels: expected "
     "an integer from 1 to 4096. Got: 1000000000"),
    (["--data.load_size", str(10**7)], "data.load_size: expected an integer from 16 to 16384"),
    (["--train.epochs", str(10**400)], "train.epochs: expected at most 2147483647. Got: 1000"),
    (["--train.epochs", f"1{'0' * 5000}"], "train.epochs: expected an integer ≥ 1. Got: 1000"),
    (["--train.batch_size", str(2**70)], "train.batch_size: expected an integer from 1 to 65536"),
    (["--train.accumulate", str(2**40)], "train.accumulate: expected an integer from 1 to 65536"),
    (["--run.threads", str(10**9)], "run.threads: expected an integer from 1 to 1024. Got: "),
    (["--loss", "{cycle:3"], "{cycle:3 is not a mapping, {KEY: VALUE}: "),
    (["--loss", "nowhere"], "loss: expected {KEY: VALUE}, or a file of KEY: VALUE lines. Got: now"),
    (["--config", "{loss: "], "{loss: is not a mapping, {KEY: VALUE}: "),
    (["--config", "configs/nowhere.yaml"], "config: configs/nowhere.yaml: no such file"),
    (["--loss.cycle+", "3"], "loss.cycle+: loss.cycle is not a list: --loss.cycle VALUE sets it"),
    (["--loss.cycle.a", "3"], "no key loss.cycle.a; did you mean loss.cycle_a?"),
    (["--networks.generator", "unet_256", "--data.crop_size", "200"], "a multiple of 256"),
    (["--style.size", "x"], "style.size: expected an integer ≥ 16. Got: x"),
    (["--train.max_steps", "true"], "train.max_steps: expected an integer ≥ 1. Got: true"),
    (["--plan", "true"], "unexpected word true after --plan"),
    (["--extend"], "extend: a value is required"),
    (["--loss", "{cycl: 3}"], "no key loss.cycl; did you mean loss.cycle?"),
])  # fmt: skip
def test_error_is_one_line_with_the_key(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so are common mistakes, tests/golden/help/mistakes.txt."""
    assert expected in rejected(capsys, "train", *arguments)


def rejected(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the one line that a wrong command line prints; it ends with exit status 2."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


LAUGHS = "&a0 {Blur: {p: 0.5}}, " + ", ".join(
    f"&a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)
)


@pytest.mark.parametrize(("yaml", "expected"), [
    ("loss:\n  identiy: 0\n", "no key loss.identiy; did you mean loss.identity?"),
    ("los:\n  identity: 0\n", "no key los"),
    ("data:\n  crop_size: big\n", "data.crop_size: expected an integer from 16 to"),
    ("data:\n  load_size: 100\n", "data.crop_size (256) is larger than data.load_size (100)"),
    ("data: [unclosed\n", "recipe.yaml cannot be read: line 2: not valid YAML: expected ',' or"),
    ("data:\n  rot: x\n", "recipe.yaml: no key data.rot; did you mean data.root?"),
    ("", "recipe.yaml has no keys"),
    ("- 1\n", "recipe.yaml has no keys"),
    ("\udcff", "recipe.yaml is not a text file"),
    (f"data: {{augment: [{LAUGHS}]}}\n", "more than 100,000 values, with aliases"),
    ("data: &a {augment: [*a]}\n", "a value contains itself"),
    ("data: " + "[" * 5000, "nested too deep"),
    ("loss:\n  cycle: 1\nloss:\n  tv: 1\n", "names loss twice, again on line 3"),
    ("loss: {cycle: 1}\nloss.cycle: 2\n", "names loss.cycle twice, again on line 2"),
    ("data:\n  flip: true\n  flip: false\n", "names data.flip twice, again on line 3"),
    ("data:\n  augment: [{Blur: {p: 1, p: 0}}]\n", "names data.augment.Blur.p twice"),
    ("train:\n  epochs: 010\n", "line 2: train.epochs is 010, which YAML reads as 8: write 8, or"),
    ("train: {epochs: 1:30}\n", "train.epochs is 1:30, which YAML reads as 90: write 90"),
    ("data: {augment: [{Blur: {blur_limit: 010}}]}\n", "data.augment.Blur.blur_limit is 010"),
    ("train:\n  epochs: yes\n", "train.epochs: expected an integer ≥ 1. Got: true (YAML reads"),
    ("loss.cycle: on\n", "loss.cycle: expected a number ≥ 0. Got: true"),
    ("data: {root: no}\n", "data.root: expected a path. Got: false"),
    ("data: {range_a: [yes, 4095]}\n", "data.range_a: expected a list, [a number, a number]. Got"),
    ("print_config: true\n", "print_config is for the command line only: --print_config"),
    ("config: small\n", "config is for the command line only: --config"),
    ('run: {dir: "a\\0b"}\n', "line 1: run.dir has a null byte"),
])  # fmt: skip
def test_error_in_a_file_is_one_line_with_the_key(
    yaml: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml, encoding="utf-8", errors="surrogateescape")
    assert expected in rejected(capsys, "train", "--config", str(path))


@pytest.mark.parametrize(("yaml", "key", "value"), [
    ("data: {flip: no}\n", "data.flip", False),
    ("run: {dir: '010'}\n", "run.dir", Path("010")),
    ("train: {epochs: 0x10}\n", "train.epochs", 16),
    ("optim: {lr: 1_0e-1}\n", "optim.lr", 1.0),
    ("run.seed: 0\n", "run.seed", 0),
])  # fmt: skip
def test_values_that_only_look_misleading_are_accepted(
    yaml: str, key: str, value: Any, tmp_path: Path
) -> None:
    (tmp_path / "recipe.yaml").write_text(yaml)
    options, _ = Parser(COMMANDS["train"], "train").options(
        ["--config", str(tmp_path / "recipe.yaml")]
    )
    assert functools.reduce(getattr, key.split("."), options) == value


class Killed(Dataset[int]):
    """A dataset whose worker is killed, as the kernel does if memory is short."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return index


def test_a_killed_loader_worker_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(options: Section, **flags: bool) -> int:
        return len(list(DataLoader(Killed(), num_workers=1)))

    monkeypatch.setitem(COMMANDS, "train", replace(COMMANDS["train"], run=load))
    assert main(["train"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("gan train: error: a loader worker ")  # torch has two texts for it
    assert "the same command again" in line


def test_other_errors_of_the_program_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: Section, **flags: bool) -> int:
        raise RuntimeError("DataLoader is not what failed")

    monkeypatch.setitem(COMMANDS, "train", replace(COMMANDS["train"], run=fail))
    with pytest.raises(RuntimeError, match="is not what failed"):
        main(["train"])


def test_an_error_of_the_run_itself_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["train", "--data.root", str(tmp_path / "nothing"), "--run.device", "cpu"])
    assert status == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "trainA" in lines[0]


@pytest.mark.parametrize(("command", "resumes"), [("evaluate", False), ("translate", True)])
def test_an_interrupted_command_offers_to_continue_only_if_it_can(
    command: str, resumes: bool, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def interrupted(options: Section) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(COMMANDS, command, replace(COMMANDS[command], run=interrupted))
    assert main([command, "model", "input", "output"][: 3 + resumes]) == 130
    printed = capsys.readouterr().err
    assert printed.startswith(f"gan {command}: interrupted")
    assert ("the same command again to continue" in printed) == resumes


def test_nearest_returns_nothing_if_no_name_is_near() -> None:
    assert nearest("zzz", ["data.root"]) == ""


def test_every_command_has_a_script() -> None:
    root = Path(__file__).parents[2]
    others = {"inspect": "inspect_data"}  # scripts/inspect.py would shadow the standard library's
    for command in COMMANDS:
        name = others.get(command, command)
        assert (root / "scripts" / f"{name}.py").exists() or (root / f"{name}.py").exists()


def test_no_script_shadows_the_standard_library() -> None:
    """Python searches a script's folder first for every import."""
    scripts = (Path(__file__).parents[2] / "scripts").glob("*.py")
    assert not {path.stem for path in scripts} & sys.stdlib_module_names


def test_print_config_shows_the_resolved_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--loss.cycle", "3", "--print_config"])
    assert stopped.value.code == 0
    assert "cycle: 3.0" in capsys.readouterr().out


def parsed(options: type[Section], words: list[str], *positional: str) -> Any:
    """Return the options that a command parses from words."""
    command = Command(options, main, "Do nothing", positional or ("config",))
    return Parser(command, "command").options(words)[0]


class Lists(Section):
    """Options that are lists of strings and of numbers."""

    splits: list[str] = Field(default=["train"])
    weights: list[float] = Field(default=[])


@pytest.mark.parametrize(("arguments", "splits", "weights"), [
    ([], ["train"], []),
    (["--splits", "val"], ["val"], []),
    (["--splits=val", "--weights", "2", "--splits", "train"], ["val", "train"], [2.0]),
    (["--splits", "[a,b]", "--splits", "c"], ["a", "b", "c"], []),
    (["--config", "FILE", "--weights", "3", "--weights=4"], ["test"], [3.0, 4.0]),
    (["--config", "FILE", "--weights+", "3", "--weights+=4"], ["test"], [1.0, 3.0, 4.0]),
    (["--splits+", "[b,c]"], ["train", "b", "c"], []),
])  # fmt: skip
def test_the_first_mention_of_a_list_replaces_its_default_and_later_ones_are_added(
    arguments: list[str], splits: list[str], weights: list[float], tmp_path: Path
) -> None:
    path = tmp_path / "lists.yaml"
    path.write_text("splits: [test]\nweights: [1]\n")
    found = parsed(Lists, [str(path) if word == "FILE" else word for word in arguments])
    assert (found.splits, found.weights) == (splits, weights)


@pytest.mark.parametrize("arguments", [
    ["--loss.cycle", "3", "--config", "FILE"],
    ["--loss.cycle=3", "--config=FILE", "--plan"],
    ["--loss", "{cycle: 4, tv: 2}", "--loss.cycle", "3", "--config", "FILE"],
    ["--loss.cycle", "3", "--loss", "{cycle: 4}", "--config", "FILE"],
])  # fmt: skip
def test_typed_keys_outrank_a_file_in_any_order(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In configs/accelerate/slurm.sh, --run.dir comes before the user's --config."""
    path = tmp_path / "recipe.yaml"
    path.write_text("loss: {cycle: 7, identity: 1}\nrun: {dir: elsewhere}\n")
    seen: list[Config] = []

    def command(config: Config, plan: bool) -> None:
        assert plan == ("--plan" in arguments)
        seen.append(config)

    monkeypatch.setitem(COMMANDS, "train", replace(COMMANDS["train"], run=command))
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


def test_suffixes_keep_the_space_before_them() -> None:
    assert one_line(ValueError("a \n .pth, .onnx or\n.")) == "a .pth, .onnx or ."


def test_the_last_line_of_a_loader_workers_error_is_reported() -> None:
    trace = "Caught ValueError in worker 0.\nOriginal Traceback (most recent call last):\n  x\n"
    assert one_line(ValueError(f"{trace}ValueError: a.png is damaged\n")) == "a.png is damaged"


@pytest.mark.parametrize(("words", "expected"), [
    ("export a b jpg", "one of safetensors, reference, onnx, program, hub, web. Got"),
    ("translate a b c --batch_size x", "expected an integer ≥ 1. Got: x"),
    ("translate a", "gan translate: error: required: input, output"),
    ("translate a --direction", "direction: a value is required"),
    ("translate a --input b c", "unexpected word c after --input"),
    # Least of all --overwrite, which replaces files, can be abbreviated.
    ("convert a.pth b.pth --overwrit", "no key overwrit; did you mean overwrite?"),
])  # fmt: skip
def test_words_and_values_that_an_option_does_not_take_are_reported(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in rejected(capsys, *words.split())


def test_a_switch_without_a_value_is_true_and_dashes_are_underscores() -> None:
    options = parsed(Config, ["--train.batch-passes", "--data.flip=false", "--train.compile"])
    assert (options.train.batch_passes, options.data.flip, options.train.compile) == (1, 0, 1)


def test_null_is_none_where_that_is_valid() -> None:
    class Optional(Section):
        text: str | None = "x"
        plain: str = "x"
        count: int | None = 1

    words = ["--text", "null", "--plain", "null", "--count", "null"]
    assert parsed(Optional, words) == Optional(text=None, plain="null", count=None)


def test_help_imports_nothing_heavy() -> None:
    """Help is made from the options classes; importing torch alone would take seconds."""
    code = (
        "import sys\n"
        "from contextlib import suppress\n"
        "from gan.cli.commands import COMMANDS\n"
        "from gan.cli.main import main\n"
        "main(['--help'])\n"
        "assert not {'pydantic', 'jsonargparse', 'yaml'} & set(sys.modules)\n"
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
    """gan serve RUN RUN --port 1, with names that YAML would parse as lists or mappings."""

    class Models(Section):
        models: list[Path]
        port: int = 0

    options = parsed(Models, ["a, b", "[c]", "d: e", "--port", "1"], "models")
    assert options.models == [Path("a, b"), Path("[c]"), Path("d: e")]
    assert options.port == 1


KINDS = Table("kind", {"round": 1, "square": 2})


def test_help_lists_every_command_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, command in COMMANDS.items():
        assert any(line.split() == [name, *command.summary.split()] for line in lines)


def test_a_name_that_a_table_lacks_gets_the_nearest() -> None:
    class Typed(Section):
        kind: Annotated[str, NameIn(KINDS)] = "round"

    with pytest.raises(ValueError, match=r"kind: no kind squar; did you mean square\?"):
        parsed(Typed, ["--kind", "squar"])


def test_every_command_prints_its_resolved_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["translate", "a", "b", "c", "--tile", "64", "--print_config"])
    assert stopped.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"model: a", "output: c", "tile: 64", "overwrite: false"} <= {*lines}


@pytest.mark.parametrize("spelling", [["--extend", "FILE"], ["--extend=FILE"]])
def test_an_extension_adds_names_before_the_options_are_read(
    spelling: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ovals.py"
    path.write_text("import sys\nsys.modules['tests.kinds'].KINDS.add('oval', 3)\n")
    kinds = Table("kind", {"round": 1})

    class Shaped(Section):
        kind: Annotated[str, NameIn(kinds)] = "round"

    seen: list[Shaped] = []
    row = Command(Shaped, seen.append, "Do nothing")
    monkeypatch.setitem(COMMANDS, "inspect", row)
    monkeypatch.setitem(sys.modules, "tests.kinds", SimpleNamespace(KINDS=kinds))
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(SystemExit):
        main(["inspect", "--kind", "oval"])
    given = [word.replace("FILE", str(path)) for word in spelling]
    assert main(["inspect", "--kind", "oval", *given]) == 0
    assert [each.kind for each in seen] == ["oval"]
    sys.modules.pop("ovals")


@pytest.mark.parametrize("words", [["--config", "small"], ["small"], ["--config=small"]])
def test_a_recipe_is_found_by_its_name(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = parsed(Config, ["--config", str(ROOT / "configs" / "small.yaml")])
    monkeypatch.chdir(tmp_path)
    assert parsed(Config, words) == recipe != Config()
    (tmp_path / "small").write_text("loss: {cycle: 7}\n")
    assert parsed(Config, words).loss.cycle == 7  # a file of that name comes first


def test_an_unknown_recipe_is_reported_with_the_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"smal: no such file or recipe; recipes: .*demo, .*small"):
        parsed(Config, ["--config", "smal"])


@pytest.mark.parametrize("text", ["data: 5\n", "train:\n", "loss: nowhere.yaml\n"])
def test_a_section_without_keys_is_rejected_even_if_the_command_sets_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "a.yaml").write_text(text)
    words = ["train", "--config", str(tmp_path / "a.yaml"), "--data.root", "x", "--loss.tv", "0"]
    line = rejected(capsys, *words, "--train.epochs", "1")
    assert f"{text.partition(':')[0]} is a section, not" in line


def test_a_reader_that_ends_early_stops_the_command_silently() -> None:
    """As in `gan train --help-all | head -1`, or where the reader has nothing to read."""
    code = (
        "import sys; from gan.cli import main; from gan.cli.commands import COMMANDS, Command\n"
        "def talk(options):\n    print('x' * 10**6, flush=True)\n"
        "COMMANDS['report'] = Command('gan.report.options:ReportOptions', talk, 's', ('model',))\n"
        "sys.exit(main.main(['report', 'x']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_compiler_that_fails_is_one_line_with_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A compiled function whose back end raises an error, as g++ does when a signal ends it."""

    def backend(graph: Any, inputs: Any) -> Any:
        raise ImportError("/tmp/kernel.main.so: file too short")

    def command(config: Config, plan: bool) -> None:
        torch.compile(lambda x: 2 * x, backend=backend)(torch.ones(2))

    monkeypatch.setitem(COMMANDS, "train", replace(COMMANDS["train"], run=command))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    assert main(["train"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "file too short" in line
    assert f"{tmp_path}: delete that folder" in line
    assert "train.compile false" in line
