"""Images below a URL are indexed like those of a folder, once for a run."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
import torch

from gan.data import build_dataset, index_folder, index_folders, mark_broken, write_index
from gan.data.crops import read_resized
from gan.images import ImageError, list_images
from gan.system import stores
from gan.system.remote import RemotePath, place
from tests.support.launching import write_images
from tests.support.runs import config

URL = "memory://store"


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Path]:
    """A dataset on the disk, and the same below URL."""
    folder = write_images(tmp_path / "data")
    (folder / "trainA/.hidden.png").write_bytes(b"")
    (folder / "trainA/notes.txt").write_bytes(b"text")
    for path in folder.rglob("*.*"):
        stores.write(
            f"{URL}/{path.relative_to(folder).as_posix()}", path.read_bytes(), replace=True
        )
    yield folder
    fsspec.filesystem("memory").store.clear()


def test_an_index_and_every_pair_are_those_of_the_folder(images: Path, tmp_path: Path) -> None:
    local, remote = config(images, tmp_path), config(Path(URL), tmp_path)
    theirs, ours = index_folders(local.data), index_folders(remote.data)
    for domain in theirs:
        assert ours[domain].fingerprint == theirs[domain].fingerprint
        assert [path.name for path in ours[domain].files] == [
            path.name for path in theirs[domain].files
        ]
    on_disk, in_store = build_dataset(local, theirs), build_dataset(remote, ours)
    for index in range(5):
        for a, b in zip(on_disk[1, index], in_store[1, index], strict=True):
            assert torch.equal(a, b)


def test_a_run_keeps_its_list_whatever_is_added_or_broken_later(
    images: Path, tmp_path: Path
) -> None:
    whole, known = config(Path(URL), tmp_path), tmp_path / "index.json"
    first = index_folders(whole.data, known=known)
    write_index(known, first.values())
    stores.write(f"{URL}/trainA/000.png", b"new", replace=True)
    stores.remove(f"{URL}/trainA/2.png")
    mark_broken(known, [f"{URL}/trainA/2.png"])
    again = index_folders(whole.data, known=known)
    assert again["a"].files == first["a"].files
    assert again["a"].fingerprint == first["a"].fingerprint
    assert list(again["a"].broken) == [f"{URL}/trainA/2.png"]
    assert again["a"].unreadable[0].startswith(f"{URL}/trainA/2.png: could not be read")
    assert not again["b"].broken
    assert len(index_folders(whole.data)["a"].files) == 5  # a new run: one more, one less


def test_most_images_and_nothing_at_all(images: Path) -> None:
    root = place(f"{URL}/trainA")
    few = index_folder(root, max_images=2, max_unreadable=0)
    assert [path.name for path in few.files] == ["0.png", "1.png"]
    with pytest.raises(ValueError, match="memory://store/nothing: no "):
        index_folder(place(f"{URL}/nothing"), max_images=None, max_unreadable=0)
    with pytest.raises(ValueError, match="does not exist or is empty: check the URL"):
        list_images(place(f"{URL}/nothing"))
    assert len(list_images(root)) == 5


def test_an_image_that_is_smaller_than_a_crop_is_named(images: Path, tmp_path: Path) -> None:
    whole = config(Path(URL), tmp_path, data={"resize": "none", "crop_size": 32})
    path = place(f"{URL}/trainA/0.png")
    with pytest.raises(ImageError, match=f"{path}: 20x24 pixels, smaller than 32"):
        read_resized(path, "a", whole.data)


def test_damaged_objects_are_named_as_files_are(images: Path, tmp_path: Path) -> None:
    data = config(images, tmp_path).data
    for name, content in (("0.png", b"dear diary"), ("1.png", b""), ("2.png", None)):
        local, remote = images / "trainA" / name, place(f"{URL}/trainA/{name}")
        content = local.read_bytes()[:-200] if content is None else content
        local.write_bytes(content)
        stores.write(str(remote), content, replace=True)
        reasons = []
        for path in (local, remote):
            with pytest.raises(ImageError) as raised:
                read_resized(path, "a", data)
            reasons.append(str(raised.value).removeprefix(f"{path}: "))
        assert reasons[0] == reasons[1]


def test_the_cache_has_objects_with_a_tag(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = config(Path(URL), tmp_path, data={"cache": tmp_path / "cache"})
    dataset = build_dataset(whole, index_folders(whole.data))
    root = place(f"{URL}/trainA")
    assert isinstance(root, RemotePath)
    tagged = root.joined("0.png", 1, "tag")
    first = dataset.crops(tagged, "a", 0)
    fsspec.filesystem("memory").store.clear()
    assert torch.equal(dataset.crops(tagged, "a", 0), first)
    with pytest.raises(ImageError, match="no such object"):
        dataset.crops(root.joined("0.png", 1, "another"), "a", 0)
    with pytest.raises(ImageError, match="no such object"):
        dataset.crops(root.joined("0.png", 1, ""), "a", 0)
