"""The command that translates a file or a folder."""

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from gan.images import MAX_MEGAPIXELS, printable, remove_parts
from gan.library.pipeline import Batch, Outcome, Pipeline
from gan.library.plan import Format, Plan, make_batches, make_plan
from gan.library.report import Failure, check_failed, say, write_failed
from gan.processes import Processes, join
from gan.translator import Device, Direction, Precision, Translator, pick_device


def translate_folder(
    model: Path,
    input: Path,
    output: Path,
    direction: Direction | None = None,
    device: Device = "auto",
    precision: Precision = "fp32",
    overwrite: bool = False,
    dry_run: bool = False,
    format: Format | None = None,
    quality: int = 95,
    compare: Path | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    batch_size: int | None = None,
    tile: int | None = None,
    scratch: Path | None = None,
    style: Path | None = None,
) -> int:
    """Translate an image, or a folder of images with all its sub-folders, with a trained generator.

    Images keep their relative names, sizes, depth, transparency and EXIF. Files that are already in
    the output are left alone: the same command goes on where it was stopped. What cannot be
    translated is named on stderr and in OUTPUT/failed.tsv; the rest is done, the exit status is 1.
    Started by `accelerate launch` or torchrun, several processes share the work.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        input: Image, or folder of images.
        output: File for an image, folder for a folder (or for an image).
        direction: ab translates A to B, ba B to A; needed where the model holds both.
        device: Where to compute; auto takes a GPU where there is one.
        precision: Arithmetic of the network.
        overwrite: Write over files that are already in the output.
        dry_run: Say what would be done, and do nothing.
        format: Format of the output, in place of each input's own.
        quality: Of JPEG, WebP, AVIF and HEIC, 1 to 100.
        compare: Folder for originals and translations side by side.
        max_megapixels: Larger images are refused.
        batch_size: Images of one size that are translated at once; left out, a few small ones.
        tile: Translate in tiles of so many pixels a side, to the same result in bounded memory;
            left out, only what would not fit is. For the ResNet generators.
        scratch: Folder for what tiles keep on disk; left out, the output.
        style: Painting whose style to give, for a generator that is shown one.
    """
    check_arguments(quality, max_megapixels, batch_size, tile)
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        processes = join(cpu=pick_device(device).type == "cpu")
        translator = Translator.load(model, direction, device, precision, style)
        check_tiles(translator, tile)
        plan: Plan = processes.once(
            lambda: make_plan(input, output, compare, format, overwrite, max_megapixels)
        )
        if dry_run:
            return show(plan, translator, tile) if processes.main else 0
        processes.once(lambda: prepare(plan, scratch))
        place = scratch or (output if plan.whole_folder else output.parent)
        pipeline = Pipeline(translator, max_megapixels, quality, tile, place, overwrite)
        batches = make_batches(plan.jobs, batch_size, translator.device.type)
        return carry_out(plan, pipeline, batches, processes)


def carry_out(
    plan: Plan, pipeline: Pipeline, batches: Sequence[Batch], processes: Processes
) -> int:
    """Translate what is left of a plan, all processes together; the exit status."""
    own = translate_share(pipeline, processes.share(unfinished(batches)), processes, plan)
    failures = [*plan.failures, *processes.gather(own)]
    if processes.main:
        if plan.whole_folder:
            write_failed(plan.output, failures)
        print(printable(summary(plan, failures)), file=sys.stderr)
    return 1 if failures else 0


def check_arguments(
    quality: int, max_megapixels: float, batch_size: int | None, tile: int | None
) -> None:
    """ValueError for numbers out of their range."""
    if not 1 <= quality <= 100:
        raise ValueError(f"quality: {quality}, must be from 1 to 100")
    if not max_megapixels > 0:
        raise ValueError(f"max_megapixels: {max_megapixels}, must be above 0")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size: {batch_size}, must be at least 1")
    if tile is not None and tile < 64:
        raise ValueError(f"tile: {tile}, must be at least 64")


def check_tiles(translator: Translator, tile: int | None) -> None:
    """ValueError where tiles are asked of a generator that cannot be run in them."""
    if tile and not translator.can_tile():
        raise ValueError(
            "tile: this generator sees the whole picture at once; only ResNet generators (no "
            "U-Nets, no adain) can be run in tiles: leave --tile out"
        )


def prepare(plan: Plan, scratch: Path | None) -> None:
    """Make the folders that are written to, and remove what a killed run left half written there.

    ValueError names what cannot be written.
    """
    listed = plan.output if plan.whole_folder else None
    places = [place for job in plan.jobs for place in (job.target, job.comparison) if place]
    folders = {place.parent for place in places} | {
        folder for folder in (listed, scratch) if folder
    }
    for folder in sorted(folders):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{folder}: cannot be written: {error.strerror}") from error
        if not os.access(folder, os.W_OK):
            raise ValueError(f"{folder}: cannot be written: no permission")
    for folder in filter(Path.is_dir, plan.folders):
        remove_parts(folder)
    if listed:
        check_failed(listed)


def unfinished(batches: Sequence[Batch]) -> list[Batch]:
    """The batches that lack a translation."""
    return [batch for batch in batches if not all(job.done for job in batch)]


def translate_share(
    pipeline: Pipeline, batches: Sequence[Batch], processes: Processes, plan: Plan
) -> list[Failure]:
    """Translate this process's batches; what failed."""
    failures: list[Failure] = []
    if processes.main:
        for failed in plan.failures:
            say(failed.source, failed.reason)
    todo = sum(not job.done for batch in batches for job in batch)
    with tqdm(total=todo, unit="image", disable=None if processes.main else True) as bar:
        for outcome in pipeline.run(batches):
            bar.update()
            tell(outcome)
            if outcome.failure:
                failures.append(outcome.failure)
    return failures


def tell(outcome: Outcome) -> None:
    for remark in outcome.remarks:
        say(outcome.job.source, remark)
    if outcome.failure:
        say(outcome.failure.source, outcome.failure.reason)


def summary(plan: Plan, failures: Sequence[Failure]) -> str:
    """How many came back, were there before, failed."""
    there = sum(job.done for job in plan.jobs)
    others = f"; {plan.others} other files left alone" if plan.others else ""
    done = (
        f"{plan.total - there - len(failures)} of {plan.total} images translated to {plan.output}"
    )
    before = f", {there} were already there" if there else ""
    return f"{done}{before}{f', {len(failures)} failed' if failures else ''}{others}"


def show(plan: Plan, translator: Translator, tile: int | None) -> int:
    """Say what a run would do."""
    for job in plan.jobs:
        width, height = job.size
        what = "there already" if job.done else f"{width}x{height}"
        tiled = translator.can_tile() and (tile or not translator.fits(height, width))
        if tiled and not job.done:
            what += f", in tiles, {translator.scratch_bytes(height, width) / 1e9:.2f} GB of disk"
        places = " and ".join(str(place) for place in (job.target, job.comparison) if place)
        print(
            printable(f"{job.source} -> {places} ({what})" if places else f"{job.source}: {what}")
        )
    for failed in plan.failures:
        print(printable(f"{failed.source}: {failed.reason}"))
    there = sum(job.done for job in plan.jobs)
    todo = [job for job in plan.jobs if not job.done]
    print(
        f"{len(todo)} of {plan.total} images to translate, "
        f"{sum(job.pixels for job in todo) / 1e6:.1f} megapixels; {there} already there, "
        f"{len(plan.failures)} cannot be"
    )
    return 1 if plan.failures else 0
