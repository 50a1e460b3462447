"""Batches of images that are translated together."""

from collections.abc import Iterable

from gan.inference.folder.plan import Job

BATCH_PIXELS = {"cpu": 2**16, "cuda": 2**22, "mps": 2**20}
"""Largest number of pixels in a batch, by device, if batch_size is not set. Larger batches were
slower on CPUs, whose caches are small."""
BATCH_IMAGES = 16


def make_batches(
    jobs: Iterable[Job], batch_size: int | None, device: str = "cpu"
) -> list[tuple[Job, ...]]:
    """Return batches of images of equal size, in the order of their first images.

    Without a batch_size, it depends on the device. Batches depend on the list of jobs only, so that
    the rounding is the same for any number of processes and when the command runs again.
    """
    open_batches: dict[tuple[int, int], list[Job]] = {}
    batches: list[list[Job]] = []
    for job in jobs:
        most = batch_size or max(1, min(BATCH_IMAGES, BATCH_PIXELS[device] // job.pixels))
        batch = open_batches.get(job.size, [])
        if len(batch) in (0, most):  # a new or a full one
            batch = open_batches[job.size] = []
            batches.append(batch)
        batch.append(job)
    return [tuple(batch) for batch in batches]
