"""Kill a training, a translation or an augmentation many times; compare with undisturbed ones.

python -m experiments.checks.kills train --folder /tmp/kills --kills 30
python -m experiments.checks.kills translate --folder /tmp/kills --kills 20
python -m experiments.checks.kills clips --folder /tmp/kills --kills 10
python -m experiments.checks.kills augment --folder /tmp/kills --kills 20
"""

from jsonargparse import auto_cli

from tests.support.interrupted_runs import augment, clips, train, translate

if __name__ == "__main__":
    auto_cli([train, translate, clips, augment], as_positional=False)
