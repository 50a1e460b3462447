"""The rows of directions agree with their names."""

from typing import get_args

from gan.domains import DIRECTIONS, DOMAINS, Direction, Domain


def test_a_directions_name_gives_its_domains_and_its_opposite() -> None:
    assert get_args(Domain) == DOMAINS
    assert get_args(Direction) == tuple(DIRECTIONS)
    for name, ends in DIRECTIONS.items():
        assert name == ends.source + ends.target
        assert ends.opposite == name[::-1]
        assert ends.label == " to ".join(name.upper())
        assert ends.arrow.split() == [ends.source.upper(), "→", ends.target.upper()]
