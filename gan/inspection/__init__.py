"""Looking at a dataset before training on it: `gan inspect`."""

from gan.system.lazy import lazy

__getattr__ = lazy(__name__, command="inspect_folders", options="InspectOptions")
