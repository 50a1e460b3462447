"""Learning a domain without labels: balanced predictions, and their effect."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.semantics import Classifier, balanced, fit, fit_across

STEPS = 160
EVEN = torch.tensor([0.5, 0.5])


def test_balanced_probabilities_are_the_rows_and_columns_scaled_in_turn() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([0.3] * 4, size=50)
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    expected = probabilities.copy()
    for _ in range(10):
        expected *= 50 * shares / expected.sum(axis=0)
        expected /= expected.sum(axis=1, keepdims=True)
    ours = balanced(torch.from_numpy(probabilities).log(), torch.from_numpy(shares))
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-10)
    np.testing.assert_allclose(ours.sum(dim=1).numpy(), 1, rtol=1e-12)
    np.testing.assert_allclose(ours.mean(dim=0).numpy(), shares, atol=0.01)  # after ten rounds


def test_probabilities_with_the_shares_stay_and_certain_ones_are_finite() -> None:
    even = torch.tensor([[0.9, 0.1], [0.1, 0.9]]).log()
    torch.testing.assert_close(balanced(even, torch.tensor([0.5, 0.5])), even.exp())
    sure = torch.tensor([[1.0, 1e-30], [1.0, 1e-30], [1.0, 1e-30]]).log()
    assert balanced(sure, torch.tensor([0.5, 0.5])).isfinite().all()


def test_a_class_with_share_zero_is_never_predicted() -> None:
    p = torch.tensor([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])
    found = balanced(p.log(), torch.tensor([0.5, 0.5, 0]))
    torch.testing.assert_close(found.mean(dim=0), torch.tensor([0.5, 0.5, 0]), atol=0.01, rtol=0)


def test_if_all_are_one_class_the_least_certain_change() -> None:
    p = torch.tensor([0.99, 0.95, 0.8, 0.6])
    verdicts = balanced(torch.stack([p, 1 - p], dim=1).log(), torch.tensor([0.5, 0.5])).argmax(1)
    assert verdicts.tolist() == [0, 0, 1, 1]


def halves(seed: int, lift: float) -> Iterator[tuple[Tensor, Tensor]]:
    """Noisy pictures whose upper or lower half is lighter, brightened by an amount for which
    both classifiers predict the same half."""
    draws = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        classes = torch.randint(2, (32,), generator=draws)
        images = 0.3 * torch.randn(32, 1, 16, 16, generator=draws)
        for image, number in zip(images, classes, strict=True):
            image[0, 8 * int(number) : 8 * int(number) + 8] += 0.5
        images[:, :, 8:] += lift
        yield images, classes


def right(classifier: Classifier, lift: float) -> float:
    images, classes = next(halves(9, lift))
    return float((classifier(images).argmax(dim=1) == classes).float().mean())


def test_the_other_domain_is_learned_without_its_labels() -> None:
    alone, across = (Classifier(["upper", "lower"], 1, 16, 0) for _ in range(2))
    fit(alone, halves(0, 0))
    fit_across(across, halves(0, 0), pairs(1, 0.62), EVEN, STEPS)
    assert right(alone, 0) > 0.95
    assert right(alone, 0.62) < 0.8  # nearly all are classified as lower
    assert right(across, 0) > 0.95
    assert right(across, 0.62) > 0.95


def pairs(seed: int, lift: float = 0) -> Iterator[tuple[Tensor, Tensor]]:
    return ((images, images) for images, _ in halves(seed, lift))


def test_the_first_half_learns_labels_alone() -> None:
    plain, ours = (Classifier(["upper", "lower"], 1, 16, 0) for _ in range(2))
    first = list(islice(halves(0, 0), 10))
    fit(plain, first)
    fit_across(ours, first, pairs(1), EVEN, 20)
    for a, b in zip(plain.parameters(), ours.parameters(), strict=True):
        # Sums over other batches are computed in another order.
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_the_learning_rate_falls_to_zero() -> None:
    one, other = (Classifier(["upper", "lower"], 1, 16, 0) for _ in range(2))
    fit_across(one, islice(halves(0, 0), 39), pairs(1), EVEN, 40)
    fit_across(other, halves(0, 0), pairs(1), EVEN, 40)
    weights = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    last = max(float((a - b).abs().max()) for a, b in weights)
    assert 0 < last < 2e-4  # a fifth of Adam's step at the full rate


class Recorder(Classifier):
    """Records its inputs."""

    def forward(self, images: Tensor) -> Tensor:
        shown.append((images.clone(), torch.is_grad_enabled()))
        return super().forward(images)


shown: list[tuple[Tensor, bool]] = []


def test_labels_are_predicted_on_unchanged_images_and_learned_on_augmented() -> None:
    shown.clear()
    seen, changed = torch.full((3, 1, 16, 16), 0.1), torch.full((3, 1, 16, 16), 0.9)
    labeled = torch.zeros(2, 1, 16, 16), torch.tensor([0, 1])
    fit_across(Recorder(["upper", "lower"], 1, 16, 0), [labeled], [(seen, changed)], EVEN, 1)
    (learned, with_gradient), (predicted, predicted_with_gradient) = shown
    assert torch.equal(learned, torch.cat([labeled[0], changed]))
    assert torch.equal(predicted, seen)
    assert (with_gradient, predicted_with_gradient) == (True, False)


def test_uncertain_predictions_are_not_learned() -> None:
    labeled = list(islice(halves(0, 0), 1))
    alone, across = (Classifier(["upper", "lower"], 1, 16, 0) for _ in range(2))
    fit(alone, labeled)
    # One step, so past the first half; an untrained classifier is uncertain of everything.
    fit_across(across, labeled, pairs(1), EVEN, 1)
    for a, b in zip(alone.parameters(), across.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_predictions_that_balance_changed_are_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    labeled = list(islice(halves(0, 0), 1))
    alone, across = (Classifier(["upper", "lower"], 1, 16, 0) for _ in range(2))
    fit(alone, labeled)
    # All predictions are reversed, and certain.
    monkeypatch.setattr("gan.semantics.training.balanced", lambda own, _: 1 - own.exp().round())
    fit_across(across, labeled, pairs(1), EVEN, 1)
    for a, b in zip(alone.parameters(), across.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


def test_batches_are_balanced_with_those_before() -> None:
    # so a batch of a single class is not split
    classifier = Classifier(["upper", "lower"], 1, 16, 0)
    of_one = ((images, images) for images in sorted_by_class(halves(1, 0)))
    fit_across(classifier, halves(0, 0), of_one, EVEN, STEPS)
    assert right(classifier, 0) > 0.95


def sorted_by_class(batches: Iterator[tuple[Tensor, Tensor]]) -> Iterator[Tensor]:
    """Batches of images of one class each, alternating."""
    for number, (images, classes) in enumerate(batches):
        yield images[classes == number % 2]


@pytest.mark.parametrize("seed", [0, 1])
def test_one_seed_gives_one_classifier(seed: int) -> None:
    made = []
    for _ in range(2):
        classifier = Classifier(["upper", "lower"], 1, 16, seed)
        fit_across(classifier, halves(0, 0), pairs(1, 0.62), EVEN, 20)
        made.append(classifier.state_dict())
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])
