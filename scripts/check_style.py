"""Measure what the terms of a frozen network do, with genuine weights and real images.

python scripts/check_style.py without_each_term --root ROOT --weights FILE --folder /tmp/terms
python scripts/check_style.py one_style --photographs ROOT/trainA --unseen ROOT/testA \
    --painting painting.jpg --weights FILE --folder /tmp/one_style
python scripts/check_style.py reference --photographs ROOT/trainA --unseen ROOT/testA \
    --weights FILE --folder /tmp/reference
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from jsonargparse import auto_cli

from tests.guided import reference
from tests.styling import one_style, without_each_term

if __name__ == "__main__":
    sys.exit(auto_cli([without_each_term, one_style, reference], as_positional=False))
