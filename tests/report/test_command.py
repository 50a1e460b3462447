"""`gan report`: the content of the file for every kind of run, and its errors."""

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from gan.cli.main import main
from gan.config import Config
from gan.images import read_image
from gan.inference.translator import Translator
from gan.report.translations import Translations
from tests.support.commands import report, status
from tests.support.reports import HOSTILE, append, small_config, write_images
from tests.support.reports import write_run as write_new_run


def page(run: Path, **options: object) -> str:
    assert report(run, device="cpu", **options) == 0
    return (run / "report.html").read_text(encoding="utf-8")


def write_run(folder: Path, config: Config) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return folder


def cards(text: str) -> list[str]:
    return re.findall(r'<span class="name">(.*?)</span>', text)


def test_the_command_writes_one_file_and_prints_its_name(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path for path in run.rglob("*") if path.is_file()}
    assert main(["report", "--model", str(run), "--device", "cpu"]) == 0
    assert {path for path in run.rglob("*") if path.is_file()} - before == {run / "report.html"}
    assert capsys.readouterr().out.startswith(f"{run / 'report.html'}: 0.")


def test_omissions_are_reported(run: Path) -> None:
    text = page(run, images=2)
    assert "2 of 4 test images" in text
    assert "<code>--images</code> shows more" in text
    assert "<code>--images</code> shows more" not in page(run, images=4)
    assert len(cards(text)) == 2 + 2


def test_hostile_names_are_text(run: Path) -> None:
    text = page(run)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.png" in text


def test_test_images_are_ordered_by_cycle_error(run: Path) -> None:
    """Computed again: reconstructed by both translators, all in 8 bits."""
    text = page(run)
    shown = [float(error) for error in re.findall(r"cycle error ([\d.]+)", text)][:4]
    forth, back = (Translator.load(run, way, "cpu") for way in ("ab", "ba"))
    errors = []
    for path in Path(
        yaml.safe_load((run / "config.yaml").read_text())["data"]["root"], "testA"
    ).rglob("*.png"):
        image = read_image(path)
        rec = back.translate(forth.translate(image))
        errors.append(np.abs(np.asarray(rec) / 127.5 - np.asarray(image) / 127.5).mean())
    assert shown == pytest.approx(sorted(errors), abs=5e-4)  # three decimals are shown


def test_the_best_and_worst_by_score_are_named_in_order(
    run: Path, write_records: Callable[[Path], None]
) -> None:
    write_records(run)
    names = cards(page(run, images=0))
    assert names == ["1.png", "0.png", "2.png", HOSTILE.replace("<", "&lt;").replace(">", "&gt;")]


def test_a_metric_that_is_better_high_reverses_the_ranking(run: Path) -> None:
    metric = {"value": 0.5, "better": "higher"}
    append(run / "metrics.jsonl", {"step": 12, "metrics": {"structure_ab": metric}})
    for name, score in (("0.png", 0.3), ("1.png", 0.1)):
        line = {"direction": "ab", "file": name, "scores": {"structure": score}}
        append(run / "evaluation" / "step-00000012.jsonl", line)
    assert cards(page(run, images=0)) == ["0.png", "1.png"]


def test_scores_of_missing_files_are_reported_and_never_opened(run: Path) -> None:
    for name in ("../trainA/0.png", "0.png"):
        line = {"direction": "ab", "file": name, "scores": {"l1": 0.1}}
        append(run / "evaluation" / "step-00000012.jsonl", line)
    text = page(run, images=0)
    assert cards(text) == ["0.png"]
    assert "../trainA/0.png: not in" in text


def test_metrics_that_are_worse_are_named_first(
    run: Path, write_records: Callable[[Path], None]
) -> None:
    write_records(run)
    text = page(run, images=0)
    assert "Worse than the untranslated images: KID" in text
    assert "Open findings of the doctor: 1" in text
    assert "only 4 images" in text
    append(run / "doctor.jsonl", {"step": 12, "gone": "checkerboard", "where": "ab"})
    assert "resolved at step 12" in page(run, images=0)


def test_a_doctor_that_has_not_checked_yet_says_so(run: Path) -> None:
    config = (run / "config.yaml").read_text()
    for every, told in ((4, "The doctor found nothing."), (100, "its first check is at step 100")):
        changed, count = re.subn(r"doctor_every: \d+", f"doctor_every: {every}", config)
        assert count == 1
        (run / "config.yaml").write_text(changed)
        (run / "doctor.jsonl").touch()
        text = page(run, images=0)
        assert (told in text, text.count("The doctor found nothing.")) == (True, int(every == 4))


def test_missing_test_folders_are_reported(run: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = page(run, root=empty)
    assert f"There is no test folder {empty / 'testA'}" in text
    assert "Through training" in text


def test_remarks_on_all_pictures_of_a_section_are_printed_once(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two scores of four large images in both directions, with little space; then no folder."""
    for name in ("testA", "testB"):
        write_images(tmp_path / "root" / name, *(f"{i}.png" for i in range(4)))
    for way in ("ab", "ba"):
        for number in range(4):
            scores = {"l1": number / 10, "structure": number / 5}
            line = {"direction": way, "file": f"{number}.png", "scores": scores}
            append(run / "evaluation" / "step-00000012.jsonl", line)
    monkeypatch.setattr("gan.report.gallery.BUDGET", 1)
    monkeypatch.setattr("gan.report.pictures.SIDES", (20, 16))
    text = page(run, root=tmp_path / "root", images=0)
    assert len(cards(text)) == 2 * 2 * 4
    section = text[text.index('id="best-and-worst"') : text.index('id="through-training"')]
    assert section.count("pictures are shown smaller than they are") == 1
    empty = tmp_path / "empty"
    empty.mkdir()
    text = page(run, root=empty)
    assert text.count("There is no test folder") == 1
    assert "see Test images" in text


def test_a_damaged_test_image_and_a_damaged_grid_are_named(run: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "root" / "testA", "good.png")
    (tmp_path / "root" / "testA" / "bad.png").write_bytes(b"\x89PNG torn")
    (run / "samples" / "step-00000008-ab.png").write_bytes(b"torn")
    text = page(run, root=tmp_path / "root")
    assert cards(text) == ["good.png"]
    assert re.search(r"bad\.png: [a-z]", text)
    assert "step-00000008-ab.png: not an image" in text


def test_gray_domains_are_shown_in_gray(
    tmp_path: Path, dataset: Path, new_generator: Callable[..., Path]
) -> None:
    config = small_config(dataset, tmp_path / "run", data={"channels_a": 1}, loss={"identity": 0})
    run = write_run(tmp_path / "run", config)
    new_generator(run / "gen_ab.safetensors", in_channels=1)
    new_generator(run / "gen_ba.safetensors", "ba", out_channels=1)
    translations = Translations(run, config, None, "cpu")
    (shown,), failed = translations.translate("ab", ["0.png"])
    assert (shown.before.mode, shown.after.mode, failed) == ("L", "RGB", [])
    error = translations.cycle_error("ab", shown)
    assert error is not None
    assert 0 < error < 2
    assert len(cards(page(run))) == 6


def test_a_run_for_one_style_has_one_direction(
    tmp_path: Path, dataset: Path, new_generator: Callable[..., Path]
) -> None:
    config = small_config(
        dataset, tmp_path, style={"image": dataset / "trainB" / "0.png"}, loss={"style": 1}
    )
    run = write_run(tmp_path / "run", config)
    new_generator(run / "gen_ab.safetensors")
    text = page(run)
    assert "One painting" in text
    assert len(cards(text)) == 4
    assert not re.search(r"cycle error \d", text)


@pytest.mark.parametrize(("kind", "more", "told"), [
    ("adain", {}, ["Any painting's style", "All in the style of a training painting, 0.png."]),
    ("conditional_6blocks", {"styles": 2},
     ["styles of several paintings", "All in the first style; the sample grids show all styles."]),
])  # fmt: skip
def test_a_generator_with_styles_gets_a_training_painting_or_shows_its_first(
    kind: str, more: dict[str, int], told: list[str], tmp_path: Path, dataset: Path,
    new_generator: Callable[..., Path],
) -> None:  # fmt: skip
    config = small_config(dataset, tmp_path, networks={"generator": kind}, loss={"style": 1})
    run = write_run(tmp_path / "run", config)
    new_generator(run / "gen_ab.safetensors", kind=kind, **more)
    text = page(run)
    for sentence in told:
        assert sentence in html.unescape(text)
    assert len(cards(text)) == 4


@pytest.mark.parametrize(("damage", "printed"), [
    (b"los: {}", "config.yaml is damaged: los: Extra inputs are not permitted."),
    (b"loss: [", "config.yaml is damaged: cannot be read: line 1: not valid YAML"),
    (b"\xff\xfe\x00", "config.yaml is damaged: "),
    (b"", "config.yaml is damaged: "),
])  # fmt: skip
@pytest.mark.parametrize("state", [True, False])
def test_a_damaged_configuration_is_reported_and_the_rest_is_shown(
    damage: bytes, printed: str, state: bool, run: Path, dataset: Path
) -> None:
    """With the newest training state nothing else is missing; without it the folders are named."""
    whole = cards(page(run))
    (run / "config.yaml").write_bytes(damage)
    if not state:
        shutil.rmtree(run / "state")
    text = page(run, root=None if state else dataset)
    assert printed in text
    assert cards(text) == whole
    assert "rows of real, translation, reconstruction, identity" in text
    assert ("Reached its last step, 12" in text) == state


def test_large_pictures_are_scaled_down_with_a_remark(
    tmp_path: Path, dataset: Path, run: Path
) -> None:
    (tmp_path / "root" / "testA").mkdir(parents=True)
    Image.new("RGB", (1500, 40), "olive").save(tmp_path / "root" / "testA" / "wide.png")
    text = page(run, root=tmp_path / "root")
    assert "1 were scaled to 1024 pixels before translation." in text


@pytest.mark.parametrize(("files", "expected"), [
    ({}, "not a run directory: no config.yaml in it"),
    ({"gen_ab.safetensors": "torn"}, "not a run directory: no config.yaml in it"),
])  # fmt: skip
def test_folders_that_are_not_runs_are_rejected_in_one_line(
    files: dict[str, str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert main(["report", "--model", str(tmp_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"gan report: error: {tmp_path}" in lines[0]
    assert expected in lines[0]


@pytest.mark.parametrize(("options", "expected"), [
    (["--model", "nowhere"], "nowhere: not a run directory: no such folder"),
    (["--model", "nowhere", "--images", "-1"], "images: expected an integer from 0 to 200"),
    (["--model", "nowhere", "--root", "elsewhere"], "root elsewhere: no such folder"),
])  # fmt: skip
def test_invalid_options_are_named(
    options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("report", *options) == (2 if "--images" in options else 1)
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("name", ["config.yaml", "gen_ab.safetensors", "other.html", "link"])
def test_a_file_that_is_not_a_report_is_never_replaced(
    name: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run / name
    if name == "other.html":
        path.write_text("<!DOCTYPE html><title>mine</title>")
    if name == "link":
        path.symlink_to("nowhere")
    before = path.lstat().st_mtime_ns, name == "link" or path.read_bytes()
    assert main(["report", "--model", str(run), "--output", str(path), "--images", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{path}: exists and was not written by gan report" in line
    assert (path.lstat().st_mtime_ns, name == "link" or path.read_bytes()) == before


def test_an_earlier_report_is_replaced(run: Path) -> None:
    first = page(run, images=1)
    assert page(run, images=0) != first


@pytest.mark.parametrize("name", ["config.yaml/report.html", "state"])
def test_an_unwritable_output_is_rejected_before_the_work(
    name: str, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gan.report.command.page", lambda *_: pytest.fail("worked already"))
    assert main(["report", "--model", str(run), "--output", str(run / name)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{run / name}: cannot be written: " in line


def test_several_runs_are_compared_and_nothing_is_written_into_them(
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = Path(shutil.copytree(run, tmp_path / "other"))
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.chdir(tmp_path)
    assert main(["report", str(run), str(other)]) == 0
    written = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert written == {tmp_path / "comparison.html"}
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("group  runs")
    assert "other is a copy of tiny: the same recipe and seed" in "\n".join(lines)
    assert lines[-1] == "comparison.html: 0.1 MB"
    text = (tmp_path / "comparison.html").read_text()
    assert "2 runs in 1 group" in text
    assert text.count('<div class="beside"') == 4 + 2  # test images of either direction
    assert main(["report", "--model", str(run), "--model", str(other), "--images", "1"]) == 0
    assert (tmp_path / "comparison.html").read_text().count('<div class="beside"') == 1 + 1


def test_a_run_may_be_given_as_a_word_or_as_a_list(run: Path, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(f"model: {run}\nimages: 0\n")
    for words in ([str(run)], ["--model", str(run)], [f"--model=[{run}]"],
                  ["--config", str(tmp_path / "one.yaml")]):  # fmt: skip
        (run / "report.html").unlink(missing_ok=True)
        assert main(["report", *words, "--device", "cpu", "--images", "0"]) == 0
        assert (run / "report.html").is_file()


@pytest.mark.parametrize(("words", "expected"), [
    (["RUN", "OTHER", "--device", "cpu"], "device is for one run, but there are several: remove"),
    (["RUN", "OTHER", "--root", "x"], "root is for one run, but there are several: remove it"),
    (["RUN", "--ignore", "train.epochs"], "ignore is for several runs, but there is one: remove"),
    (["--model", "[]"], "model: expected at least 1. Got: []"),
    (["RUN", "OTHER", "--ignore", "train.epoch"], "no key train.epoch; did you mean train.epochs?"),
    (["RUN", "OTHER", "--output", "OTHER/config.yaml"], "exists and was not written by gan report"),
    (["RUN", "nowhere"], "nowhere: not a run directory: no such folder"),
    (["RUN", "RUN"], "are the same run: name each run once"),
    ([], "required: model"),
])  # fmt: skip
def test_options_that_do_not_fit_the_number_of_runs_are_named(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = {name: str(write_new_run(tmp_path / name)) for name in ("RUN", "OTHER")}
    for name, path in runs.items():
        words = [word.replace(name, path) for word in words]
    assert status("report", *words) in (1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


def test_scores_are_shown_below_samples_where_the_run_has_them(run: Path) -> None:
    """Runs of earlier versions have none."""
    text = page(run, images=0)
    assert text.count("What the discriminator scores") == 1
    scores = list((run / "samples").glob("*-scores.png"))
    shown = re.findall(r'alt="[^"]*, scores at step \d+: rows of translation, real"', text)
    assert len(shown) == len(scores) > 0
    for path in scores:
        path.unlink()
    text = page(run, images=0)
    assert "What the discriminator scores" not in text
    assert "No samples yet" not in text
