"""Unusual folders: nothing is changed, nothing blocks, and every problem is reported in a line."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.support.commands import inspect_folders, status
from tests.support.folders import state
from tests.support.inspecting import inspected
from tests.support.pictures import picture, write_dataset


@pytest.mark.parametrize(("arguments", "expected"), [
    ([], "nothing to inspect: give ROOT"),
    (["nowhere"], "nowhere: no such folder"),
    (["empty"], "empty: no images in this folder or below it; ROOT must be a folder with trainA, "),
    (["arrays"], "arrays: no images in this folder or below it: 2 files of other kinds (.npy); "
     "images end in .jpg, .png, .tif, .webp and so on; ROOT must be a folder with trainA, "),
    (["file"], "file: not a folder"),
    (["data", "--a", "data/trainA"], "give ROOT, or --a and --b, not both"),
    (["--a", "data", "--b", "data/trainB"], "data/trainB: is the same as, or inside, data"),
    (["--a", "data/trainA", "--b", "data/trainA"], "is the same as, or inside, data/trainA"),
    (["data", "--min_side", "0"], "min_side"),
    (["data", "--output", "data/trainA/out"], "out: must not be or lie inside data/trainA"),
    (["data", "--output", "file"], "file: is a file; --output must be a folder"),
    (["data", "--output", "taken"], "taken/sheet.png: not written by this command"),
])  # fmt: skip
def test_an_invalid_input_or_output_is_rejected_in_one_line_and_nothing_is_written(
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_dataset(tmp_path / "data", trainA=2, trainB=2)
    (tmp_path / "empty").mkdir()
    (tmp_path / "arrays").mkdir()
    for name in "ab":
        (tmp_path / "arrays" / f"{name}.npy").touch()
    (tmp_path / "file").touch()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "sheet.png").touch()
    monkeypatch.chdir(tmp_path)
    before = state(tmp_path)
    assert status("inspect", *arguments) == (2 if "--min_side" in arguments else 1)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert expected in lines[0]
    assert state(tmp_path) == before


def test_a_single_domain_is_inspected_and_the_missing_one_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_dataset(tmp_path / "data", trainA=3)
    assert inspect_folders(root, min_images=0) == 0
    assert f"{root}: no trainB\n" in capsys.readouterr().out
    (root / "trainB").mkdir()
    assert inspected(root, tmp_path / "out", min_images=0) == (1, {("empty", "trainB", "")})


def test_a_root_full_of_images_is_inspected_as_one_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_dataset(tmp_path, photos=2) / "photos"
    (root / "more").mkdir()
    shutil.copy(root / "000.png", root / "more" / "000.png")
    expected = {("duplicate", "more/000.png", "000.png")}
    assert inspected(root, tmp_path / "out", min_images=0) == (1, expected)
    assert "inspected as one folder; a dataset is a folder with trainA" in capsys.readouterr().out


def test_two_named_folders_are_domains_a_and_b(tmp_path: Path) -> None:
    write_dataset(tmp_path, photos=3, paintings=3)
    shutil.copy(tmp_path / "photos" / "000.png", tmp_path / "paintings" / "same.png")
    a, b = tmp_path / "photos", tmp_path / "paintings"
    found = inspected(None, tmp_path / "out", a=a, b=b, min_images=0)
    assert found == (0, {("shared", f"{b}/same.png", f"{a}/000.png")})
    assert inspected(None, tmp_path / "out", a=a, b=b, min_images=0, strict=True)[0] == 1


def test_pairs_of_one_name_in_both_test_folders_are_not_reported(tmp_path: Path) -> None:
    """A ground truth looks like its original; the same image with another name is a remark."""
    root = write_dataset(tmp_path / "data", trainA=2, trainB=2, testA=2)
    (root / "testB").mkdir()
    picture(2000).save(root / "testB" / "000.jpg", quality=95)
    picture(2001).save(root / "testB" / "other.png")
    expected = {("shared", "testB/other.png", "testA/001.png")}
    assert inspected(root, tmp_path / "out", min_images=0) == (0, expected)


def test_the_most_serious_relation_is_reported_and_the_same_domain_first(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", trainA=2, trainB=2, testA=1, testB=1)
    for name in ("trainA/copy.png", "trainB/copy.png", "testB/copy.png", "testB/copy again.png"):
        shutil.copy(root / "trainA" / "000.png", root / name)
    assert inspected(root, tmp_path / "out", min_images=0)[1] == {
        ("duplicate", "trainA/copy.png", "trainA/000.png"),
        ("shared", "trainB/copy.png", "trainA/000.png"),
        ("leakage", "testB/copy.png", "trainB/copy.png"),
        ("leakage", "testB/copy again.png", "trainB/copy.png"),
    }


def test_plain_images_are_compared_only_by_their_pixels(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", trainA=2, trainB=2)
    for name, size, level in (("a", 90, 7), ("b", 90, 8), ("c", 91, 7), ("d", 90, 7)):
        Image.new("RGB", (size, 90), (level, 90, 200)).save(root / "trainB" / f"{name}.png")
    assert inspected(root, tmp_path / "out", min_images=0)[1] == {
        ("duplicate", "trainB/d.png", "trainB/a.png"),
        *(("plain", f"trainB/{name}.png", "") for name in "abcd"),
    }


def test_hostile_names_links_and_pipes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_dataset(tmp_path / "data", trainA=2, trainB=2)
    names = [
        "🎨 שלום.png",
        "line\nbreak\ttab.png",
        "\u202egnp.exe.png",
        "same.png",
        "same.jpg",
        "x" * 250 + ".png",
    ]
    for number, name in enumerate(names):
        picture(600 + number, (40, 40)).save(root / "trainA" / name)
    undecodable = os.fsencode(root / "trainB") + b"/\xff.png"
    shutil.copy(os.fsencode(root / "trainB" / "000.png"), undecodable)
    picture(700).save(tmp_path / "outside.png")
    (root / "trainA" / "link.png").symlink_to(tmp_path / "outside.png")
    (root / "trainA" / "folder").symlink_to(tmp_path)
    (root / "trainA" / "itself.png").symlink_to("itself.png")
    os.mkfifo(root / "trainA" / "pipe.png")
    before = state(root)
    status, found = inspected(root, tmp_path / "out", min_images=0)
    assert status == 1
    assert state(root) == before
    assert found == {
        *(("unreadable", f"trainA/{name}.png", "") for name in ("link", "itself", "pipe")),
        ("unreadable", "trainA/folder", ""),
        ("duplicate", r"trainB/\udcff.png", "trainB/000.png"),
        ("tiny", "trainA/🎨 שלום.png", ""),
        ("tiny", r"trainA/line\nbreak\ttab.png", ""),
        ("tiny", r"trainA/\u202egnp.exe.png", ""),
        *(("tiny", f"trainA/{name}", "") for name in names[3:]),
        ("difference", "trainB", ""),
    }
    printed = capsys.readouterr().out
    assert "\u202e" not in printed
    assert len([line for line in printed.splitlines() if line.endswith("40x40")]) == len(names)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", trainA=3, trainB=2)
    (root / "trainA" / "002.png").chmod(0)
    assert inspected(root, tmp_path / "out", min_images=0) == (
        1,
        {("unreadable", "trainA/002.png", "")},
    )


def test_long_lists_are_cut_and_the_rest_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    (root / "trainA").mkdir(parents=True)
    for number in range(57):
        (root / "trainA" / f"{number:02d}.jpg").touch()
    assert inspect_folders(root, output=tmp_path / "out") == 1
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.endswith("empty file") for line in lines) == 20
    assert f"    … and 37 more (all in {tmp_path}/out/inspection.tsv)" in lines
    assert len((tmp_path / "out" / "inspection.tsv").read_text().splitlines()) == 1 + 57
    assert inspect_folders(root) == 1
    assert "    … and 37 more (use --output FOLDER for the full list)" in capsys.readouterr().out


def test_the_same_folder_gives_the_same_files_and_the_output_is_replaced(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", trainA=5, trainB=3, testA=2)
    shutil.copy(root / "trainA" / "003.png", root / "testA" / "a.png")
    picture(9, (30, 30)).save(root / "trainB" / "b.png")
    files = []
    for _ in range(2):
        assert inspect_folders(root, output=tmp_path / "out") == 1
        files.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert files[0] == files[1]
    assert set(files[0]) == {"inspection.tsv", "statistics.tsv", "sheet.png"}


def test_the_sheet_shows_both_pictures_of_a_pair_and_none_through_a_link(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", trainA=1, trainB=1, testA=1)
    Image.new("RGB", (90, 90), (250, 0, 0)).save(tmp_path / "red.png")
    (root / "trainA" / "red.png").symlink_to(tmp_path / "red.png")
    shutil.copy(root / "trainA" / "000.png", root / "testA" / "leak.png")
    assert inspected(root, tmp_path / "out", min_images=0)[1] == {
        ("unreadable", "trainA/red.png", ""),
        ("leakage", "testA/leak.png", "trainA/000.png"),
    }
    with Image.open(tmp_path / "out" / "sheet.png") as sheet:
        colors = {color for _, color in sheet.getcolors(2**16) or []}
        cells = [sheet.crop((12 + x, 12, 12 + x + 184, 12 + 184)) for x in (196, 2 * 196)]
    assert (250, 0, 0) not in colors
    assert cells[0].tobytes() == cells[1].tobytes()
    assert len(cells[0].getcolors(2**16) or []) > 10
