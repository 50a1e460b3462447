"""All that was logged while training, in groups that are read together."""

from markupsafe import Markup

from gan.domains import stem
from gan.report.chart import chart
from gan.report.html import render
from gan.report.logs import Log

GROUPS = {
    "adversarial": ("Adversarial", "What generators pay for translations that are found out."),
    "cycle": ("Cycle", "There and back: distance of reconstructions, times its weight."),
    "identity": ("Identity", "What generators do to images of their own target, times its weight."),
    "nce": ("Contrast", "How well originals tell patches of their translations, times its weight."),
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

PACE = {
    "images_per_second": (
        "Images per second",
        "Real images of all folders that a second takes in.",
    ),
    "memory_gb": ("Memory", "Largest amount of memory in use so far, in GB."),
    "learning_rate": (
        "Learning rate",
        "Of the generators, after any cut that train.nonfinite made.",
    ),
}
"""Charts of their own, by the scalars' names."""

NOT_DRAWN = {"epoch", *PACE}


def losses(log: Log) -> Markup:
    """Charts of the groups that were logged; what belongs to none is folded away below them."""
    groups = _grouped([name for name, points in log.scalars.items() if points])
    known, others = [], []
    for group, names in groups.items():
        curves = [log.curve(name) for name in names]
        if group not in GROUPS:
            others.append(chart(group, "", curves))
        elif group != "skipped" or any(any(curve.values) for curve in curves):
            known.append(chart(*GROUPS[group], curves))
    return render("losses.html", groups=groups, known=known, others=others)


def _grouped(names: list[str]) -> dict[str, list[str]]:
    """Names of scalars by their group, groups in the order of GROUPS, unknown ones last."""
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        if name not in NOT_DRAWN:
            known = (group for group in GROUPS if name == group or name.startswith(f"{group}_"))
            groups.setdefault(next(known, stem(name)), []).append(name)
    return {group: members for group, members in groups.items() if members}


def time_and_memory(log: Log) -> Markup:
    """When the run was at work, how fast, and with how much memory."""
    charts = [
        chart(title, about, [log.curve(name)], smooth=name == "images_per_second")
        for name, (title, about) in PACE.items()
        if log.scalars.get(name)
    ]
    return render("time.html", log=log, charts=charts)
