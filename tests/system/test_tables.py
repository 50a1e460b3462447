"""Columns, splits and rows of Parquet files of the Hub, by a stand-in for its API."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gan.system import stores
from gan.system.hub import Place
from gan.system.splits import chosen_files
from gan.system.tables import row_of
from tests.support.hub_server import HubServer, hub_server

URL = "hf://datasets/owner/name"
NAMES = ["big/test-0.parquet", "big/train-0.parquet", "small/train-0.parquet"]
CARD = {
    "configs": [
        {"config_name": "default", "data_files": [{"split": "train", "path": "big/train-*"}]},
        {
            "config_name": "tiny",
            "data_files": [
                {"split": "train", "path": ["small/*"]},
                {"split": "eval", "path": "big/test-*"},
            ],
        },
        {"config_name": "all", "data_files": "**"},
    ]
}


@pytest.mark.parametrize(
    ("query", "card", "expected"),
    [
        ({}, {}, NAMES[1:]),
        ({"split": "test"}, {}, NAMES[:1]),
        ({"config": "small"}, {}, NAMES[2:]),
        ({"config": "big"}, {}, NAMES[1:2]),
        ({}, CARD, NAMES[1:2]),
        ({"config": "tiny"}, CARD, NAMES[2:]),
        ({"config": "tiny", "split": "eval"}, CARD, NAMES[:1]),
        ({"config": "all"}, CARD, NAMES),
        ({"split": "valid"}, {}, "split valid: not there; there is test, train"),
        ({"config": "huge"}, {}, "config huge: not there; there is big, small"),
        ({"config": "huge"}, CARD, "config huge: not there; there is default, tiny, all"),
        ({"config": "tiny", "split": "x"}, CARD, "split x: not there; there is train, eval"),
    ],
)
def test_a_split_and_a_configuration_are_those_of_the_card_or_of_the_names(
    query: dict[str, str], card: dict[str, Any], expected: list[str] | str
) -> None:
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=f"^{expected}$"):
            chosen_files(NAMES, query, card)
    else:
        assert chosen_files(NAMES, query, card) == expected


def test_files_without_names_of_splits_are_all_taken_and_a_choice_that_is_not_clear_is_asked() -> (
    None
):
    assert chosen_files(["a.parquet", "b.parquet"], {}, {}) == ["a.parquet", "b.parquet"]
    assert chosen_files(["test-0.parquet"], {}, {}) == ["test-0.parquet"]
    with pytest.raises(ValueError, match=r"^add split=NAME; there is test, val$"):
        chosen_files(["test-0.parquet", "val-0.parquet"], {}, {})
    with pytest.raises(ValueError, match="no Parquet files here"):
        chosen_files([], {"column": "image"}, {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, ("owner/name", "main", "", "")),
        (f"{URL}@v1/data/x.png", ("owner/name", "v1", "data/x.png", "")),
        (f"{URL}?split=test&column=b", ("owner/name", "main", "", "split=test&column=b")),
        (
            f"{URL}@refs/convert/parquet/default?column=b/train/0.parquet/07.png",
            ("owner/name", "refs/convert/parquet", "default/train/0.parquet/07.png", "column=b"),
        ),
    ],
)
def test_the_parts_of_a_url(url: str, expected: tuple[str, ...]) -> None:
    place = Place.of(url)
    assert (place.repo, place.revision, place.path, place.query) == expected
    assert row_of(place.path) == (("default/train/0.parquet", 7) if "07" in url else None)


def test_a_choice_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no such choice: colum; there is config, split, column"):
        assert Place.of(f"{URL}?colum=a").chosen


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    """Seven rows in groups of three; column `plain` has bytes, and `image` structs."""
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    pictures = [bytes([65 + row]) * 40_000 for row in range(7)]
    image = [{"bytes": each, "path": "x.jpg"} for each in pictures]
    image[5] = {"bytes": None, "path": "x.jpg"}  # type: ignore[dict-item]
    table = arrow.table({"image": image, "label": list(range(7)), "plain": pictures})
    (tmp_path / "hub").mkdir()
    parquet.write_table(
        table, tmp_path / "hub/train.parquet", row_group_size=3, compression="snappy",
        use_dictionary=False,
    )  # fmt: skip
    with hub_server(monkeypatch, tmp_path / "hub", tmp_path / "home") as running:
        yield running


def rows(url: str) -> list[tuple[str, bytes]]:
    names = sorted(entry.name for entry in stores.listing(url))
    return [(name, stores.read(f"{url}/{name}")) for name in names if "/5" not in name]


@pytest.mark.engines
@pytest.mark.parametrize("column", ["image", "plain"])
def test_rows_are_read_one_by_one_and_each_row_group_is_fetched_once(
    server: HubServer, column: str
) -> None:
    expected = [
        (f"train.parquet/{row}.png", bytes([65 + row]) * 40_000) for row in (0, 1, 2, 3, 4, 6)
    ]
    url = stores.pinned(f"{URL}?column={column}")
    assert url == f"{URL}@{'a' * 40}?column={column}"
    assert rows(url) == expected
    server.requests.clear()
    code = (
        "import sys\nfrom gan.system import stores\n"
        "data = [stores.read(f'{sys.argv[1]}/train.parquet/{row}.png')[0] for row in (6, 0, 4)]\n"
        "print(data)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout) == [71, 65, 69]
    assert server.requests == []


@pytest.mark.engines
def test_columns_that_exist_are_named_and_a_row_without_an_image_too(server: HubServer) -> None:
    there = r"columns of images: image, plain \(others: label\)"
    for query, reason in [
        ("", r"add \?column=NAME"),
        ("?column=imag", "column imag: not there"),
        ("?column=label", "column label: holds no images"),
    ]:
        with pytest.raises(ValueError, match=f"name{query and '.' + query[1:]}: {reason}; {there}"):
            list(stores.listing(URL + query))
    with pytest.raises(ValueError, match="the row has no image in column image"):
        stores.read(f"{URL}?column=image/train.parquet/5.png")
    with pytest.raises(ValueError, match=r"name@v9\?column=plain: no revision v9"):
        list(stores.listing(f"{URL}@v9?column=plain"))


@pytest.mark.engines
def test_the_card_of_a_dataset_names_its_splits(server: HubServer) -> None:
    files = [{"split": "all", "path": "train.parquet"}]
    server.card = {"configs": [{"config_name": "mine", "data_files": files}], "license": "mit"}
    assert len(list(stores.listing(f"{URL}?column=plain&split=all"))) == 7
    with pytest.raises(ValueError, match=r"split=train: split train: not there; there is all"):
        list(stores.listing(f"{URL}?column=plain&split=train"))


@pytest.mark.engines
def test_a_killed_fetch_leaves_nothing_that_a_later_one_reads(
    server: HubServer, tmp_path: Path
) -> None:
    url = stores.pinned(f"{URL}?column=plain")
    list(stores.listing(url))
    kept = tmp_path / f"home/assets/gan/datasets--owner--name/{'a' * 40}/train.parquet"
    (kept / "plain-1.part").write_bytes(b"half")
    assert stores.read(f"{url}/train.parquet/4.png") == bytes([69]) * 40_000
    assert sorted(path.name for path in kept.iterdir() if path.suffix != ".lock") == [
        "footer.parquet",
        "plain-1.arrow",
    ]


@pytest.mark.engines
def test_a_folder_that_cannot_be_written_is_named(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{URL}?column=plain"
    list(stores.listing(url))
    kept = tmp_path / f"home/assets/gan/datasets--owner--name/{'a' * 40}/train.parquet"
    (kept / "plain-1.part").mkdir()
    with pytest.raises(stores.StoreError, match="a directory; set HF_ASSETS_CACHE to"):
        stores.read(f"{url}/train.parquet/4.png")
    monkeypatch.setenv("HF_ASSETS_CACHE", str(kept / "footer.parquet"))
    with pytest.raises(stores.StoreError, match="set HF_ASSETS_CACHE to use another folder"):
        stores.read(f"{url}/train.parquet/4.png")


def test_without_pyarrow_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub/train.parquet").write_bytes(b"PAR1")
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with (
        hub_server(monkeypatch, tmp_path / "hub", tmp_path / "home"),
        pytest.raises(ValueError, match=r"pyarrow: pip install 'gan-translation\[hub\]'"),
    ):
        list(stores.listing(URL))
