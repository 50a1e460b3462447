"""The metrics of an evaluation, in the order in which they are printed."""

from dataclasses import dataclass
from typing import Literal, get_args

from gan.config.choices import Better
from gan.config.table import Code, Table
from gan.domains import DIRECTIONS, Direction, stem

Need = Literal[
    "opposite",  # the generator of the other direction
    "channels",  # as many in both domains
    "translation",  # the generator of the direction; implied by per="direction" and by pairs
    "extractor",  # feature maps; this and the reference are implied by of="collection"
    "reference",  # the images of the target domain
    "pairs",  # ground truth for each image
    "torchmetrics",
    "lpips",  # the published network, or an extractor
    "lpips_vgg",  # the published network
]
"""What a metric requires."""
Per = Literal["direction", "domain"]
Of = Literal["image", "collection"]


@dataclass(frozen=True)
class MetricRow:
    """All facts of a metric."""

    title: str
    better: Better
    code: Code
    """Metrics of images map parts of a batch to scores (N,). Metrics of collections map the
    features (n, d) of translations, sources and reference, and a gan.metrics.Sampling, to
    gan.metrics.Distances."""
    needs: tuple[Need, ...] = ()
    takes: tuple[str, ...] = ()
    """Metrics of images: parts of a gan.metrics.Batch that `code` takes. If empty, it takes all."""
    per: Per = "direction"
    of: Of = "image"
    baseline: bool = False
    """Metrics of images: whether the source images are scored too, as if they were translations."""
    least_side: int = 1
    """Smallest side of an image, in pixels."""
    least_images: int = 1
    """Smallest number of source images, and of reference images."""
    protocol: str | None = None
    """Text about settings that its values depend on, for the evaluation's protocol."""
    rank: int = 99
    """Its position in the report's list of best and worst images; equal ones are sorted by name."""
    question: str = ""
    """The question that it answers, with {source} and {target} for the domains. Several metrics may
    answer the same one. If empty: do translations score better than the source images?"""
    leads: bool = False
    """Whether the answer to its question shows this metric's values."""
    reading: str = ""
    """How to read its values if there is nothing to compare them with."""
    span: float | None = None
    """Largest possible value of an error that is reported as a share of it."""

    def __post_init__(self) -> None:
        given = ((self.better, Better), (self.per, Per), (self.of, Of))
        for value, kind in (*given, *((need, Need) for need in self.needs)):
            if value not in get_args(kind):
                names = ", ".join(get_args(kind))
                raise ValueError(f"metric {self.title}: {value} is not one of {names}")

    @property
    def requires(self) -> set[Need]:
        """Its `needs`, and those that `per`, `of` and pairs imply."""
        needs = set[Need](self.needs)
        if self.per == "direction" or "pairs" in self.needs:
            needs.add("translation")
        if self.of == "collection":
            needs |= {"extractor", "reference"}
        return needs

    @property
    def of_opposite(self) -> bool:
        """Whether it measures the generator of the other direction on source images."""
        return "opposite" in self.needs and "translation" not in self.requires

    @property
    def stage(self) -> int:
        """Position of its last need in Need; scores of images are written in this order."""
        return max((get_args(Need).index(need) for need in self.requires), default=0)


PIXELS = ("fake.pixels", "truth.pixels")
NEARER = "Nearer to {target} than the images of {source} are"
TRUER = "Nearer to the true images of {target} than those of {source} are"
ERROR_SPAN = 2.0
"""The largest difference of two pixels in [-1, 1]."""
KID_MOST = 5000
"""Largest number of images of a collection to compare, in all pairs; drawn at random from more."""
MS_SSIM_SIDE = 176
"""Smallest side in pixels: the window of 11 pixels must fit at the coarsest of five scales."""

METRICS: Table[MetricRow] = Table("metric", {
    "fid": MetricRow(
        "FID", "lower", "gan.metrics.frechet:fid", of="collection", least_images=2,
        protocol="covariances divide by n - 1", question=NEARER,
    ),
    "kid": MetricRow(
        "KID", "lower", "gan.metrics.kernel:kid", of="collection", least_images=2,
        protocol=f"unbiased, (x.y/d + 1)^3, not scaled, all pairs of up to {KID_MOST} images",
        question=NEARER, leads=True,
    ),
    "l1": MetricRow(
        "L1", "lower", "gan.metrics.pictures:l1", ("pairs",), PIXELS, baseline=True, rank=4,
        question=TRUER, leads=True,
    ),
    "ssim": MetricRow(
        "SSIM", "higher", "gan.metrics.pictures:ssim", ("pairs", "torchmetrics"), PIXELS,
        baseline=True, question=TRUER,
    ),
    "ms_ssim": MetricRow(
        "MS-SSIM", "higher", "gan.metrics.pictures:ms_ssim", ("pairs", "torchmetrics"), PIXELS,
        baseline=True, least_side=MS_SSIM_SIDE, question=TRUER,
    ),
    "psnr": MetricRow(
        "PSNR", "higher", "gan.metrics.pictures:psnr", ("pairs",), PIXELS, baseline=True,
        question=TRUER,
    ),
    "lpips": MetricRow(
        "LPIPS", "lower", "gan.metrics.lpips:lpips", ("pairs", "lpips"), baseline=True, rank=3,
        question=TRUER,
    ),
    "lpips_vgg": MetricRow(
        "LPIPS on VGG-16", "lower", "gan.metrics.lpips:lpips_vgg", ("pairs", "lpips_vgg"),
        baseline=True, question=TRUER,
    ),
    "gram": MetricRow(
        "Gram distance", "lower", "gan.metrics.maps:gram_distances", ("extractor", "reference"),
        ("fake.style", "grams"), baseline=True, question=NEARER,
    ),
    "structure": MetricRow(
        "Structure distance", "lower", "gan.metrics.maps:structure_distance", ("extractor",),
        ("fake.content", "source.content"), rank=1, question="Keeps what is seen",
        reading="0 keeps all; to compare models",
    ),
    "cycle": MetricRow(
        "Cycle error", "lower", "gan.metrics.pictures:l1", ("opposite", "translation"),
        ("reconstruction", "source.pixels"), per="domain", rank=2, leads=True,
        question="Reconstruction of the images of {source}", reading="mean error", span=ERROR_SPAN,
    ),
    "identity": MetricRow(
        "Identity error", "lower", "gan.metrics.pictures:l1", ("opposite", "channels"),
        ("identity", "source.pixels"), per="domain",
        question="Leaves images of {target} as they are", reading="mean error", span=ERROR_SPAN,
    ),
})  # fmt: skip


def row_of(name: str) -> MetricRow:
    """Return a metric's row; for an unknown name, a row with the name as its title."""
    return METRICS.get(name, MetricRow(name, "lower", ""))


def names_of(need: Need) -> list[str]:
    """Return the names of the metrics that require `need`, explicitly or implicitly."""
    return [name for name, row in METRICS.items() if need in row.requires]


def full_name(name: str, direction: Direction) -> str:
    """Return a metric's full name in a direction: NAME_DIRECTION, for instance kid_ab.

    For a metric that is measured per domain it is NAME_SOURCE: cycle_a for ab.
    """
    end = DIRECTIONS[direction].source if METRICS[name].per == "domain" else direction
    return f"{name}_{end}"


def direction_of(full_name: str) -> Direction:
    """Return the direction whose generator a metric measures, from its name in metrics.jsonl."""
    name = stem(full_name)
    end = full_name[len(name) + 1 :]
    found: Direction = next((d for d, ends in DIRECTIONS.items() if end in (d, ends.source)), "ab")
    return DIRECTIONS[found].opposite if row_of(name).of_opposite else found


def full_names() -> list[str]:
    """Return the names in metrics.jsonl of everything that an evaluation may measure."""
    return [full_name(name, direction) for direction in DIRECTIONS for name in METRICS]
