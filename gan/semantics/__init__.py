"""A frozen classifier that checks whether translations keep the class of their originals."""

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
