"""Options of `gan translate`."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.cli.main import main
from gan.images import read_picture
from gan.inference.folder.batches import make_batches
from gan.inference.folder.plan import Job, with_format
from gan.inference.translator import Translator
from tests.support.commands import translate_folder

Photos = Callable[..., Path]


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_a_chosen_format_keeps_all_files_apart(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in", count=2)
    Image.open(source / "000.png").save(source / "000.jpg")
    assert translate_folder(negative_model, source, tmp_path / "out", format="webp") == 0
    assert names(tmp_path / "out") == ["000.jpg.webp", "000.png.webp", "001.webp"]
    with Image.open(tmp_path / "out" / "001.webp") as image:
        assert image.format == "WEBP"


def test_three_originals_with_one_name_give_three_translations(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in", count=1)
    for name in ("a.png", "a.jpg", "a.jpg.png"):
        Image.new("RGB", (20, 20)).save(source / name)
    assert translate_folder(negative_model, source, tmp_path / "out", format="png") == 0
    expected = ["000.png", "a.jpg.png", "a.jpg.png.png", "a.png.png"]
    assert names(tmp_path / "out") == expected


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "avif", "tiff"])
def test_every_format_can_be_chosen(
    photos: Photos, tmp_path: Path, negative_model: Path, format: str
) -> None:
    source = photos("in", count=1)
    assert translate_folder(negative_model, source, tmp_path / "out", format=format) == 0
    (name,) = names(tmp_path / "out")
    with Image.open(tmp_path / "out" / name) as image:
        assert image.format == format.upper()


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    photos: Photos, tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos("in", count=2)
    (source / "bad.png").write_bytes(b"no image")
    options = ["--model", str(generator_file), "--input", str(source)]
    options += ["--output", str(tmp_path / "out")]
    assert main(["translate", *options, "--dry-run"]) == 1
    said = capsys.readouterr().out
    assert f"{source / '000.png'} -> {tmp_path / 'out' / '000.png'} (24x20)" in said
    assert f"{source / 'bad.png'}: not an image" in said
    assert "2 of 3 images to translate, 0.0 megapixels; 0 exist already, 1 cannot be" in said
    assert not (tmp_path / "out").exists()
    assert main(["translate", *options, "--tile=64", "--dry-run=true"]) == 1
    assert "in tiles, 0.00 GB of disk" in capsys.readouterr().out


def test_comparisons_show_both_side_by_side(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in/sub", count=2).parent
    beside = source / "compared"
    for _ in range(2):  # the second time, the comparisons are not inputs
        assert translate_folder(negative_model, source, tmp_path / "out", compare=beside) == 0
    assert names(tmp_path / "out") == ["sub/000.png", "sub/001.png"]
    assert names(beside) == ["sub/000.png", "sub/001.png"]
    values = np.asarray(Image.open(beside / "sub" / "000.png")).astype(int)
    assert values.shape == (20, 24 + 8 + 24, 3)
    assert (values[:, :24] + values[:, -24:] == 255).all()


def test_tiles_write_what_one_piece_writes(
    photos: Photos, tmp_path: Path, generator_file: Path
) -> None:
    """To one gray level, in 8 and in 16 bits; no temporary file is left."""
    source = photos("in", count=2, size=(150, 97))
    Image.fromarray(np.random.default_rng(0).integers(65535, size=(90, 70), dtype=np.uint16)).save(
        source / "deep.png"
    )
    assert translate_folder(generator_file, source, tmp_path / "whole") == 0
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert (
        translate_folder(generator_file, source, tmp_path / "tiled", tile=64, scratch=scratch) == 0
    )
    assert list(scratch.iterdir()) == []
    assert names(tmp_path / "tiled") == ["000.png", "001.png", "deep.png"]
    for name in names(tmp_path / "tiled"):
        whole, tiled = (read_picture(tmp_path / folder / name) for folder in ("whole", "tiled"))
        assert whole.pixels.dtype == (np.uint16 if name == "deep.png" else np.uint8)
        step = 257 if name == "deep.png" else 1
        assert np.abs(whole.pixels.astype(int) - tiled.pixels).max() <= step


def test_large_pictures_are_tiled_automatically(
    photos: Photos,
    tmp_path: Path,
    generator_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = photos("in", count=1, size=(150, 97))
    monkeypatch.setattr("gan.inference.translator.free_memory", lambda _: 10_000)
    assert translate_folder(generator_file, source, tmp_path / "out") == 0
    assert "000.png: 0.0 megapixels in tiles, 0.00 GB of disk in" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["000.png"]


def test_tiles_of_a_unet_are_rejected(
    photos: Photos, tmp_path: Path, new_generator: Callable[..., Path]
) -> None:
    model = new_generator(tmp_path / "gen_ab.safetensors", kind="unet_128", channels=1)
    with pytest.raises(ValueError, match="tile: this generator translates whole pictures"):
        translate_folder(model, photos("in", count=1), tmp_path / "out", tile=64)


def test_large_pictures_are_rejected_by_name_until_the_limit_is_raised(
    tmp_path: Path, photos: Photos, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos("in", count=1, size=(200, 100))
    assert translate_folder(negative_model, source, tmp_path / "out", max_megapixels=0.01) == 1
    assert "000.png: 0.0 megapixels; at most 0.01 allowed" in capsys.readouterr().err
    assert translate_folder(negative_model, source, tmp_path / "out", max_megapixels=0.02) == 0
    assert names(tmp_path / "out") == ["000.png"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"quality": 0}, "quality: expected an integer from 1 to 100. Got: 0"),
        ({"max_megapixels": 0}, "max_megapixels: expected a number > 0. Got: 0"),
        ({"batch_size": 0}, "batch_size: expected an integer ≥ 1. Got: 0"),
        ({"tile": 8}, "tile: expected an integer ≥ 64. Got: 8"),
    ],
)
def test_numbers_out_of_range_are_named(
    tmp_path: Path, negative_model: Path, options: dict[str, float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        translate_folder(negative_model, tmp_path, tmp_path / "out", **options)


def test_another_file_called_failed_tsv_is_not_replaced(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "failed.tsv").write_text("mine")
    with pytest.raises(ValueError, match=r"failed\.tsv: not written by this command"):
        translate_folder(negative_model, photos("in", count=1), tmp_path / "out")
    assert names(tmp_path / "out") == ["failed.tsv"]


def test_a_list_of_failures_is_removed_when_nothing_failed(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in", count=2)
    good = (source / "000.png").read_bytes()
    (source / "000.png").write_bytes(good[:100])
    assert translate_folder(negative_model, source, tmp_path / "out") == 1
    assert names(tmp_path / "out") == ["001.png", "failed.tsv"]
    (source / "000.png").write_bytes(good)
    assert translate_folder(negative_model, source, tmp_path / "out") == 0
    assert names(tmp_path / "out") == ["000.png", "001.png"]


def job(number: int, size: tuple[int, int], there: bool = False) -> Job:
    return Job(Path(f"{number}.png"), size, None if there else Path(f"out/{number}.png"))


def test_batches_hold_equal_sizes_and_do_not_depend_on_existing_files() -> None:
    rng = np.random.default_rng(0)
    sizes = [(64, 48), (48, 64), (500, 600)]
    jobs = [job(number, sizes[rng.integers(3)], bool(rng.integers(2))) for number in range(200)]
    for batch_size in (None, 1, 3):
        batches = make_batches(jobs, batch_size)
        assert sorted(j.source for b in batches for j in b) == sorted(j.source for j in jobs)
        assert all(len({j.size for j in batch}) == 1 for batch in batches)
        assert max(map(len, batches)) == (batch_size or 16)
        firsts = [int(batch[0].source.stem) for batch in batches]
        assert firsts == sorted(firsts)
        fresh = [job(int(j.source.stem), j.size) for j in jobs]
        assert [[j.source for j in b] for b in make_batches(fresh, batch_size)] == [
            [j.source for j in b] for b in batches
        ]


def test_suffixes_change_only_for_a_chosen_format() -> None:
    given = [Path("a/x.tar.png"), Path("b/y.JPG")]
    assert with_format(given, None) == given
    assert with_format(given, "tiff") == [Path("a/x.tar.tif"), Path("b/y.tif")]


def test_comparisons_obey_the_rules_of_outputs(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    """They do not replace originals, translations or existing files."""
    source, out, beside = photos("in", count=2), tmp_path / "out", tmp_path / "both"
    before = {path: path.read_bytes() for path in source.iterdir()}
    with pytest.raises(ValueError, match="the input folder"):
        translate_folder(negative_model, source, out, compare=source)
    with pytest.raises(ValueError, match="would be the output of both"):
        translate_folder(negative_model, source, out, compare=out)
    beside.mkdir()
    (beside / "000.png").write_text("precious")
    assert translate_folder(negative_model, source, out, compare=beside) == 0
    assert (beside / "000.png").read_text() == "precious"
    assert {path: path.read_bytes() for path in source.iterdir()} == before


def test_missing_comparisons_are_written_later(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, beside = photos("in", count=2), tmp_path / "out", tmp_path / "both"
    assert translate_folder(negative_model, source, out) == 0
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert translate_folder(negative_model, source, out, compare=beside) == 0
    assert "2 of 2 images translated" in capsys.readouterr().err
    assert names(beside) == ["000.png", "001.png"]
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == times


def test_an_output_that_is_the_input_is_rejected(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    """In another format, too: the next run would translate the translations."""
    source = photos("in", count=1)
    with pytest.raises(ValueError, match="the input folder"):
        translate_folder(negative_model, source, source, format="webp")


def test_a_format_that_contradicts_the_output_is_rejected(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in", count=1) / "000.png"
    with pytest.raises(ValueError, match="does not fit --format webp"):
        translate_folder(negative_model, source, tmp_path / "a.jpg", format="webp")


def test_only_dead_parts_in_folders_that_are_written_to_are_removed(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    """A part that another process writes is locked; other folders are not searched."""
    source, out = photos("in", count=1), tmp_path / "out"
    dead, alive = (out / f".{letter * 32}.part" for letter in "ab")
    elsewhere = out / "deep" / dead.name
    elsewhere.parent.mkdir(parents=True)
    for path in (dead, alive, elsewhere):
        path.touch()
    with alive.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert translate_folder(negative_model, source, out) == 0
    assert not dead.exists()
    assert alive.exists()
    assert elsewhere.exists()


def test_a_file_that_appears_meanwhile_is_kept(
    photos: Photos,
    tmp_path: Path,
    negative_model: Path,
    negative: Translator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = photos("in", count=1), tmp_path / "out"
    translate = negative.translate_batch

    def meanwhile(pixels: torch.Tensor) -> list[torch.Tensor | None]:
        (out / "000.png").write_text("mine")
        return translate(pixels)

    monkeypatch.setattr(negative, "translate_batch", meanwhile)
    assert translate_folder(negative_model, source, out) == 1
    assert (out / "000.png").read_text() == "mine"
    assert "exists and is not replaced" in capsys.readouterr().err


def test_places_that_cannot_be_written_are_named_before_anything_is_translated(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in", count=1)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file/out: cannot be written: Not a directory"):
        translate_folder(negative_model, source, tmp_path / "file" / "out")
    with pytest.raises(ValueError, match="file: cannot be written: File exists"):
        translate_folder(negative_model, source, tmp_path / "out", scratch=tmp_path / "file")


def test_other_files_are_counted(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos("in", count=1)
    for name in ("a.tga", "b.txt", ".hidden"):
        (source / name).touch()
    assert translate_folder(negative_model, source, tmp_path / "out") == 0
    assert "1 of 1 image translated" in (said := capsys.readouterr().err)
    assert "2 other files ignored" in said
