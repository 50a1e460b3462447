"""The sections of the objective: weights, and the frozen networks of some terms."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from gan.config.choices import WeightedTerm
from gan.config.sections import Count, Fraction, Section, Weight
from gan.config.table import NameIn
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.losses import LOSS_TERMS
from gan.domains import Direction, Domain


class LossConfig(Section):
    """The terms of the objective and their absolute weights."""

    adversarial: Annotated[str, NameIn(ADVERSARIAL)] = "lsgan"
    """Form of the adversarial loss."""
    gradient_penalty: Weight = 10
    """Weight of the adversarial form's regularizer: the gradient penalty of wgan_gp."""
    cycle: Weight = 10
    """Weight of the cycle-consistency loss."""
    cycle_a: Weight | None = None
    """Weight of the cycle A -> B -> A, where it differs from loss.cycle."""
    cycle_b: Weight | None = None
    """Weight of the cycle B -> A -> B, where it differs from loss.cycle."""
    identity: Weight = 5
    """Weight of the identity loss; 0 turns it off."""
    identity_a: Weight | None = None
    """Weight of the identity loss in A, where it differs from loss.identity."""
    identity_b: Weight | None = None
    """Weight of the identity loss in B, where it differs from loss.identity."""
    perceptual: Weight = 0
    """Weight of the distance of translations to their originals in feature maps."""
    perceptual_cycle: Weight = 0
    """Weight of the distance of reconstructions to their originals in feature maps."""
    style: Weight = 0
    """Weight of the distance of translations to their new domain, or to style.image, in Gram
    matrices of feature maps."""
    tv: Weight = 0
    """Weight of the total variation of translations."""
    semantic: Weight = 0
    """Weight of what a frozen classifier of A loses when it is given translations in place of
    their originals."""
    semantic_ab: Weight | None = None
    """Weight of the semantic loss of A -> B, where it differs from loss.semantic."""
    semantic_ba: Weight | None = None
    """Weight of the semantic loss of B -> A, where it differs from loss.semantic: the target there
    is what the classifier, which knows A alone if it was trained here, takes B's images for."""
    terms: dict[str, Weight] = Field(default_factory=dict)
    """Weights of further terms that an extension registers, for instance {edges: 2}."""

    @model_validator(mode="after")
    def check(self) -> Self:
        for name in self.terms:
            try:
                LOSS_TERMS.check(name)
            except ValueError as error:
                raise ValueError(f"loss.terms: {error}") from None
        return self

    def weight(self, term: WeightedTerm, place: Domain | Direction) -> float:
        """Return a term's weight in a domain or direction: its own key's where given."""
        own: float | None = getattr(self, f"{term}_{place}", None)
        both: float = getattr(self, term)
        return both if own is None else own


class PerceptualConfig(Section):
    """The frozen network in whose feature maps loss.perceptual, perceptual_cycle and style see."""

    backbone: str = "vgg19"
    """A torchvision classifier: vgg19, vgg16, mobilenet_v2 or another, then with layers named."""
    weights: Path | None = None
    """File with its weights, .pth or .safetensors; else torchvision's cache or download."""
    content_layers: list[str] = Field(default_factory=list)
    """Layers compared as content, for instance [conv4_2]; empty for the backbone's usual ones."""
    style_layers: list[str] = Field(default_factory=list)
    """Layers compared as style, for instance [conv1_1, conv2_1]; empty for the usual ones."""
    gram_decay: Fraction = 0.99
    """Decay of the running averages of both domains' Gram matrices; 0 compares with the present
    images alone."""


class SemanticConfig(Section):
    """The frozen classifier whose verdicts loss.semantic keeps through translation."""

    classifier: Path | None = None
    """File with a classifier of A's images, or of both domains', ours (.safetensors) or
    TorchScript; else one is trained on A's class folders (trainA/CLASS/...) before the first step,
    and left in run.dir."""
    steps: Count = 1000
    """Updates, of 64 images each, of the classifier that is trained."""
