"""Training the classifier on A's class folders: a minute or so, before the run's first step."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.functional import cross_entropy

from gan.config import Config
from gan.data import (
    Batches,
    Folder,
    LabelledImages,
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
    classes = classes_of(folder.root, folder.files)
    images = LabelledImages(folder.files, classes.labels, data, seed)
    classifier = Classifier(classes.names, data.channels_a, data.crop_size, seed)
    right = fit(classifier.to(device), labelled_batches(images, config, device))
    save_classifier(classifier, path, recipe(config))
    return len(classes.names), right


def labelled_batches(
    images: LabelledImages, config: Config, device: torch.device
) -> Iterator[Labelled]:
    """semantic.steps batches on the device."""
    loader = build_loader(
        images,
        Batches(len(images), BATCH, start=0, stop=config.semantic.steps),
        workers=config.data.workers,
        pin_memory=device.type == "cuda",
        # As in the run: forking beside the threads of a process group hung once.
        context="forkserver" if dist.is_initialized() else None,
    )
    batches = iter(loader)
    try:
        for pixels, classes in batches:
            yield to_unit(pixels.to(device)), classes.to(device)
    finally:
        end_workers(batches)


def recipe(config: Config) -> dict[str, Any]:
    """All that a classifier of A's class folders is a function of."""
    data = config.data
    root = data.train_folder("a")
    places = {"root", "a", "b", "workers", "cache", "cache_gb", "channels_b", "max_unreadable"}
    return {
        "files": fingerprint(root, list_images(root)[: data.max_images]),
        "data": data.model_dump(mode="json", exclude=places),
        "steps": config.semantic.steps,
        "seed": config.run.seed,
    }
