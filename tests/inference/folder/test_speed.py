"""Options for speed change nothing where they are not available."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.commands import translate_folder
from tests.support.interrupted_runs import contents
from tests.support.pictures import Photos


def test_a_folder_is_translated_without_a_compiler_and_one_line_reports_it(
    photos: Photos,
    generator_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compile(*_: Any, **__: Any) -> Any:
        raise RuntimeError("No working C++ compiler found\nin torch._inductor.config.cpp.cxx")

    folder, threads = photos(), torch.get_num_threads()
    assert translate_folder(generator_file, folder, tmp_path / "eager") == 0
    capsys.readouterr()
    monkeypatch.setattr(torch, "compile", compile)
    assert translate_folder(generator_file, folder, tmp_path / "compiled", compile=True) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "compile" in line]
    assert said[0] == "compile: not compiled, no compiler works here: No working C++ compiler found"
    assert len(said) == 2  # the other one names the folder
    assert torch.get_num_threads() == threads
    assert contents(tmp_path / "eager") == contents(tmp_path / "compiled")


def test_no_threads_are_rejected(generator_file: Path, photos: Photos, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"threads: expected an integer ≥ 1"):
        translate_folder(generator_file, photos(), tmp_path / "out", threads=0)
