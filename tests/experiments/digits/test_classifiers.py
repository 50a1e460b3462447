"""The classifiers of digits: their training data, accuracy and seeds."""

import pytest
import torch
from torch import Tensor

from experiments.digits import classifiers
from experiments.digits.classifiers import accuracy, adapted_classifier, train_classifier, verdicts
from experiments.digits.domains import Digits, noise


def bars(count: int, seed: int, light: int) -> Digits:
    """Return ten classes: a bar at one of ten places, vertical or horizontal, on noise."""
    draws = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 10
    images = torch.randint(0, 40, (count, 1, 16, 16), generator=draws, dtype=torch.uint8)
    for image, label in zip(images[:, 0], labels.tolist(), strict=True):
        bar = image if label < 5 else image.T
        bar[1 + 3 * (label % 5) : 3 + 3 * (label % 5)] = light
    return Digits(images, labels)


def weights(classifier: torch.nn.Module) -> Tensor:
    return torch.cat([weight.flatten() for weight in classifier.state_dict().values()])


def test_it_learns_and_a_seed_gives_one_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifiers, "STEPS", 60)
    digits = bars(200, 0, 200)
    one, same, other = (train_classifier(digits, seed) for seed in (0, 0, 1))
    assert accuracy(one, bars(100, 1, 200)) > 95
    assert torch.equal(weights(one), weights(same))
    assert not torch.equal(weights(one), weights(other))


def test_the_adapted_classifier_knows_both_domains_from_labels_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classifiers, "STEPS", 100)
    monkeypatch.setattr(classifiers, "TEACHERS", 2)
    monkeypatch.setattr(classifiers, "BATCH", 16)
    # Less jitter than for digits: a bar that is shifted too far would change its class.
    monkeypatch.setattr(classifiers, "jitter", lambda images, draws, most=1: noise(images, draws))
    source, target = bars(200, 0, 220), bars(100, 1, 110)
    target.images[..., 8:] += 100  # a step that the source does not have
    alone = train_classifier(source, 0)
    made = [adapted_classifier(source, target.images, 0) for _ in range(2)]
    assert accuracy(alone, target) < 70
    assert accuracy(made[0], source) > 95
    assert accuracy(made[0], target) > 95
    assert torch.equal(weights(made[0]), weights(made[1]))
    assert verdicts(made[0], target.images).shape == (100,)
