"""The whole configuration, and checks across its sections."""

from collections.abc import Iterator

from gan.config.guides import DistillConfig, SemanticConfig, StyleConfig
from gan.config.recipe_faults import (
    channel_faults,
    decoder_faults,
    encoder_faults,
    single_generator_faults,
)
from gan.config.section import Fault, Section
from gan.config.sections import (
    DataConfig,
    LossConfig,
    NetworksConfig,
    PerceptualConfig,
)
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS, generators_for
from gan.config.tables.recipes import RECIPES, RecipeRow
from gan.config.training import EvaluateConfig, OptimConfig, RunConfig, TrainConfig
from gan.domains import Domain


class Config(Section):
    """The configuration of a training run."""

    data: DataConfig = DataConfig()
    networks: NetworksConfig = NetworksConfig()
    loss: LossConfig = LossConfig()
    perceptual: PerceptualConfig = PerceptualConfig()
    semantic: SemanticConfig = SemanticConfig()
    style: StyleConfig = StyleConfig()
    distill: DistillConfig = DistillConfig()
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    run: RunConfig = RunConfig()

    @property
    def recipe(self) -> str:
        """train.recipe, or the recipe that style.image and the generator require."""
        if self.train.recipe is not None:
            return self.train.recipe
        facts = (self.style.image is not None, self.styled, self.many_styles, self.has_levels)
        return next(
            name
            for name, row in RECIPES.items()
            if (row.painting, row.styled, row.many_styles, row.decodes) == facts
        )

    @property
    def styled(self) -> bool:
        """Whether the generator takes a style image in addition to the content image."""
        return GENERATORS[self.networks.generator].takes_style

    @property
    def many_styles(self) -> bool:
        """Whether the generator has several styles, selected or mixed by weights."""
        return GENERATORS[self.networks.generator].fixed_kind is not None

    @property
    def has_levels(self) -> bool:
        """Whether the generator encodes to levels of a frozen VGG-16, and decodes them."""
        return GENERATORS[self.networks.generator].levels > 0

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Domains whose images are used in training."""
        return RECIPES[self.recipe].domains

    @property
    def compares_features(self) -> bool:
        """Whether a term compares feature maps of the frozen network perceptual.backbone."""
        loss = self.loss
        return bool(loss.perceptual or loss.perceptual_cycle or loss.style)

    @property
    def scores_features(self) -> bool:
        """Whether the discriminators score feature maps of networks.discriminator_backbone."""
        return "backbone" in DISCRIMINATORS[self.networks.discriminator].takes

    @property
    def frozen_networks(self) -> tuple[str, ...]:
        """Frozen networks used in training; FID and KID computed with one of them look too good."""
        names = [self.networks.discriminator_backbone] if self.scores_features else []
        names += [self.perceptual.backbone] if self.compares_features else []
        return tuple(sorted(set(names)))

    def faults(self) -> Iterator[Fault]:
        yield from self.network_faults()
        yield from self.evaluate_faults()
        yield from self.recipe_faults()

    def network_faults(self) -> list[Fault]:
        """Return faults of crop size, generator, norm and precision."""
        kind, norm, recompute = self.networks.generator, self.networks.norm, self.train.recompute
        row, crop = GENERATORS[kind], self.data.crop_size
        fusible = row.residual and norm in ("instance", "instance_affine")
        regularized = ADVERSARIAL[self.loss.adversarial].regularizer is not None
        return [
            (
                crop % row.size_multiple,  # a U-Net halves them 7 or 8 times
                f"data.crop_size ({crop}) must be a multiple of {row.size_multiple} "
                f"with networks.generator {kind}",
            ),
            (
                recompute and not row.residual,
                f"train.recompute is for ResNet generators; with networks.generator {kind} "
                "remove it",
            ),
            (
                self.train.fused and not fusible,
                "train.fused requires a ResNet generator with instance norms, not "
                f"networks.generator {kind} with norm {norm}: remove it",
            ),
            (
                regularized and norm == "batch",
                f"loss.adversarial {self.loss.adversarial} takes gradients of single images' "
                "scores, which networks.norm batch mixes: use norm instance or none",
            ),
            (
                regularized and self.train.precision == "fp16",
                f"loss.adversarial {self.loss.adversarial} takes gradients of gradients, which "
                "fp16 cannot represent: use train.precision bf16, tf32 or fp32",
            ),
            (
                recompute and norm == "batch",
                "train.recompute would count each batch twice in the statistics of "
                "networks.norm batch: use instance, or set train.recompute false",
            ),
        ]

    def evaluate_faults(self) -> list[Fault]:
        """Return faults of evaluate.every: no test folders, or a generator that takes a style."""
        return [
            (
                self.evaluate.every and self.data.root is None,
                "evaluate.every measures the images in testA and testB of data.root: set data.root",
            ),
            (
                self.evaluate.every and self.styled,
                f"evaluate.every: networks.generator {self.networks.generator} requires a style "
                "image, which evaluations do not have: remove evaluate.every",
            ),
            (
                self.evaluate.every and self.many_styles,
                f"evaluate.every: networks.generator {self.networks.generator} has several styles, "
                "but an evaluation compares with one domain B: remove evaluate.every",
            ),
        ]

    def recipe_faults(self) -> Iterator[Fault]:
        """Yield faults of keys that do not fit the recipe; messages name the key that chose it."""
        kind, painted = self.networks.generator, self.style.image is not None
        yield (
            painted and (self.styled or self.many_styles or self.has_levels),
            f"networks.generator {kind} cannot learn the style of one painting: "
            "remove style.image, or name another generator",
        )
        row, chosen = RECIPES[self.recipe], f"train.recipe {self.recipe}"
        fault = "needs a style.image" if row.painting else "does not use style.image"
        yield (
            row.painting != painted,
            f"{chosen} {fault}: set another recipe, or remove train.recipe",
        )
        fault = "needs a distill.teacher" if row.taught else "does not use distill.teacher"
        yield (
            row.taught != (self.distill.teacher is not None),
            f"{chosen} {fault}: {'set it' if row.taught else 'set train.recipe distill'}, or "
            f"remove {'train.recipe' if row.taught else 'distill.teacher'}",
        )
        facts = row.styled, row.many_styles, row.decodes
        able = any(facts)
        needed = f"needs networks.generator {generators_for(*facts)}, not"
        fault = needed if able else "cannot train"
        yield (
            facts != (self.styled, self.many_styles, self.has_levels),
            f"{chosen} {fault} {kind}: name another recipe or generator",
        )
        if row.painting or able:
            chosen = "style.image" if row.painting else f"networks.generator {kind}"
        yield from self.added_style_faults(row, chosen)
        yield from self.folder_faults(row)
        for term in row.needs:
            yield not getattr(self.loss, term), f"{chosen} needs a loss.{term} above 0"
        for term in row.unused:
            others = " or ".join(
                name for name, other in RECIPES.items() if term not in other.unused
            )
            yield (
                getattr(self.loss, term),
                f"{chosen} does not use loss.{term}: set it to 0, or train.recipe to {others}",
            )
        yield (
            self.data.degrade and not row.degrades,
            f"{chosen} does not support data.degrade: remove it, or set another train.recipe",
        )
        if row.encodes:
            yield from encoder_faults(self.networks.generator, self.data, chosen)
        if row.decodes:
            yield from decoder_faults(self.data, self.perceptual, chosen)
        if len(row.directions) == 1:
            yield from single_generator_faults(self.loss, self.networks, chosen)
        elif self.data.channels_a != self.data.channels_b:
            yield from channel_faults(self.loss, self.data)

    def folder_faults(self, row: RecipeRow) -> list[Fault]:
        """Return faults of folders, and of crops that are too small for the discriminator."""
        data, kind = self.data, self.networks.discriminator
        halvings = DISCRIMINATORS[kind].halvings
        if halvings is None:
            halvings = self.networks.discriminator_layers
        return [
            (
                row.painting and data.b is not None,
                "data.b and style.image exclude each other: set one of them",
            ),
            (
                (row.taught or row.decodes) and data.b is not None,
                f"train.recipe {self.recipe} does not use data.b: remove it",
            ),
            (
                ("b" in row.domains or row.many_styles) and (data.a is None) != (data.b is None),
                "data.a and data.b belong together: set both, or data.root (or a style.image)",
            ),
            (
                row.discriminators and data.crop_size < 3 * 2**halvings,
                f"data.crop_size ({data.crop_size}) must be at least {3 * 2**halvings} with "
                f"networks.discriminator {kind}, which halves it {halvings} times",
            ),
        ]

    def added_style_faults(self, row: RecipeRow, chosen: str) -> list[Fault]:
        """Return faults of style.add_to, which adds styles to a trained network."""
        added, given = self.style.add_to is not None, self.networks
        return [
            (
                added and not row.many_styles,
                f"style.add_to requires a generator with several styles, which {chosen} does not "
                f"train: remove it, or set networks.generator to {generators_for(False, True)}",
            ),
            (
                added and (given.weights is not None or given.weights_ab is not None),
                "style.add_to and networks.weights exclude each other: set one of them",
            ),
        ]
