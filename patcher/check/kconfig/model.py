"""A tree's Kconfig as kconfiglib reads it: from texts that are given, with nothing of the tree run.

What a ``$(shell,…)`` would answer is not known. A symbol that hangs on it alone is as it is in the configuration that
is begun with, which the tree's own program has made; elsewhere the answer is taken to be yes.
"""

from __future__ import annotations

import fnmatch
import io
import os
import posixpath
import random
import re
import sys
from collections.abc import Mapping
from typing import Any

sys.modules["kconfigfunctions"] = None  # type: ignore[assignment]  # kconfiglib would import it from anywhere

import kconfiglib  # noqa: E402

# ruff: noqa: SLF001 - what it has no public name for: its macros, and what it remembers of a symbol

_TOP = "/tree"
_CONFIG = ".config"
_MODULES = re.compile(r"^([ \t]+)modules[ \t]*$", re.MULTILINE)  # since Linux 5.16; kconfiglib knows the older form
_SET = re.compile(r"^CONFIG_(\w+)=(.*)$", re.MULTILINE)
_ROUNDS = 8
TRISTATES = (kconfiglib.BOOL, kconfiglib.TRISTATE)

Symbol = Any  # kconfiglib has no types
Expression = Any


class Model(kconfiglib.Kconfig):  # type: ignore[misc]
    """A tree's Kconfig for one architecture, with a configuration.

    Arguments:
        texts: of all Kconfig files of the tree
        arch: what ARCH is
        srcarch: the directory below ``arch/``
        version: of the kernel

    Raises kconfiglib.KconfigError for what cannot be read, and RecursionError for what is nested too deeply.
    """

    def __init__(self, texts: Mapping[str, str], arch: str, srcarch: str, version: str) -> None:
        self.texts = texts
        self.arch, self.srcarch = arch, srcarch
        self._config = ""
        self._unknown: dict[Symbol, str] = {}
        self.pinned: dict[Symbol, list[Any]] = {}
        os.environ.clear()
        os.environ.update(srctree=_TOP, ARCH=arch, SRCARCH=srcarch, KERNELVERSION=version, CC="gcc", LD="ld")
        kconfiglib.iglob = self._glob
        kconfiglib._shell_fn = self._shell
        kconfiglib._error_if_fn = kconfiglib._warning_if_fn = kconfiglib._info_fn = _nothing
        super().__init__("Kconfig", warn=False, warn_to_stderr=False)
        self._guessed = [
            symbol
            for symbol in self.unique_defined_syms
            if not any(node.prompt for node in symbol.nodes) and self._hangs_on_unknown(symbol)
        ]

    def _glob(self, pattern: str) -> list[str]:
        """The files that a ``source`` means: none outside of the tree."""
        path = posixpath.normpath(pattern)
        if not path.startswith(f"{_TOP}/"):
            return []
        path = path.removeprefix(f"{_TOP}/")
        if path in self.texts:
            return [f"{_TOP}/{path}"]
        return [f"{_TOP}/{each}" for each in self.texts if each.count("/") == path.count("/") and _fits(each, path)]

    def _open(self, filename: str, mode: str) -> io.StringIO:
        if filename == _CONFIG:
            return io.StringIO(self._config)
        path = posixpath.normpath(filename).removeprefix(f"{_TOP}/")
        if mode != "r" or path not in self.texts:
            raise kconfiglib.KconfigError(f"the tree has no {path}")
        return io.StringIO(_MODULES.sub(r"\1option modules", self.texts[path]))

    def _shell(self, _kconf: object, _name: str, _command: str) -> str:
        """Nothing is run: a symbol stands for the answer."""
        symbol = self._lookup_sym(f"_UNKNOWN_{len(self._unknown)}")
        symbol.orig_type = kconfiglib.BOOL
        symbol._cached_tri_val, symbol._cached_str_val = 2, "y"
        self._unknown[symbol] = f"{self.filename}:{self.linenr}"
        return str(symbol.name)

    def _hangs_on_unknown(self, symbol: Symbol) -> bool:
        expressions = [each for pair in symbol.defaults for each in pair]
        return any(item in self._unknown for each in expressions for item in kconfiglib.expr_items(each))

    def begin(self, config: str) -> None:
        """Take the configuration that the text of a ``.config`` is."""
        for symbol, defaults in self.pinned.items():
            symbol.defaults = defaults
        self.pinned = {}
        self._invalidate_all()
        self._config = config
        self.load_config(_CONFIG)
        actual = dict(_SET.findall(config))
        for _ in range(_ROUNDS if actual else 0):
            wrong = [each for each in self._guessed if each not in self.pinned and self._differs(each, actual)]
            for symbol in wrong:
                self.pinned[symbol] = symbol.defaults
                value = actual.get(symbol.name, "n").strip('"')
                symbol.defaults = [(self._lookup_const_sym(value), self.y)]
                stale(symbol)
            if not wrong:
                return

    def _differs(self, symbol: Symbol, actual: Mapping[str, str]) -> bool:
        there = actual.get(symbol.name, "n" if symbol.orig_type in TRISTATES else "").strip('"')
        return bool(symbol.str_value != there)

    def draw(self, seed: int) -> str:
        """The text of a ``.config`` in which all that a person is asked about is drawn, in the order of the files.
        A symbol more or less changes nothing for those that do not depend on it."""
        self.begin("")
        for symbol in self.unique_defined_syms:
            drawn = random.Random(f"{seed} {symbol.name}")
            if symbol.choice is not None and symbol is symbol.choice.syms[0]:
                if visible := [each for each in symbol.choice.syms if each.visibility]:
                    drawn.choice(visible).set_value(2)
            elif symbol.choice is None and symbol.orig_type in TRISTATES and len(values := symbol.assignable) > 1:
                symbol.set_value(drawn.choice(values))
        return "".join(symbol.config_string for symbol in self.unique_defined_syms)


def stale(item: Any) -> None:
    """Have the values of a symbol or choice, and of what depends on it, be found anew."""
    item._rec_invalidate()


def _fits(path: str, pattern: str) -> bool:
    return all(fnmatch.fnmatchcase(*pair) for pair in zip(path.split("/"), pattern.split("/"), strict=True))


def _nothing(*_args: object) -> str:
    return ""
