"""The findings of the training doctor: the limit of each signal, and advice.

The limits leave a margin to the values in healthy trainings. docs/log.md lists these trainings;
`python -m experiments.checks.doctor` measures the values again.
"""

from dataclasses import dataclass

from gan.config.table import Table


@dataclass(frozen=True)
class Fault:
    """A signal's limit, and one sentence of advice.

    The sentence states the fault, its cause, and the keys to change.
    """

    title: str
    """The symptom in a few words, after "A to B: ..." or "discriminator of A: ..."."""
    limit: float
    advice: str
    """A format string. {where} is a direction, a domain, or a group of networks. {other} is the
    domain into which a direction translates, or the direction that translates into a domain."""
    below: bool = False
    """Whether values below the limit are faults, rather than values above it."""
    ruins: bool = False
    """Whether the images are useless while it lasts, so that the run should be stopped."""
    settled: int = 0
    """Before this step it is not a fault, since the generators cannot yet form images."""
    hasty: str | None = None
    """Replaces `advice` if the discriminators' learning rate is higher than the generators'."""

    alone: str | None = None
    """Replaces `advice` if only one generator is trained: it has neither a cycle nor an identity
    loss."""

    def has(self, value: float) -> bool:
        """Return whether a value is beyond the limit; NaN, an undefined signal, never is."""
        return value < self.limit if self.below else value > self.limit


YOUNG = 200
"""Number of steps after which images show the inputs' content, in the small recipe and the
paper's."""

FAULTS: Table[Fault] = Table("finding", {
    # Healthy: 0.37 or more from step 50 on, -0.06 or more in the first steps.
    "inverted": Fault(
        "light and dark have changed places",
        -0.3,
        "gen_{where} turns light into dark and the other generator turns it back, so the cycle "
        "loss stays low: start again with twice the loss.identity or another run.seed; if one "
        "domain is the negative of the other, this is right: silence it with train.doctor_ignore "
        "[inverted]",
        below=True,
        alone="gen_{where} turns light into dark: start again with another run.seed, or with twice "
        "the weight of the loss that keeps the content (loss.nce or loss.perceptual); if one "
        "domain is the negative of the other, this is right: silence it with train.doctor_ignore "
        "[inverted]",
        ruins=True,
    ),
    # Healthy: 0.34 or more; 0.02 is two and a half gray levels.
    "copy": Fault(
        "the input comes back unchanged",
        0.02,
        "gen_{where} returns its input, because disc_{other} is weak and this makes cycle and "
        "identity losses low: lower loss.identity (to 0.5 or 0); if both folders show the same "
        "kind of picture, there is nothing to learn: silence it with train.doctor_ignore [copy]",
        below=True,
        alone="gen_{where} returns its input, because the loss that keeps the content is too "
        "strong: lower its weight (loss.nce or loss.perceptual, to half); if both folders show the "
        "same kind of picture, there is nothing to learn: silence it with train.doctor_ignore "
        "[copy]",
        ruins=True,
    ),
    # Healthy: 0.55 or more.
    "collapsed": Fault(
        "all inputs give nearly the same picture",
        0.15,
        "gen_{where} makes nearly the same picture of different inputs, because one picture is "
        "enough to fool disc_{other}: raise loss.cycle (to twice its value), or start again with "
        "a lower optim.lr (half)",
        below=True,
        alone="gen_{where} makes nearly the same picture of different inputs: raise the weight of "
        "the loss that keeps the content (loss.nce or loss.perceptual, to twice its value), or "
        "start again with a lower optim.lr (half)",
        ruins=True,
    ),
    # Healthy: 0.1 or less with poor reconstructions; 1 at most for a reader of the visible picture.
    "hidden_code": Fault(
        "the input is hidden in invisible details",
        3.0,
        "gen_{where} hides its input in invisible differences and the other generator reads them, "
        "so the cycle loss stays low: lower loss.cycle (to half), or set loss.perceptual_cycle "
        "above 0 to compare visible features",
    ),
    # Healthy: 4.6 or less, 6.7 with wgan_gp.
    "checkerboard": Fault(
        "a pattern that repeats every 2 or 4 pixels covers the pictures",
        7.0,
        "pictures of gen_{where} show a grid of 2 or 4 pixels, typical of transposed convolutions, "
        "whose kernels overlap unevenly: start again with networks.upsample resize, or if "
        "that is set already, raise loss.tv (to 1)",
    ),
    # Healthy: 0.73 or less, the mean of five logged steps.
    "saturated": Fault(
        "it is always certain, and its generator learns nothing from it",
        0.95,
        "disc_{where} is always certain, so gen_{other} gets no useful gradient: lower "
        "optim.discriminator_lr (to a quarter of its value), or add data.augment if a folder is "
        "small enough to be memorized",
    ),
    # Healthy: 0.03 or less.
    "stretched": Fault(
        "the gradient penalty is not effective",
        2.0,
        "disc_{where} scores real images and translations further apart than their distance, "
        "because the gradient penalty is not effective: set loss.gradient_penalty to 10, or lower "
        "optim.discriminator_lr (to a quarter of its value)",
    ),
    # Healthy: 0.02 or more; -0.02 with wgan_gp.
    "beaten": Fault(
        "it scores translations above real images",
        -0.25,
        "disc_{where} scores translations above real images and misleads gen_{other}, because it "
        "learns more slowly than the generators: raise optim.discriminator_lr (to optim.lr or "
        "twice that), or networks.discriminator_channels",
        below=True,
        hasty="disc_{where} scores translations above real images and misleads gen_{other}, "
        "because its updates are larger than the generators' and make it oscillate: lower "
        "optim.discriminator_lr (to optim.lr)",
    ),
    # Healthy: 0.15 or more. At 1/2000 of the generators' rate scores range over 0.04 to 0.18,
    # because the images differ; the signal is scaled by the rate for that reason.
    "blind": Fault(
        "it gives everything the same score",
        0.01,
        "disc_{where} gives everything the same score, so gen_{other} learns nothing; "
        "disc_{where} hardly learns, or too large an update has destroyed it: set "
        "optim.discriminator_lr to 2e-4 and start again",
        below=True,
        hasty="disc_{where} gives everything the same score, so gen_{other} learns nothing; too "
        "large an update has destroyed disc_{where}: lower optim.discriminator_lr (to optim.lr) "
        "and start again",
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
        "exceed the range of train.precision: set train.precision to bf16 or fp32, or lower "
        "optim.lr (to half)",
    ),
    "not_finite": Fault(
        "pictures have pixels that are not finite",
        0.0,
        "pictures of gen_{where} have pixels that are not finite, because numbers exceed the "
        "range of train.precision: go back to an earlier state with train.precision fp32 and a "
        "lower optim.lr (half)",
        ruins=True,
    ),
    # Healthy: 0.03 or less; the share of all values.
    "clipped": Fault(
        "large parts are pure black, white or one flat color",
        0.15,
        "large parts of gen_{where}'s pictures are pure black, white or one flat color, unlike "
        "both folders, because too large updates have driven outputs to their limits: start again "
        "with a lower optim.lr (a quarter)",
        ruins=True,
    ),
    # Healthy: 0.44 or more from step 100 on.
    "lost": Fault(
        "the pictures no longer show what the inputs show",
        0.3,
        "pictures of gen_{where} no longer show the content of its inputs, because the losses "
        "that keep it are too weak: start again with loss.cycle 10, loss.identity 5 and a smaller "
        "loss.style, or with another optim.lr (2e-4) if these are set already",
        below=True,
        ruins=True,
        settled=YOUNG // 2,
        alone="pictures of gen_{where} no longer show the content of its inputs, because the "
        "losses that keep it are too weak: raise the weight of the loss that keeps the content "
        "(loss.nce or loss.perceptual, to twice its value), or lower loss.style (to a tenth)",
    ),
    # Healthy: 1.8 or less. docs/log.md measures perceptual, style and the discriminator.
    "grain": Fault(
        "flat areas are full of grain",
        2.0,
        "flat areas of gen_{where}'s pictures have grain that neither folder has, because "
        "instance norm amplifies small differences there: raise loss.perceptual (to 2 or 3), "
        "lower loss.style, or start again with networks.discriminator projected",
        settled=YOUNG,
    ),
    # Healthy: 0.42 or more; the paper's recipe needs more than 300 steps to be sharper.
    "blurred": Fault(
        "the pictures are blurred",
        0.35,
        "pictures of gen_{where} are more blurred than both folders, because losses on pixels "
        "outweigh the discriminator, or because training was short: train longer, lower loss.tv "
        "(to 0), or start again with networks.discriminator projected",
        below=True,
        settled=YOUNG,
        alone="pictures of gen_{where} are more blurred than both folders, because the losses that "
        "keep the content outweigh those that give the style, or because training was short: "
        "train longer, lower loss.tv (to 0), or raise loss.style (to twice its value)",
    ),
    # Healthy: 1.03 or less.
    "halos": Fault(
        "edges are harsher than in the pictures of either folder, with halos along them",
        1.15,
        "edges of gen_{where}'s pictures are harsher than in either folder, with halos along "
        "them, because it exaggerates features that disc_{other} scores as real: lower "
        "optim.discriminator_lr (to half of optim.lr) or loss.style (to half), and remove "
        "sharpening from data.augment",
        settled=YOUNG,
        alone="edges of gen_{where}'s pictures are harsher than in either folder, with halos along "
        "them, because it exaggerates the style: lower loss.style (to half), and remove "
        "sharpening from data.augment",
    ),
})  # fmt: skip
"""gan/training/doctor/pictures.py and scores.py define the signals."""
