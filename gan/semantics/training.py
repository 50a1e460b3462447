"""Training the classifier on A's class folders: a minute or so, before the run's first step.

Or teaching one of A what B's images look like, without a label of B. Pseudo-labels, as many of each
class as there should be: Zou et al. 2018 (class-balanced self-training), with the balance of Asano
et al. 2020, Sec. 3.1 (Sinkhorn and Knopp's iteration).
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

from gan.config import Config
from gan.data import (
    Batches,
    Folder,
    OneFolder,
    build_loader,
    classes_of,
    end_workers,
    fingerprint,
    index_folders,
)
from gan.images import list_images
from gan.images.pixels import to_unit
from gan.semantics.network import Classifier, save_classifier

BATCH = 64
"""Images of an update."""
LEARNING_RATE = 1e-3
SURE = 0.8
"""From which probability on a pseudo-label is learned from."""
REMEMBERED = 16
"""Batches of B whose verdicts are balanced together."""
ROUNDS = 10
ABSENT = 1e-6
"""The share of a class that there is none of."""

Labelled = tuple[Tensor, Tensor]
"""Images, (N, C, H, W) in [-1, 1], and their classes, (N,)."""


def fit(classifier: Classifier, batches: Iterable[Labelled]) -> float:
    """Train a classifier in place, an Adam update for every batch; the share that it got right.

    The share is that of the last quarter of the batches, each looked at before its update.
    """
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    right: list[Tensor] = []
    for images, classes in batches:
        logits = classifier(images)
        optimizer.zero_grad()
        cross_entropy(logits, classes).backward()
        optimizer.step()
        right.append((logits.detach().argmax(dim=1) == classes).float().mean())
    return float(torch.stack(right[-max(1, len(right) // 4) :]).mean())


def train_classifier(config: Config, device: torch.device, path: Path) -> tuple[int, float]:
    """Train a classifier on A's class folders and write it; its classes, and the share that it got
    right.

    It sees what the generators see: crops, flips and augmentation are the run's. One seed gives one
    classifier, for one machine and number of threads. ValueError as from index_folder and
    classes_of.
    """
    data, seed = config.data, config.run.seed
    folder: Folder = index_folders(data, ["a"])["a"]
    names, labels = classes_of(folder.root, folder.files)
    images = OneFolder(folder.files, data, seed, labels)
    classifier = Classifier(names, data.channels_a, data.crop_size, seed)
    right = fit(classifier.to(device), _labelled_batches(images, config, device))
    save_classifier(classifier, path, recipe(config))
    return len(names), right


def _labelled_batches(
    images: OneFolder, config: Config, device: torch.device
) -> Iterator[Labelled]:
    """Yield semantic.steps batches on the device."""
    order = Batches(len(images), BATCH, start=0, stop=config.semantic.steps)
    batches = iter(build_loader(images, order, workers=config.data.workers, device=device))
    try:
        for pixels, classes in batches:
            yield to_unit(pixels.to(device)), classes.to(device)
    finally:
        end_workers(batches)


def recipe(config: Config) -> dict[str, Any]:
    """Return all that a classifier of A's class folders is a function of."""
    data = config.data
    root = data.train_folder("a")
    places = {"root", "a", "b", "workers", "cache", "cache_gb", "max_unreadable", "max_decoded_mb"}
    places |= {"channels_b", "range_b"} | ({"range_a"} if data.range_a is None else set())
    return {
        "files": fingerprint(root, list_images(root)[: data.max_images]),
        "data": data.model_dump(mode="json", exclude=places),
        "steps": config.semantic.steps,
        "seed": config.run.seed,
    }


def balanced(log_probabilities: Tensor, shares: Tensor) -> Tensor:
    """Return the nearest probabilities (N, classes) whose means over the images are the shares
    (classes,).

    Nearest by relative entropy to those whose logarithms (N, classes) are given. Rows sum to 1.
    The shares are met by what ten rounds do: within 0.01 where verdicts are unsure, the less
    the surer they are.
    """
    found, wanted = log_probabilities, shares.clamp(min=ABSENT).log()
    for _ in range(ROUNDS):
        found = found - found.logsumexp(dim=0) + wanted + math.log(len(found))
        found = found.log_softmax(dim=1)
    return found.exp()


def fit_across(
    classifier: Classifier,
    labelled: Iterable[Labelled],
    unlabelled: Iterable[tuple[Tensor, Tensor]],
    shares: Tensor,
    steps: int,
) -> None:
    """Train a classifier in place on A's labels and, after a half, on its own verdicts on B.

    A batch of `labelled` is images of A, (N, C, H, W) in [-1, 1], and their classes, (N,).
    A batch of `unlabelled` is images of B, (N, C, H, W) in [-1, 1], twice: as they are, for the
    verdict, and changed, to be learned. B is taken to have the shares (classes,) that are given,
    A's for instance; where it has others, verdicts will be wrong. What balance alone would call
    otherwise is skipped: learned from, one class that is wrong pushes out the next. Each step
    takes a batch of both; from the middle of the steps on the learning rate falls to 0.
    """
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    schedule = LambdaLR(optimizer, lambda step: min(1, 2 * (1 - step / steps)))
    recent = deque[Tensor](maxlen=REMEMBERED)
    batches = zip(range(steps), labelled, unlabelled, strict=False)
    for step, (images, classes), (seen, changed) in batches:
        logits, of_changed = classifier(torch.cat([images, changed])).split(
            [len(images), len(changed)]
        )
        loss = cross_entropy(logits, classes)
        with torch.no_grad():
            own = classifier(seen).log_softmax(dim=1)
            recent.append(own)
        if step >= steps // 2:
            sure, verdicts = balanced(torch.cat(list(recent)), shares)[-len(seen) :].max(dim=1)
            learned = (sure > SURE) & (verdicts == own.argmax(dim=1))
            loss = loss + (cross_entropy(of_changed, verdicts, reduction="none") * learned).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
