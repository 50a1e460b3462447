"""Translate a folder of images with Ray Data, on all machines of a Ray cluster.

pip install "ray[data]" and this project; then, on the cluster or on one machine:

python ray_translate.py --model RUN --input photos/ --output paintings/ --actors 8 --gpus 1

The folders must be on a disk that all machines share. The files are those of `gan translate`, in
every byte, if all machines compute on the same kind of device: pictures are translated in the same
batches. Files that are there are kept, so the same command continues an interrupted one.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ray

from gan.images.marks import mark_of
from gan.inference.folder.batches import make_batches
from gan.inference.folder.pipeline import Pipeline, write_translation
from gan.inference.folder.plan import Job, make_plan
from gan.inference.translator import Translator

MEGAPIXELS = 178
"""Larger pictures are reported, not translated."""


class Translate:
    """An actor: a generator in memory that translates batches of the plan."""

    def __init__(self, model: str, direction: Any, batches: Sequence[Sequence[Job]]) -> None:
        translator = Translator.load(model, direction)
        mark = mark_of(translator.source)
        write = partial(write_translation, quality=95, overwrite=False, mark=mark)
        self.pipeline = Pipeline(translator, MEGAPIXELS, None, Path("."), write, stacks=True)
        self.batches = batches

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[str]]:
        """Read, translate and write; return a row for each picture: its path, and what failed."""
        outcomes = list(self.pipeline.run([self.batches[number] for number in rows["id"]]))
        return {
            "source": [str(outcome.job.source) for outcome in outcomes],
            "failure": [each.failure.reason if each.failure else "" for each in outcomes],
        }


def main() -> int:
    """Plan here, translate on the actors, name what failed; return the exit status."""
    parser = argparse.ArgumentParser(description="Translate a folder of images with Ray Data.")
    for name in ("model", "input", "output"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--direction", choices=["ab", "ba"])
    parser.add_argument("--actors", type=int, default=2, help="actors, each with a generator")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of an actor, 0 for the CPU")
    words = parser.parse_args()
    output = words.output.resolve()
    plan = make_plan(words.input.resolve(), output, None, None, False, MEGAPIXELS)
    for folder in plan.folders:
        folder.mkdir(parents=True, exist_ok=True)
    batches = make_batches(plan.jobs, None, "cuda" if words.gpus else "cpu")
    todo = [number for number, batch in enumerate(batches) if not all(job.done for job in batch)]
    failed = [f"{each.source}: {each.reason}" for each in plan.failures]
    if todo:
        resources = {"num_gpus": words.gpus} if words.gpus else {"num_cpus": 1}
        rows = (
            ray.data.from_items([{"id": number} for number in todo], override_num_blocks=len(todo))
            .map_batches(
                Translate, batch_size=1, concurrency=words.actors, **resources,
                fn_constructor_args=(str(words.model.resolve()), words.direction, batches),
            )
            .take_all()
        )  # fmt: skip
        failed += [f"{row['source']}: {row['failure']}" for row in rows if row["failure"]]
    print("\n".join(failed), file=sys.stderr)
    print(f"{plan.total} images, {len(failed)} failed; {output}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
