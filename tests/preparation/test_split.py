"""Whole groups are drawn for the test, as many as the option sets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.domains import Domain
from gan.preparation.candidates import Candidate
from gan.preparation.split import bordering, drawn, groups, joined, quota


def member(domain: Domain, name: str) -> Candidate:
    return Candidate(domain, Path("source", name), Path(name))


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29))))
def test_groups_are_the_connected_components(count: int, pairs: list[tuple[int, int]]) -> None:
    edges = [(one % count, other % count) for one, other in pairs]
    label = list(range(count))
    for _ in range(count):  # spread the smallest number until nothing changes
        for one, other in edges:
            label[one] = label[other] = min(label[one], label[other])
    expected = {frozenset(i for i in range(count) if label[i] == n) for n in label}
    assert {frozenset(group) for group in joined(count, edges)} == expected


@given(st.integers(1, 200), st.floats(0, 0.999), st.integers(0, 10))
def test_single_pictures_are_divided_by_the_share(count: int, test: float, seed: int) -> None:
    members = [member("a", f"{number}.jpg") for number in range(count)]
    found = drawn(members, [[number] for number in range(count)], test, seed)
    assert len(found) == quota(count, test, "a")
    assert abs(len(found) - test * count) <= 1
    assert len(found) < count


def test_the_test_s_size_may_be_a_number_but_not_all_pictures() -> None:
    assert quota(10, 3, "a") == 3
    with pytest.raises(ValueError, match="test: 10 of the 10 images of B leave none"):
        quota(10, 10, "b")


def test_groups_over_both_domains_are_on_one_side() -> None:
    members = [member("a" if n < 20 else "b", f"{n}.jpg") for n in range(40)]
    together = groups(members, [(n, n + 20) for n in range(0, 20, 2)], 10)
    for seed in range(10):
        test = drawn(members, together, 0.25, seed)
        assert all((n in test) == (n + 20 in test) for n in range(0, 20, 2))
        assert sum(n < 20 for n in test) == sum(n >= 20 for n in test) == 5


def test_one_picture_more_does_not_shuffle_the_others() -> None:
    names = [f"{number}.jpg" for number in range(100)]
    before = {names[n] for n in drawn([member("a", x) for x in names], single(100), 0.2, 0)}
    more = [*names, "new.jpg"]
    after = {more[n] for n in drawn([member("a", x) for x in more], single(101), 0.2, 0)}
    assert len(before ^ after) <= 2


def single(count: int) -> list[list[int]]:
    return [[number] for number in range(count)]


def test_a_video_is_split_in_blocks_and_no_training_frame_is_near_a_test_frame() -> None:
    seconds = [number / 4 for number in range(400)]
    video = Path("v.mp4")
    members = [
        Candidate("a", video, Path(f"{n}.jpg"), frame=n, second=second)
        for n, second in enumerate(seconds)
    ]
    together = groups(members, [], 10)
    assert [len(group) for group in together] == [40] * 10
    test = drawn(members, together, 0.2, 0)
    assert len(test) == 80
    train = {*range(400)} - test - bordering(members, test)
    assert min(abs(seconds[one] - seconds[other]) for one in train for other in test) > 1
    assert len(train) >= 320 - 2 * 2 * 4


def test_few_large_groups_still_leave_a_test() -> None:
    members = [member("a", f"{n}.jpg") for n in range(30)]
    together = [[*range(10)], [*range(10, 18)], [*range(18, 30)]]
    assert drawn(members, together, 0.1, 0) == {*range(10, 18)}
    assert drawn(members, [[*range(30)]], 0.1, 0) == set()
