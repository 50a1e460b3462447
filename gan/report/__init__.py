"""One page about a run: a single HTML file that shows how it went."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="report", options="ReportOptions")
