"""The semantic loss: a translation must have the class of its original."""

from torch import Tensor
from torch.nn.functional import cross_entropy


def semantic_loss(logits: Tensor, original: Tensor) -> Tensor:
    """Return -log p_k of translations, k being the likeliest class of their originals.

    Hoffman et al. 2018 (CyCADA), Eq. 4, one of its two terms. logits (of the translations) and
    original are outputs of a frozen classifier, (N, classes); p is the softmax of logits. The
    result is a scalar, the mean over N. No gradient flows to the originals, which are the target.
    """
    assert logits.shape == original.shape, f"{logits.shape} and {original.shape}"
    return cross_entropy(logits, original.argmax(dim=1))
