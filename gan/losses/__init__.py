"""Losses as pure functions, each with its formula and its source."""

from gan.losses.adversarial import Scores, gradient_penalty, score_maps
from gan.losses.feature_maps import (
    content_loss,
    gram,
    gram_distance,
    mean_gram,
    perceptual_distance,
    semantic_loss,
    style_layer_loss,
    weighted_sum,
)
from gan.losses.variation import squared_variation, total_variation

__all__ = [
    "Scores",
    "content_loss",
    "gradient_penalty",
    "gram",
    "gram_distance",
    "mean_gram",
    "perceptual_distance",
    "score_maps",
    "semantic_loss",
    "squared_variation",
    "style_layer_loss",
    "total_variation",
    "weighted_sum",
]
