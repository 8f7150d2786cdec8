"""What libclang needs on disk to parse files of a tree: an export of just those, and the generated headers."""

from __future__ import annotations

import errno
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from patcher import temporary
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.source import walk
from patcher.source.keys import digest
from patcher.tree.config import Config
from patcher.tree.generated import CONSTANTS
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree, is_blob

_HERE = Path(__file__).parent
BUILTIN = _HERE / "builtin"  # the compiler's own headers, of ours
_PREFIX = "patcher_constant_"
OF_FILE = {  # macros that each file has of its own, and their values
    "KBUILD_MODNAME": '"{}"',
    "KBUILD_BASENAME": '"{}"',
    "__KBUILD_MODNAME": "kmod_{}",
    "KBUILD_MODFILE": '"{}"',
}
_ALWAYS = ("-fno-builtin", "-w", "-ferror-limit=0")


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

    def arguments(self, path: str, prefix: Path | None = None) -> list[str]:
        """The compiler arguments for one file of the tree, which ``prefix`` may stand before: a precompiled header."""
        own = [f"-I{directory}" for directory in self.own.get(path, ())]
        recorded = list(self.config.per_file.get(path, ()))
        flags = [flag for flag in recorded if not flag.startswith("-I")]
        directories = [flag[2:] for flag in (*own, *recorded) if flag.startswith("-I")]
        name = re.sub(r"\W", "_", posixpath.basename(path).rpartition(".")[0])
        forced = ["-include-pch", str(prefix)] if prefix else self._forced()
        return [
            *self._before(flags, directories),
            *forced,
            "-D__KERNEL__",
            "-DKBUILD_STR(s)=#s",
            *(f"-D{macro}={value.format(name)}" for macro, value in OF_FILE.items()),
            *_ALWAYS,
        ]

    def common_arguments(self) -> list[str]:
        """The arguments for what stands before many files: what is the same for all of them."""
        return [*self._before((), ()), *self._forced(), "-D__KERNEL__", "-DKBUILD_STR(s)=#s", *_ALWAYS]

    def _before(self, flags: Sequence[str], directories: Sequence[str]) -> list[str]:
        found = ["-x", "c", "-nostdinc", "-isystem", str(BUILTIN), *self.config.flags, *flags]
        for directory in dict.fromkeys([*self.config.directories, *directories]):
            found += [f"-I{self.sources / directory}", f"-I{self.headers / directory}"]
        return found

    def _forced(self) -> list[str]:
        places = {
            path: self.sources if (self.sources / path).is_file() else self.headers for path in self.config.forced
        }
        return [part for path, place in places.items() for part in ("-include", str(place / path))]


class Workspace:
    """The directories of ``Prepared``, made for one use: they hold what is brought and nothing else, so that what
    libclang says depends on that alone. They go when it is closed. ``beside``: one of the same tree in another
    configuration, open as long as this one: both have the tree's files in one directory."""

    def __init__(
        self,
        tree: KernelTree,
        config: Config,
        includes: Includes,
        own: Mapping[str, Sequence[str]],
        cache: Cache,
        beside: Workspace | None = None,
    ):
        self._tree = tree
        self._includes = includes
        self._cache = cache
        self.brought: dict[str, str] = beside.brought if beside else {}
        """The files of the tree that are there: path → blob."""
        constants = sorted(includes.reach([*includes.constants.values(), *config.forced]))
        seen = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in constants]
        self._key = "constants:" + digest(seen, config)
        with ExitStack() as stack:
            sources = beside.prepared.sources if beside else stack.enter_context(temporary.directory("sources"))
            headers = stack.enter_context(temporary.directory("headers"))
            self._open = stack.pop_all()
        self.prepared: Prepared = Prepared(config, own, sources, headers)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def bring(self, paths: Iterable[str]) -> list[tuple[str, str]]:
        """Have these files and the generated headers on disk, all but headers of constants that are not known yet.

        Those are answered, in the order they must be made: (header, the C file it is computed from). Raises InputError
        where a file is not what its id in the tree says.
        """
        constants = self._includes.constants
        unknown = []
        for path in constants:
            content = self._cache.get(f"{self._key}:{path}")
            if content is None:
                unknown.append(path)
            else:
                _write(self.prepared.headers, path, content)
        wanted = {path for path in paths if path in self._includes.blobs}
        wanted |= self._includes.reach([*(constants[path] for path in unknown), *self.prepared.config.forced])
        blobs = {path: self._includes.blobs[path] for path in sorted(wanted & self._includes.blobs.keys())}
        lacking = [path for path, blob in blobs.items() if self.brought.get(path) != blob]
        for path, content in self._tree.read(lacking).items():
            if not is_blob(content, blobs[path]):
                raise InputError(f"{path} of {self._tree.where} changed while it was read", "try once more")
            _write(self.prepared.sources, path, content)
            self.brought[path] = blobs[path]
        for path, content in self._includes.made.items():
            _write(self.prepared.headers, path, content)
        order = list(CONSTANTS.values())
        return sorted(((path, constants[path]) for path in unknown), key=lambda pair: order.index(pair[1]))

    def add_header(self, path: str, content: bytes) -> None:
        """Put a header of constants on disk, and remember it."""
        _write(self.prepared.headers, path, content)
        self._cache.put(f"{self._key}:{path}", content)


def _write(top: Path, path: str, content: bytes) -> None:
    """Raises InputError for a path that would leave the directory, and one that no file can have."""
    if path.startswith("/") or not {"..", "", "."}.isdisjoint(path.split("/")):
        raise InputError(f"{path!r} leaves the tree", "the tree is damaged or hostile; not exported")
    target = top / path
    try:
        try:
            target.write_bytes(content)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except (OSError, ValueError) as error:  # ValueError: a NUL
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # the machine's, not the tree's
        raise InputError(f"{path!r} cannot be exported ({error})", "the tree is damaged or hostile") from error


def constants_header(prepared: Prepared, source: str) -> bytes:
    """A header of constants, computed by parsing: kbuild would compile ``source`` and read the assembler."""
    arguments = ["-I", str(_HERE / "constants_include"), *prepared.arguments(source)]
    values = walk.enumerators(str(prepared.sources / source), arguments, _PREFIX)
    return "".join(f"#define {name} {value}\n" for name, value in values.items()).encode()
