"""Feature distances compared with loops in float64, and the changes that each must ignore."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan.losses import mean_gram
from gan.metrics.maps import gram_distances, layer_distance, structure_distance


def maps(seed: int = 0, count: int = 2) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"one": (5, 4, 6), "two": (7, 3, 3)}
    return {
        layer: torch.randn(count, *shape, generator=generator, dtype=torch.float64)
        for layer, shape in shapes.items()
    }


def test_structure_is_the_difference_of_cosines() -> None:
    x, y = maps()["one"], maps(1)["one"]
    for i in range(2):
        a, b = (of[i].flatten(1).T.numpy() for of in (x, y))

        def cosines(rows: NDArray[Any]) -> NDArray[Any]:
            lengths = np.linalg.norm(rows, axis=1)
            similar: NDArray[Any] = rows @ rows.T / np.outer(lengths, lengths)
            return similar

        expected = ((cosines(a) - cosines(b)) ** 2).mean()
        np.testing.assert_allclose(structure_distance(x, y)[i], expected, rtol=1e-9)


def test_structure_ignores_a_rotation_of_all_features() -> None:
    """As with another style, similarities between positions are kept."""
    x = maps()["one"]
    turn, _ = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64))
    turned = torch.einsum("dc,nchw->ndhw", turn, x)
    np.testing.assert_allclose(structure_distance(x, 3 * turned), 0, atol=1e-20)
    assert (structure_distance(x, x.flip(3)) > 0.01).all()


def test_structure_of_large_maps_is_that_of_their_averages() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 1, 4, 64, 32, generator=generator, dtype=torch.float64)
    small = [of.reshape(1, 4, 32, 2, 32).mean(3) for of in (x, y)]
    np.testing.assert_allclose(structure_distance(x, y), structure_distance(*small), rtol=1e-9)


def test_gram_ignores_positions() -> None:
    x = maps()
    for i in range(2):
        own = {layer: mean_gram(values[i : i + 1].flip(3)) for layer, values in x.items()}
        assert float(gram_distances(x, own)[i]) < 1e-20
        assert float(gram_distances(x, own)[1 - i]) > 0


def test_gram_is_the_mean_over_layers_of_each_pictures_own_distance() -> None:
    x, y = maps(), maps(1, count=1)
    desired = {layer: mean_gram(values) for layer, values in y.items()}
    for i in range(2):
        expected = []
        for layer, values in x.items():
            a, b = values[i].flatten(1).numpy(), y[layer][0].flatten(1).numpy()
            gap = a @ a.T / a.shape[1] - b @ b.T / b.shape[1]
            expected.append((gap**2).sum() / (4 * len(a) ** 2))
        np.testing.assert_allclose(gram_distances(x, desired)[i], np.mean(expected), rtol=1e-9)


def test_layer_distance_is_that_of_unit_vectors() -> None:
    x, y = maps(), maps(1)
    for i in range(2):
        expected = []
        for layer in x:
            a, b = (of[layer][i].flatten(1).numpy() for of in (x, y))
            gap = a / np.linalg.norm(a, axis=0) - b / np.linalg.norm(b, axis=0)
            expected.append((gap**2).sum(0).mean())
        np.testing.assert_allclose(layer_distance(x, y)[i], np.mean(expected), rtol=1e-9)
    assert layer_distance(x, x).tolist() == [0, 0]
