"""Manual pages for the wheel: made of the commands' own help, installed below share/man of where patcher goes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Manual(BuildHookInterface):
    """hatchling's hook: called before a wheel is made, and after."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the pages to a directory of their own, and name them as data of the wheel."""
        sys.path.insert(0, self.root)
        try:
            from patcher.cli import cli
            from patcher.cli.manual import pages
        finally:
            sys.path.remove(self.root)
        self._made = tempfile.TemporaryDirectory(prefix="patcher-manual-")
        for name, text in pages(cli).items():
            file = Path(self._made.name, f"{name}.1")
            file.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(file)] = f"share/man/man1/{file.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove them again."""
        self._made.cleanup()
