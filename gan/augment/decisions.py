"""Decide which translations are accepted, and which images the output has."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gan.augment.dataset import Dataset, Item, Outputs
from gan.augment.gates import Scores, failed
from gan.augment.options import AugmentOptions
from gan.augment.plan import Task


@dataclass(frozen=True)
class Decided:
    """The decision about a translation, with the gates that it fails and the reasons in words."""

    task: Task
    decision: Literal["accepted", "rejected", "failed"]
    reasons: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    scores: Scores | None = None


def decide(
    tasks: Sequence[Task],
    scores: Mapping[Path, Scores],
    failures: Mapping[Path, str],
    limits: Mapping[str, float | None],
) -> list[Decided]:
    """Return the decision about each task.

    `scores` has the tasks' outputs as keys. `failures` maps source images to reasons, and `limits`
    gates to thresholds.
    """
    decided = []
    for task in tasks:
        if (found := scores.get(task.output)) is None:
            reason = failures.get(task.item.image, "not translated")
            decided.append(Decided(task, "failed", (reason,)))
        elif reasons := failed(found, limits):
            decided.append(
                Decided(task, "rejected", tuple(reasons.values()), tuple(reasons), found)
            )
        else:
            decided.append(Decided(task, "accepted", scores=found))
    return decided


def outputs(
    dataset: Dataset,
    decided: Sequence[Decided],
    config: AugmentOptions,
    class_of: Callable[[Item], str | None],
) -> dict[Path, tuple[Path, ...]]:
    """Return each image's paths in the output; an empty tuple if it is removed.

    If translations replace images, a rejected or failed translation removes its image. The original
    is kept if keep_rejected is set, or, with keep_classes, if its class would have no image left.
    """
    names = {item.image: [item.image] for item in dataset.items}
    for each in decided:
        image, good = each.task.item.image, each.decision == "accepted"
        if config.mode == "add" and good:
            names[image].append(each.task.output)
        elif config.mode != "add" and not good and not config.keep_rejected:
            names[image].remove(image)
    if config.keep_classes:
        there = {class_of(item) for item in dataset.items if names[item.image]}
        for each in decided:
            item = each.task.item
            if each.decision != "accepted" and class_of(item) not in {*there, None}:
                names[item.image] = [item.image]
    return {image: tuple(found) for image, found in names.items()}


def provenance(
    decided: Sequence[Decided], config: AugmentOptions, hashes: Sequence[str], names: Outputs
) -> list[dict[str, Any]]:
    """Return a dict for each translation, in order: the lines of augmentation.jsonl."""

    def kept(each: Decided) -> bool:
        """Return whether the original is kept in place of its translation."""
        original = config.mode != "add" and bool(names[each.task.item.image])
        return original and each.decision != "accepted"

    return [
        {
            "source": each.task.item.image.as_posix(),
            "output": each.task.output.as_posix()
            if each.decision == "accepted" or kept(each)
            else None,
            "model": config.model[each.task.model].as_posix(),
            "model_sha256": hashes[each.task.model],
            "direction": config.direction,
            "seed": config.seed,
            "strength": each.task.strength,
            "scores": each.scores,
            "decision": each.decision,
            "reason": "; ".join(each.reasons) or None,
            "original_kept": kept(each),
        }
        for each in decided
    ]


def losses(
    dataset: Dataset,
    decided: Sequence[Decided],
    names: Outputs,
    class_of: Callable[[Item], str | None],
) -> list[str]:
    """Return warnings about an output: no accepted translations, or empty splits or classes.

    A class is also named if it keeps only originals because all its translations were rejected.
    """
    found = []
    if decided and not any(each.decision == "accepted" for each in decided):
        found.append("no translation was accepted: see sheet.png and augmentation.jsonl")
    splits = {name for item in dataset.items for name in item.splits}
    kept = {name for item in dataset.items if names[item.image] for name in item.splits}
    found += [f"{name} has no images in the output" for name in sorted(splits - kept)]
    items = defaultdict[str, list[Item]](list)
    for item in dataset.items:
        items[class_of(item) or ""].append(item)
    accepted = {each.task.item.image for each in decided if each.decision == "accepted"}
    asked = {class_of(each.task.item) or "" for each in decided} - {""}
    for name in sorted(asked):
        images = [item.image for item in items[name]]
        if not any(names[image] for image in images):
            found.append(f"class {name} has no image in the output, only its folder")
        elif accepted.isdisjoint(images):
            found.append(f"class {name}: no translation was accepted; its originals are kept")
    homes = {Path(name).parent for name in items if name}
    within = {path for folder in dataset.folders for path in (folder, *folder.parents)} - {Path()}
    empty = {path.as_posix() for path in within if path.parent in homes} - items.keys()
    found += [f"class {name} has no image in the output, only its folder" for name in sorted(empty)]
    if not any(names.values()):
        found.append("no image is in the output")
    return found


def summary(decided: Sequence[Decided], config: AugmentOptions) -> str:
    """Return a line with the numbers of accepted, rejected and failed translations."""
    counts = Counter(each.decision for each in decided)
    gates = Counter(gate for each in decided for gate in each.gates)
    text = f"{counts['accepted']} of {len(decided)} translations accepted in {config.output}"
    if counts["rejected"]:
        named = ", ".join(f"{gate} {number}" for gate, number in gates.most_common())
        text += f"; {counts['rejected']} rejected ({named}): see sheet.png"
    if counts["failed"]:
        text += f"; {counts['failed']} could not be translated"
    return text
