"""Lays out `.editable/chatconform/` as links, so that an editable install sees the package's real shape."""

import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("schemas", "strategies", "reports")


class EditableLayout(BuildHookInterface):
    """For an editable install only: links every child of `conformance/`, the three other folders, and the specimens."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        if version != "editable":
            return
        root = Path(self.root)
        package = root / ".editable" / "chatconform"
        shutil.rmtree(package, ignore_errors=True)
        package.mkdir(parents=True)
        specimens = root / "tests" / "specimens"
        for source in [*(root / "conformance").iterdir(), *(root / folder for folder in FOLDERS), specimens]:
            if source.name != "__pycache__":
                (package / source.name).symlink_to(source)
