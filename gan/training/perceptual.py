"""What a frozen network sees in training: its maps of every image, and what a domain looks like."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from gan.config import Config, LossConfig, PerceptualConfig
from gan.features import Features, chosen_layers
from gan.losses import mean_gram
from gan.networks.layers import cast_weights
from gan.training.objective import NO_TARGETS, LossTargets, Maps

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class PerceptualNetwork:
    """A frozen network in the training precision, and which of its layers count as what.

    Layers that no weight of the configuration asks for are left out. ValueError as of Features.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        table, loss = chosen_layers(config.perceptual), config.loss
        self.content = table.content if loss.perceptual or loss.perceptual_cycle else ()
        self.style = table.style if loss.style else ()
        layers = list(dict.fromkeys((*self.content, *self.style)))
        features = Features(config.perceptual.backbone, layers, config.perceptual.weights)
        self.fingerprint = fingerprint(features)
        self.dtype = DTYPES.get(config.train.precision)
        cast_weights(features, self.dtype)
        self.features = features.to(device)
        self.device = device

    def __call__(self, images: Tensor) -> Maps:
        """The maps of (N, 3 or 1, H, W) in [-1, 1], by layer, in float32."""
        with self.autocast():
            maps: Maps = self.features(images)
        return maps

    def autocast(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None)

    def content_of(self, maps: Maps) -> Maps:
        """The maps that are compared position by position."""
        return {layer: maps[layer] for layer in self.content}

    def grams_of(self, maps: Maps) -> Maps:
        """The Gram matrices of every image, (N, C, C), of the layers that tell the style."""
        return {layer: mean_gram(maps[layer]) for layer in self.style}

    def style_of(self, maps: Maps) -> Maps:
        """The mean Gram matrices of the images, (1, C, C), of the layers that tell the style."""
        return {at: gram.mean(dim=0, keepdim=True) for at, gram in self.grams_of(maps).items()}


def needs_perceptual_network(loss: LossConfig) -> bool:
    """Whether any term needs a frozen network."""
    return bool(loss.perceptual or loss.perceptual_cycle or loss.style)


def fingerprint(features: Features) -> str:
    """A hash of the weights that are used, whatever file they came from."""
    digest = hashlib.sha256()
    for name, tensor in features.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:16]


class RunningGrams:
    """A domain's Gram matrices: averages over the steps so far.

    The first steps count alike; then the average forgets with its decay. Each step's images are in
    it when they are compared with it.
    """

    def __init__(self, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.values: dict[str, Tensor] = {}

    def update(self, fresh: Maps) -> Maps:
        """Take in a step's Gram matrices; the averages. Those that are not finite are left out."""
        self.steps += 1
        weight = max(1 - self.decay, 1 / self.steps)
        for layer, gram in fresh.items():
            before = self.values.get(layer, gram)
            moved = torch.where(before.isfinite().all(), before.lerp(gram, weight), gram)
            self.values[layer] = torch.where(gram.isfinite().all(), moved, before)
        return {layer: self.values[layer] for layer in fresh}

    def state(self) -> dict[str, Any]:
        """What resuming needs."""
        return {"steps": self.steps, "values": dict(self.values)}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Go on from what state() gave."""
        self.steps = state["steps"]
        self.values = {layer: gram.to(device) for layer, gram in state["values"].items()}


class LossTargetsBuilder:
    """An eye and what both domains have looked like to it; blind where no weight needs it."""

    def __init__(
        self,
        config: PerceptualConfig,
        eye: PerceptualNetwork | None,
        share: Callable[[Tensor], Tensor],
    ) -> None:
        """share averages a tensor over the processes."""
        self.eye, self.share = eye, share
        self.grams = {"a": RunningGrams(config.gram_decay), "b": RunningGrams(config.gram_decay)}

    def look(self, batches: Sequence[Sequence[Tensor]]) -> list[LossTargets]:
        """Look at the real images (a, b) of a whole step, each once; what each batch is judged by.

        All batches of all processes are in the Gram matrices that all are compared with: so a step
        is the same however it is split, and the averages are the same everywhere.
        """
        if self.eye is None:
            return [NO_TARGETS] * len(batches)
        content: list[list[Maps]] = []
        style: list[list[Maps]] = []
        for batch in batches:
            maps = [self.eye(images) for images in batch]
            content.append([self.eye.content_of(each) for each in maps])
            style.append([self.eye.style_of(each) for each in maps])
        gram_a, gram_b = (
            self.grams[domain].update(mean_maps(step, self.share))
            for domain, step in zip(self.grams, zip(*style, strict=True), strict=True)
        )
        return [LossTargets(self.eye, a, b, gram_a, gram_b) for a, b in content]

    @property
    def fingerprints(self) -> dict[str, str]:
        """What a resumed run must find again, by the key that names its file."""
        return {} if self.eye is None else {"perceptual.weights": self.eye.fingerprint}

    def state(self) -> dict[str, Any]:
        """Both domains' averages; empty where there are none."""
        return {domain: grams.state() for domain, grams in self.grams.items() if grams.values}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Go on from what state() gave."""
        for domain, saved in state.items():
            self.grams[domain].restore(saved, device)


def mean_maps(batches: Sequence[Maps], share: Callable[[Tensor], Tensor]) -> Maps:
    """Every layer's mean over batches and processes; one exchange for all layers."""
    if not batches[0]:
        return {}
    means = {layer: torch.stack([maps[layer] for maps in batches]).mean(0) for layer in batches[0]}
    flat = share(torch.cat([tensor.flatten() for tensor in means.values()]))
    parts = flat.split([tensor.numel() for tensor in means.values()])
    pairs = zip(means.items(), parts, strict=True)
    return {layer: part.view(tensor.shape) for (layer, tensor), part in pairs}
