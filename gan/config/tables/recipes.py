"""The recipes: what each trains, on which domains, and what it requires of the configuration."""

from dataclasses import dataclass

from gan.config.table import Code, Table
from gan.domains import DOMAINS, Direction, Domain

GRID_STYLES = 16
"""Largest number of styles in a sample grid, for recipes with several styles."""


@dataclass(frozen=True)
class RecipeRow:
    """A kind of training."""

    code: Code
    """Called with configuration and accelerator; returns a gan.training.recipes.base.Recipe."""
    title: str
    """A few words for the report."""
    columns: tuple[str, ...]
    """The columns of a sample grid."""
    translated: int = 1
    """Index of the sample grid's column with translations."""
    shown: tuple[str, ...] = ()
    """Losses, without their directions, to show next to the progress bar. If empty, the first ones
    that are logged."""
    domains: tuple[Domain, ...] = DOMAINS
    """Domains whose images are used in training."""
    directions: tuple[Direction, ...] = ("ab", "ba")
    """Directions of the generators that are averaged and exported: gen_ab, gen_ba."""
    discriminators: tuple[Domain, ...] = DOMAINS
    """Domains with a discriminator: disc_a, disc_b."""
    needs: tuple[str, ...] = ()
    """Terms of the section loss whose weights must be above 0."""
    unused: tuple[str, ...] = ("nce", "pixel", "steadiness")
    """Terms of the section loss that it does not minimize; weights above 0 are rejected."""
    encodes: bool = False
    """Whether it compares originals with translations by features of the generator's encoder."""
    degrades: bool = False
    """Whether the recipe supports data.degrade: it passes Frame.inputs to the generators."""
    painting: bool = False
    """Whether style.image replaces domain B."""
    taught: bool = False
    """Whether the generator imitates distill.teacher."""
    styled: bool = False
    """Whether the generator takes a style image in addition to the content image."""
    many_styles: bool = False
    """Whether one generator learns a style for each painting or each sub-folder of domain B."""
    decodes: bool = False
    """Whether it trains the decoder of a generator with levels, by reconstructions."""
    aliases: tuple[str, ...] = ()
    """Earlier names, which older files contain."""

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks, in the order of early training states."""
        generators = (f"gen_{direction}" for direction in self.directions)
        return (*generators, *(f"disc_{domain}" for domain in self.discriminators))


RECIPES = Table(
    "recipe",
    {
        "cyclegan": RecipeRow(
            "gan.training.recipes.cyclegan:Trainer",
            title="CycleGAN: two generators, each the inverse of the other",
            columns=("real", "translation", "reconstruction", "identity"),
            shown=("cycle", "adversarial"),
            unused=("nce", "pixel"),
            degrades=True,
        ),
        "single_style": RecipeRow(
            "gan.training.recipes.single_style:SingleStyleTrainer",
            title="One painting's style for photographs, one generator",
            columns=("photograph", "translation"),
            shown=("style", "perceptual"),
            domains=("a",),
            directions=("ab",),
            discriminators=(),
            needs=("style",),
            unused=("nce", "pixel"),
            degrades=True,
            painting=True,
            aliases=("one_style",),
        ),
        "arbitrary_style": RecipeRow(
            "gan.training.recipes.arbitrary_style:ArbitraryStyleTrainer",
            title="Any painting's style for photographs, one generator that takes it as an input",
            columns=("photograph", "style", "result"),
            translated=2,
            shown=("style", "perceptual", "adversarial"),
            directions=("ab",),
            discriminators=("b",),
            needs=("style",),
            degrades=True,
            styled=True,
            aliases=("reference",),
        ),
        "many_styles": RecipeRow(
            "gan.training.recipes.many_styles:ManyStylesTrainer",
            title="One generator for photographs with the styles of several paintings",
            columns=("photograph", *(f"style {number}" for number in range(GRID_STYLES))),
            shown=("style", "perceptual"),
            domains=("a",),
            directions=("ab",),
            discriminators=(),
            needs=("style",),
            many_styles=True,
        ),
        "contrastive": RecipeRow(
            "gan.training.recipes.contrastive:ContrastiveTrainer",
            title="CUT: one generator, each patch of a translation must match its original",
            columns=("real", "translation"),
            shown=("nce", "adversarial"),
            directions=("ab",),
            discriminators=("b",),
            needs=("nce",),
            unused=("perceptual", "style", "pixel", "steadiness"),
            encodes=True,
            degrades=True,
        ),
        "distill": RecipeRow(
            "gan.training.recipes.distill:DistillTrainer",
            title="A small generator that imitates a trained one",
            columns=("photograph", "teacher", "translation"),
            translated=2,
            shown=("pixel", "perceptual"),
            domains=("a",),
            directions=("ab",),
            discriminators=(),
            needs=("pixel",),
            unused=("nce", "style", "tv", "steadiness"),
            taught=True,
        ),
        "decoder": RecipeRow(
            "gan.training.recipes.decoder:DecoderTrainer",
            title="A decoder of VGG-16's feature maps, for gan stylize --method wct",
            columns=("photograph", "reconstruction"),
            shown=("pixel", "perceptual"),
            domains=("a",),
            directions=("ab",),
            discriminators=(),
            needs=("pixel", "perceptual"),
            unused=("nce", "style", "tv", "steadiness"),
            decodes=True,
        ),
    },
)


def present_name(name: str) -> str:
    """Return the present name of a recipe; an unknown name is returned unchanged."""
    return next((now for now, row in RECIPES.items() if name in row.aliases), name)


def recipe_name(name: str) -> str:
    """Return the present name of a recipe; ValueError if there is none."""
    return RECIPES.check(present_name(name))
