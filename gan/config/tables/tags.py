"""TensorBoard's tags: each logged value has a name, and its tag puts it into a group.

Runs of older versions use the names themselves as tags; `name_of` accepts both.
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
"""Prefixes of names, and what replaces them in tags; the first that matches is used."""

LOSSES = "loss/"
"""The group of everything else that a step computes."""


def tag_of(name: str, group: str = "") -> str:
    """Return the tag of a name, by the rows of TAGS.

    If no row matches, the tag is group + name, or the name alone if that contains a slash.
    """
    for beginning, place in TAGS.items():
        if name.startswith(beginning):
            return place + name.removeprefix(beginning)
    return name if "/" in name else group + name


def name_of(tag: str) -> str:
    """Return the name that belongs to a tag of this version or of an older one."""
    for beginning, place in TAGS.items():
        if tag.startswith(place):
            return beginning + tag.removeprefix(place)
    return tag.removeprefix(LOSSES)
