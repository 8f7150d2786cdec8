"""Objects of C files, each compiled in a sandbox of its own, and kept by all that its compiler could read.

Most commits of a range, and most slips of a test, change one of the files: the objects of the others stay. A sandbox
for each, so that a file which gets the better of the compiler spoils its own object and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from patcher.cache import Cache
from patcher.prove import toolchain
from patcher.prove.objects import read_files
from patcher.source.keys import digest
from patcher.source.prepare import Prepared
from patcher.tree.includes import Includes

_LISTS = ("-MD", "-MF", "c.d", "-Wa,--MD,s.d")  # compiler and assembler say what they read


class Source(NamedTuple):
    """One C file to be compiled.

    Attributes:
        name: its object's, without the ``.o``
        file: where it is
        arguments: the compiler's
        needs: the files of the tree that it is made of, itself included if it is one
        globals: symbols that are made global in the object
    """

    name: str
    file: Path
    arguments: list[str]
    needs: frozenset[str]
    globals: tuple[str, ...] = ()


class Compiler:
    """Compiles files of one tree.

    Arguments:
        prepared, includes: the tree's files on disk, and how they include each other
        own: directories of ours that may be read, too
        shadow: headers to be taken instead of the tree's own of that name
        work: a directory to work in
        key: of all that is no file of the tree and of what is on disk at all
    """

    def __init__(
        self,
        prepared: Prepared,
        includes: Includes,
        own: Iterable[Path],
        shadow: Path,
        work: Path,
        key: str,
        cache: Cache,
    ) -> None:
        self._prepared = prepared
        self._includes = includes
        self._trees = (prepared.sources, shadow)
        self._read = [prepared.sources, prepared.headers, shadow, *own]
        self._work = work
        self._cache = cache
        constants = [(path, (prepared.headers / path).read_bytes()) for path in sorted(includes.constants)]
        self._key = digest(key, constants, sorted(includes.made.items()))

    def compiled(self, source: Source) -> bytes:
        """Its object. Raises CompilerError where the compiler refuses it, or has read what it must not."""
        key = "prove-object:" + digest(
            self._key, source.name, self._elsewhere([*source.arguments, str(source.file)]), source.globals,
            [(path, self._includes.blobs.get(path, "")) for path in sorted(source.needs)],
        )  # fmt: skip
        stored = self._cache.get(key)
        if stored is not None:
            return stored
        directory = self._work / source.name
        directory.mkdir()
        name = f"{source.name}.o"
        commands = [["gcc", *source.arguments, *_LISTS, "-pipe", "-c", "-o", name, str(source.file)]]
        if source.globals:
            commands.append(["objcopy", *(f"--globalize-symbol={symbol}" for symbol in source.globals), name])
        toolchain.run_confined(commands, read=self._read, write=directory)
        read: set[str] = set()
        for listing in ("c.d", "s.d"):
            read |= read_files((directory / listing).read_text(errors="replace"), [*self._read, directory], directory)
        found = (directory / name).read_bytes()
        if self._of_the_tree(read) <= source.needs:
            self._cache.put(key, found)
        return found

    def _elsewhere(self, arguments: list[str]) -> list[str]:
        """The arguments as they would be in any other directory."""
        places = {str(self._work): "WORK", str(self._prepared.sources): "SOURCES", str(self._prepared.headers): "MADE"}
        for directory, name in places.items():
            arguments = [each.replace(directory, name) for each in arguments]
        return arguments

    def _of_the_tree(self, read: Iterable[str]) -> set[str]:
        """Which of the files that were read are the tree's, by their paths in it."""
        tops = [f"{top}/" for top in self._trees]
        return {path.removeprefix(top) for path in read for top in tops if path.startswith(top)}
