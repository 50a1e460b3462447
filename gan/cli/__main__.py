"""For launchers that start modules: python -m gan.cli."""

import sys

from gan.cli.main import main

sys.exit(main())
