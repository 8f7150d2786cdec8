"""What libclang needs on disk to parse files of a tree: an export of just those, and the generated headers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.cache import Cache
from patcher.source import walk
from patcher.source.keys import digest
from patcher.tree.config import Config
from patcher.tree.generated import CONSTANTS
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree

_HERE = Path(__file__).parent
BUILTIN = _HERE / "builtin"  # the compiler's own headers, of ours
_PREFIX = "patcher_constant_"


class Prepared(NamedTuple):
    """Files on disk: ``sources`` has the tree's, ``headers`` the generated ones, both laid out as in the tree."""

    config: Config
    own: Mapping[str, Sequence[str]]
    sources: Path
    headers: Path

    @property
    def readable(self) -> tuple[Path, ...]:
        """All that libclang has to read: the tree's files, the generated headers, and our own."""
        return (self.sources, self.headers, _HERE / "builtin", _HERE / "constants_include")

    def arguments(self, path: str) -> list[str]:
        """The compiler arguments for one file of the tree."""
        own = [f"-I{directory}" for directory in self.own.get(path, ())]
        recorded = list(self.config.per_file.get(path, ()))
        flags = [flag for flag in recorded if not flag.startswith("-I")]
        directories = list(self.config.directories)
        directories += [flag[2:] for flag in (*own, *recorded) if flag.startswith("-I")]
        name = re.sub(r"\W", "_", posixpath.basename(path).rpartition(".")[0])
        found = ["-x", "c", "-nostdinc", "-isystem", str(BUILTIN), *self.config.flags, *flags]
        for directory in dict.fromkeys(directories):
            found += [f"-I{self.sources / directory}", f"-I{self.headers / directory}"]
        for forced in self.config.forced:
            place = self.sources if (self.sources / forced).is_file() else self.headers
            found += ["-include", str(place / forced)]
        found += [
            "-D__KERNEL__",
            "-DKBUILD_STR(s)=#s",
            f'-DKBUILD_MODNAME="{name}"',
            f'-DKBUILD_BASENAME="{name}"',
        ]
        found += [
            f"-D__KBUILD_MODNAME=kmod_{name}",
            f'-DKBUILD_MODFILE="{name}"',
            "-fno-builtin",
            "-w",
            "-ferror-limit=0",
        ]
        return found


class Workspace:
    """The directories of ``Prepared``, held against eviction until closed."""

    def __init__(
        self,
        tree: KernelTree,
        config: Config,
        includes: Includes,
        own: Mapping[str, Sequence[str]],
        cache: Cache,
    ):
        self._tree = tree
        self._includes = includes
        key = tree.key or digest(sorted(includes.blobs.items()))
        self._sources = cache.directory("export", key)
        constants = sorted(includes.reach(includes.constants.values()))
        seen = [(path, includes.blobs.get(path, "")) for path in constants]
        self._headers = cache.directory(
            "headers", digest(sorted(includes.made.items()), seen, config.flags, config.forced)
        )
        self.prepared = Prepared(config, own, self._sources.root, self._headers.root)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self._sources.close()
        self._headers.close()

    def bring(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """Have these files and the generated headers on disk, all but the headers of constants.

        Those are answered, in the order they must be made: (header, the C file it is computed from).
        """
        constants = self._includes.constants
        unknown = [path for path in constants if not self._headers.has(path)]
        wanted = {path for path in paths if path in self._includes.blobs}
        wanted |= self._includes.reach([*(constants[path] for path in unknown), *self.prepared.config.forced])
        lacking = sorted(path for path in wanted & self._includes.blobs.keys() if not self._sources.has(path))
        for path, content in self._tree.read(lacking).items():
            self._sources.add(path, content)
        for path, content in self._includes.made.items():
            if not self._headers.has(path):
                self._headers.add(path, content)
        order = list(CONSTANTS.values())
        return sorted(((path, constants[path]) for path in unknown), key=lambda pair: order.index(pair[1]))

    def add_header(self, path: str, content: bytes) -> None:
        """Put a generated header on disk."""
        self._headers.add(path, content)


def constants_header(prepared: Prepared, source: str) -> bytes:
    """A header of constants, computed by parsing: kbuild would compile ``source`` and read the assembler."""
    arguments = ["-I", str(_HERE / "constants_include"), *prepared.arguments(source)]
    values = walk.enumerators(str(prepared.sources / source), arguments, _PREFIX)
    return "".join(f"#define {name} {value}\n" for name, value in values.items()).encode()
