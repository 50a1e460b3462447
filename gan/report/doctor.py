"""What the training doctor found, and whether it is over."""

from markupsafe import Markup

from gan.report.html import render
from gan.report.records import Finding, Lines


def doctor(lines: Lines[Finding]) -> Markup:
    """The findings, those that still hold first, the newest first."""
    return render("doctor.html", lines=lines, findings=found(lines.records))


def found(records: list[Finding]) -> list[tuple[Finding, int | None]]:
    """The findings, each with the step at which it had gone, or None."""
    findings = [(f, _over(f, records[i + 1 :])) for i, f in enumerate(records) if f.finding]
    return sorted(findings, key=lambda pair: (pair[1] is not None, -pair[0].step))


def _over(finding: Finding, later: list[Finding]) -> int | None:
    """The step at which a finding had gone, or None."""
    gone = (f.step for f in later if (f.gone, f.where) == (finding.finding, finding.where))
    return next(gone, None)
