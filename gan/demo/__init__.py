"""What `make demo` trains on, and how near the trained networks came."""

from gan.demo.dataset import prepare
from gan.demo.report import report

__all__ = ["prepare", "report"]
