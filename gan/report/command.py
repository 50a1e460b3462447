"""The command that writes a run's report."""

import warnings
from datetime import UTC, datetime
from pathlib import Path

import yaml
from pydantic import ValidationError

from gan.config import Config
from gan.images import write_whole
from gan.report.configuration import configuration
from gan.report.doctor import doctor, found
from gan.report.gallery import extremes, test_images
from gan.report.html import Html, element, page, together
from gan.report.logs import read_log
from gan.report.losses import losses
from gan.report.metrics import metrics, remark, title
from gan.report.overview import overview, time_and_memory
from gan.report.records import Evaluation, Finding, Lines, Score, best_step, read_lines
from gan.report.samples import samples
from gan.report.standing import standing
from gan.report.translations import Translations
from gan.translator import Device

MOST_IMAGES = 200


def write_report(
    *, model: Path, root: Path | None, output: Path | None, images: int, device: Device
) -> int:
    """Do what `report` of entry.py says; ValueError as there."""
    if not 0 <= images <= MOST_IMAGES:
        raise ValueError(f"images: {images}, must be from 0 to {MOST_IMAGES}")
    if root is not None and not root.is_dir():
        raise ValueError(f"root {root}: no such folder")
    config = read_config(model)
    output = model / "report.html" if output is None else output
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        body = sections(model, config, root, images, device)
    name = model.resolve().name
    # Names of files need not be text: what cannot be encoded is shown as an escape.
    content = page(f"{name} · report", body).encode("utf-8", "backslashreplace")
    write_whole(output, lambda file: file.write(content))
    print(f"{output}: {len(content) / 1e6:.1f} MB")
    return 0


def read_config(run: Path) -> Config:
    """A run's configuration; ValueError names a folder that is no run, or a damaged file."""
    path = run / "config.yaml"
    if not path.is_file():
        reason = "no config.yaml in it" if run.is_dir() else "no such folder"
        raise ValueError(f"{run}: not a run directory: {reason}")
    try:
        return Config.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ValueError(f"{path}: {key}: {first['msg']}") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from error


def sections(run: Path, config: Config, root: Path | None, images: int, device: Device) -> Html:
    """All of the page below its title."""
    log = read_log(run / "logs")
    evaluations = read_lines(run / "metrics.jsonl", Evaluation)
    newest = evaluations.records[-1].metrics if evaluations.records else {}
    scores = newest_scores(run)
    translations = Translations(run, config, root, device)
    findings = read_lines(run / "doctor.jsonl", Finding)
    titled = {
        "Doctor": doctor(findings),
        "Test images": test_images(translations, images),
        "Best and worst": together(
            remark(scores.remark), extremes(translations, scores.records, newest)
        ),
        "Through training": samples(run, config),
        "Metrics": metrics(evaluations, best_step(run)),
        "Curves": losses(log),
        "Time and memory": time_and_memory(log),
        "Configuration": configuration(run, config),
    }
    links = [element("a", name, href=f"#{anchor(name)}") for name in titled]
    parts = [
        element("section", element("h2", name), content, id=anchor(name))
        for name, content in titled.items()
    ]
    written = f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by gan report."
    return together(
        overview(run.resolve().name, config, standing(run, config, log), log),
        alerts(findings.records, evaluations.records[-1:]),
        element("nav", links, aria_label="Sections"),
        element("main", parts),
        element("footer", written),
    )


def alerts(findings: list[Finding], newest: list[Evaluation]) -> Html | None:
    """What nobody should overlook, with the way to it; before the first step nobody wonders."""
    still = sum(end is None for _, end in found(findings))
    measured = newest[0].metrics if newest and newest[0].step else {}
    worse = [title(name) for name, metric in measured.items() if metric.change == "worse"]
    said = {
        "doctor": f"{still} of the doctor's findings still there" if still else "",
        "metrics": f"Worse than the images as they were: {', '.join(worse)}" if worse else "",
    }
    links = [element("li", element("a", text, href=f"#{at}")) for at, text in said.items() if text]
    return element("ul", links, class_="alerts") if links else None


def newest_scores(run: Path) -> Lines[Score]:
    """The scores of single images, of the last evaluation that wrote any."""
    files = sorted(run.glob("evaluation/step-*.jsonl"))
    return read_lines(files[-1], Score) if files else Lines([], None, False)


def anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
