"""Build hook: a wheel carries the data and the figure style; editable installs need none."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelData(BuildHookInterface):
    """Adds them as trinity/_data and trinity/matplotlibrc."""

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        places = {"data": "_data", "matplotlibrc": "matplotlibrc"}
        for source, target in places.items():
            if (Path(self.root) / source).exists():
                build_data["force_include"][source] = f"trinity/{target}"
