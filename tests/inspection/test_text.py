"""The printed findings: faults first, harmless notes in one line, no long lists."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from gan.inspection.findings import KINDS
from gan.inspection.sheet import SIDE, draw_samples, spread
from tests.support.commands import inspect_folders
from tests.support.inspecting import inspected
from tests.support.pictures import picture, write_dataset
from tests.support.terminal import check_golden


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a phone's: rotated, transparent, gray and damaged images."""
    monkeypatch.chdir(tmp_path)
    root = write_dataset(Path("data"), trainA=20, trainB=6)
    turned = Image.Exif()
    turned[274] = 6
    for number in range(30, 42):
        picture(number).save(root / "trainA" / f"{number}.jpg", exif=turned)
    for number in range(50, 55):
        picture(number).convert("L").save(root / "trainB" / f"gray {number}.png")
    clear = picture(60)
    clear.putalpha(128)
    clear.save(root / "trainB" / "clear.png")
    (root / "trainA" / "empty.jpg").touch()
    shutil.copy(root / "trainA" / "003.png", root / "trainA" / "again.png")
    return root


def without_statistics(printed: str) -> str:
    """Return the findings and the summary."""
    findings, _, rest = printed.partition("\n\n")
    return "\n\n".join((findings, rest.partition("\n\n")[2]))


def test_the_printed_findings_and_summary(phone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect_folders(phone) == 1
    text = without_statistics(capsys.readouterr().out)
    check_golden("inspect", text)
    lines = text.splitlines()
    heads = [line.split(":")[0].split(",")[0] for line in lines if line and line[0] not in " ("]
    assert heads == [*["fault"] * 2, *["remark"] * 2, "harmless", "45 images in 2 folders"]
    assert "gray 50.png, trainB/gray 51.png, trainB/gray 52.png and 2 more" in text
    assert text.count("EXIF") == 1
    assert "12 rotated by EXIF" in text


def test_all_files_are_in_the_list(phone: Path, tmp_path: Path) -> None:
    _, found = inspected(phone, tmp_path / "out")
    kinds = [kind for kind, _, _ in found]
    assert (kinds.count("rotated"), kinds.count("grey"), kinds.count("alpha")) == (12, 5, 1)


def test_faults_come_first_and_harmless_notes_last() -> None:
    rows = list(KINDS.values())
    ranks = [0 if row.fault else 2 if row.listing == "count" else 1 for row in rows]
    assert ranks == sorted(ranks)


def test_without_faults_the_sheet_shows_eight_of_a_and_of_b(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", trainA=3, trainB=11, testA=2)
    Image.new("RGB", (80, 80), (250, 0, 0)).save(root / "testA" / "red.png")
    inspected(root, tmp_path / "out", min_images=0)
    paths = [sorted((root / name).iterdir()) for name in ("trainA", "trainB")]
    with Image.open(tmp_path / "out" / "sheet.png") as sheet:
        folders = {root / "trainA": paths[0], root / "trainB": paths[1]}
        assert sheet.tobytes() == draw_samples(folders, 100).tobytes()
        colors = {color for _, color in sheet.getcolors(2**20) or []}
    assert (250, 0, 0) not in colors
    assert sheet.width > 8 * SIDE


def test_samples_are_spread_over_a_folder() -> None:
    paths = [Path(str(number)) for number in range(20)]
    assert [int(path.name) for path in spread(paths, 8)] == [0, 2, 5, 7, 10, 12, 15, 17]
    assert spread(paths[:3], 8) == paths[:3]
    assert spread([], 8) == []


def test_clips_are_counted_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_dataset(tmp_path / "data", trainA=2, trainB=2)
    (root / "trainA" / "clip.mp4").write_bytes(b"no picture")
    (root / "trainA" / "notes.txt").touch()
    inspect_folders(root, min_images=0)
    last = capsys.readouterr().out.splitlines()[-1]
    assert ", 1 files that are not images, 1 clip (training requires frames: extract them" in last
