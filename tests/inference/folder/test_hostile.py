"""A folder with every difficulty: good files are translated, bad ones named, others unchanged."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from tests.support.commands import translate_folder
from tests.support.hostile import bomb, display_p3

Y, X = np.mgrid[:20, :30]
RED_TOP = np.where((Y < 10)[..., None], (255, 0, 0), (0, 0, 255)).astype(np.uint8)
"""30x20, upper half red, lower half blue: shows its orientation and its colors."""
DEEP = np.stack([X * 2000, Y * 3000, (X + Y) * 1300], -1).astype(np.uint16)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Write the folder to tmp_path / "in"."""
    root = tmp_path / "in"
    folder = root / "one" / "two levels" / "🎨 שלום"
    folder.mkdir(parents=True)
    photo = Image.fromarray(RED_TOP)
    photo.save(folder / "my photo.png")
    photo.save(folder / "صورة.webp", lossless=True)
    for suffix in ("png", "jpg", "bmp", "tif"):
        photo.save(root / "one" / f"same.{suffix}", quality=100)
    alpha = Image.fromarray(np.where(X < 15, 255, 0).astype(np.uint8))
    rgba = photo.copy()
    rgba.putalpha(alpha)
    rgba.save(root / "rgba.png")
    rgba.convert("LA").save(root / "la.png")
    photo.quantize(8).save(root / "palette.png", transparency=0)
    photo.convert("1").save(root / "one bit.png")
    Image.fromarray(DEEP[:, :, 0]).save(root / "deep grey.png")
    tifffile.imwrite(root / "deep.tif", DEEP, photometric="rgb")
    photo.convert("CMYK").save(root / "print.jpg", quality=100)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    photo.convert("CMYK").save(root / "profiled print.jpg", quality=100, icc_profile=lab)
    photo.save(root / "p3.png", icc_profile=display_p3())
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[274] = turn
        undo = {5: 5, 6: 8, 7: 7, 8: 6}.get(turn, turn)
        stored = photo if turn == 1 else photo.transpose(TURNS[undo])
        stored.save(root / f"turned {turn}.jpg", exif=exif, quality=100, subsampling=0)
    photo.save(root / "moving.gif", save_all=True, append_images=[photo.rotate(180)])
    photo.save(root / "really a png.jpg", "PNG")
    (root / "x.jpg").mkdir()
    photo.save(root / "x.jpg" / "inside.png")
    (root / "empty.jpg").touch()
    photo.save(root / "cut.jpg", quality=100)
    (root / "cut.jpg").write_bytes((root / "cut.jpg").read_bytes()[:700])
    (root / "bomb.png").write_bytes(bomb())
    photo.save(root / "closed.png")
    (root / "closed.png").chmod(0)
    (root / "dangling.png").symlink_to(root / "nothing.png")
    photo.save(tmp_path / "outside.png")
    (root / "leads out.png").symlink_to(tmp_path / "outside.png")
    (root / "notes.txt").write_text("no image")
    return root


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
BAD = {"empty.jpg", "cut.jpg", "bomb.png", "dangling.png", "leads out.png"}
if os.geteuid():
    BAD.add("closed.png")  # root can read every file
UPRIGHT = (
    "one/same.png", "one/same.jpg", "one/same.bmp", "one/same.tif", "rgba.png", "print.jpg",
    "profiled print.jpg", "moving.gif", "really a png.jpg", "x.jpg/inside.png",
    "one/two levels/🎨 שלום/my photo.png", "one/two levels/🎨 שלום/صورة.webp",
    *(f"turned {turn}.jpg" for turn in range(1, 9)),
)  # fmt: skip
"""Files whose negatives are cyan above yellow."""


def opencv(path: Path) -> np.ndarray[Any, Any]:
    """Read RGB, RGBA or gray as stored, with a library other than Pillow."""
    if path.suffix == ".gif":
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    values = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    assert values is not None, path
    values = np.asarray(values)
    return values if values.ndim == 2 else values[:, :, [2, 1, 0, 3][: values.shape[2]]]


def state(root: Path) -> dict[str, tuple[int, int, bytes | None]]:
    paths = sorted(root.rglob("*"))
    content = {path: path.read_bytes() if path.is_file() else None for path in paths}
    return {str(p): (p.lstat().st_mtime_ns, p.lstat().st_mode, content[p]) for p in paths}


def test_the_hostile_tree(tmp_path: Path, hostile: Path, negative_model: Path) -> None:
    before, out = state(hostile), tmp_path / "out"
    assert translate_folder(negative_model, hostile, out) == 1
    assert state(hostile) == before
    good = {
        path.relative_to(hostile).as_posix()
        for path in hostile.rglob("*")
        if path.is_file() and path.name not in BAD and path.suffix != ".txt"
    }
    came = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert came == good | {"failed.tsv"}
    lines = (out / "failed.tsv").read_text().splitlines()
    assert {Path(line.split("\t")[0]).name for line in lines[1:]} == BAD
    assert all(line.split("\t")[1] for line in lines)

    for name in UPRIGHT:
        values = opencv(out / name).astype(int)
        assert values.shape[:2] == (20, 30), name
        np.testing.assert_allclose(values[3, 3, :3], (0, 255, 255), atol=12, err_msg=name)
        np.testing.assert_allclose(values[16, 3, :3], (255, 255, 0), atol=12, err_msg=name)
    for name in ("rgba.png", "la.png"):
        alpha = opencv(out / name)[:, :, -1]
        assert (alpha[:, :15] == 255).all()
        assert (alpha[:, 15:] == 0).all()
    assert opencv(out / "palette.png").shape == (20, 30, 4)
    deep = tifffile.imread(out / "deep.tif")
    assert deep.dtype == np.uint16
    assert np.abs(deep.astype(int) - (65535 - DEEP.astype(int))).max() <= 1
    gray = opencv(out / "deep grey.png")
    assert gray.dtype == np.uint16
    assert np.abs(gray[:, :, 0].astype(int) - (65535 - DEEP[:, :, 0].astype(int))).max() <= 1
    assert opencv(out / "one bit.png").shape[:2] == (20, 30)
    # Display P3's blue lies outside sRGB: its negative is yellow; the header has no profile left.
    np.testing.assert_allclose(opencv(out / "p3.png")[16, 3], (255, 255, 0), atol=12)
    with Image.open(out / "p3.png") as image:
        assert "icc_profile" not in image.info
