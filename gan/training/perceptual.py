"""Loss targets from a frozen network: feature maps of real images, Gram matrices of domains."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from gan.config import Config, PerceptualConfig
from gan.domains import DOMAINS, Domain
from gan.features import Features, chosen_layers
from gan.features.extractor import stages_of
from gan.losses import mean_gram
from gan.networks.layers import cast_weights
from gan.training.objective import NO_TARGETS, LossTargets, Maps

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class PerceptualNetwork:
    """A frozen network in the training precision, with its content and style layers.

    Layers that no loss weight requires are not computed. The feature maps of the last images are
    kept, with their graph, so that several terms and a projected discriminator share one pass.
    ValueError as in Features.
    """

    def __init__(self, config: Config, device: torch.device) -> None:
        table, loss = chosen_layers(config.perceptual), config.loss
        self.content = table.content if loss.perceptual or loss.perceptual_cycle else ()
        self.style = table.style if loss.style else ()
        self.serves_discriminators = _serves_discriminators(config)
        scored = stages_of(config.perceptual.backbone) if self.serves_discriminators else ()
        layers = list(dict.fromkeys((*self.content, *self.style, *scored)))
        self.last: tuple[Tensor, bool, Maps] | None = None
        features = Features(config.perceptual.backbone, layers, config.perceptual.weights)
        self.fingerprint = features.fingerprint()
        self.dtype = DTYPES.get(config.train.precision)
        cast_weights(features, self.dtype)
        self.features = features.to(device)
        self.device = device

    def __call__(self, images: Tensor) -> Maps:
        """Return the feature maps of images (N, 3 or 1, H, W) in [-1, 1], by layer, in float32."""
        graph = torch.is_grad_enabled()
        if self.last is None or self.last[0] is not images or self.last[1] != graph:
            with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None):
                self.last = images, graph, self.features(images)
        return self.last[2]

    def content_of(self, maps: Maps) -> Maps:
        """Return the maps of the content layers, by layer."""
        return {layer: maps[layer] for layer in self.content}

    def content_targets(self, images: Tensor) -> Maps:
        """Return the content layers' maps of images, as of __call__; {} without computing any."""
        return self.content_of(self(images)) if self.content else {}

    def grams_of(self, maps: Maps) -> Maps:
        """Return each image's Gram matrices (see mean_gram), (N, C, C), by style layer."""
        return {layer: mean_gram(maps[layer]) for layer in self.style}

    def style_of(self, maps: Maps) -> Maps:
        """Return the Gram matrices averaged over the images, (1, C, C), by style layer."""
        return {at: gram.mean(dim=0, keepdim=True) for at, gram in self.grams_of(maps).items()}


def _serves_discriminators(config: Config) -> bool:
    """Return whether projected discriminators can share this network's feature maps.

    They can if both use the same backbone and weights, and train.compile is off.
    """
    networks, perceptual = config.networks, config.perceptual
    return (
        config.scores_features
        and networks.discriminator_backbone == perceptual.backbone
        and networks.discriminator_weights == perceptual.weights
        and not config.train.compile
    )


class RunningGrams:
    """Running averages of a domain's Gram matrices.

    The first steps have equal weights; later, weights of older steps decay exponentially. Each
    step's images are added before they are compared with the averages.
    """

    def __init__(self, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.values: dict[str, Tensor] = {}

    def update(self, fresh: Maps) -> Maps:
        """Add a step's Gram matrices, (1, C, C) by layer, if finite; return the averages."""
        self.steps += 1
        weight = max(1 - self.decay, 1 / self.steps)
        for layer, gram in fresh.items():
            before = self.values.get(layer, gram)
            moved = torch.where(before.isfinite().all(), before.lerp(gram, weight), gram)
            self.values[layer] = torch.where(gram.isfinite().all(), moved, before)
        return {layer: self.values[layer] for layer in fresh}

    def state(self) -> dict[str, Any]:
        """Return the state that resuming requires."""
        return {"steps": self.steps, "values": dict(self.values)}

    def restore(self, state: dict[str, Any], device: torch.device) -> None:
        """Restore what state() returned."""
        self.steps = state["steps"]
        self.values = {layer: gram.to(device) for layer, gram in state["values"].items()}


class LossTargetsBuilder:
    """Computes the loss targets of each batch and averages Gram matrices of both domains."""

    def __init__(
        self,
        config: PerceptualConfig,
        network: PerceptualNetwork | None,
        share: Callable[[Tensor], Tensor],
    ) -> None:
        """network is None if no weight requires it; share averages a tensor over the processes."""
        self.network, self.share = network, share
        self.grams = {domain: RunningGrams(config.gram_decay) for domain in DOMAINS}

    def loss_targets(self, batches: Sequence[Sequence[Tensor]]) -> list[LossTargets]:
        """Return the loss targets of each batch of a step; a batch is the real images (a, b).

        The Gram matrices are averaged over all batches and processes before any comparison, so a
        step does not depend on how it is split, and the averages are the same on all processes.
        """
        if self.network is None:
            return [NO_TARGETS] * len(batches)
        content: list[dict[Domain, Maps]] = []
        style: list[list[Maps]] = []
        for batch in batches:
            maps = [self.network(images) for images in batch]
            own = map(self.network.content_of, maps)
            content.append(dict(zip(DOMAINS, own, strict=True)))
            style.append([self.network.style_of(each) for each in maps])
        gram = {
            domain: grams.update(_mean_maps(step, self.share))
            for (domain, grams), step in zip(
                self.grams.items(), zip(*style, strict=True), strict=True
            )
        }
        return [LossTargets(self.network, maps, gram) for maps in content]

    @property
    def fingerprints(self) -> dict[str, str]:
        """The hash of the frozen weights, keyed by perceptual.weights; {} without a network.

        It must not change when a run is resumed.
        """
        return {} if self.network is None else {"perceptual.weights": self.network.fingerprint}

    def state(self) -> dict[Any, Any]:
        """Return the state of each domain's average Gram matrices; omit domains without any."""
        return {domain: grams.state() for domain, grams in self.grams.items() if grams.values}

    def restore(self, state: dict[Any, Any], device: torch.device) -> None:
        """Restore what state() returned."""
        for domain, saved in state.items():
            self.grams[domain].restore(saved, device)


def _mean_maps(batches: Sequence[Maps], share: Callable[[Tensor], Tensor]) -> Maps:
    """Return each layer's mean over batches and processes; all layers are exchanged at once."""
    if not batches[0]:
        return {}
    means = {layer: torch.stack([maps[layer] for maps in batches]).mean(0) for layer in batches[0]}
    flat = share(torch.cat([tensor.flatten() for tensor in means.values()]))
    parts = flat.split([tensor.numel() for tensor in means.values()])
    pairs = zip(means.items(), parts, strict=True)
    return {layer: part.view(tensor.shape) for (layer, tensor), part in pairs}
