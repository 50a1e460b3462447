"""Print the parts of good and of damaged translations that `gan augment` rejects.

python -m experiments.checks.gates --root ROOT
python -m experiments.checks.gates --root ROOT --model checkpoints/ochre
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jsonargparse import auto_cli

from experiments.checks.bad_translations import (
    FAILURES,
    Pixels,
    photographs,
    rates,
    replaced,
    translations,
)
from gan.augment.options import AugmentOptions
from gan.augment.round_trip import open_model
from gan.images.pixels import from_array, to_array
from gan.inference.checks import require_finite

KINDS = FAILURES | {"one object replaced": replaced}


def check(root: Path, model: Path | None = None) -> None:
    """Print a table of the parts that the default gates reject.

    Args:
        root: Folder with testA, testB (the true paintings of testA, by name) and trainA.
        model: Run whose translations of testA and trainA are tested in place of filters.
    """
    print("| good translations | images | lost |", *(f"{name} |" for name in KINDS))
    print("| --- | --- | --- |", *("--- |" for _ in KINDS))
    for name, pairs in by_model(root, model) if model else translations(root):
        found = rates(pairs, KINDS)
        print(
            f"| {name} | {len(pairs)} |",
            *(f"{share:.1%} |" for share in found.values()),
            flush=True,
        )


def by_model(root: Path, model: Path) -> Iterator[tuple[str, list[tuple[Pixels, Pixels]]]]:
    """Yield the pairs (photograph, translation) of a trained generator."""
    config = AugmentOptions(
        model=[model], dataset=root, format="imagefolder", output=Path("none"), direction="ab"
    )
    translator, _ = open_model(model, config)
    photos = [*photographs(root / "testA"), *photographs(root / "trainA", 6)]
    results = [translator.translate_batch(from_array(photo)[None])[0] for photo in photos]
    yield (
        model.name,
        [
            (p, np.asarray(to_array(require_finite(r))))
            for p, r in zip(photos, results, strict=True)
        ],
    )


if __name__ == "__main__":
    auto_cli(check, as_positional=False)
