"""List the keys that may change when a run is resumed."""

from typing import Any

from gan.config.whole import Config

NOT_NUMBERS = {
    f"{section}.{key}"
    for section, keys in {
        "run": "dir device allow_changes threads trackers project",
        "data": "root a b workers cache cache_gb max_decoded_mb",
        "networks": "weights weights_ab weights_ba discriminator_weights",
        "perceptual": "weights",
        "semantic": "classifier",
        "style": "image add_to",
        "distill": "teacher",
        "evaluate": "every features weights lpips_alex lpips_vgg max_images batch_size resamples"
        " best patience",
        "train": "max_steps log_every sample_every checkpoint_every keep_states keep_every"
        " recompute doctor_every doctor_ignore recipe observers",
    }.items()
    for key in keys.split()
}
"""Keys that may change when a run is resumed: the next step does not depend on them.

Paths of files and folders may change, but not their content: each training state's manifest has
fingerprints of it. The manifest also records the recipe.
"""


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the changes between two dumped configurations that would change a resumed run.

    Each is a string, `key: before -> after`. A key that is missing in one of them, because another
    version wrote it, has its default.
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
