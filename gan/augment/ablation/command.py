"""Run `gan augment --ablation` after the output is complete: train, compare, write and print."""

import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from gan import __version__
from gan.augment.ablation.comparison import Scores
from gan.augment.ablation.material import SIDE, Material, read_material
from gan.augment.ablation.plan import Plan, make_plan
from gan.augment.ablation.table import Row, conclusion, lines_of, markdown, plain
from gan.augment.ablation.trials import (
    COLOR,
    CONDITIONS,
    NONE,
    TRANSLATED,
    Protocol,
    Tally,
    batch_size,
    run_trial,
)
from gan.augment.dataset import ABLATION, ABLATION_TABLE, PROVENANCE, REPORT, Dataset
from gan.augment.options import AugmentOptions
from gan.augment.output import fingerprint, line, write_bytes
from gan.config.choices import Range
from gan.inference.devices import pick_device
from gan.interop import find_generator
from gan.metrics.intervals import Sampling, scarce
from gan.networks.files import ranges_of, read_about
from gan.system.failures import Failure, say
from gan.system.hashing import file_sha256
from gan.system.output_folder import read_json
from gan.system.progress import Progress
from gan.system.text import printable

RESAMPLES = 2000
ROUGH = 50
"""Number of test images below which intervals are rough."""
LEARNED = 0.8
"""Share of the training samples that a network should classify correctly at the end."""
NAMED = 20
"""Number of failures that are printed; ablation.json lists all."""


def check_ablation(dataset: Dataset, config: AugmentOptions) -> None:
    """Raise ValueError if an ablation is not possible; call it before translating."""
    make_plan(dataset, config)
    _ranges(config)


def ablate(dataset: Dataset, config: AugmentOptions) -> None:
    """Train small networks with and without the output's translations, and print their scores.

    Write ablation.json and ablation.md into the output. If ablation.json exists already, with the
    same settings and hashes, only print its result.
    """
    plan = make_plan(dataset, config)
    settings, report = _settings(plan, config), config.output / ABLATION
    if report.exists() and (before := read_json(report)).get("settings") == settings:
        print(f"{report}: finished before", file=sys.stderr)
        print(before["text"])
        return
    material = read_material(
        plan, dataset.root, config.output, _ranges(config), config.max_megapixels
    )
    failures = [*plan.failures, *material.failures]
    _tell(failures)
    tallies, learned = _run_trials(plan, material, config)
    scores = Scores(tallies, Sampling(config.seed, RESAMPLES))
    rows = _rows(scores)
    counts, lines = _counts(material), lines_of(rows, _measure(plan))
    sentences = [*conclusion(rows, _measure(plan))]
    facts = [_facts(plan, config, counts), *_warnings(plan, counts, learned)]
    blocks = [plain(lines), "\n".join(sentences), "\n".join(map(printable, facts))]
    record = {
        "settings": settings,
        "versions": {name: version(name) for name in ("torch", "albumentations")}
        | {"gan": __version__},
        "counts": counts,
        "conditions": {
            name: _numbers(row)
            | {"by_seed": scores.by_seed[name].tolist(), "right_in_training": learned[name]}
            for name, row in rows.items()
        },
        "failures": [[str(each.source), each.reason] for each in failures],
        "text": "\n\n".join(blocks),
    }
    page = ["# Does the translation help?", markdown(lines), *sentences, *map(printable, facts)]
    write_bytes(config.output / ABLATION_TABLE, "\n\n".join(page).encode() + b"\n")
    write_bytes(report, line(record))
    print(record["text"])


def _settings(plan: Plan, config: AugmentOptions) -> dict[str, Any]:
    """Return all settings and hashes on which the scores depend."""
    return {
        "labels": plan.purpose,
        "measure": _measure(plan),
        "network": "segmenter" if plan.masks else "classifier",
        "classes": plan.classes,
        "measured": plan.measured,
        "side": SIDE,
        "batch": batch_size(plan.masks),
        "steps": config.ablation_steps,
        "seeds": [*_seeds(config)],
        "flip": config.ablation_flip,
        "resamples": RESAMPLES,
        "device": pick_device(config.device).type,
        "test_fingerprint": fingerprint(plan.test_set),
        "augmentation_sha256": [file_sha256(config.output / name) for name in (REPORT, PROVENANCE)],
    }


def _measure(plan: Plan) -> str:
    return "mean IoU" if plan.masks else "balanced accuracy"


def _seeds(config: AugmentOptions) -> range:
    return range(config.seed, config.seed + config.ablation_seeds)


def _ranges(config: AugmentOptions) -> tuple[Range | None, Range | None]:
    """Return the data ranges of inputs and of outputs; ValueError unless all models share them."""
    files = [find_generator(path, config.direction) for path in config.model]
    found = {ranges_of(read_about(file), file) for file in files}
    if len(found) > 1:
        raise ValueError("model: --ablation requires models with the same data.range")
    return found.pop()


def _tell(failures: Sequence[Failure]) -> None:
    """Print the first NAMED files with samples that cannot be used, and the reasons."""
    for each in failures[:NAMED]:
        say(each.source, each.reason)
    if len(failures) > NAMED:
        print(f"and {len(failures) - NAMED} more, in {ABLATION}", file=sys.stderr)


def _run_trials(
    plan: Plan, material: Material, config: AugmentOptions
) -> tuple[dict[str, list[Tally]], dict[str, float]]:
    """Train every condition with every seed; return two dicts by condition.

    They hold the test tallies, one per seed, and the mean training accuracy, 0 to 1.
    """
    protocol = Protocol(
        plan.classes, config.ablation_steps, config.ablation_flip, pick_device(config.device)
    )
    seeds = _seeds(config)
    tallies, learned = dict[str, list[Tally]](), dict[str, float]()
    total = len(CONDITIONS) * len(seeds) * config.ablation_steps
    parts = material.train, material.translations, material.test
    with Progress(total, "steps", title="ablation") as bar:
        for condition in CONDITIONS:
            found = [run_trial(*parts, condition, seed, protocol, bar.update) for seed in seeds]
            tallies[condition.name] = [each for each, _ in found]
            learned[condition.name] = sum(right for _, right in found) / len(found)
    return tallies, learned


def _rows(scores: Scores) -> dict[str, Row]:
    """Return the row of each condition, by name."""
    translated = {each.name for each in TRANSLATED}
    return {
        name: Row(
            scores.score(name),
            scores.difference(name, NONE.name) if name != NONE.name else None,
            scores.difference(name, COLOR.name) if name in translated else None,
        )
        for name in scores.by_seed
    }


def _numbers(row: Row) -> dict[str, Any]:
    """Return a row as an object for ablation.json."""
    found: dict[str, Any] = {"score": row.score._asdict()}
    if row.difference:
        found |= {"difference": row.difference._asdict(), "word": row.difference.word}
    if row.over_color:
        found |= {"over_color": row.over_color._asdict(), "word_over_color": row.over_color.word}
    return found


def _counts(material: Material) -> dict[str, int]:
    """Return the numbers of training and test images and samples."""
    train, test = material.train, material.test
    return {
        "training_images": len({*train.images.tolist()}),
        "training_samples": len(train.labels),
        "with_translation": sum(map(bool, material.translations.of)),
        "test_images": len({*test.images.tolist()}),
        "test_samples": len(test.labels),
    }


def _facts(plan: Plan, config: AugmentOptions, counts: dict[str, int]) -> str:
    """Return the protocol in a sentence."""
    what = {"classes": "images", "boxes": "crops of boxes", "masks": "images with masks"}
    return (
        f"{_measure(plan)}: {len(plan.measured)} classes, tested on {counts['test_samples']} "
        f"{what[plan.purpose]} of {counts['test_images']} test images; trained on "
        f"{counts['training_samples']}, of which {counts['with_translation']} have an accepted "
        f"translation; {config.ablation_seeds} seeds of {config.ablation_steps} steps"
    )


def _warnings(plan: Plan, counts: dict[str, int], learned: dict[str, float]) -> Iterator[str]:
    """Yield notes and warnings about the result."""
    yield from plan.notes
    if few := scarce(counts["test_images"], ROUGH):
        yield f"warning: test: {few}"
    if not counts["with_translation"]:
        yield (
            "warning: no training sample has an accepted translation: rows with translations "
            "repeat the row none"
        )
    if learned[NONE.name] < LEARNED:
        yield (
            f"warning: without translations the network classifies {learned[NONE.name]:.0%} of its "
            "training samples correctly: set --ablation_steps higher"
        )
