"""The faults that the training doctor knows: which value of a signal is one, and what to do.

The limits keep away from what healthy trainings show; docs/log.md has the runs, `python -m
experiments.checks.doctor` prints such ranges again.
"""

from dataclasses import dataclass

from gan.config.table import Table


@dataclass(frozen=True)
class Fault:
    """A signal's limit, and one plain sentence: what it is, why it happens, which key to change."""

    title: str
    """What is seen, in a few words, after "A to B: ...", or "discriminator of A: ..."."""
    limit: float
    advice: str
    """With {where}: a direction, a domain, or what is updated; and {other}, the direction into a
    domain or the domain that a direction leads into."""
    below: bool = False
    """Whether it is values below the limit that are faults."""
    ruins: bool = False
    """Whether the pictures are of no use while it lasts: the run should be stopped."""
    settled: int = 0
    """Steps before which it is not a fault: the generators' pictures are not formed yet."""
    hasty: str | None = None
    """The advice where discriminators learn faster than generators, if it is another."""

    alone: str | None = None
    """The advice where one generator is trained, which has neither a cycle nor an identity loss, if
    it is another."""

    def has(self, value: float) -> bool:
        """Return whether a value is beyond the limit; NaN, an undefined signal, never is."""
        return value < self.limit if self.below else value > self.limit


YOUNG = 200
"""Steps that the small recipe and the paper's need until their pictures show what inputs show."""

FAULTS: Table[Fault] = Table("finding", {
    # Healthy: 0.37 or more from step 50 on, -0.06 or more in the first steps.
    "inverted": Fault(
        "light and dark have changed places",
        -0.3,
        "gen_{where} turns light into dark, which the cycle allows because the other generator "
        "turns it back: start again with a higher loss.identity (twice what it is) or another "
        "run.seed; if one domain is the other's negative it is right, and train.doctor_ignore "
        "[inverted] silences it",
        below=True,
        alone="gen_{where} turns light into dark: start again with another run.seed, or with twice "
        "the weight of the loss that keeps the content (loss.nce or loss.perceptual); if one "
        "domain is the other's negative it is right, and train.doctor_ignore [inverted] silences "
        "it",
        ruins=True,
    ),
    # Healthy: 0.34 or more; 0.02 is two and a half gray levels.
    "copy": Fault(
        "the input comes back unchanged",
        0.02,
        "gen_{where} returns its input, the easiest way to please the cycle and identity losses "
        "when disc_{other} demands little: lower loss.identity (to 0.5 or 0); if the two folders "
        "show the same kind of picture there is nothing to learn, and train.doctor_ignore [copy] "
        "silences it",
        below=True,
        alone="gen_{where} returns its input, the easiest way to keep the content: lower the "
        "weight of the loss that keeps it (loss.nce or loss.perceptual, to half); if the two "
        "folders show the same kind of picture there is nothing to learn, and "
        "train.doctor_ignore [copy] silences it",
        ruins=True,
    ),
    # Healthy: 0.55 or more.
    "collapsed": Fault(
        "all inputs give nearly the same picture",
        0.15,
        "gen_{where} makes nearly the same picture of different inputs because one that fools "
        "disc_{other} is enough for it: raise loss.cycle (to twice what it is), or start again "
        "with a lower optim.lr (half)",
        below=True,
        alone="gen_{where} makes nearly the same picture of different inputs: raise the weight of "
        "the loss that keeps the content (loss.nce or loss.perceptual, to twice what it is), or "
        "start again with a lower optim.lr (half)",
        ruins=True,
    ),
    # Healthy: 0.1 or less while reconstructions are poor; a reader of the picture has 1 at most.
    "hidden_code": Fault(
        "the input is hidden in invisible details",
        3.0,
        "gen_{where} hides its input in invisible differences, for the other generator to read, "
        "because that is the cheapest way to a low cycle loss: lower loss.cycle (to half), or "
        "compare what is seen with a loss.perceptual_cycle above 0",
    ),
    # Healthy: 4.6 or less, 6.7 with wgan_gp.
    "checkerboard": Fault(
        "a pattern that repeats every 2 or 4 pixels lies over the pictures",
        7.0,
        "pictures of gen_{where} have a grid of 2 or 4 pixels, as transposed convolutions leave "
        "because their strokes overlap unevenly: start again with networks.upsample resize, or if "
        "it is so already, raise loss.tv (to 1)",
    ),
    # Healthy: 0.73 or less, the mean of five logged steps.
    "saturated": Fault(
        "it is always sure, and its generator learns nothing from it",
        0.95,
        "disc_{where} is always sure, so that gen_{other} is told that all it does is equally "
        "wrong and learns nothing from it: lower optim.discriminator_lr (to a quarter of "
        "what it is), or if a folder is so small that it is known by heart, add data.augment",
    ),
    # Healthy: 0.03 or less.
    "stretched": Fault(
        "the gradient penalty does not hold it",
        2.0,
        "disc_{where} sets real images and translations further apart than they are, because the "
        "gradient penalty does not hold it: set loss.gradient_penalty to 10, or lower "
        "optim.discriminator_lr (to a quarter of what it is)",
    ),
    # Healthy: 0.02 or more; -0.02 with wgan_gp.
    "beaten": Fault(
        "it scores translations above real images",
        -0.25,
        "disc_{where} scores translations above real images, so that gen_{other} is led astray, "
        "because it learns more slowly than the generators: raise optim.discriminator_lr (to "
        "optim.lr or twice that), or networks.discriminator_channels",
        below=True,
        hasty="disc_{where} scores translations above real images, so that gen_{other} is led "
        "astray, because its updates are larger than the generators' and throw it to and fro: "
        "lower optim.discriminator_lr (to optim.lr)",
    ),
    # Healthy: 0.15 or more. At 1/2000 of the generators' rate scores range over 0.04 to 0.18, which
    # is what the pictures do; it is the rate, of which the signal has a share, that tells.
    "blind": Fault(
        "it gives everything the same score",
        0.01,
        "disc_{where} gives everything the same score, so that gen_{other} learns nothing from "
        "it, because it hardly learns itself or an update that was too large has killed it: set "
        "optim.discriminator_lr to 2e-4 and start again",
        below=True,
        hasty="disc_{where} gives everything the same score, so that gen_{other} learns nothing "
        "from it, because an update that was too large has killed it: lower "
        "optim.discriminator_lr (to optim.lr) and start again",
    ),
    # Healthy: 4.1 or less.
    "exploding": Fault(
        "gradients are many times what they were",
        10.0,
        "gradients of the {where} are many times what they were, because updates have become too "
        "large for the loss to follow: go back to an earlier state with a lower optim.lr (half), "
        "or set optim.grad_clip (to the usual gradient_norm_{where} of the log)",
    ),
    # Healthy: 0. With fp16 the scaler finds its scale by skipping steps.
    "left_out": Fault(
        "steps were skipped because their gradients were not finite",
        0.0,
        "steps were skipped because their gradients were not finite, which happens when numbers "
        "leave the range of train.precision: set train.precision to bf16 or fp32, or "
        "lower optim.lr (to half)",
    ),
    "not_finite": Fault(
        "pictures have pixels that are not finite",
        0.0,
        "pictures of gen_{where} have pixels that are not finite, because its numbers have left "
        "the range of train.precision: go back to an earlier state with train.precision fp32 and "
        "a lower optim.lr (half)",
        ruins=True,
    ),
    # Healthy: 0.03 or less; the share of all values.
    "clipped": Fault(
        "large parts are pure black, white or one flat color",
        0.15,
        "pictures of gen_{where} are pure black, white or one flat color in large parts, where "
        "neither folder is, because updates that are too large have driven its outputs to their "
        "limits: start again with a lower optim.lr (a quarter)",
        ruins=True,
    ),
    # Healthy: 0.44 or more from step 100 on.
    "lost": Fault(
        "the pictures no longer show what the inputs show",
        0.3,
        "pictures of gen_{where} no longer show what its inputs show, because too little holds it "
        "to them: start again with loss.cycle 10, loss.identity 5 and a smaller loss.style, or "
        "with another optim.lr (2e-4) if these are so already",
        below=True,
        ruins=True,
        settled=YOUNG // 2,
        alone="pictures of gen_{where} no longer show what its inputs show, because too little "
        "holds it to them: raise the weight of the loss that keeps the content (loss.nce or "
        "loss.perceptual, to twice what it is), or lower loss.style (to a tenth)",
    ),
    # Healthy: 1.8 or less. docs/log.md measures perceptual, style and the discriminator.
    "grain": Fault(
        "flat areas are full of grain",
        2.0,
        "flat areas of gen_{where}'s pictures have grain that neither folder has, because "
        "instance norm amplifies what little there is in them: raise loss.perceptual (to 2 or 3), "
        "lower loss.style, or start again with networks.discriminator projected",
        settled=YOUNG,
    ),
    # Healthy: 0.42 or more; the paper's recipe needs more than 300 steps to be sharper.
    "blurred": Fault(
        "the pictures are blurred",
        0.35,
        "pictures of gen_{where} are blurred beside both folders, because losses that compare "
        "pixels outweigh the discriminator, or because it has trained for a short time: train "
        "longer, lower loss.tv (to 0), or start again with networks.discriminator projected",
        below=True,
        settled=YOUNG,
        alone="pictures of gen_{where} are blurred beside both folders, because the losses that "
        "keep the content outweigh those that give the style, or because it has trained for a "
        "short time: train longer, lower loss.tv (to 0), or raise loss.style (to twice what it is)",
    ),
    # Healthy: 1.03 or less.
    "halos": Fault(
        "edges are harsher than in the pictures of either folder, with halos along them",
        1.15,
        "edges of gen_{where}'s pictures are harsher than in either folder, with halos along them, "
        "because it exaggerates what disc_{other} takes for real: lower "
        "optim.discriminator_lr (to half of optim.lr) or loss.style (to half), and take what "
        "sharpens out of data.augment",
        settled=YOUNG,
        alone="edges of gen_{where}'s pictures are harsher than in either folder, with halos along "
        "them, because it exaggerates the style: lower loss.style (to half), and take what "
        "sharpens out of data.augment",
    ),
})  # fmt: skip
"""What each signal is measured by: gan/training/doctor/pictures.py and scores.py."""
