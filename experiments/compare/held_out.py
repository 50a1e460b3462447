"""Write folders for choosing recipes, from the training images of photo2ochre or a similar dataset.

`python -m experiments.compare.held_out --data DATA --output FOLDER` writes three folders:

- held: all crops of two photographs per domain are valA and valB, the rest trainA and trainB.
- prints: photographs of trainA only, so that the true paintings are known. Half of them are trainA,
  the demo's paintings of the other half are trainB; valA are two more, valB their paintings.
- few: twenty images per domain from all photographs, and DATA's testA and testB.

Names are PHOTOGRAPH_CROP. No photograph is in two folders, except in valA and valB of prints.
"""

import shutil
from pathlib import Path

from jsonargparse import auto_cli

from demo.dataset import painted
from experiments.compare.measuring import photograph
from gan.images import list_images, read_image, write_image

FEW = 20
"""Images per domain in the folder few."""


def hold_out(data: Path, output: Path, a: str = "68,72", b: str = "61,62") -> None:
    """Write held, prints and few into a folder; ValueError if it exists already.

    Args:
        data: Folder with trainA, trainB and, for few, testA and testB.
        output: A new folder for the three.
        a: Photographs of trainA that are held out.
        b: Photographs of trainB that are held out.
    """
    if output.exists():
        raise ValueError(f"{output}: exists already; name another folder")
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
