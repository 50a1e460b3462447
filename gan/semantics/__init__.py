"""A frozen classifier that tells whether a translation still is what its original is."""

from gan.semantics.frozen import FrozenClassifier, classifier_needed
from gan.semantics.network import Classifier, load_classifier, save_classifier
from gan.semantics.training import balanced, fit, fit_across

__all__ = [
    "Classifier",
    "FrozenClassifier",
    "balanced",
    "classifier_needed",
    "fit",
    "fit_across",
    "load_classifier",
    "save_classifier",
]
