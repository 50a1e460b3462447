"""All that was logged while training, in groups that are read together."""

from gan.domains import stem
from gan.report.chart import chart
from gan.report.html import Html, element, together
from gan.report.logs import Log
from gan.report.overview import PACE, curve

GROUPS = {
    "adversarial": ("Adversarial", "What generators pay for translations that are found out."),
    "cycle": ("Cycle", "There and back: distance of reconstructions, times its weight."),
    "identity": ("Identity", "What generators do to images of their own target, times its weight."),
    "perceptual_cycle": ("Perceptual cycle", "Reconstructions against originals, as features."),
    "perceptual": ("Perceptual", "Translations against originals, in feature maps."),
    "style": ("Style", "Translations against their new domain, in Gram matrices."),
    "tv": ("Total variation", "How rough the translations are."),
    "discriminator": ("Discriminators", "What they pay for mistakes. Near its start: they learn "
                      "little; near zero: generators learn little."),
    "gradient_penalty": ("Gradient penalty", "How far the discriminators are from slope one."),
    "score": ("Scores", "Mean outputs of the discriminators. They can tell as long as real and "
              "fake lie apart."),
    "gradient_norm": ("Gradients", "Norms, before any clipping. Peaks are steps that went far."),
    "skipped": ("Steps left out", "Steps without finite gradients: in all, and in a row."),
}  # fmt: skip
"""By the beginning of the scalars' names; the first that fits counts."""

NOT_DRAWN = {"epoch", *PACE}


def losses(log: Log) -> Html:
    """Charts of the groups that were logged; what belongs to none is folded away below them."""
    groups = grouped([name for name, points in log.scalars.items() if points])
    if not groups:
        return element("p", "Nothing has been logged yet.", class_="empty")
    known = [
        chart(*GROUPS[group], [curve(name, log) for name in names])
        for group, names in groups.items()
        if group in GROUPS and not always_zero(group, names, log)
    ]
    others = [
        chart(group, "", [curve(name, log) for name in names])
        for group, names in groups.items()
        if group not in GROUPS
    ]
    return together(
        element("div", known, class_="charts"),
        element(
            "details",
            element("summary", f"{len(others)} more that were logged"),
            element("div", others, class_="charts"),
        )
        if others
        else None,
    )


def always_zero(group: str, names: list[str], log: Log) -> bool:
    """Whether there is nothing to see: no step was left out."""
    return group == "skipped" and not any(p.value for name in names for p in log.scalars[name])


def grouped(names: list[str]) -> dict[str, list[str]]:
    """Names of scalars by their group, groups in the order of GROUPS, unknown ones last."""
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        if name not in NOT_DRAWN:
            known = (group for group in GROUPS if name == group or name.startswith(f"{group}_"))
            groups.setdefault(next(known, stem(name)), []).append(name)
    return {group: members for group, members in groups.items() if members}
