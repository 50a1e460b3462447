"""A whole configuration, and what must fit between its sections."""

from typing import Literal, Self

from pydantic import model_validator

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
from gan.domains import Domain

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
        self.check_blur()
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
        return "reference" if self.networks.generator == "adain" else "cyclegan"

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Those whose folders are trained on."""
        return ("a",) if self.recipe == "one_style" else ("a", "b")

    def check_one_style(self) -> None:
        """A painting stands in for domain B."""
        if self.networks.generator == "adain":
            raise ValueError(
                "networks.generator adain learns the styles of a folder, data.b: "
                "leave style.image out, or name another generator"
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
        """Translations in both directions are what the semantic loss is about."""
        if any(self.loss.weight(f"semantic_{way}") for way in ("ab", "ba")):
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
        for term, ends in {"identity": ("a", "b"), "semantic": ("ab", "ba")}.items():
            if any(self.loss.weight(f"{term}_{end}") for end in ends):
                raise ValueError(
                    f"loss.{term} needs data.channels_a == data.channels_b "
                    f"({self.data.channels_a} and {self.data.channels_b} given): "
                    f"set loss.{term} to 0"
                )

    def check_generator_crop(self) -> None:
        """Training crops must fit the generator: a U-Net halves them 7 or 8 times."""
        multiple = {"unet_128": 128, "unet_256": 256}.get(self.networks.generator, 4)
        if self.data.crop_size % multiple:
            raise ValueError(
                f"data.crop_size ({self.data.crop_size}) must be a multiple of {multiple} "
                f"with networks.generator {self.networks.generator}"
            )

    def check_blur(self) -> None:
        """CUT's generators are ResNets."""
        kind = self.networks.generator
        for key in ("upsample", "downsample"):
            if getattr(self.networks, key) == "blur" and not kind.startswith("resnet"):
                raise ValueError(
                    f"networks.{key} blur is for ResNet generators; with networks.generator {kind} "
                    "leave it out"
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
        if self.train.recompute and not self.networks.generator.startswith("resnet"):
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
        if self.evaluate.every and self.networks.generator == "adain":
            raise ValueError(
                "evaluate.every: networks.generator adain translates after a second picture, and "
                "has no translation of its own that could be measured: leave it out"
            )

    def check_discriminator_crop(self) -> None:
        """Some patch must be judged."""
        kind, layers = self.networks.discriminator, self.networks.discriminator_layers
        halvings = {"basic": 3, "n_layers": layers, "pixel": 0}[kind]
        if kind != "pixel" and self.data.crop_size < 3 * 2**halvings:
            raise ValueError(
                f"data.crop_size ({self.data.crop_size}) must be at least {3 * 2**halvings} with "
                f"networks.discriminator {kind}, which halves it {halvings} times"
            )
