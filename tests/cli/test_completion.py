"""What bash completes, asked of bash; and the version."""

import shutil
import subprocess

import pytest

import gan
from gan.cli.commands import COMMANDS
from gan.cli.main import main


@pytest.fixture(scope="module")
def script() -> str:
    """What `gan --completion` prints."""
    from gan.cli.completion import script as whole

    return whole()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(("words", "expected"), [
    (["tran"], {"translate"}),
    ([""], {*COMMANDS}),
    (["translate", "--ov"], {"--overwrite"}),
    (["train", "--loss.cycle_"], {"--loss.cycle_a", "--loss.cycle_b"}),
    (["prepare", "--a", "photos"], set()),
])  # fmt: skip
def test_bash_completes_commands_and_options(
    script: str, words: list[str], expected: set[str]
) -> None:
    typed = f"COMP_WORDS=(gan {' '.join(word or repr(word) for word in words)})"
    ask = f'{script}\n{typed}; COMP_CWORD={len(words)}; _gan; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == expected
    assert done.stderr == ""


def test_the_command_says_its_version_and_its_completion(
    script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gan {gan.__version__}\n"
    assert main(["--completion"]) == 0
    assert capsys.readouterr().out == script
