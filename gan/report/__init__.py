"""A report of a run: a single HTML file."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="report", options="ReportOptions")
