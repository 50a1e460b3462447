"""One page about a run: a single HTML file that shows and says how it went."""

from gan.report.entry import report

__all__ = ["report"]
