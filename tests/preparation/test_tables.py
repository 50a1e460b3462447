"""Tables in common formats are read; other files are rejected in one line with their name."""

from pathlib import Path

import pytest

from gan.preparation.tables import file_column, read_rows


@pytest.mark.parametrize(("name", "content"), [
    ("t.csv", b"filename,artist\na.jpg,\"Hals, Frans\"\n\nb.jpg,Monet\n"),
    ("t.csv", b"\xef\xbb\xbffilename;artist\r\na.jpg;Hals, Frans\r\nb.jpg;Monet\r\n"),
    ("t.TSV", b"filename\tartist\na.jpg\tHals, Frans\nb.jpg\tMonet"),
    ("t.json", b'[{"filename": "a.jpg", "artist": "Hals, Frans", "boxes": [1]},'
               b' {"filename": "b.jpg", "artist": "Monet"}]'),
])  # fmt: skip
def test_every_kind_of_table_has_the_same_rows(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_rows(tmp_path / name) == [
        {"filename": "a.jpg", "artist": "Hals, Frans"},
        {"filename": "b.jpg", "artist": "Monet"},
    ]


def test_nested_objects_have_dotted_names_and_missing_keys_are_empty(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text('[{"name": "a", "attributes": {"timeofday": "night"}}, {"name": "b"}]')
    assert read_rows(path) == [
        {"name": "a", "attributes.timeofday": "night"},
        {"name": "b", "attributes.timeofday": ""},
    ]


def test_bytes_that_are_not_text_are_kept_as_in_file_names(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"filename\n\xff\xfe.jpg\n")
    (row,) = read_rows(tmp_path / "t.csv")
    assert row["filename"].encode("utf-8", "surrogateescape") == b"\xff\xfe.jpg"


@pytest.mark.parametrize(("name", "content", "expected"), [
    ("t.csv", b"", "not a table"),
    ("t.csv", b"filename,artist\n", "this table has no rows"),
    ("t.csv", b"a,a\n1,2\n", "two columns are called 'a'"),
    ("t.csv", b"a,b\n1\n", "row 2 has 1 cells, the first 2"),
    ("t.csv", b'a,b\n"1,2\n', "not a table"),
    ("t.json", b"{}", "not a list of objects"),
    ("t.json", b"[1]", "not a list of objects"),
    ("t.json", b"[" * 100_000, "not JSON"),
])  # fmt: skip
def test_files_that_are_not_tables_are_named(
    name: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=expected) as caught:
        read_rows(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))


def test_the_column_of_the_files_is_guessed_or_given() -> None:
    path = Path("t.csv")
    assert file_column(path, ["title", "new_filename"], None) == "new_filename"
    assert file_column(path, ["title", "picture"], "picture") == "picture"
    with pytest.raises(ValueError, match="did you mean picture"):
        file_column(path, ["title", "picture"], "pictur")
    with pytest.raises(ValueError, match="Set --file_column to one of title, artist"):
        file_column(path, ["title", "artist"], None)
