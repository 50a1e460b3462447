"""Folders to choose recipes by, made of the training images of photo2ochre or of one like it.

`python -m experiments.compare.held_out --data DATA --output FOLDER` writes three:

- held: two photographs a side, all their crops, are valA and valB, the rest trainA and trainB.
- prints: photographs of trainA alone, so that there is a truth. Half of them are A, the demo's
  paintings of the other half are B; valA are those of two more, valB their own paintings.
- few: twenty images a side, of as many photographs as there are, and DATA's testA and testB.

Names are PHOTOGRAPH_CROP; no photograph is in two folders but valA and valB of prints.
"""

import shutil
from pathlib import Path

from jsonargparse import auto_cli

from demo.dataset import painted
from experiments.compare.measuring import photograph
from gan.images import list_images, read_image, write_image

FEW = 20
"""Images a side in the smallest of the folders."""


def hold_out(data: Path, output: Path, a: str = "68,72", b: str = "61,62") -> None:
    """Write held, prints and few into a folder; ValueError where it is there already.

    Args:
        data: Folder with trainA, trainB and, for few, testA and testB.
        output: Folder of the three; it must not exist yet.
        a: Photographs of trainA that are held out.
        b: Photographs of trainB that are held out.
    """
    if output.exists():
        raise ValueError(f"{output}: is there already; name another folder")
    for domain, held in (("A", a.split(",")), ("B", b.split(","))):
        for path in list_images(data / f"train{domain}"):
            split = "val" if photograph(path) in held else "train"
            target = output / "held" / f"{split}{domain}" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    for name in ("trainA", "trainB", "testA", "testB"):
        images = list_images(data / name) if (data / name).is_dir() else []
        count = min(FEW, len(images)) if name.startswith("train") else len(images)
        (output / "few" / name).mkdir(parents=True)
        for number in range(count):
            shutil.copy(images[number * len(images) // count], output / "few" / name)
    paths = list_images(data / "trainA")
    names = sorted({photograph(path) for path in paths} - set(a.split(",")))
    for path in paths:
        name, image = photograph(path), read_image(path).convert("RGB")
        file, folder = f"{path.stem}.png", output / "prints"
        if name not in names:
            write_image(image, folder / "valA" / file)
            write_image(painted(image), folder / "valB" / file)
        elif names.index(name) % 2 == 0:
            write_image(image, folder / "trainA" / file)
        else:
            write_image(painted(image), folder / "trainB" / file)


if __name__ == "__main__":
    auto_cli(hold_out, as_positional=False)
