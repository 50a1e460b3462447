"""The line about a clip that is done."""

import pytest

from gan.config.choices import Steady
from gan.inference.video.clips import _about
from gan.inference.video.painter import Errors
from gan.inference.video.settings import STEADIER


@pytest.mark.parametrize(
    ("steady", "errors", "expected"),
    [
        ("flow", (30.0, 29.0, 9.0, 10), "good: it flickers no more than the original"),
        ("none", (0.0, 4.0, 9.0, 10), "good"),
        ("none", (30.0, 60.0, 9.0, 10), "than the original: try --steady flow, or statistics"),
        ("statistics", (30.0, 60.0, 9.0, 10), "than the original: try --steady flow"),
        ("flow", (30.0, 60.0, 9.0, 10), "--steady flow is the steadiest"),
    ],
)
def test_the_line_of_a_clip_says_what_is_good_and_what_to_try(
    steady: Steady, errors: tuple[float, float, float, int], expected: str
) -> None:
    line = _about([0], Errors(*errors), STEADIER[steady])
    assert line.startswith("1 shot; ")
    assert expected in line
