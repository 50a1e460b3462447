"""Conditions choose the same rows as a plain loop; errors suggest the nearest name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.preparation.tables import chosen

ROWS = [
    {"artist": "Claude Monet", "genre": "landscape", "title": "Haystacks, snow"},
    {"artist": "Frans Hals", "genre": "portrait", "title": "A [lost] head"},
    {"artist": "claude monet ", "genre": "portrait", "title": "100 % red"},
]


@pytest.mark.parametrize(("conditions", "expected"), [
    ([], [0, 1, 2]),
    (["artist=Claude Monet"], [0, 2]),
    (["artist = claude monet", "genre=portrait"], [2]),
    (["artist!=Claude Monet"], [1]),
    (["genre=landscape,portrait"], [0, 1, 2]),
    (["title=Hay*"], [0]),
    (['title="Haystacks, snow"'], [0]),
    (["title=*[lost]*"], [1]),
    (["title=100*", "artist=*monet"], [2]),
])  # fmt: skip
def test_rows_that_fulfill_all_conditions_are_chosen(
    conditions: list[str], expected: list[int]
) -> None:
    assert chosen(ROWS, conditions, "table") == expected


@pytest.mark.parametrize(("condition", "expected"), [
    ("artst=x", "table: no column artst; did you mean artist?"),
    ("year=x", "table: no column year; there are artist, genre, title"),
    ("artist=Claude Mone", "artist is never claude mone; did you mean Claude Monet?"),
    ("artist", "should be column=value"),
    ("artist=", "should be column=value"),
    ("=x", "should be column=value"),
    ("artist=zz*", "table: no row fulfills artist=zz*"),
])  # fmt: skip
def test_a_wrong_condition_is_named(condition: str, expected: str) -> None:
    with pytest.raises(ValueError, match=re.escape(expected)):
        chosen(ROWS, [condition], "table")


@given(st.lists(st.sampled_from("abc"), min_size=1), st.sets(st.sampled_from("abc"), min_size=1))
def test_a_condition_and_its_opposite_share_the_rows_out(
    cells: list[str], wanted: set[str]
) -> None:
    rows = [{"x": cell} for cell in cells]
    values = ",".join(f"{value}*" for value in sorted(wanted))
    expected = [number for number, cell in enumerate(cells) if cell in wanted]
    for text, numbers in (("x=", expected), ("x!=", sorted({*range(len(cells))} - {*expected}))):
        if numbers:
            assert chosen(rows, [text + values], "rows") == numbers
