"""Train the classifier on A's class folders, before the run's first step, for about a minute.

fit_across also adapts it to B's images, without labels of B, by pseudo-labels with prescribed class
shares: Zou et al. 2018 (class-balanced self-training), balanced as in Asano et al. 2020, Sec. 3.1
(Sinkhorn and Knopp's iteration).
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
from gan.data.files import FileList
from gan.images import list_images
from gan.images.pixels import to_unit
from gan.semantics.network import Classifier, save_classifier

BATCH = 64
"""Images per update."""
LEARNING_RATE = 1e-3
SURE = 0.8
"""Pseudo-labels are used only if their probability is above this."""
REMEMBERED = 16
"""Number of recent batches of B whose predictions are balanced together."""
ROUNDS = 10
"""Iterations of Sinkhorn and Knopp."""
ABSENT = 1e-6
"""Share of a class that does not occur, in place of 0."""

Labelled = tuple[Tensor, Tensor]
"""Images, (N, C, H, W) in [-1, 1], and their classes, (N,)."""


def fit(classifier: Classifier, batches: Iterable[Labelled]) -> float:
    """Train a classifier in place, one Adam update per batch; return its accuracy, 0 to 1.

    The accuracy is that of the last quarter of the batches, each predicted before its update.
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
    """Train a classifier on A's class folders; write it to `path`, with its recipe.

    Return the number of its classes and its accuracy, 0 to 1. The classifier sees what the
    generators see: the run's crops, flips and augmentation. The same seed gives the same classifier
    on the same machine and number of threads. ValueError as in index_folders and classes_of.
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
    """Yield semantic.steps batches (images, classes) on the device."""
    order = Batches(len(images), BATCH, start=0, stop=config.semantic.steps)
    batches = iter(build_loader(images, order, workers=config.data.workers, device=device))
    try:
        for pixels, classes in batches:
            yield to_unit(pixels.to(device)), classes.to(device)
    finally:
        end_workers(batches)


def recipe(config: Config) -> dict[str, Any]:
    """Return the settings that determine a classifier of A's class folders, as JSON values."""
    data = config.data
    root = data.train_folder("a")
    places = {"root", "a", "b", "workers", "cache", "cache_gb", "max_unreadable", "max_decoded_mb"}
    places |= {"channels_b", "range_b"} | ({"range_a"} if data.range_a is None else set())
    return {
        "files": fingerprint(FileList.of(root, list_images(root)[: data.max_images])),
        "data": data.model_dump(mode="json", exclude=places),
        "steps": config.semantic.steps,
        "seed": config.run.seed,
    }


def balanced(log_probabilities: Tensor, shares: Tensor) -> Tensor:
    """Return the probabilities nearest to the given ones whose means are `shares`.

    The given ones are log_probabilities, (N, classes), as logarithms. shares, (classes,), sum to 1.
    Means are over N. Rows of the result, (N, classes), sum to 1. It is the nearest in relative
    entropy. After ten rounds of the iteration the means are within 0.01 of the shares if
    predictions are uncertain, and less close if they are certain.
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
    """Train a classifier in place on A's labels and, from half of the steps on, pseudo-labels of B.

    Each step takes a batch of each domain. A batch of `labelled` is images of A, (N, C, H, W) in
    [-1, 1], and their classes, (N,). A batch of `unlabelled` is the same images of B twice, each
    (N, C, H, W) in [-1, 1]: as they are, to predict their pseudo-labels, and augmented, to learn
    them.

    `shares`, (classes,), are the class shares that B is assumed to have, such as A's; if B has
    others, pseudo-labels will be wrong. A pseudo-label is used only if its probability is above
    SURE and it is the classifier's prediction before balancing too: if labels that balancing has
    changed were learned, one wrong class would displace the next. In the second half of the steps
    the learning rate falls to 0. Training ends early if `labelled` or `unlabelled` runs out of
    batches.
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
