"""Train a decoder on photographs alone (Li et al. 2017, Sec. 3.1).

    total = P |x' - x|^2 + mean_l |F_l(x') - F_l(x)|^2 / |F_l(x)|^2
          + mean_l |G_l - F_l(x)|^2 / |F_l(x)|^2

x are crops of photographs, F_l their feature maps at level l, x' the picture that the decoder
returns for the maps of one level, and G_l the maps that its stages return between. The first two
terms are the paper's Eq. 1, relative to what is reconstructed so that all levels count. The third
makes every stage return a level's feature maps, so that one decoder serves all levels. Every fourth
step decodes from one of the other levels, in turn; all others decode from the deepest.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import pad, unfold

from gan.features import Features
from gan.images import list_images, read_image, resize_short
from gan.images.pixels import from_image, to_unit
from gan.stylize.wct.decoder import Decoder, Shape
from gan.stylize.wct.encoder import layer
from gan.stylize.wct.resuming import Kept
from gan.system.progress import Progress

RATE = 1e-3
BATCH = 4
CROP = 64
"""Side of a crop in pixels."""
PIXELS = 4.0
"""Weight P of the mean squared difference of pixels in [-1, 1]."""
SHRINK = 2.5
"""A crop is reduced by a random factor up to this one, so that edges of all widths occur."""
LARGEST = 768
"""Shorter side to which photographs are reduced, in pixels."""
WARM_UP = 50
"""Steps in which the learning rate grows; it then falls linearly to zero."""
SHOW_EVERY = 20
SAVE_EVERY = 100
"""Steps between training states: what an interrupted training loses at most."""
SOLVED = 32
"""Number of crops for which the last convolution is solved."""
RIDGE = 1e-6
"""Share of the mean square that is added to each square (ridge regression), so that there is a
solution even with dead maps."""


def read_photographs(folder: Path) -> list[Image.Image]:
    """Return all images of a folder, reduced to LARGEST; ValueError if there are none."""
    files = list_images(folder)
    if not files:
        raise ValueError(f"wct.photographs: {folder} has no images")
    images = (read_image(path) for path in files)
    return [resize_short(i, LARGEST) if min(i.size) > LARGEST else i for i in images]


def train_decoder(
    photographs: Sequence[Image.Image],
    features: Features,
    shapes: Sequence[Shape],
    steps: int,
    *,
    seed: int = 0,
    half: bool = False,
    kept: Kept | None = None,
) -> Decoder:
    """Return a decoder of these sizes that reconstructs photographs from their feature maps.

    `half` computes convolutions in bfloat16. The same seed gives the same decoder on one device
    with one number of threads, also if the training continues from a state that is `kept`.
    """
    device = features.mean.device
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder = Decoder(shapes)
    decoder.to(device)
    optimizer = torch.optim.Adam(decoder.parameters(), lr=RATE)
    draws = torch.Generator().manual_seed(seed)
    drawn, done = _crops(photographs, draws), 0
    if kept and (state := kept.load()):
        done = state["step"]
        decoder.load_state_dict(state["decoder"])
        optimizer.load_state_dict(state["optimizer"])
        draws.set_state(state["draws"])
    with Progress(steps, "steps", title="Decoder", done=done) as bar:
        for step in range(done, steps):
            for group in optimizer.param_groups:
                group["lr"] = RATE * min((step + 1) / WARM_UP, (steps - step) / steps)
            crops = torch.stack([next(drawn) for _ in range(BATCH)]).to(device)
            level = _level(step, decoder.depth)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                total = loss(crops, features, decoder, level)
            optimizer.zero_grad()
            total.backward()
            nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
            optimizer.step()
            bar.update()
            if step % SHOW_EVERY == 0:
                bar.show([f"loss {total.item():.3f}"])
            if kept and (step + 1) % SAVE_EVERY == 0:
                kept.save(step + 1, _state(step + 1, decoder, optimizer, draws))
    decoder.requires_grad_(False).eval()
    crops = torch.stack([next(drawn) for _ in range(SOLVED)]).to(device)
    solve_last(crops, features, decoder)
    return decoder


def _state(
    step: int, decoder: Decoder, optimizer: torch.optim.Optimizer, draws: torch.Generator
) -> dict[str, Any]:
    """Return all on which the steps after the first `step` depend."""
    return {
        "step": step,
        "decoder": decoder.state_dict(),
        "optimizer": optimizer.state_dict(),
        "draws": draws.get_state(),
    }


def _level(step: int, depth: int) -> int:
    """Return the level from which a step decodes."""
    return 1 + step // 4 % (depth - 1) if step % 4 == 3 and depth > 1 else depth


def loss(crops: Tensor, features: Features, decoder: Decoder, level: int) -> Tensor:
    """Return the module's `total` for crops (N, 3, H, W) in [-1, 1], decoded from `level`."""
    with torch.no_grad():
        wanted = features(crops)
    *inner, picture = decoder(wanted[layer(level)], level)
    between = range(level - 1, 0, -1)
    made = {layer(each): maps for each, maps in zip(between, inner, strict=True)}
    pixels = (picture.float() - crops).square().mean()
    total: Tensor = PIXELS * pixels + _relative(features(picture), wanted)
    return total + _relative(made, wanted) if made else total


@torch.no_grad()
def solve_last(crops: Tensor, features: Features, decoder: Decoder) -> None:
    """Set the last convolution to the one that reconstructs crops with the least squared error.

    It is linear, so the solution has a closed form. Without it, colors were still wrong after few
    steps of training. The solution is for maps decoded from every level: solved for the deepest
    level alone, the convolution amplified the parts that those maps lack.
    """
    last = decoder.stages[0][0]  # type: ignore[index]
    squares = products = torch.zeros((), dtype=torch.float64)
    for batch in crops.split(BATCH):
        known = features(batch)
        for level in range(1, decoder.depth + 1):
            maps = known[layer(level)]
            for above in range(level, 1, -1):
                maps = decoder.up(above, maps)
            # (N, 9 C, positions), in the order of the weights; and ones for the bias.
            seen = unfold(pad(maps, (1,) * 4, mode="reflect"), 3)
            rows = torch.cat([seen, torch.ones_like(seen[:, :1])], 1).transpose(0, 1).flatten(1)
            wanted = batch.flatten(2).transpose(0, 1).flatten(1)
            squares = (rows @ rows.T).cpu().double() + squares
            products = (rows @ wanted.T).cpu().double() + products
    ridge = RIDGE * squares.diagonal().mean() * torch.eye(len(squares), dtype=torch.float64)
    solution = torch.linalg.solve(squares + ridge, products).T.to(last.weight)
    last.weight.copy_(solution[:, :-1].reshape(last.weight.shape))
    last.bias.copy_(solution[:, -1])


def _relative(maps: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    """Return the mean over layers of |F - F'|^2 / |F|^2."""
    terms = [
        (each.float() - wanted[at]).square().sum() / wanted[at].square().sum().clamp_min(1e-6)
        for at, each in maps.items()
    ]
    return torch.stack(terms).mean()


def _crops(photographs: Sequence[Image.Image], draws: torch.Generator) -> Iterator[Tensor]:
    """Yield random crops (3, CROP, CROP) in [-1, 1], half of them mirrored, without end."""

    def draw(low: float, high: float) -> float:
        return low + (high - low) * torch.rand((), generator=draws).item()

    while True:
        image = photographs[int(draw(0, len(photographs)))]
        side = min(CROP * draw(1, SHRINK), *image.size)
        left, top = draw(0, image.width - side), draw(0, image.height - side)
        box = (left, top, left + side, top + side)
        crop = image.resize((CROP, CROP), Image.Resampling.LANCZOS, box=box)
        pixels = to_unit(from_image(crop))
        yield pixels.flip(2) if draw(0, 1) < 0.5 else pixels
