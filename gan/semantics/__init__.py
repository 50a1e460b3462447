"""A frozen classifier that tells whether a translation still is what its original is."""

from gan.semantics.frozen import FrozenClassifier, classifier_needed
from gan.semantics.network import Classifier, load_classifier, save_classifier
from gan.semantics.training import fit

__all__ = [
    "Classifier",
    "FrozenClassifier",
    "classifier_needed",
    "fit",
    "load_classifier",
    "save_classifier",
]
