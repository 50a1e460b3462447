"""The equation compared with NumPy in float64, and its parts with closed forms."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.stylize.objective import Target, Weights, equation, sums


def maps(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def numpy_total(
    picture: Tensor, actual: Tensor, photo: Tensor, wanted: Tensor, guides: Tensor
) -> list[float]:
    """Return content, style and tv of one layer, by the module's docstring."""
    f, p = actual[0].numpy(), photo[0].numpy()
    channels = len(f)
    content = 2 / np.sum(p**2) * np.sum((f - p) ** 2) / 2
    style = 0.0
    for share, a, guide in zip((0.25, 0.75), wanted.numpy(), guides[:, 0].numpy(), strict=True):
        guided = (f * guide).reshape(channels, -1)
        g = guided @ guided.T / np.sum(guide**2)
        weight = 4 * channels**2 / np.sum(a**2)
        style += share * weight * np.sum((g - a) ** 2) / (4 * channels**2)
    x = picture[0].numpy()
    dx, dy = np.zeros_like(x), np.zeros_like(x)
    dx[:, :, :-1], dy[:, :-1] = np.diff(x, axis=2), np.diff(x, axis=1)
    return [content, style, float(np.sqrt(dx**2 + dy**2).mean())]


def test_the_equation_equals_numpy() -> None:
    picture, actual, photo = maps(0, 1, 3, 8, 6), maps(1, 1, 4, 4, 3), maps(2, 1, 4, 4, 3)
    rows = maps(3, 2, 4, 9)
    wanted, guides = rows @ rows.transpose(1, 2), maps(4, 2, 1, 4, 3).abs()
    scales = {("energy", "at"): photo.square().sum()}
    scales |= {("mass", "at"): guides.square().sum(dim=(2, 3))[..., None]}
    target = Target({"at": wanted}, scales, (0.25, 0.75))
    parts = sums({"at": actual}, {"at": photo}, {"at": guides})
    terms = equation(parts, picture, target, Weights(2, 3, 5))
    expected = numpy_total(picture, actual, photo, wanted, guides)
    assert [float(term) for term in terms[:3]] == pytest.approx(expected, rel=1e-6)
    total = 2 * expected[0] + 3 * expected[1] + 5 * expected[2]
    assert terms.numbers()["total"] == pytest.approx(total, rel=1e-6)


def test_a_picture_without_features_has_content_1_and_style_1() -> None:
    photo, rows = maps(0, 1, 4, 4, 3), maps(1, 1, 4, 9)
    guides = torch.ones(1, 1, 4, 3, dtype=torch.float64)
    scales = {("energy", "at"): photo.square().sum(), ("mass", "at"): torch.full((1, 1, 1), 12.0)}
    target = Target({"at": rows @ rows.transpose(1, 2)}, scales, (1,))
    nothing = torch.zeros_like(photo)
    parts = sums({"at": nothing}, {"at": photo}, {"at": guides})
    terms = equation(parts, torch.zeros(1, 3, 8, 6).double(), target, Weights(1, 1, 1))
    assert terms.numbers() == pytest.approx({"content": 1, "style": 1, "tv": 0, "total": 2})


def test_parts_of_a_picture_add_up_to_the_picture() -> None:
    actual, photo = maps(0, 1, 4, 4, 6), maps(1, 1, 4, 4, 6)
    guides = maps(2, 2, 1, 4, 6).abs()
    whole = sums({"at": actual}, {"at": photo}, {"at": guides})
    halves = [
        sums({"at": actual[..., cut]}, {"at": photo[..., cut]}, {"at": guides[..., cut]})
        for cut in (slice(0, 4), slice(4, 6))
    ]
    for name, value in whole.items():
        torch.testing.assert_close(halves[0][name] + halves[1][name], value)
