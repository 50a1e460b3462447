"""Teaching a classifier of A what B's images look like, without a label of B.

Pseudo-labels, as many of each class as there should be: Zou et al. 2018 (class-balanced
self-training), with the balance of Asano et al. 2020, Sec. 3.1 (Sinkhorn and Knopp's iteration).
"""

import math
from collections import deque
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

from gan.semantics.network import Classifier
from gan.semantics.training import LEARNING_RATE, Labelled

SURE = 0.8
"""From which probability on a pseudo-label is learned from."""
REMEMBERED = 16
"""Batches of B whose verdicts are balanced together."""
ROUNDS = 10
ABSENT = 1e-6
"""The share of a class that there is none of."""


def balanced(log_probabilities: Tensor, shares: Tensor) -> Tensor:
    """The nearest probabilities (N, classes) whose means over the images are the shares (classes,).

    Nearest by relative entropy to those whose logarithms (N, classes) are given. Rows sum to 1.
    The shares are met by what ten rounds do: within 0.01 where verdicts are unsure, the less
    the surer they are.
    """
    found, wanted = log_probabilities, shares.clamp(min=ABSENT).log()
    for _ in range(ROUNDS):
        found = found - found.logsumexp(dim=0) + wanted + math.log(len(found))
        found = found.log_softmax(dim=1)
    return found.exp()


def fit_across(
    classifier: Classifier,
    labelled: Iterable[Labelled],
    unlabelled: Iterable[tuple[Tensor, Tensor]],
    shares: Tensor,
    steps: int,
) -> None:
    """Train a classifier in place on A's labels and, after a half, on its own verdicts on B.

    A batch of `unlabelled` is images of B, (N, C, H, W) in [-1, 1], twice: as they are, for the
    verdict, and changed, to be learned. B is taken to have the shares (classes,) that are given,
    A's for instance; where it has others, verdicts will be wrong. What balance alone would call
    otherwise is left out: learned from, one class that is wrong pushes out the next. Each step
    takes a batch of both; from the middle of the steps on the learning rate falls to 0.
    """
    optimizer = torch.optim.Adam(classifier.parameters(), lr=LEARNING_RATE)
    schedule = LambdaLR(optimizer, lambda step: min(1, 2 * (1 - step / steps)))
    recent = deque[Tensor](maxlen=REMEMBERED)
    batches = zip(range(steps), labelled, unlabelled, strict=False)
    for step, (images, classes), (seen, changed) in batches:
        logits, of_changed = classifier(torch.cat([images, changed])).split(
            [len(images), len(changed)]
        )
        loss = cross_entropy(logits, classes)
        with torch.no_grad():
            own = classifier(seen).log_softmax(dim=1)
            recent.append(own)
        if step >= steps // 2:
            sure, verdicts = balanced(torch.cat(list(recent)), shares)[-len(seen) :].max(dim=1)
            learned = (sure > SURE) & (verdicts == own.argmax(dim=1))
            loss = loss + (cross_entropy(of_changed, verdicts, reduction="none") * learned).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
