"""The contrastive loss: each patch of a translation must match the same patch of its original."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def patch_nce(query: Tensor, key: Tensor, temperature: float) -> Tensor:
    """Return -log(exp(q_s k_s / T) / sum_t exp(q_s k_t / T)), averaged over positions s and images.

    Park et al. 2020, Eq. 3 and 4. query (of translations) and key (of their originals) are
    (N, S, C): vectors of length 1 for the same S positions. T is the temperature, above 0. The key
    at the query's own position is the positive, those at the other positions of the same image are
    the negatives. No gradient flows to the keys. The authors' code moves the positive to the front
    and puts -10 in its place, which only adds exp(-10 / T) to the sum.
    """
    assert query.shape == key.shape, f"{query.shape} and {key.shape}"
    count, positions, _ = query.shape
    # Keys have no gradient, so this division costs no backward pass.
    logits = query @ (key.detach() / temperature).transpose(1, 2)
    own = torch.arange(positions, device=query.device).repeat(count)
    return cross_entropy(logits.flatten(0, 1), own)
