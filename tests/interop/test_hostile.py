"""Code in files is not run; damaged files are rejected in one line."""

import os
import pickle
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.cli.main import main
from gan.inference.translator import Translator
from gan.interop import open_generator
from gan.interop.reading import read_tensors
from tests.support.foreign import Resnet, resnet_layers


class Command:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch '{self.mark}'",)


class Evaluation(Command):
    """Evaluates a text as Python when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, (f"__import__('pathlib').Path({str(self.mark)!r}).touch()",)


@pytest.mark.parametrize("attack", [Command, Evaluation])
@pytest.mark.parametrize("how", ["alone", "among weights", "plain pickle", "old format"])
def test_code_in_a_pickle_does_not_run(attack: type[Command], how: str, tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "latest_net_G.pth"
    state = dict(Resnet(resnet_layers(2, 6)).state_dict())
    content = attack(mark) if how == "alone" else state | {"extra": attack(mark)}
    if how == "plain pickle":
        path.write_bytes(pickle.dumps(attack(mark)))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how != "old format")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as caught:
        open_generator(path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()
    # The attack works: unpickled, it leaves its mark.
    with path.open("rb") as file:
        if how == "plain pickle":
            pickle.load(file)
            assert mark.exists()


def test_the_rejected_global_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.pth"
    torch.save({"model": Command(tmp_path / "mark")}, path)
    with pytest.raises(ValueError, match=r"uses \w+\.system and would run code; nothing"):
        open_generator(path)


def test_the_command_reports_it_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "g.pth"
    torch.save(Command(tmp_path / "mark"), path)
    status = main(
        [
            "translate",
            "--model",
            str(path),
            "--input",
            str(tmp_path),
            "--output",
            str(tmp_path / "o"),
        ]
    )
    assert status == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def damaged(folder: Path) -> dict[str, bytes]:
    """Return contents of files that are not weights, by kind."""
    good = folder / "good.pt"
    torch.save(Resnet(resnet_layers(2, 6)).state_dict(), good)
    whole = good.read_bytes()
    middle = len(whole) // 2
    return {
        "empty": b"",
        "text": b"no weights at all",
        "cut off": whole[:middle],
        "a hole": whole[: middle // 2] + bytes(50) + whole[middle:],
        "zeros": bytes(1000),
        "only a pickle": pickle.dumps([1, 2, 3]),
    }


DAMAGED = ["empty", "text", "cut off", "a hole", "zeros", "only a pickle"]


@pytest.mark.parametrize("how", DAMAGED)
def test_damaged_files_are_rejected_in_one_line(how: str, tmp_path: Path) -> None:
    path = tmp_path / "g.pth"
    path.write_bytes(damaged(tmp_path)[how])
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: ") as caught:
        open_generator(path)
    assert "\n" not in str(caught.value)


def test_another_kind_of_zip_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "g.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.txt", "hello")
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: "):
        open_generator(path)


def test_a_torchscript_program_is_rejected_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "g.pt"
    with warnings.catch_warnings(action="ignore", category=FutureWarning):
        torch.jit.save(torch.jit.script(torch.nn.ReLU()), path)
    with pytest.raises(ValueError, match="TorchScript program, which is code"):
        open_generator(path)


def test_tensors_larger_than_their_file_are_rejected(tmp_path: Path) -> None:
    """With a stride of 0, one number can claim to be any number of them."""
    state = dict(Resnet(resnet_layers(2, 6)).state_dict())
    state["model.1.weight"] = torch.zeros(1).expand(10**6, 3, 7, 7)
    path = tmp_path / "g.pth"
    torch.save(state, path)
    with pytest.raises(ValueError, match="more than the file has"):
        open_generator(path)


def test_a_dictionary_that_holds_itself_ends(tmp_path: Path) -> None:
    content: dict[str, Any] = {"state_dict": {}}
    content["state_dict"]["again"] = content
    path = tmp_path / "g.pth"
    torch.save(content, path)
    with pytest.raises(ValueError, match="found no tensors"):
        open_generator(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensor: tensor.mul(1000).int(), r"model\.1\.weight holds int32, not floats"),
        (lambda tensor: torch.full_like(tensor, float("nan")), r"model\.1\.weight is not finite"),
    ],
)
def test_weights_that_are_not_finite_floats_are_rejected(
    change: Any, message: str, tmp_path: Path
) -> None:
    state = {
        name: change(value) for name, value in Resnet(resnet_layers(2, 6)).state_dict().items()
    }
    torch.save(state, tmp_path / "net_G.pth")
    with pytest.raises(ValueError, match=message):
        open_generator(tmp_path / "net_G.pth")


@pytest.mark.parametrize(
    "content", [b"", b"text", bytes(range(255, 0, -1)), b"PK\3\4" + bytes(100)]
)
def test_a_file_without_weights_is_rejected(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net_G.pth"
    path.write_bytes(content)
    words = r"net_G\.pth: (not a file of weights, or damaged|rejected: it )"
    with pytest.raises(ValueError, match=words) as error:
        open_generator(path)
    assert "weights_only" not in str(error.value)


def test_an_invalid_direction_is_rejected_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="direction: must be ab or ba, not xx"):
        Translator.load(tmp_path, direction="xx")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [b"<html>404</html>", b"", b"garbage", b"{}", bytes(100)], ids=range(5)
)
def test_the_error_for_a_file_without_weights_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "latest_net_G.pth").write_bytes(content)
    with pytest.raises(ValueError, match=r"latest_net_G\.pth: not a file of weights, or damaged"):
        read_tensors(tmp_path / "latest_net_G.pth")
