"""Malicious zips: they write no file outside, do not fill the memory or stop the batch."""

import io
import stat
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.serve.batch import MOST_READ, CautiousFile, Upload, translate_batch
from gan.serve.studio import RejectedError, Studio, Wish
from tests.support.hostile import huge_png
from tests.support.serving import Picture

Members = dict[str, bytes]


def zipped(path: Path, members: Members, method: int = zipfile.ZIP_DEFLATED) -> Upload:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return Upload(path, path.name)


def translate(studio: Studio, *uploads: Upload) -> tuple[Members, dict[str, str]]:
    """Return the members of the resulting zip, and the failed files with their reasons."""
    target = studio.folder / "translated.zip"
    before = set(studio.folder.rglob("*"))
    steps = list(translate_batch(studio, uploads, Wish(studio.choices[0]), target))
    assert [step.done for step in steps] == list(range(steps[-1].total + 1))
    assert set(studio.folder.rglob("*")) - before == {target}  # no other file is left
    with zipfile.ZipFile(target) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    table = members.pop("failed.tsv", b"file\treason\n").decode().splitlines()
    failed = dict(line.split("\t") for line in table[1:])
    assert steps[-1].failed == len(failed)
    return members, failed


def is_negative(result: bytes, original: bytes) -> bool:
    ours, theirs = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
        for data in (result, original)
    )
    return bool((ours + theirs == 255).all())


@pytest.fixture
def png(picture: Picture) -> bytes:
    return picture("noise.png").read_bytes()


def test_uploads_and_members_come_back_in_order_under_clean_names(
    studio: Studio, picture: Picture, tmp_path: Path
) -> None:
    pictures = [picture(f"{seed}.png", seed) for seed in range(4)]
    data = [path.read_bytes() for path in pictures]
    archive = zipped(tmp_path / "folder.zip", {
        "år 2024/": b"", "år 2024/a.png": data[0], "år 2024/A.PNG": data[1], "notes.txt": b"hello",
        "__MACOSX/år 2024/._a.png": b"x", ".hidden/b.png": b"x",
    })  # fmt: skip
    members, failed = translate(studio, archive, Upload(pictures[2], "a/../../2.png"),
                                Upload(pictures[3], "år 2024/a.png"))  # fmt: skip
    assert list(members) == ["år 2024/a.png", "år 2024/A-2.png", "a/2.png", "år 2024/a-3.png"]
    assert failed == {}
    for result, original in zip(members.values(), data, strict=True):
        assert is_negative(result, original)


@pytest.mark.parametrize("name", [
    "../../../evil.png", "/evil.png", "/etc/cron.d/evil.png", "C:\\evil.png", "\\\\host\\evil.png",
    "a/../../../../evil.png", "..\\..\\evil.png", "evil.png\x00.txt.png", "~/evil.png",
])  # fmt: skip
def test_names_cannot_write_outside_the_zip(
    studio: Studio, tmp_path: Path, png: bytes, name: str
) -> None:
    outside = {path for path in tmp_path.rglob("*") if studio.folder not in path.parents}
    members, _ = translate(studio, zipped(tmp_path / "x.zip", {name: png, "good.png": png}))
    now = {path for path in tmp_path.rglob("*") if studio.folder not in path.parents}
    assert now - outside == {tmp_path / "x.zip"}
    assert not Path("/evil.png").exists()
    for member in members:
        assert not member.startswith(("/", "\\"))
        assert ".." not in member
        assert "\\" not in member
        assert ":" not in member
    assert "good.png" in members


def test_links_encrypted_and_nested_members_are_reported_and_the_rest_is_translated(
    studio: Studio, tmp_path: Path, png: bytes
) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.png": png}).path.read_bytes()
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("nested.zip", inner)
        archive.writestr("nested.png", inner)
        archive.writestr("lzma.png", png, zipfile.ZIP_LZMA)
        archive.writestr("bomb.png", huge_png(20_000, 15_000))
        archive.writestr("secret.png", png)
        archive.writestr("good.png", png)
    # Set the flag for encryption, in the list of members and in the member's own header.
    content = bytearray(path.read_bytes())
    for at, offset in (
        (content.find(b"secret.png") - 30, 6),
        (content.rfind(b"secret.png") - 46, 8),
    ):
        content[at + offset] |= 1
    path.write_bytes(content)
    members, failed = translate(studio, Upload(path, "x.zip"))
    assert list(members) == ["good.png"]
    assert failed == {
        "link.png": "a link; links are not followed",
        "nested.png": "not an image of a known kind",
        "lzma.png": "compression method not supported: use stored or deflated",
        "bomb.png": "300.0 megapixels; at most 0.1 allowed",
        "secret.png": "encrypted",
    }


ZEROS = 100_000_000


@pytest.fixture
def bomb(tmp_path: Path, png: bytes) -> Path:
    """Return a zip with a member that unpacks to a thousand times its length."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros.png", "w") as member:
            for _ in range(100):
                member.write(bytes(ZEROS // 100))
        archive.writestr("good.png", png)
    assert (tmp_path / "x.zip").stat().st_size < 200_000
    return tmp_path / "x.zip"


@pytest.mark.parametrize("lies", [False, True])
def test_a_member_that_unpacks_to_too_much_uses_no_memory(
    studio: Studio, bomb: Path, lies: bool
) -> None:
    if lies:  # the list of members states 500 bytes
        content = bomb.read_bytes()
        length = ZEROS.to_bytes(4, "little")
        assert content.count(length) in (1, 2)
        bomb.write_bytes(content.replace(length, (500).to_bytes(4, "little")))
    tracemalloc.start()
    members, failed = translate(studio, Upload(bomb, "x.zip"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    assert list(members) == ["good.png"]
    reason = "damaged: " if lies else "more than 1 MB unpacked"
    assert failed["zeros.png"].startswith(reason)


def test_too_many_members_are_rejected_before_one_is_read(
    studio: Studio, tmp_path: Path, png: bytes
) -> None:
    many = zipped(tmp_path / "x.zip", {f"{number}.png": b"" for number in range(5000)})
    with pytest.raises(RejectedError, match="5000 pictures; at most 20 are allowed"):
        translate(studio, many)


def test_a_list_of_members_that_is_too_long_is_not_read(studio: Studio, tmp_path: Path) -> None:
    names = {f"{number:06d}{'x' * 200}.txt": b"" for number in range(5000)}
    with pytest.raises(RejectedError, match=r"long\.zip: its list of members is too long"):
        translate(studio, zipped(tmp_path / "long.zip", names))


def test_a_cautious_file_is_not_read_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(MOST_READ + 1))
    with CautiousFile(tmp_path / "file") as file:
        assert len(file.read(MOST_READ)) == MOST_READ
        file.seek(0)
        for size in (-1, None, MOST_READ + 1):
            with pytest.raises(zipfile.BadZipFile):
                file.read(size)


def test_the_total_megapixels_of_a_batch_are_limited(studio: Studio, picture: Picture) -> None:
    path = picture("large.png", size=(400, 240))  # 0.096 megapixels
    uploads = [Upload(path, f"{number}.png") for number in range(12)]
    members, failed = translate(studio, *uploads)
    assert (len(members), len(failed)) == (10, 2)  # of 1 megapixel in total
    assert failed["11.png"] == "skipped: a batch may have at most 1 megapixels in total"


@pytest.mark.parametrize(("content", "reason"), [
    ({}, "no pictures"),
    ({"notes.txt": b"hello"}, "no pictures"),
    ({"bad\n<b>.png": b"no image, but long enough"}, r"^bad\\n<b>\.png: not an image of a known"),
])  # fmt: skip
def test_a_batch_without_an_image_is_rejected(
    studio: Studio, tmp_path: Path, content: Members, reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason):
        translate(studio, zipped(tmp_path / "x.zip", content))


def test_a_damaged_zip_is_rejected_in_one_line(studio: Studio, tmp_path: Path, png: bytes) -> None:
    path = zipped(tmp_path / "x.zip", {"a.png": png}, zipfile.ZIP_STORED).path
    content = path.read_bytes()
    at = content.find(png[:100]) + 60
    path.write_bytes(content[:at] + b"\xff" + content[at + 1 :])
    with pytest.raises(RejectedError, match=r"^a\.png: damaged: Bad CRC-32"):
        translate(studio, Upload(path, "x.zip"))
    path.write_bytes(content[:-22] + content[-21:] + b"\0" * 21)
    with pytest.raises(RejectedError):
        translate(studio, Upload(path, "x.zip"))
