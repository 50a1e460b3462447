"""What may change in a configuration between two parts of a run, and what does."""

from typing import Any

from gan.config.whole import Config

NOT_NUMBERS = {
    f"{section}.{key}"
    for section, keys in {
        "run": "dir device allow_changes threads",
        "data": "root a b workers cache cache_gb",
        "networks": "weights weights_ab weights_ba",
        "perceptual": "weights",
        "semantic": "classifier",
        "style": "image",
        "evaluate": "every features weights max_images batch_size resamples best patience",
        "train": "max_steps log_every sample_every checkpoint_every keep_states keep_every"
        " recompute doctor_every doctor_ignore recipe observers",
    }.items()
    for key in keys.split()
}
"""Keys that may change when a run is resumed: they do not change what the next step computes.

Of files and folders it is the place that may; a state's manifest knows what was in them, and which
recipe it is of.
"""


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs between two dumped configurations and would change a resumed run.

    Each as `key: before -> after`. A key that one of them lacks, because it was written by another
    version, has its default there.
    """
    changes, defaults = [], Config().model_dump(mode="json")
    for section in sorted(before.keys() | after.keys()):
        default = defaults.get(section, {})
        old, new = (default | config.get(section, {}) for config in (before, after))
        for key in sorted(old.keys() | new.keys()):
            name = f"{section}.{key}"
            if old.get(key) != new.get(key) and name not in NOT_NUMBERS:
                changes.append(f"{name}: {old.get(key)} -> {new.get(key)}")
    return changes
