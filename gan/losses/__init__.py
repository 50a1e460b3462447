"""Losses as pure functions, each with its formula and its source."""

from gan.losses.adversarial import FORMS, AdversarialForm, gradient_penalty

__all__ = ["FORMS", "AdversarialForm", "gradient_penalty"]
