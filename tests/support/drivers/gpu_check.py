"""scripts/gpu_check.py with one part that starts another process and never ends."""

import subprocess
import sys

from jsonargparse import auto_cli

from experiments.checks.gpu.parts import PARTS, Part
from experiments.checks.gpu.setting import Figures, Setting
from scripts import gpu_check


def hangs(setting: Setting) -> Figures:
    """Write the ids of both processes next to the part's folder, then wait."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (setting.folder / "child").write_text(str(child.pid))
    return {"status": child.wait()}


PARTS["recipe"] = Part("Hangs", hangs, 600)
gpu_check.__file__ = __file__  # the parts start this file

if __name__ == "__main__":
    sys.exit(auto_cli(gpu_check.check, as_positional=False))
