"""Load unpaired images of two folders as an endless stream of training batches."""

from gan.data.crops import TrainTransform, sample_image, sample_pixels
from gan.data.degraded import with_degraded
from gan.data.folders import (
    Folder,
    classes_of,
    fingerprint,
    index_folder,
    index_folders,
    mark_broken,
    write_index,
)
from gan.data.unpaired import (
    Batches,
    ImageDataset,
    OneFolder,
    UnpairedImages,
    build_dataset,
    build_loader,
    end_workers,
)

__all__ = [
    "Batches",
    "Folder",
    "ImageDataset",
    "OneFolder",
    "TrainTransform",
    "UnpairedImages",
    "build_dataset",
    "build_loader",
    "classes_of",
    "end_workers",
    "fingerprint",
    "index_folder",
    "index_folders",
    "mark_broken",
    "sample_image",
    "sample_pixels",
    "with_degraded",
    "write_index",
]
