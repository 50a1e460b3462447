"""Metrics: what an evaluation measures, in the order in which it is printed."""

from dataclasses import dataclass
from typing import Literal, get_args

from gan.config.choices import Better
from gan.config.table import Code, Table
from gan.domains import DIRECTIONS, Direction, stem

Need = Literal[
    "opposite",  # the generator of the other direction
    "channels",  # as many in both domains
    "translation",  # the generator of the direction; implied by a direction and by pairs
    "extractor",  # feature maps; this and the reference are implied by a collection
    "reference",  # the images of the target domain
    "pairs",  # the ground truth of images
    "torchmetrics",
    "lpips",  # its published network, or an extractor
    "lpips_vgg",  # its published network
]
"""What must be there for a metric."""
Per = Literal["direction", "domain"]
Of = Literal["image", "collection"]


@dataclass(frozen=True)
class MetricRow:
    """All facts of a metric."""

    title: str
    better: Better
    code: Code
    """Of images: from what it takes to scores (N,). Of collections: from the features (n, d) of
    translations, sources and reference, and a gan.metrics.Sampling, to gan.metrics.Distances."""
    needs: tuple[Need, ...] = ()
    takes: tuple[str, ...] = ()
    """Of images: parts of a gan.metrics.Batch; not set, all of it."""
    per: Per = "direction"
    of: Of = "image"
    baseline: bool = False
    """Of images: whether doing nothing is measured as well, with the source in place of the
    translation."""
    least_side: int = 1
    """Of images in pixels."""
    least_images: int = 1
    """Of the sources, and of the reference."""
    protocol: str | None = None
    """What else its numbers depend on."""
    rank: int = 99
    """Its place among the report's best and worst images; equal ones are sorted by name."""
    question: str = ""
    """What it answers, with {source} and {target} for the domains; several metrics may answer one
    question. Not set, whether its value is better than that of the source images."""
    leads: bool = False
    """Whether its numbers stand for all metrics that answer its question."""
    reading: str = ""
    """How its values are read where there is nothing to compare them with."""
    span: float | None = None
    """Of errors that are read as a share of the largest one: the largest one."""

    def __post_init__(self) -> None:
        given = ((self.better, Better), (self.per, Per), (self.of, Of))
        for value, kind in (*given, *((need, Need) for need in self.needs)):
            if value not in get_args(kind):
                names = ", ".join(get_args(kind))
                raise ValueError(f"metric {self.title}: {value} is not one of {names}")

    @property
    def requires(self) -> set[Need]:
        """What must be there, with what is implied."""
        needs = set[Need](self.needs)
        if self.per == "direction" or "pairs" in self.needs:
            needs.add("translation")
        if self.of == "collection":
            needs |= {"extractor", "reference"}
        return needs

    @property
    def of_opposite(self) -> bool:
        """Whether it is about what the generator of the other direction makes of source images."""
        return "opposite" in self.needs and "translation" not in self.requires

    @property
    def stage(self) -> int:
        """The place of its last need: scores of images are written in this order."""
        return max((get_args(Need).index(need) for need in self.requires), default=0)


PIXELS = ("fake.pixels", "truth.pixels")
NEARER = "Nearer to {target} than the images of {source} are"
TRUER = "Nearer to the true images of {target} than those of {source} are"
ERROR_SPAN = 2.0
"""The largest difference of two pixels in [-1, 1]."""
KID_MOST = 5000
"""Images of a collection whose pairs are all compared; of larger ones a random part."""
MS_SSIM_SIDE = 176
"""Pixels: 11, the window, at the smallest of five scales."""

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
    """Return a metric's row; of one that this program does not know, a row by its name."""
    return METRICS.get(name, MetricRow(name, "lower", ""))


def names_of(need: Need) -> list[str]:
    """Return the metrics that need something."""
    return [name for name, row in METRICS.items() if need in row.requires]


def full_name(name: str, direction: Direction) -> str:
    """Return a metric's name with what it is of: kid_ab of translations, cycle_a of images."""
    end = DIRECTIONS[direction].source if METRICS[name].per == "domain" else direction
    return f"{name}_{end}"


def direction_of(full_name: str) -> Direction:
    """Return the direction whose generator a metric is about, by its name in metrics.jsonl."""
    name = stem(full_name)
    end = full_name[len(name) + 1 :]
    found: Direction = next((d for d, ends in DIRECTIONS.items() if end in (d, ends.source)), "ab")
    return DIRECTIONS[found].opposite if row_of(name).of_opposite else found


def full_names() -> list[str]:
    """Return all that an evaluation may measure, by the names of metrics.jsonl."""
    return [full_name(name, direction) for direction in DIRECTIONS for name in METRICS]
