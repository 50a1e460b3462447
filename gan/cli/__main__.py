"""Run `gan` as a module, as some launchers do: python -m gan.cli."""

import sys

from gan.cli.main import main

sys.exit(main())
