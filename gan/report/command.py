"""The command that writes a run's report."""

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path

from gan.inference.translator import Device
from gan.report.choice import chosen
from gan.report.configuration import Configuration, configuration, open_configuration
from gan.report.doctor import doctor, found
from gan.report.extremes import extremes
from gan.report.gallery import test_images
from gan.report.html import GENERATOR, Html, element, page, together
from gan.report.logs import read_log
from gan.report.losses import losses
from gan.report.metrics import metrics, remark, title
from gan.report.options import ReportOptions
from gan.report.overview import overview, time_and_memory
from gan.report.records import Evaluation, Finding, Lines, Score, best_step, read_lines
from gan.report.samples import samples
from gan.report.standing import standing
from gan.report.translations import Translations
from gan.system.atomic import check_writable, write_whole

MARKED = 500
"""Bytes at the beginning of a report that hold its mark."""


def report(options: ReportOptions) -> int:
    """Write a run's report; return the exit status.

    ValueError names a model that is no run directory, or an output that is there and no report of
    ours; OSError one that cannot be written.
    """
    model, root = options.model, options.root
    if root is not None and not root.is_dir():
        raise ValueError(f"root {root}: no such folder")
    opened = open_configuration(model)
    output = model / "report.html" if options.output is None else options.output
    check_output(output)
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        body = sections(model, opened, root, options.images, options.device)
    name = model.resolve().name
    # Names of files need not be text: what cannot be encoded is shown as an escape.
    content = page(f"{name} · report", body).encode("utf-8", "backslashreplace")
    write_whole(output, lambda file: file.write(content))
    print(f"{output}: {len(content) / 1e6:.1f} MB")
    return 0


def check_output(output: Path) -> None:
    """Refuse, before any work, what cannot be written, and to replace what is no report."""
    check_writable(output)
    if os.path.lexists(output) and not is_report(output):
        raise ValueError(f"{output}: is there, and no report of ours: name another file")


def is_report(path: Path) -> bool:
    """Whether a file is a page of ours; what is no regular file is none, and not opened."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return GENERATOR.encode() in file.read(MARKED)


def sections(
    run: Path, opened: Configuration, root: Path | None, images: int, device: Device
) -> Html:
    """All of the page below its title."""
    config = opened.config
    log = read_log(run / "logs")
    evaluations = read_lines(run / "metrics.jsonl", Evaluation)
    shown = chosen(evaluations.records)
    measured = shown.metrics if shown else {}
    scores = scores_of(run, shown)
    translations = Translations(run, config, root, device)
    findings = read_lines(run / "doctor.jsonl", Finding)
    titled = {
        "Doctor": doctor(findings),
        "Test images": test_images(translations, images),
        "Best and worst": together(
            remark(scores.remark), extremes(translations, scores.records, measured)
        ),
        "Through training": samples(run, config),
        "Metrics": metrics(evaluations, best_step(run)),
        "Curves": losses(log),
        "Time and memory": time_and_memory(log),
        "Configuration": configuration(opened),
    }
    links = [element("a", name, href=f"#{anchor(name)}") for name in titled]
    parts = [
        element("section", element("h2", name), content, id=anchor(name))
        for name, content in titled.items()
    ]
    written = f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by gan report."
    return together(
        overview(run.resolve().name, config, standing(run, config, log), log),
        remark(opened.fault),
        alerts(findings.records, shown),
        element("nav", links, aria_label="Sections"),
        element("main", parts),
        element("footer", written),
    )


def alerts(findings: list[Finding], newest: Evaluation | None) -> Html | None:
    """What nobody should overlook, with the way to it; before the first step nobody wonders."""
    still = sum(end is None for _, end in found(findings))
    measured = newest.metrics if newest and newest.step else {}
    worse = [title(name) for name, metric in measured.items() if metric.change == "worse"]
    said = {
        "doctor": f"{still} of the doctor's findings still there" if still else "",
        "metrics": f"Worse than the images as they were: {', '.join(worse)}" if worse else "",
    }
    links = [element("li", element("a", text, href=f"#{at}")) for at, text in said.items() if text]
    return element("ul", links, class_="alerts") if links else None


def scores_of(run: Path, evaluation: Evaluation | None) -> Lines[Score]:
    """The scores of an evaluation's images; where it does not name them, of the last step."""
    named = (
        run / "evaluation" / Path(evaluation.images).name
        if evaluation and evaluation.images
        else None
    )
    files = [named] if named and named.is_file() else sorted(run.glob("evaluation/step-*.jsonl"))
    return read_lines(files[-1], Score) if files else Lines([], None, False)


def anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
