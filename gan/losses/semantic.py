"""The semantic loss: a translation must have the class of its original."""

from torch import Tensor
from torch.nn.functional import cross_entropy


def semantic_loss(logits: Tensor, original: Tensor) -> Tensor:
    """Return -log p_k of translations, k being the likeliest class of their originals.

    Hoffman et al. 2018 (CyCADA), Eq. 4, one of its two terms. Both are a frozen classifier's
    logits, (N, classes), p their softmax; the result is averaged over N. No gradient
    flows to the originals, which are the target.
    """
    assert logits.shape == original.shape, f"{logits.shape} and {original.shape}"
    return cross_entropy(logits, original.argmax(dim=1))
