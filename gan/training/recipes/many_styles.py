"""The recipe for several styles: one generator, with a scale and a shift per style in each norm.

Dumoulin et al. 2017, "A Learned Representation for Artistic Style", with the losses of
single_style: for every photograph a and its style s, gen_ab minimizes

    perceptual * |f(fake_b) - f(a)|^2 + style * |G(fake_b) - G_s|^2 / |G_s|^2 + tv * TV(fake_b)

in the notation of gan/training/objective.py, with fake_b = gen_ab(a, s). G_s are the Gram matrices
of the style's painting, or their mean over its paintings. Photographs take the styles in turn.

Departure from the paper: the style term is divided by |G_s|^2, so that it is 1 for feature maps of
zeros. Otherwise strong textures dominate: the energies of eight paintings differed by a factor of
25, and the weakest were hardly learned (docs/log.md).

With style.add_to, the network of another run learns further styles. Only their scales and shifts
are trained (the paper's Sec. 3.1), so its other styles stay bit-identical.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from gan.config import Config
from gan.config.tables.recipes import GRID_STYLES
from gan.data.folders import unreadable
from gan.data.styles import find_styles, joined_names
from gan.domains import Domain
from gan.interop import find_generator, open_generator, style_names
from gan.losses import gram_distance, mean_gram, weighted_sum
from gan.networks.assembly import generator_spec
from gan.networks.conditional import grown, norm_keys
from gan.system.hashing import file_sha256
from gan.training.accelerator import main_first
from gan.training.initial_weights import load, weights_in
from gan.training.objective import Maps, Network, appearance_terms, weighted
from gan.training.optimization import total
from gan.training.perceptual import PerceptualNetwork
from gan.training.recipes.base import Batch, Step, build_frame, recipe_networks
from gan.training.recipes.single_style import read_painting
from gan.training.run_folder import check_other
from gan.training.sampling import style_columns

PAINTINGS = 64
"""Largest number of a style's paintings whose Gram matrices are averaged; they are evenly
spaced."""

NAMED = 5
"""Largest number of broken paintings that an error names."""


class ManyStylesTrainer:
    """Trains one generator to match the Gram matrices of several styles."""

    def __init__(self, config: Config, accelerator: Accelerator) -> None:
        device = accelerator.device
        styles = find_styles(config.data.train_folder("b"))
        base = read_base(config)
        self.first = len(base.names)
        names = joined_names(base.names, styles)
        networks = recipe_networks(config, ["gen_ab"], len(names))
        if base.names:
            adopt(networks["gen_ab"], base, len(names))
        self.perceptual = main_first(accelerator, lambda: PerceptualNetwork(config, device))
        grams = self.grams_of(styles, config, device)
        # Matrices times 1 / |G_s| have distances times 1 / |G_s|^2.
        self.scales = [_energy(gram).rsqrt() for gram in grams]
        self.grams = [
            {at: matrix * scale for at, matrix in gram.items()}
            for gram, scale in zip(grams, self.scales, strict=True)
        ]
        marks = {"perceptual.weights": self.perceptual.fingerprint, "styles": ", ".join(names)}
        self.frame = build_frame(
            config,
            accelerator,
            networks,
            {"generators": (("gen_ab",), config.optim.lr)},
            {**marks, "data.b": _content(styles), **base.fingerprints},
            styles=names,
        )

    def grams_of(
        self, styles: Mapping[str, Sequence[Path]], config: Config, device: torch.device
    ) -> list[Maps]:
        """Return the Gram matrices of each style; ValueError names up to NAMED broken paintings."""
        try:
            return [self.gram_of(paths, config, device) for paths in styles.values()]
        except ValueError:
            files = (path for paths in styles.values() for path in paths)
            broken = [reason for path in files if (reason := unreadable(path, 1))]
            if not broken:
                raise
        if len(broken) == 1:
            raise ValueError(f"data.b: {broken[0]}: remove the file")
        named = "; ".join(broken[:NAMED]) + ("; ..." if len(broken) > NAMED else "")
        raise ValueError(f"data.b: remove these {len(broken)} files: {named}")

    def gram_of(self, paths: Sequence[Path], config: Config, device: torch.device) -> Maps:
        """Return the mean Gram matrices, (1, C, C), of a style's paintings, by style layer."""
        size, channels = config.style.size, config.data.channels_b
        chosen = paths[:: -(-len(paths) // PAINTINGS)]
        grams = []
        for path in chosen:
            painting = read_painting(path, size, channels, key="data.b").to(device)
            with torch.no_grad():
                grams.append(self.perceptual.style_of(self.perceptual(painting)))
        return {at: torch.stack([gram[at] for gram in grams]).mean(0) for at in grams[0]}

    def train_step(self, step: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """Update the generator once; return its losses and gradient norm by name."""
        gen_ab, loss = self.frame.networks["gen_ab"], self.frame.config.loss
        update = Step(self.frame, step)
        for number, batch in enumerate(update.accumulate(batches)):
            (a,) = self.frame.prepare(batch)
            content = self.perceptual.content_targets(a)
            styles = self.turns((step - 1) * len(batches) + number, len(a))
            with update.gradients([gen_ab]):
                fake_b = gen_ab(a, self.mixtures([self.first + style for style in styles]))
                terms = appearance_terms("ab", fake_b, content, {}, self.perceptual)
                terms["style", "ab"] = partial(self.style_term, fake_b, styles)
                losses = weighted(terms, loss)
                update.minimize(total(losses), losses)
        return update.apply()

    def style_term(self, fake_b: Tensor, styles: Sequence[int]) -> Tensor:
        """Return the distance of translations from their styles; 1 for feature maps of zeros."""
        maps = self.perceptual(fake_b)  # kept from the perceptual term
        scales = torch.stack([self.scales[style] for style in styles])[:, None, None]
        return weighted_sum({
            at: gram_distance(
                mean_gram(maps[at]) * scales, torch.cat([self.grams[s][at] for s in styles])
            )
            for at in self.grams[0]
        })  # fmt: skip

    def turns(self, batch: int, count: int) -> list[int]:
        """Return the style of each of `count` images, counted from 0 among the trained styles.

        batch is the batch's number in the run. The images of all processes take turns, so a step is
        the same for any number of processes.
        """
        accelerator = self.frame.accelerator
        first = (batch * accelerator.num_processes + accelerator.process_index) * count
        return [(first + image) % len(self.grams) for image in range(count)]

    def mixtures(self, styles: Sequence[int]) -> Tensor:
        """Return one-hot mixtures that select these styles, (N, all styles), on the device."""
        return torch.eye(len(self.frame.styles), device=self.frame.accelerator.device)[list(styles)]

    def translations(self, real: Mapping[Domain, Tensor]) -> tuple[Network, Network | None]:
        """Return a function that translates photographs to the trained styles in turn, and None."""
        network, count = self.frame.generators["ab"], len(self.grams)

        def translated(content: Tensor) -> Tensor:
            turns = [self.first + image % count for image in range(len(content))]
            result: Tensor = network(content, self.mixtures(turns))
            return result

        return translated, None

    def sample(self, real: Mapping[Domain, Tensor]) -> dict[str, list[Tensor]]:
        """Return the columns of the sample grid: photographs, then up to GRID_STYLES styles."""
        chosen = self.mixtures(range(min(len(self.frame.styles), GRID_STYLES)))
        return {"ab": style_columns(self.frame.generators["ab"], real["a"], chosen)}


class Base(NamedTuple):
    """The network of style.add_to; names and weights are empty without it."""

    names: tuple[str, ...] = ()
    weights: Mapping[str, Tensor] = {}
    where: str = ""
    """The key and the file's path, for messages."""
    fingerprints: Mapping[str, str] = {}


def read_base(config: Config) -> Base:
    """Read the network of style.add_to; ValueError, with the key, if it does not fit this run."""
    path = config.style.add_to
    if path is None:
        return Base()
    check_other(config.run.dir, "style.add_to", path)
    try:
        file = find_generator(path, "ab")
        names = style_names(open_generator(file, "ab"))
    except ValueError as error:
        raise ValueError(f"style.add_to: {error}") from error
    if not names:
        raise ValueError(
            f"style.add_to: {file} has only one style: set a run of train.recipe many_styles"
        )
    data = config.data
    wanted = generator_spec(config.networks, data.channels_a, data.channels_b)
    weights, where = weights_in("style.add_to", file, "ab", wanted)
    return Base(tuple(names), weights, where, {"style.add_to": file_sha256(file)[:16]})


def adopt(network: nn.Module, base: Base, styles: int) -> None:
    """Load a network with fewer styles; freeze everything except scales and shifts.

    Those of the older styles do not change either: their weights in the mixtures are 0, so their
    gradients and Adam's steps are exactly 0.
    """
    load(network, grown(network, base.weights, styles), base.where)
    trained = norm_keys(network)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in trained)


def _energy(gram: Maps) -> Tensor:
    """Return the distance, a scalar, between Gram matrices and those of feature maps of zeros."""
    return weighted_sum({at: gram_distance(torch.zeros_like(m), m) for at, m in gram.items()})


def _content(styles: Mapping[str, Sequence[Path]]) -> str:
    """Return a hash of the names and contents of all styles' paintings."""
    lines = [f"{name} {file_sha256(path)}" for name, paths in styles.items() for path in paths]
    return sha256("\n".join(lines).encode()).hexdigest()[:16]
