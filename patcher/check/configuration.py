"""One configuration of one tool: what is built with."""

from __future__ import annotations

from typing import NamedTuple

from patcher.check.adjust import Adjustments
from patcher.check.arches import directory
from patcher.check.specs import Spec
from patcher.check.store import digest
from patcher.check.tools import Tool


class Configuration(NamedTuple):
    """``number`` names its build directory, ``name`` is for people, ``jobs`` the number of processes make may start;
    ``repository`` is the identity of the one that is checked."""

    number: int
    name: str
    spec: Spec
    tool: Tool
    adjustments: Adjustments
    jobs: int
    repository: str

    @property
    def arch(self) -> str:
        """The directory below ``arch/``."""
        return directory(self.spec.arch)

    @property
    def plain(self) -> Configuration:
        """The same with the compiler alone: what a checker goes with is made as for that."""
        return self._replace(tool=self.tool.plain or self.tool)

    def key(self, *more: object) -> str:
        """A key for what is made in this configuration of ``more``."""
        _, *spec = self.spec  # and what an id of git's stands for is the word of its repository alone
        variables, files, _, flags = self.adjustments
        return digest(8, self.repository, spec, self.tool, variables, sorted(files.items()), flags, *more)
