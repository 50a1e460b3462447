"""Datasets from folders and tables have no leaks; sources and other files are not changed."""

import csv
import json
import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from gan.cli.main import main
from gan.images import ImageError, list_images
from gan.preparation.sources import Index
from tests.support.commands import inspect_folders
from tests.support.folders import state
from tests.support.pictures import picture
from tests.support.terminal import check_golden


@pytest.fixture
def art(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make art/ with 12 pictures in class folders, and art.csv; change to the test's folder."""
    monkeypatch.chdir(tmp_path)
    for folder in ("sea", "town"):
        (tmp_path / "art" / folder).mkdir(parents=True)
    with (tmp_path / "art" / "art.csv").open("w") as file:
        table = csv.writer(file)
        table.writerow(["filename", "artist"])
        for number in range(12):
            name = f"{'sea' if number % 2 else 'town'}/{number:02d}.png"
            picture(number).save(tmp_path / "art" / name)
            table.writerow([name, "Claude Monet" if number < 6 else "Hals, Frans"])
    return tmp_path / "art"


def prepare(*arguments: str) -> int:
    return main(["prepare", "--output", "out", *arguments])


def chosen(root: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (root / "preparation.jsonl").read_text().splitlines()]


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in list_images(root)}


def test_a_table_is_split_by_artist_and_sources_are_recorded(art: Path) -> None:
    table = "art/art.csv"
    status = prepare(
        "--a", table, "--where_a", "artist=claude monet",
        "--b", table, "--where_b", 'artist="Hals, Frans"', "--test", "2",
    )  # fmt: skip
    assert status == 0
    out = Path("out")
    lines = chosen(out)
    assert {line["file"] for line in lines} == names(out)
    for line in lines:
        number = int(Path(line["file"]).stem)
        assert line["domain"] == ("a" if number < 6 else "b")
        assert line["file"].startswith(line["split"] + line["domain"].upper())
        assert Path(line["source"]).read_bytes() == (out / line["file"]).read_bytes()
    counts = {
        place: len(list_images(out / place)) for place in ("trainA", "testA", "trainB", "testB")
    }
    assert counts == {"trainA": 4, "testA": 2, "trainB": 4, "testB": 2}
    assert json.loads((out / "preparation.json").read_text())["seed"] == 0


def test_classes_and_paths_of_one_folder_are_two_domains(art: Path) -> None:
    assert (
        prepare("--a", "art", "--where_a", "class=sea", "--b", "art", "--where_b", "path=town/*")
        == 0
    )
    assert {name.split("/")[0][-1] + name.split("/")[1][0] for name in names(Path("out"))} == {
        "As",
        "Bt",
    }


def test_copies_stay_on_one_side_and_the_inspection_finds_no_leak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`gan inspect` looks for leaks; a third of the pictures are in the test."""
    monkeypatch.chdir(tmp_path)
    for folder in ("one", "two"):
        Path(folder).mkdir()
    for number in range(12):
        original = picture(number)
        original.save(f"one/{number:02d}.png")
        original.save(f"one/again-{number:02d}.jpg", quality=60)
        if number < 6:
            ImageOps.mirror(original).save(f"two/mirror-{number:02d}.png")
        picture(100 + number).save(f"two/{number:02d}.png")
    for seed in ("0", "1"):
        assert (
            main(
                [
                    "prepare",
                    "--output",
                    f"out{seed}",
                    "--a",
                    "one",
                    "--b",
                    "two",
                    "--test",
                    "0.33",
                    "--seed",
                    seed,
                ]
            )
            == 0
        )
        inspect_folders(Path(f"out{seed}"), output=Path(f"seen{seed}"), min_images=0)
        found = Path(f"seen{seed}/inspection.tsv").read_text()
        assert "duplicate" in found
        assert "leakage" not in found
        assert len(list_images(Path(f"out{seed}/testA"))) == 8
    assert names(Path("out0")) != names(Path("out1"))
    assert (
        main(["prepare", "--output", "unique", "--a", "one", "--b", "two", "--unique", "true"]) == 0
    )
    assert len(names(Path("unique"))) == 12 + 12


@pytest.mark.parametrize("link", ["copy", "hard", "symbolic"])
def test_an_output_continues_where_it_was_stopped(
    link: str, art: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--a", "art", "--link", link]
    assert prepare(*arguments) == 0
    assert (
        f"12 images {'copied' if link == 'copy' else f'linked ({link})'}" in capsys.readouterr().out
    )
    before = {path: path.lstat() for path in Path("out").rglob("*.png")}
    for path in before:
        assert path.is_symlink() == (link == "symbolic")
        assert (path.lstat().st_nlink == 2) == (link == "hard")
    gone = sorted(before)[:3]
    for path in gone:
        path.unlink()
    (Path("out") / "preparation.jsonl").unlink()
    half = gone[0].with_name(f".{'0' * 32}.part")  # left by a killed start
    half.touch()
    assert prepare(*arguments) == 0
    after = {path: path.lstat() for path in Path("out").rglob("*.png")}
    assert after.keys() == before.keys()
    assert all(after[path].st_ino == before[path].st_ino for path in before if path not in gone)
    assert len(chosen(Path("out"))) == 12
    assert not half.exists()


def test_the_same_seed_draws_the_same_and_a_dry_run_writes_nothing(art: Path) -> None:
    for output in ("one", "two"):
        main(["prepare", "--output", output, "--a", "art", "--limit", "6", "--test", "2"])
    assert names(Path("one")) == names(Path("two"))
    assert len(names(Path("one"))) == 6
    before = state(Path())
    assert prepare("--a", "art", "--dry-run") == 0
    assert state(Path()) == before


def test_unreadable_files_are_named_and_skipped_and_the_limit_is_met_without_them(
    art: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(4):
        (art / f"bad{number}.png").write_bytes(b"no image")
    with (art / "art.csv").open("a") as file:
        file.write("nowhere.png,Claude Monet\n../out.png,Claude Monet\n/etc/passwd,Claude Monet\n")
    assert prepare("--a", "art", "--limit", "12") == 1
    assert len(names(Path("out"))) == 12
    assert sum("bad" in line for line in capsys.readouterr().err.splitlines()) == 4
    assert len(Path("out/failed.tsv").read_text().splitlines()) == 1 + 4
    assert main(["prepare", "--output", "table", "--a", "art/art.csv"]) == 1
    said = capsys.readouterr().err
    assert "nowhere.png: no images with this name below art" in said
    assert said.count("leads out of art") == 2
    assert len(names(Path("table"))) == 12


def test_rows_find_their_files_by_bare_names_and_each_file_comes_once(art: Path) -> None:
    Path("list.csv").write_text("file,x\n00.png,1\n01,2\n01.png,3\ntown/02.png,4\n")
    assert prepare("--a", "list.csv", "--images", "art", "--test", "0") == 0
    assert names(Path("out")) == {"trainA/town/00.png", "trainA/sea/01.png", "trainA/town/02.png"}


def test_files_with_one_name_in_several_sources_are_all_kept(art: Path) -> None:
    for number, folder in enumerate(("x/photos", "y/photos")):
        Path(folder).mkdir(parents=True)
        picture(50 + number).save(f"{folder}/same.png")
    assert prepare("--a", "x/photos", "--a", "y/photos", "--test", "0") == 0
    assert names(Path("out")) == {"trainA/photos/same.png", "trainA/photos-2/same.png"}


def test_any_bytes_in_names_and_loops_of_links_are_handled(
    art: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = Path(os.fsdecode(b"art/\xff\n\t.png"))
    shutil.copy(art / "sea" / "01.png", odd)
    (art / "loop").symlink_to(art)
    (art / "self.png").symlink_to("self.png")
    (art / "out.png").symlink_to("/etc/hostname")
    assert prepare("--a", "art", "--test", "0") == 1
    assert len(list_images(Path("out/trainA"))) == 13
    assert (Path("out/trainA") / odd.name).read_bytes() == odd.read_bytes()
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert len(chosen(Path("out"))) == 13
    both = ["--a", "art", "--where_a", "class=sea", "--b", "art", "--where_b", "class=town"]
    assert main(["prepare", "--output", "both", *both]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(("arguments", "expected"), [
    (["--where_b", "class=sea"], "where_b chooses from the sources of b: set b"),
    (["--images", "art"], "images is for tables (.csv, .tsv, .json): add one"),
    (["--b", "more", "--file_column", "x"], "file_column is for tables"),
])  # fmt: skip
def test_options_without_effect_are_rejected(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["prepare", "--output", "out", "--a", "art", *arguments])
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


@pytest.mark.parametrize(("arguments", "expected"), [
    (["--a", "nowhere"], "nowhere: no such source"),
    (["--a", "empty"], "empty: no images"),
    (["--a", "text.txt"], "text.txt: a source is a folder, a table or a video"),
    (["--a", "art", "--where_a", "class=see"], "class is never see; did you mean sea?"),
    (["--a", "art", "--b", "art", "--where_b", "class=sea"], "6 images are chosen for A and for B"),
    (["--a", "art", "--test", "12"], "test: 12 of the 12 images of A leave none"),
    (["--a", "art", "--output", "art/out"], "art/out: must not be, contain or lie inside art"),
    (["--a", "art", "--output", "text.txt"], "text.txt: is not a folder"),
    (["--a", "art", "--output", "taken"], "taken: is not empty"),
    (["--a", "art", "--output", "strange"], "strange/preparation.json: damaged, or not written"),
    (["--a", "bad"], "a: no image can be read; for instance, bad/x.png: "),
])  # fmt: skip
def test_invalid_inputs_are_rejected_in_one_line_and_nothing_is_written(
    arguments: list[str], expected: str, art: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("empty", "taken", "strange", "bad"):
        Path(folder).mkdir()
    for file in ("text.txt", "taken/file", "strange/preparation.json", "bad/x.png"):
        Path(file).touch()
    before = state(Path())
    assert prepare(*arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert expected in lines[0]
    assert state(Path()) == before


def test_other_settings_changed_files_and_unknown_files_are_rejected(
    art: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare("--a", "art") == 0
    assert prepare("--a", "art", "--seed", "1") == 1
    assert "was begun with seed 0, not 1" in capsys.readouterr().err
    one = list_images(Path("out/trainA"))[0]
    content = one.read_bytes()
    one.write_bytes(b"mine")
    assert prepare("--a", "art") == 1
    assert f"{one}: exists and is not the file that belongs there" in capsys.readouterr().err
    assert one.read_bytes() == b"mine"
    one.write_bytes(content)
    (Path("out/testA") / "mine.png").write_bytes(content)
    assert prepare("--a", "art") == 1
    assert (
        "out/testA/mine.png: is not (or no longer) among the chosen images"
        in capsys.readouterr().err
    )


def test_symbolic_links_print_a_warning(art: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Training follows no link out of a folder."""
    assert prepare("--a", "art", "--link", "symbolic", "--test", "0") == 0
    assert "use --link hard" in capsys.readouterr().out
    assert list_images(Path("out/trainA")) == []
    with Image.open("out/trainA/sea/01.png") as image:
        assert image.size == (96, 80)


def test_a_stack_is_cut_into_its_pages_which_stay_on_one_side(tmp_path: Path) -> None:
    """Pages are slices of one object: in both splits, the test would show what was trained on."""
    rng = np.random.default_rng(0)
    stacks = {name: rng.integers(0, 4096, (4, 70, 80)).astype(np.uint16) for name in "pqrs"}
    for name, pages in stacks.items():
        folder = tmp_path / ("a" if name in "pq" else "b")
        folder.mkdir(exist_ok=True)
        tifffile.imwrite(folder / f"{name}.tif", pages, photometric="minisblack")
    options = [f"--{name}={tmp_path / name}" for name in "ab"] + ["--test=0.5"]
    for _ in range(2):  # the second time all files exist
        assert main(["prepare", *options, f"--output={tmp_path / 'out'}"]) == 0
    found = sorted((tmp_path / "out").rglob("*.tif"))
    assert len(found) == 16
    for path in found:
        name, page = path.stem.rsplit("-", 1)
        assert np.array_equal(tifffile.imread(path), stacks[name][int(page)])
    sides = {(path.stem[0], path.parent.name) for path in found}
    assert len(sides) == 4


def test_the_summary_counts_what_was_skipped_and_names_the_next_command(
    art: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (art / "sea" / "torn.png").write_bytes((art / "sea" / "01.png").read_bytes()[:200])
    assert prepare("--a", "art", "--dry-run") == 1
    assert "out: 12 images would be copied, 1 skipped\n" in capsys.readouterr().out
    assert prepare("--a", "art") == 1
    printed = capsys.readouterr().out
    check_golden("prepare", printed)
    counts, following = printed.splitlines()[-2:]
    assert counts.startswith("out: 12 images copied, 1 skipped (failed.tsv)")
    assert main(shlex.split(following.removeprefix("Next: "))[1:]) == 0


def test_an_index_names_the_path_that_it_does_not_find(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "sub.png").mkdir()
    expected = {
        "a.png": "no images with this name",
        "../b.png": "leads out of",
        "notes.txt": "its suffix is not an image's",
        "sub.png": "not a regular file",
    }
    for name, reason in expected.items():
        with pytest.raises(ImageError) as error:
            Index(tmp_path).file(Path(name))
        assert str(error.value).startswith(f"{tmp_path / name}: {reason}")
