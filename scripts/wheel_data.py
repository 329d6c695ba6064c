"""Build hook: a wheel carries data/ and notebooks/; an editable install reads the checkout's."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelData(BuildHookInterface):
    """Adds the two folders as trinity/_data and trinity/_notebooks."""

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return
        for folder in ("data", "notebooks"):
            if (Path(self.root) / folder).is_dir():
                build_data["force_include"][folder] = f"trinity/_{folder}"
