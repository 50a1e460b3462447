"""Whether a translation still is what its original is."""

from torch import Tensor
from torch.nn.functional import cross_entropy


def semantic_loss(logits: Tensor, original: Tensor) -> Tensor:
    """-log p_k of translations, k being the class that their originals look most like.

    Hoffman et al. 2018 (CyCADA), Eq. 4, one of its two terms. Both are a frozen classifier's
    logits, (N, classes), p their softmax; of several pictures it is the mean. What the originals
    look like is the goal: no gradient flows there.
    """
    assert logits.shape == original.shape, f"{logits.shape} and {original.shape}"
    return cross_entropy(logits, original.argmax(dim=1))
