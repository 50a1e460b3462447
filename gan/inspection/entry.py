"""What `gan inspect` takes."""

from pathlib import Path

from gan.config.choices import MAX_MEGAPIXELS


def inspect_folders(
    root: Path | None = None,
    a: Path | None = None,
    b: Path | None = None,
    output: Path | None = None,
    min_side: int = 64,
    max_aspect: float = 3.0,
    min_images: int = 100,
    max_megapixels: float = MAX_MEGAPIXELS,
    strict: bool = False,
) -> int:
    """Look for what is wrong with a dataset: damaged, double, leaked, tiny; how A and B differ.

    Every image is decoded, nothing is changed. Faults make the exit status 1: what cannot be read,
    duplicates in one folder, pictures in training and in test, tiny and very long ones. What
    training handles is remarked on.

    Args:
        root: Folder with trainA, trainB, testA and testB (any of them), or of images.
        a: Folder of domain A, in place of a root.
        b: Folder of domain B, in place of a root.
        output: Folder for inspection.tsv, statistics.tsv and sheet.png, the faults as a picture;
            left out, nothing is written.
        min_side: Pixels; images with a shorter side are tiny.
        max_aspect: Ratio of the sides from which on images are too long.
        min_images: A smaller training folder is remarked on.
        max_megapixels: Larger images are not decoded.
        strict: Let remarks make the exit status 1 too.
    """
    given = locals()
    from gan.inspection.command import inspect  # torch and its company, which --help can do without

    return inspect(**given)
