"""The recipes: what each trains, on which domains, and what it requires of the configuration."""

from dataclasses import dataclass

from gan.config.table import Code, Table
from gan.domains import DOMAINS, Direction, Domain


@dataclass(frozen=True)
class RecipeRow:
    """A kind of training."""

    code: Code
    """Called with configuration and accelerator; returns a gan.training.recipes.base.Recipe."""
    title: str
    """A few words for the report."""
    columns: tuple[str, ...]
    """The columns of a sample grid."""
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
    unused: tuple[str, ...] = ("nce", "pixel")
    """Terms of the section loss that it does not minimize; weights above 0 are rejected."""
    encodes: bool = False
    """Whether it compares originals with translations by features of the generator's encoder."""
    painting: bool = False
    """Whether style.image replaces domain B."""
    taught: bool = False
    """Whether the generator imitates the one that distill.teacher names."""
    styled: bool = False
    """Whether the generator takes a style image in addition to the content image."""
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
            painting=True,
            aliases=("one_style",),
        ),
        "arbitrary_style": RecipeRow(
            "gan.training.recipes.arbitrary_style:ArbitraryStyleTrainer",
            title="Any painting's style for photographs, one generator that takes it as an input",
            columns=("photograph", "style", "result"),
            shown=("style", "perceptual", "adversarial"),
            directions=("ab",),
            discriminators=("b",),
            needs=("style",),
            styled=True,
            aliases=("reference",),
        ),
        "contrastive": RecipeRow(
            "gan.training.recipes.contrastive:ContrastiveTrainer",
            title="CUT: one generator, each patch of a translation must match its original",
            columns=("real", "translation"),
            shown=("nce", "adversarial"),
            directions=("ab",),
            discriminators=("b",),
            needs=("nce",),
            unused=("perceptual", "style", "pixel"),
            encodes=True,
        ),
        "distill": RecipeRow(
            "gan.training.recipes.distill:DistillTrainer",
            title="A small generator that imitates a trained one",
            columns=("photograph", "teacher", "translation"),
            shown=("pixel", "perceptual"),
            domains=("a",),
            directions=("ab",),
            discriminators=(),
            needs=("pixel",),
            unused=("nce", "style", "tv"),
            taught=True,
        ),
    },
)


def present_name(name: str) -> str:
    """Return the present name of a recipe; an unknown name is returned unchanged."""
    return next((now for now, row in RECIPES.items() if name in row.aliases), name)


def recipe_name(name: str) -> str:
    """Return the present name of a recipe; ValueError if there is none."""
    return RECIPES.check(present_name(name))
