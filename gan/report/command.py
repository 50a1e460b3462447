"""The command `gan report`: reports a run, or compares several runs."""

import os
import warnings
from pathlib import Path
from time import time

from markupsafe import Markup

from gan.report.comparison import page as comparison
from gan.report.comparison import terminal
from gan.report.comparison.groups import grouped
from gan.report.comparison.measures import tables
from gan.report.comparison.runs import read_runs
from gan.report.gallery import extremes, test_images
from gan.report.html import GENERATOR, read, render, title
from gan.report.logs import losses, read_log, time_and_memory
from gan.report.metrics import metrics
from gan.report.options import ReportOptions
from gan.report.samples import samples
from gan.report.standing import (
    Configuration,
    description,
    differences,
    open_configuration,
    standing,
)
from gan.report.translations import Translations
from gan.system.atomic import check_writable, write_whole
from gan.training.records import (
    Evaluation,
    Finding,
    Lines,
    Score,
    best_step,
    chosen,
    found,
    read_lines,
)
from gan.training.verdict import run_verdict

MARKED = 500
"""Number of bytes at the beginning of a file that are searched for GENERATOR."""


def report(options: ReportOptions) -> int:
    """Write the report of a run, or the comparison of several; return the exit status.

    ValueError if a model is not a run directory, an option does not fit the runs, or the output
    exists and is not one of our reports. OSError if the output cannot be written.
    """
    if len(options.model) > 1:
        _report_several(options)
    else:
        _report_one(options.model[0], options)
    return 0


def _report_one(model: Path, options: ReportOptions) -> None:
    """Write one run's page."""
    root = options.root
    if root is not None and not root.is_dir():
        raise ValueError(f"root {root}: no such folder")
    opened = open_configuration(model)
    output = model / "report.html" if options.output is None else options.output
    _check_output(output)
    with warnings.catch_warnings(action="ignore"):  # libraries warn about damaged metadata
        text = page(model, opened, options)
    _write(output, text)


def _report_several(options: ReportOptions) -> None:
    """Print the table of several runs, and write their page."""
    runs = read_runs(options.model)
    groups = grouped(runs, options.ignore)
    output = Path("comparison.html") if options.output is None else options.output
    _check_output(output)
    measured = tables(groups.groups)
    print(terminal.text(runs, groups, measured))
    with warnings.catch_warnings(action="ignore"):
        text = comparison.page(runs, groups, measured, options.images)
    _write(output, text)


def _write(output: Path, text: str) -> None:
    """Write a page and print its name and size."""
    # File names may contain bytes that are not text: these are escaped.
    content = text.encode("utf-8", "backslashreplace")
    write_whole(output, lambda file: file.write(content))
    print(f"{output}: {len(content) / 1e6:.1f} MB")


def _check_output(output: Path) -> None:
    """Raise OSError if the output cannot be written; ValueError if it exists and is not our report.

    This is called before any work.
    """
    check_writable(output)
    if os.path.lexists(output) and not _is_report(output):
        raise ValueError(f"{output}: exists and was not written by gan report: name another file")


def _is_report(path: Path) -> bool:
    """Return whether a file is one of our reports; only regular files are opened."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return GENERATOR.encode() in file.read(MARKED)


def page(run: Path, opened: Configuration, options: ReportOptions) -> Markup:
    """Return the whole HTML document, which loads nothing from elsewhere."""
    config = opened.config
    log = read_log(run / "logs")
    evaluations = read_lines(run / "metrics.jsonl", Evaluation)
    shown = chosen(evaluations.records)
    translations = Translations(run, config, options.root, options.device)
    findings = read_lines(run / "doctor.jsonl", Finding)
    with_ends = found(findings.records)
    name = run.resolve().name
    stands = standing(run, config, log)
    return render(
        "page.html",
        generator=GENERATOR,
        style=Markup(read("page.css")),
        script=Markup(read("page.js")),
        name=name,
        overview=render(
            "overview.html",
            name=name,
            what=description(config),
            standing=stands,
            verdict=run_verdict(run, config, stands.step),
            log=log,
        ),
        fault=opened.fault,
        alerts=_alerts(with_ends, shown),
        sections={
            "Doctor": render(
                "doctor.html",
                lines=findings,
                findings=with_ends,
                first=max(1, config.train.doctor_every),
                step=stands.step,
            ),
            "Test images": test_images(translations, options.images),
            "Best and worst": extremes(
                translations, _scores_of(run, shown), shown.metrics if shown else {}
            ),
            "Through training": samples(run, config),
            "Metrics": metrics(evaluations, best_step(run)),
            "Curves": losses(log),
            "Time and memory": time_and_memory(log),
            "Configuration": render(
                "configuration.html", text=opened.text, changed=differences(config)
            ),
        },
        now=time(),
    )


def _alerts(
    findings: list[tuple[Finding, int | None]], newest: Evaluation | None
) -> dict[str, str]:
    """Return a sentence for each section that needs attention, by section.

    The evaluation at step 0 is ignored: it measures untrained generators.
    """
    still = sum(gone is None for _, gone in findings)
    worse = [title(name) for name in newest.changed("worse")] if newest and newest.step else []
    alerts = {
        "doctor": f"Open findings of the doctor: {still}" if still else None,
        "metrics": f"Worse than the untranslated images: {', '.join(worse)}" if worse else None,
    }
    return {section: text for section, text in alerts.items() if text}


def _scores_of(run: Path, evaluation: Evaluation | None) -> Lines[Score]:
    """Return the scores of an evaluation's images; if their file is missing, the latest ones."""
    named = (
        run / "evaluation" / Path(evaluation.images).name
        if evaluation and evaluation.images
        else None
    )
    files = [named] if named and named.is_file() else sorted(run.glob("evaluation/step-*.jsonl"))
    return read_lines(files[-1], Score) if files else Lines([], None, False)
