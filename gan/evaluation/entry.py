"""What `gan evaluate` takes."""

from pathlib import Path

from gan.config.choices import Device, Precision, Split


def evaluate_model(
    model: Path,
    root: Path,
    features: str | None = None,
    weights: Path | None = None,
    directions: str | None = None,
    split: Split = "test",
    reference: Split | None = None,
    paired: bool = True,
    max_images: int | None = None,
    size: int | None = None,
    batch_size: int = 8,
    device: Device = "auto",
    precision: Precision = "fp32",
    seed: int = 0,
    resamples: int = 1000,
    output: Path | None = None,
) -> int:
    """Measure how good a model's translations are, with intervals and the protocol.

    Prints a table, and adds a line to RUN/metrics.jsonl and the scores of every image to
    RUN/evaluation. Started by `accelerate launch` or torchrun, several processes share the work;
    the numbers do not depend on how many.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        root: Folder with testA and testB, or trainA and trainB.
        features: Network whose features are compared: inception as in papers, or any of
            torchvision's, e.g. mobilenet_v2; left out, inception where it is installed.
        weights: File with its weights; left out, the one in torch's cache.
        directions: ab, ba, or both: ab,ba; left out, those that the model has.
        split: Which images are translated: test or train.
        reference: Which images FID, KID and Gram compare with; left out, those of the split.
        paired: Whether equal names in both folders are the same picture in both domains.
        max_images: Only the first so many images of each folder.
        size: Side of the images in pixels, at most 4096; left out, the crop of the training.
        batch_size: Images at once.
        device: Where to compute; auto takes a GPU where there is one.
        precision: Arithmetic of the generators.
        seed: Of the resamples.
        resamples: For the intervals, at most 10000; 0 for none.
        output: Folder for metrics.jsonl and evaluation; left out, the run directory.
    """
    given = locals()
    from gan.evaluation.command import measure  # torch and its company, which --help can do without

    return measure(**given)
