"""TensorBoard's tags: what is logged has a name, and its tag puts it into a group.

Runs of older versions have the names themselves for tags: `name_of` gives the name of either.
"""

TAGS = {
    "score_real_": "score/real_",
    "score_fake_": "score/fake_",
    "evaluate/": "score/",
    "gradient_norm_": "doctor/gradient_norm_",
    "skipped_": "doctor/skipped_",
    "learning_rate": "lr/generators",
    "images_per_second": "time/images_per_second",
    "loader_wait": "time/loader_wait",
    "epoch": "time/epoch",
    "memory_gb": "time/memory_gb",
}
"""Beginnings of names, and what stands in a tag for them; the first that fits counts."""

LOSSES = "loss/"
"""The group of all else that a step computes."""


def tag_of(name: str, group: str = "") -> str:
    """Return the tag of a name; one that is in no row gets the group, unless it names its own."""
    for beginning, place in TAGS.items():
        if name.startswith(beginning):
            return place + name.removeprefix(beginning)
    return name if "/" in name else group + name


def name_of(tag: str) -> str:
    """Return the name of what a tag shows, in runs of this version or an older one."""
    for beginning, place in TAGS.items():
        if tag.startswith(place):
            return beginning + tag.removeprefix(place)
    return tag.removeprefix(LOSSES)
