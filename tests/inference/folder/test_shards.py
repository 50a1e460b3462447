"""Shards share out a plan whole, whenever each begins, and join their lists of failures."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gan.inference.folder.batches import make_batches
from gan.inference.folder.folder import translate_folder
from gan.inference.folder.options import TranslateOptions
from gan.inference.folder.plan import Job, Plan
from gan.inference.folder.shards import Shard
from gan.inference.video.plan import Clips
from gan.system.failures import Failure
from tests.support.generators import write_generator
from tests.support.pictures import Photos


def plan(done: int = 0) -> Plan:
    """A plan of 23 images of three sizes; the first `done` exist."""
    jobs = [
        Job(Path(f"{at}.png"), (32 + 8 * (at % 3), 32), None if at < done else Path(f"o/{at}.png"))
        for at in range(23)
    ]
    failures = tuple(Failure(Path(f"bad{at}.png"), "damaged") for at in range(4))
    return Plan(Path("o"), True, tuple(jobs), failures, 3, frozenset(), Clips())


@pytest.mark.parametrize("count", [1, 2, 5, 64])
def test_shards_together_are_the_plan_with_the_same_batches(count: int) -> None:
    whole = plan()
    parts = [Shard(number, count).plan(whole, 3, "cpu") for number in range(1, count + 1)]
    jobs = [job for part in parts for job in part.jobs]
    assert sorted(map(str, jobs)) == sorted(map(str, whole.jobs))
    batches = [batch for part in parts for batch in make_batches(part.jobs, 3)]
    assert set(batches) == set(make_batches(whole.jobs, 3))
    assert sorted(fail.source for part in parts for fail in part.failures) == sorted(
        fail.source for fail in whole.failures
    )
    assert sum(part.others for part in parts) == whole.others


def test_what_exists_already_moves_no_image_to_another_shard() -> None:
    early, late = (Shard(2, 3).plan(plan(done), 2, "cpu").jobs for done in (0, 11))
    assert [job.source for job in early] == [job.source for job in late]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3"])
def test_other_shards_are_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="shard: expected NUMBER/COUNT"):
        TranslateOptions(model=Path("m"), input=Path("i"), output=Path("o"), shard=text)


def test_one_file_has_no_parts() -> None:
    with pytest.raises(ValueError, match="shard: the input is one file"):
        Shard(1, 2).plan(replace(plan(), whole_folder=False), 2, "cpu")


def test_the_end_line_names_more_parts_than_pictures(tmp_path: Path) -> None:
    Shard(1, 2).end(tmp_path, (1, 0), [])
    assert "more parts" not in str(Shard(2, 2).end(tmp_path, (1, 0), []))
    assert str(Shard(2, 2).end(tmp_path, (0, 0), [])).endswith("more shards than pictures")


def test_parts_of_other_batches_or_files_make_no_whole(
    photos: Photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else pictures between their batches would be missing, and all parts would be done."""
    folder = photos("photos", 6)
    model = write_generator(tmp_path / "gen_ab.safetensors")

    def translate(shard: str, batch_size: int) -> str:
        translate_folder(
            TranslateOptions(
                model=model, input=folder, output=tmp_path / "out", shard=shard, device="cpu",
                batch_size=batch_size,
            )
        )  # fmt: skip
        return capsys.readouterr().err

    assert "parts without a report: 2" in translate("1/2", 1)
    told = translate("2/2", 6)
    assert "run again, since they had other files or batches: parts 1." in told
    assert "all 2 shards" not in told
    assert not (tmp_path / "out/failed.tsv").exists()
    assert "all 2 shards done: " in translate("1/2", 6)
    assert len([*(tmp_path / "out").glob("*.png")]) == 6
    shutil.copy(folder / "000.png", folder / "new.png")
    assert "parts 1." in translate("2/2", 6)


def test_the_last_shard_joins_the_failures_and_the_files_are_those_of_one_process(
    photos: Photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = photos("photos", 5)
    (tmp_path / "photos/001.png").write_bytes(b"not a picture")
    model = write_generator(tmp_path / "gen_ab.safetensors")

    def translate(output: str, shard: str) -> tuple[int, str]:
        status = translate_folder(
            TranslateOptions(
                model=model, input=folder, output=tmp_path / output, shard=shard,
                device="cpu", batch_size=2,
            )
        )  # fmt: skip
        return status, capsys.readouterr().err

    translate("whole", "1/1")
    status, printed = translate("parts", "2/2")
    assert (status, "parts without a report: 1" in printed) == (0, True)
    assert not (tmp_path / "parts/failed.tsv").exists()
    status, printed = translate("parts", "1/2")
    assert status == 1
    assert "all 2 shards done: 4 of 5 files translated, 0 existed already, 1 failed" in printed
    files = [
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.*") if path.is_file()}
        for name in ("whole", "parts")
    ]
    assert files[0] == files[1]
    assert len(files[0]) == 5
    _, printed = translate("parts", "1/9")
    assert "parts: reports for 2 parts, not 9, are ignored" in printed
    _, printed = translate("parts", "2/2")
    assert "2 of 5 files translated, 2 existed already, 1 failed" in printed
