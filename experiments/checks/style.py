"""Measure the effect of a frozen network's loss terms, with real weights and real images.

python -m experiments.checks.style without_each_term --root ROOT --weights FILE --folder /tmp/terms
python -m experiments.checks.style one_style --photographs ROOT/trainA --unseen ROOT/testA \
    --painting painting.jpg --weights FILE --folder /tmp/one_style
python -m experiments.checks.style reference --photographs ROOT/trainA --unseen ROOT/testA \
    --weights FILE --folder /tmp/reference
"""

import sys

from jsonargparse import auto_cli

from experiments.checks.arbitrary_style import reference
from experiments.checks.single_style import one_style, without_each_term

if __name__ == "__main__":
    sys.exit(auto_cli([without_each_term, one_style, reference], as_positional=False))
