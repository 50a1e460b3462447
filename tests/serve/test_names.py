"""Visitors' file names: any name is cleaned so that every system unpacks it inside a folder."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.serve.names import FreeNames, clean_name, clean_part, file_name

NASTY = st.text(
    st.one_of(st.sampled_from('/\\.:*?<>|"ab C~$%\0\n\x7f\u202e'), st.characters()), max_size=300
)


@given(NASTY)
def test_a_clean_name_is_relative_printable_and_allowed_on_every_system(name: str) -> None:
    path = clean_name(name)
    assert not path.is_absolute()
    assert not PureWindowsPath(path).is_absolute()
    assert not PureWindowsPath(path).drive
    assert path.parts
    for part in path.parts:
        assert part not in ("", ".", "..")
        assert part.isprintable()
        assert not set(part) & set('<>:"|?*\\/')
        assert part == part.strip(". ")
        assert len(part) <= 81
        assert not PureWindowsPath(part).is_reserved()


@pytest.mark.parametrize(("name", "expected"), [
    ("photos/år 2024/my photo.JPG", "photos/år 2024/my photo"),
    ("../../etc/passwd.png", "etc/passwd"),
    ("/etc/shadow.png", "etc/shadow"),
    ("C:\\Windows\\system32\\a.png", "C_/Windows/system32/a"),
    ("a/../../b.jpg", "a/b"),
    ("nul.png", "_nul"),
    (".png", "png"),
    ("...", "image"),
    ("", "image"),
    ("a.b.c.png", "a.b.c"),
    ("line\nbreak.png", "line_break"),
])  # fmt: skip
def test_examples(name: str, expected: str) -> None:
    assert clean_name(name) == PurePosixPath(expected)


@given(st.lists(st.sampled_from(["a", "A", "b", "a-2", "ß", "ss"]), max_size=12))
def test_names_are_unique_on_a_disk_that_ignores_case(stems: list[str]) -> None:
    free = FreeNames()
    taken = [free.take(stem, ".png") for stem in stems]
    assert len({name.casefold() for name in taken}) == len(stems)
    assert all(name.startswith(stem) for name, stem in zip(taken, stems, strict=True))


@given(NASTY, NASTY)
def test_a_download_has_a_name_that_every_disk_and_url_allows(name: str, model: str) -> None:
    found = file_name(name, clean_part(model), "ab")  # as open_models cleans it
    assert len(f"{found}.jpeg".encode()) <= 255
    assert found.endswith("-ab")
    assert not set(found) & set('/\\#%?&:*"<>|\0\n')


@pytest.mark.parametrize(("name", "expected"), [
    ("IMG_2.HEIC", "IMG_2-monet-ab"),
    ("../../etc/IMG 2 (1).jpg", "IMG 2 (1)-monet-ab"),
    ("100%#.png", "100__-monet-ab"),
    ("größe.png", "größe-monet-ab"),
    ("", "image-monet-ab"),
])  # fmt: skip
def test_a_download_is_named_after_the_picture(name: str, expected: str) -> None:
    assert file_name(name, "monet", "ab") == expected
