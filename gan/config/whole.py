"""A whole configuration, and what must fit between its sections."""

from collections.abc import Iterable
from typing import Self

from pydantic import model_validator

from gan.config.choices import WeightedTerm
from gan.config.evaluate import EvaluateConfig
from gan.config.networks import NetworksConfig
from gan.config.sections import (
    DataConfig,
    LossConfig,
    OptimConfig,
    PerceptualConfig,
    RunConfig,
    Section,
    SemanticConfig,
    StyleConfig,
    TrainConfig,
)
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS
from gan.config.tables.recipes import RECIPES, RecipeRow
from gan.domains import DIRECTIONS, DOMAINS, Direction, Domain


class Config(Section):
    """A whole training run."""

    data: DataConfig = DataConfig()
    networks: NetworksConfig = NetworksConfig()
    loss: LossConfig = LossConfig()
    perceptual: PerceptualConfig = PerceptualConfig()
    semantic: SemanticConfig = SemanticConfig()
    style: StyleConfig = StyleConfig()
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    run: RunConfig = RunConfig()

    @model_validator(mode="after")
    def check(self) -> Self:
        self.check_generator_crop()
        self.check_recompute()
        self.check_evaluate()
        self.check_recipe()
        return self

    @property
    def recipe(self) -> str:
        """What is trained: train.recipe, or what style.image and the generator ask for."""
        if self.train.recipe is not None:
            return self.train.recipe
        facts = (self.style.image is not None, self.styled)
        return next(name for name, row in RECIPES.items() if (row.painting, row.styled) == facts)

    @property
    def styled(self) -> bool:
        """Whether the generator takes a style image besides the content image."""
        return GENERATORS[self.networks.generator].takes_style

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Those whose images are trained on."""
        return RECIPES[self.recipe].domains

    def check_recipe(self) -> None:
        """The other sections fit the recipe, which names in messages what asked for it."""
        kind = self.networks.generator
        if self.style.image is not None and self.styled:
            raise ValueError(
                f"networks.generator {kind} learns the styles of a folder, data.b: "
                "leave style.image out, or name another generator"
            )
        row, chosen = RECIPES[self.recipe], f"train.recipe {self.recipe}"
        if row.painting != (self.style.image is not None):
            fault = "needs a style.image" if row.painting else "does not use style.image"
            raise ValueError(f"{chosen} {fault}: set another recipe, or leave train.recipe out")
        if row.styled != self.styled:
            fault = "needs networks.generator adain, not" if row.styled else "cannot train"
            raise ValueError(f"{chosen} {fault} {kind}: name another recipe or generator")
        if row.painting or row.styled:
            chosen = "style.image" if row.painting else f"networks.generator {kind}"
        self.check_folders(row)
        for term in row.needs:
            if not getattr(self.loss, term):
                raise ValueError(f"{chosen} needs a loss.{term} above 0")
        if len(row.directions) == 1:
            self.check_single_generator(chosen)
        else:
            self.check_channels()

    def check_folders(self, row: RecipeRow) -> None:
        """The domains that are trained on are named, and crops are large enough to be scored."""
        if row.painting and self.data.b is not None:
            raise ValueError("data.b and style.image exclude each other: give one of them")
        if not row.painting and (self.data.a is None) != (self.data.b is None):
            raise ValueError(
                "data.a and data.b belong together: give both, or data.root (or a style.image)"
            )
        if row.discriminators:
            self.check_discriminator_crop()

    def check_single_generator(self, chosen: str) -> None:
        """There is no cycle, and no second generator to start."""
        if self.loss.perceptual_cycle:
            raise ValueError(f"{chosen} has no cycle: set loss.perceptual_cycle to 0")
        if self.networks.weights_ba is not None:
            raise ValueError(
                f"networks.weights_ba is for two generators: leave it out with {chosen}"
            )
        if any(self.loss.weight("semantic", direction) for direction in DIRECTIONS):
            raise ValueError(f"loss.semantic is for two generators: set it to 0 with {chosen}")
        if self.loss.terms:
            raise ValueError(f"loss.terms is for two generators: leave it out with {chosen}")

    def check_channels(self) -> None:
        """Both domains have the channels that the losses compare."""
        if self.data.channels_a == self.data.channels_b:
            return
        places: dict[WeightedTerm, Iterable[Domain | Direction]] = {
            "identity": DOMAINS,
            "semantic": DIRECTIONS,
        }
        for term in places:
            if any(self.loss.weight(term, place) for place in places[term]):
                raise ValueError(
                    f"loss.{term} needs data.channels_a == data.channels_b "
                    f"({self.data.channels_a} and {self.data.channels_b} given): "
                    f"set loss.{term} to 0"
                )

    def check_generator_crop(self) -> None:
        """Training crops must fit the generator: a U-Net halves them 7 or 8 times."""
        multiple = GENERATORS[self.networks.generator].size_multiple
        if self.data.crop_size % multiple:
            raise ValueError(
                f"data.crop_size ({self.data.crop_size}) must be a multiple of {multiple} "
                f"with networks.generator {self.networks.generator}"
            )

    def check_recompute(self) -> None:
        """There are blocks, and a second forward pass changes nothing in them."""
        if self.train.recompute and not GENERATORS[self.networks.generator].residual:
            raise ValueError(
                "train.recompute is for ResNet generators; with networks.generator "
                f"{self.networks.generator} leave it out"
            )
        if self.train.recompute and self.networks.norm == "batch":
            raise ValueError(
                "train.recompute would count each batch twice in the statistics of "
                "networks.norm batch: use instance, or leave it out"
            )

    def check_evaluate(self) -> None:
        """There is something to measure: test folders, and translations of one picture alone."""
        if self.evaluate.every and self.data.root is None:
            raise ValueError(
                "evaluate.every measures the images in testA and testB of data.root: give it"
            )
        if self.evaluate.every and GENERATORS[self.networks.generator].takes_style:
            raise ValueError(
                f"evaluate.every: networks.generator {self.networks.generator} takes its style "
                "from a second image and has no translation of its own that could be measured: "
                "remove evaluate.every"
            )

    def check_discriminator_crop(self) -> None:
        """The discriminator has a patch to score."""
        networks, crop = self.networks, self.data.crop_size
        row = DISCRIMINATORS[networks.discriminator]
        halvings = networks.discriminator_layers if row.halvings is None else row.halvings
        if crop < 3 * 2**halvings:
            raise ValueError(
                f"data.crop_size ({crop}) must be at least {3 * 2**halvings} with "
                f"networks.discriminator {networks.discriminator}, which halves it {halvings} times"
            )
