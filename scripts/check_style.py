"""Measure what the terms of a frozen network do, with genuine weights and real images.

python scripts/check_style.py without_each_term --root ROOT --weights FILE --folder /tmp/terms
python scripts/check_style.py one_style --photographs ROOT/trainA --unseen ROOT/testA \
    --painting painting.jpg --weights FILE --folder /tmp/one_style
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from jsonargparse import auto_cli

from tests.styling import one_style, without_each_term

if __name__ == "__main__":
    sys.exit(auto_cli([without_each_term, one_style], as_positional=False))
