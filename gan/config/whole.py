"""A whole configuration, and what must fit between its sections."""

from collections.abc import Iterable
from typing import Literal, Self

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
from gan.domains import DIRECTIONS, DOMAINS, Direction, Domain

Recipe = Literal["cyclegan", "one_style", "reference"]


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
        self.check_weights()
        self.check_recompute()
        self.check_evaluate()
        checks = {
            "cyclegan": self.check_cyclegan,
            "one_style": self.check_one_style,
            "reference": self.check_reference,
        }
        checks[self.recipe]()
        if self.recipe != "cyclegan":
            self.check_no_semantic()
        return self

    @property
    def recipe(self) -> Recipe:
        """What is trained: a style.image or an adain generator asks for one generator."""
        if self.style.image is not None:
            return "one_style"
        takes_style = GENERATORS[self.networks.generator].takes_style
        return "reference" if takes_style else "cyclegan"

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Those whose folders are trained on."""
        return ("a",) if self.recipe == "one_style" else ("a", "b")

    def check_one_style(self) -> None:
        """A painting stands in for domain B."""
        if GENERATORS[self.networks.generator].takes_style:
            raise ValueError(
                f"networks.generator {self.networks.generator} learns the styles of a folder, "
                "data.b: leave style.image out, or name another generator"
            )
        if self.data.b is not None:
            raise ValueError("data.b and style.image exclude each other: give one of them")
        if not self.loss.style:
            raise ValueError("style.image needs a loss.style above 0")
        if self.loss.perceptual_cycle:
            raise ValueError("style.image has no cycle: set loss.perceptual_cycle to 0")

    def check_reference(self) -> None:
        """Two folders, and a loss that tells one style of B from another."""
        self.check_two_folders()
        if not self.loss.style:
            raise ValueError("networks.generator adain needs a loss.style above 0")
        if self.loss.perceptual_cycle:
            raise ValueError(
                "networks.generator adain has no cycle: set loss.perceptual_cycle to 0"
            )

    def check_no_semantic(self) -> None:
        """The semantic loss and loss.terms are about translations in both directions."""
        if self.loss.terms:
            raise ValueError(
                "loss.terms is for two generators: remove it with a style.image or "
                f"networks.generator {self.networks.generator}"
            )
        if any(self.loss.weight("semantic", direction) for direction in DIRECTIONS):
            raise ValueError(
                "loss.semantic is for two generators: set it to 0 with a style.image or "
                "networks.generator adain"
            )

    def check_two_folders(self) -> None:
        """Both domains are named, and crops are large enough to be judged."""
        if (self.data.a is None) != (self.data.b is None):
            raise ValueError(
                "data.a and data.b belong together: give both, or data.root (or a style.image)"
            )
        self.check_discriminator_crop()

    def check_cyclegan(self) -> None:
        """Two folders, and losses that their channels allow."""
        self.check_two_folders()
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

    def check_weights(self) -> None:
        """Recipes with one generator have no other to start."""
        if self.recipe == "cyclegan":
            return
        if self.networks.weights_ba is not None:
            raise ValueError(
                "networks.weights_ba is for two generators: leave it out with a style.image or "
                "networks.generator adain"
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
