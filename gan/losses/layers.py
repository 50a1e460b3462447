"""One number out of the terms of several layers."""

from collections.abc import Mapping

import torch
from torch import Tensor


def weighted_sum(terms: Mapping[str, Tensor], weights: Mapping[str, float] | None = None) -> Tensor:
    """sum_l w_l E_l over the layers l, the mean where no weights are given.

    Gatys et al. 2016, Eq. 5; the equal weights that sum to 1 are those of its Sec. 3. The weights
    name exactly the layers of the terms.
    """
    if weights is None:
        weights = dict.fromkeys(terms, 1 / len(terms))
    assert weights.keys() == terms.keys(), f"weights of {[*weights]} for {[*terms]}"
    return torch.stack([weights[layer] * term for layer, term in terms.items()]).sum()
