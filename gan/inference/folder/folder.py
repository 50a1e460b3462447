"""The command that translates a file or a folder."""

import os
import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tqdm import tqdm

from gan.config.choices import Format
from gan.inference.folder.pipeline import Batch, Outcome, Pipeline, write_translation
from gan.inference.folder.plan import Plan, make_batches, make_plan
from gan.inference.folder.report import check_failed, write_failed
from gan.inference.folder.streams import as_for_small_pictures, share_of_cores
from gan.inference.translator import (
    Device,
    Direction,
    Precision,
    Translator,
    pick_device,
    pick_precision,
)
from gan.system.atomic import remove_parts
from gan.system.failures import Failure, say
from gan.system.processes import Processes, join
from gan.system.text import printable
from gan.system.threads import set_threads


def translate(
    *,
    model: Path,
    input: Path,
    output: Path,
    direction: Direction | None,
    device: Device,
    precision: Precision | Literal["auto"],
    overwrite: bool,
    dry_run: bool,
    format: Format | None,
    quality: int,
    compare: Path | None,
    max_megapixels: float,
    batch_size: int | None,
    tile: int | None,
    scratch: Path | None,
    style: Path | None,
    compile: bool,
    threads: int | None,
) -> int:
    """Do what `translate_folder` of entry.py says; ValueError as there."""
    check_arguments(quality, max_megapixels, batch_size, tile, threads)
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        chosen = pick_device(device)
        processes = join(cpu=chosen.type == "cpu")
        set_threads(threads, share_of_cores())
        translator = Translator.load(
            model, direction, device, pick_precision(precision, chosen), style
        )
        check_tiles(translator, tile)
        plan: Plan = processes.once(
            lambda: make_plan(input, output, compare, format, overwrite, max_megapixels)
        )
        if dry_run:
            return show(plan, translator, tile) if processes.main else 0
        processes.once(lambda: prepare(plan, scratch))
        place = scratch or (output if plan.whole_folder else output.parent)
        if compile:
            compile_network(translator, processes)
        write = partial(write_translation, quality=quality, overwrite=overwrite)
        pipeline = Pipeline(translator, max_megapixels, tile, place, write)
        batches = make_batches(plan.jobs, batch_size, translator.device.type)
        return carry_out(plan, pipeline, batches, processes)


def compile_network(translator: Translator, processes: Processes) -> None:
    """Compile it on each process; where that cannot be, one line says why."""
    with as_for_small_pictures(translator.device):
        fault = translator.compile()
    if fault and processes.main:
        print(f"compile: not compiled, no compiler works here: {fault}", file=sys.stderr)


def carry_out(
    plan: Plan, pipeline: Pipeline[Any], batches: Sequence[Batch], processes: Processes
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
    quality: int,
    max_megapixels: float,
    batch_size: int | None,
    tile: int | None,
    threads: int | None,
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
    if threads is not None and threads < 1:
        raise ValueError(f"threads: {threads}, must be at least 1")


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
    pipeline: Pipeline[Any], batches: Sequence[Batch], processes: Processes, plan: Plan
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
