"""Losses as pure functions, each with its formula and its source."""

from gan.losses.adversarial import Scores, gradient_penalty, score_maps
from gan.losses.contrastive import patch_nce
from gan.losses.perceptual import content_loss, perceptual_distance, weighted_sum
from gan.losses.semantic import semantic_loss
from gan.losses.steadiness import steadiness_loss
from gan.losses.style import (
    gram,
    gram_distance,
    mean_gram,
    style_layer_loss,
)
from gan.losses.variation import squared_variation, total_variation

__all__ = [
    "Scores",
    "content_loss",
    "gradient_penalty",
    "gram",
    "gram_distance",
    "mean_gram",
    "patch_nce",
    "perceptual_distance",
    "score_maps",
    "semantic_loss",
    "squared_variation",
    "steadiness_loss",
    "style_layer_loss",
    "total_variation",
    "weighted_sum",
]
