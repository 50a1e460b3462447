"""What the training doctor found, and whether it is over."""

from gan.report.curves import number
from gan.report.html import Html, element, together
from gan.report.metrics import LABELS, remark
from gan.report.records import Finding, Lines


def doctor(lines: Lines[Finding]) -> Html:
    """The findings, those that still hold first, the newest first."""
    findings = found(lines.records)
    if not findings:
        text = "The doctor found nothing." if lines.present else "This run has no doctor's record."
        return together(remark(lines.remark), element("p", text, class_="empty"))
    items = [item(finding, end) for finding, end in findings]
    return together(remark(lines.remark), element("ul", items, class_="findings"))


def found(records: list[Finding]) -> list[tuple[Finding, int | None]]:
    """The findings, each with the step at which it had gone, or None."""
    findings = [(f, over(records, i)) for i, f in enumerate(records) if f.finding]
    return sorted(findings, key=lambda pair: (pair[1] is not None, -pair[0].step))


def over(records: list[Finding], index: int) -> int | None:
    """The step at which a finding had gone, or None."""
    finding = records[index]
    return next(
        (
            later.step
            for later in records[index + 1 :]
            if later.gone == finding.finding and later.where == finding.where
        ),
        None,
    )


def item(finding: Finding, gone: int | None) -> Html:
    """One finding: what and where, when, by which number, and what to do."""
    where = f" · {LABELS.get(finding.where, finding.where)}" if finding.where else ""
    first, last = finding.window or (finding.step, finding.step)
    when = f"Steps {first:,} to {last:,}" if first != last else f"Step {last:,}"
    by = ""
    if finding.value is not None and finding.limit is not None:
        by = f" · {number(finding.value)}, limit {number(finding.limit)}"
    state = "still there" if gone is None else f"gone at step {gone:,}"
    return element(
        "li",
        element("h3", str(finding.finding).replace("_", " "), where),
        element(
            "p", element("span", state, class_=f"chip {'worse' if gone is None else 'better'}")
        ),
        element("p", finding.advice),
        element("p", f"{when}{by}", class_="note"),
        class_="open" if gone is None else "gone",
    )
