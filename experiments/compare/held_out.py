"""Write folders for choosing recipes, from the training images of photo2ochre or a similar dataset.

`python -m experiments.compare.held_out --data DATA --output FOLDER` writes four folders:

- held: all crops of two photographs per domain are valA and valB, the rest trainA and trainB.
- prints: photographs of trainA only, so that the true paintings are known. Half of them are trainA,
  the demo's paintings of the other half are trainB; valA are two more, valB their paintings.
- demo: the training images of the demo; valA are three crops of each photograph of trainA, valB
  their paintings.
- few: twenty images per domain from all photographs, and DATA's testA and testB.

Names are PHOTOGRAPH_CROP. No photograph is in two folders, except in valA and valB of prints and
demo.
"""

import shutil
from itertools import groupby
from pathlib import Path

from jsonargparse import auto_cli

from demo.dataset import images, painted
from experiments.compare.measuring import photograph
from gan.images import list_images, read_image, write_image

FEW = 20
"""Images per domain in the folder few."""
CROPS = 3
"""Crops of each photograph in valA of the folder demo."""


def hold_out(data: Path, output: Path, a: str = "68,72", b: str = "61,62") -> None:
    """Write held, prints, demo and few into a folder; ValueError if it exists already.

    Args:
        data: Folder with trainA, trainB and, for few, testA and testB.
        output: A new folder for the four.
        a: Photographs of trainA that are held out.
        b: Photographs of trainB that are held out.
    """
    if output.exists():
        raise ValueError(f"{output}: exists already; name another folder")
    held = {"A": a.split(","), "B": b.split(",")}
    for domain, names in held.items():
        for path in list_images(data / f"train{domain}"):
            split = "val" if photograph(path) in names else "train"
            copy(path, output / "held" / f"{split}{domain}")
    for name in ("trainA", "trainB", "testA", "testB"):
        paths = list_images(data / name) if (data / name).is_dir() else []
        for path in spread(paths, FEW if name.startswith("train") else len(paths)):
            copy(path, output / "few" / name)
    paths = list_images(data / "trainA")
    write_prints(paths, held["A"], output / "prints")
    write_demo(paths, output / "demo")


def write_prints(paths: list[Path], held: list[str], folder: Path) -> None:
    """Write photographs, the demo's paintings of others, and the held-out ones with theirs."""
    names = sorted({photograph(path) for path in paths} - set(held))
    for path in paths:
        name = photograph(path)
        if name not in names:
            write_pair(path, folder)
        elif names.index(name) % 2 == 0:
            write_image(read_image(path).convert("RGB"), folder / "trainA" / f"{path.stem}.png")
        else:
            painting = painted(read_image(path).convert("RGB"))
            write_image(painting, folder / "trainB" / f"{path.stem}.png")


def write_demo(paths: list[Path], folder: Path) -> None:
    """Write the demo's training images, and crops of other photographs with their paintings."""
    for name, image in images():
        if name.startswith("train"):
            write_image(image, folder / name)
    for _, crops in groupby(paths, photograph):
        for path in spread(list(crops), CROPS):
            write_pair(path, folder)


def write_pair(path: Path, folder: Path) -> None:
    """Write a photograph into valA and its painting into valB."""
    image = read_image(path).convert("RGB")
    write_image(image, folder / "valA" / f"{path.stem}.png")
    write_image(painted(image), folder / "valB" / f"{path.stem}.png")


def spread(paths: list[Path], count: int) -> list[Path]:
    """Return at most `count` of the paths, evenly spread over their order."""
    count = min(count, len(paths))
    return [paths[number * len(paths) // count] for number in range(count)]


def copy(path: Path, folder: Path) -> None:
    """Copy a file into a folder, which is created if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder)


if __name__ == "__main__":
    auto_cli(hold_out, as_positional=False)
