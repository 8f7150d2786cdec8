"""libclang's tree as flat tuples. Nothing of libclang leaves this module.

``clang.cindex`` makes a Python object for each cursor; a kernel file has ten thousand of them. So the visit
goes through the C interface itself and keeps numbers only.
"""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from patcher.errors import InputError
from patcher.model import Diagnostic, Severity
from patcher.source import libclang
from patcher.source.cursor import Cursor

_DETAILED_PREPROCESSING = 0x01
_KEEP_GOING = 0x200
_INCOMPLETE, _FOR_SERIALIZATION, _NO_BODIES = 0x02, 0x10, 0x40
_NOT_NEWLINE = re.compile(rb"[^\n]")
_CONTINUE, _RECURSE = 1, 2
_OF_MACRO = 2**31  # numbers of places from here on are of what a macro expands to (clang's SourceLocation.h)
_SEVERITY = {2: Severity.WARNING, 3: Severity.ERROR, 4: Severity.FATAL}
_NAMED = (Cursor.VARIABLE, Cursor.PARAMETER)
_NAMED_DECLARATIONS = (
    Cursor.STRUCT, Cursor.UNION, Cursor.ENUM, Cursor.ENUMERATOR, Cursor.FUNCTION, Cursor.VARIABLE, Cursor.TYPEDEF,
)  # fmt: skip
_MAY_HOLD_ENUMERATORS = (Cursor.ENUM, Cursor.FUNCTION, Cursor.BLOCK, Cursor.DECLARATION)
_EXTERN, _STATIC = 2, 3


class _Cursor(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("xdata", ctypes.c_int),
        ("data0", ctypes.c_void_p),
        ("data1", ctypes.c_void_p),
        ("data2", ctypes.c_void_p),
    )


class _Location(ctypes.Structure):
    _fields_ = (("data0", ctypes.c_void_p), ("data1", ctypes.c_void_p), ("number", ctypes.c_uint))


class _Range(ctypes.Structure):
    _fields_ = (
        ("data0", ctypes.c_void_p),
        ("data1", ctypes.c_void_p),
        ("begin", ctypes.c_uint),
        ("end", ctypes.c_uint),
    )


class _RangeList(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint), ("ranges", ctypes.POINTER(_Range)))


class _String(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("flags", ctypes.c_uint))


class _Type(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_int), ("data0", ctypes.c_void_p), ("data1", ctypes.c_void_p))


_Visitor = ctypes.CFUNCTYPE(ctypes.c_int, _Cursor, _Cursor, ctypes.c_void_p)


class Node(NamedTuple):
    """One cursor: libclang's kind, byte offsets, and the index of its parent in the list (-1: none)."""

    kind: int
    start: int
    end: int
    parent: int


class Declared(NamedTuple):
    """What only libclang knows about a declaration at file level, or an enumerator. ``node`` is its index."""

    node: int
    name: str
    at: int
    type: str
    static: bool
    defines: bool


class RawFile(NamedTuple):
    """One file of a translation unit. ``nodes`` in pre-order; ``named``: where the name of a variable or parameter
    stands (node → offset); the others as (name offset, end) or ranges."""

    nodes: list[Node]
    named: dict[int, int]
    declared: list[Declared]
    macros: list[tuple[int, int]]
    expansions: list[tuple[int, int]]
    skipped: list[tuple[int, int]]


class RawUnit(NamedTuple):
    """What was read of a translation unit: the files asked for, by absolute path, what clang said, and what was
    included: (file, by which, in which line)."""

    files: dict[str, RawFile]
    diagnostics: tuple[Diagnostic, ...]
    includes: frozenset[tuple[str, str, int]]


@functools.cache
def _library() -> Any:
    library = ctypes.CDLL(libclang.load().conf.get_filename())
    pointer = ctypes.c_void_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "clang_getTranslationUnitCursor": (_Cursor, [pointer]),
        "clang_visitChildren": (ctypes.c_uint, [_Cursor, _Visitor, pointer]),
        "clang_getCursorExtent": (_Range, [_Cursor]),
        "clang_getCursorLocation": (_Location, [_Cursor]),
        "clang_getRangeStart": (_Location, [_Range]),
        "clang_getRangeEnd": (_Location, [_Range]),
        "clang_getFileLocation": (None, [_Location, pointer, pointer, pointer, pointer]),
        "clang_getFile": (pointer, [pointer, ctypes.c_char_p]),
        "clang_getLocationForOffset": (_Location, [pointer, pointer, ctypes.c_uint]),
        "clang_getSkippedRanges": (ctypes.POINTER(_RangeList), [pointer, pointer]),
        "clang_disposeSourceRangeList": (None, [ctypes.POINTER(_RangeList)]),
        "clang_getCursorSpelling": (_String, [_Cursor]),
        "clang_getCString": (ctypes.c_char_p, [_String]),
        "clang_disposeString": (None, [_String]),
        "clang_getCursorType": (_Type, [_Cursor]),
        "clang_getTypeSpelling": (_String, [_Type]),
        "clang_Cursor_getStorageClass": (ctypes.c_int, [_Cursor]),
        "clang_isCursorDefinition": (ctypes.c_uint, [_Cursor]),
        "clang_getEnumConstantDeclValue": (ctypes.c_longlong, [_Cursor]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _text(library: Any, string: _String) -> str:
    raw = library.clang_getCString(string) or b""
    library.clang_disposeString(string)
    return str(raw.decode("utf-8", "replace"))


def _parse(main: str, arguments: Sequence[str], options: int = _DETAILED_PREPROCESSING | _KEEP_GOING) -> Any:
    cindex = libclang.load()
    index = cindex.Index.create(excludeDecls=True)  # what is in a precompiled header is not visited
    try:
        return index.parse(main, args=list(arguments), options=options)
    except cindex.TranslationUnitLoadError as error:
        raise InputError(f"libclang cannot parse {main}", "the file or its flags are beyond it") from error


def read(main: str, arguments: Sequence[str], wanted: Sequence[str]) -> RawUnit:
    """Parse ``main`` and read the ``wanted`` files of its translation unit (absolute paths). A file that is no part of
    the unit, or in which there is nothing, is left out.

    Raises InputError where libclang gives no translation unit at all.
    """
    unit = _parse(main, arguments)
    library = _library()
    found = unit.get_includes()  # without a source: by -include
    includes = frozenset((each.include.name, str(each.source or main), each.location.line) for each in found)
    return RawUnit(_Reader(library, unit.obj, wanted).files(main), _diagnostics(unit), includes)


def precompile(main: str, arguments: Sequence[str], file: Path) -> list[str] | None:
    """Keep what ``main`` includes as a precompiled header, for ``read`` of files that it may stand before; the files
    that were read. None where libclang has anything to say of them, as that would be lost, or fails."""
    cindex = libclang.load()
    try:
        unit = _parse(main, arguments, _DETAILED_PREPROCESSING | _KEEP_GOING | _FOR_SERIALIZATION | _INCOMPLETE)
        if _diagnostics(unit):
            return None
        unit.save(str(file))
    except (InputError, cindex.TranslationUnitSaveError):
        return None
    return [each.include.name for each in unit.get_includes()]


class Session:
    """One C file that is parsed again and again, as it and its headers change.

    ``scratch``: a directory for what is kept meanwhile: the file's beginning, where nothing changes, as a precompiled
    header.
    """

    def __init__(self, main: str, arguments: Sequence[str], scratch: Path) -> None:
        self._main, self._arguments, self._scratch = main, list(arguments), scratch
        self._kept: dict[bytes, list[str]] = {}

    def listen(self, text: bytes, stable: int, changed: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
        """What libclang says where the file is ``text``, and other files, by absolute path, are as in ``changed``.

        The first ``stable`` bytes are whole lines outside of any conditional that include nothing of ``changed``.
        Raises InputError where libclang gives no translation unit at all.
        """
        prefix = text[:stable]
        if prefix not in self._kept:
            self._kept[prefix] = self._keep(prefix) if stable else []
        if self._kept[prefix]:
            text = _NOT_NEWLINE.sub(b" ", prefix) + text[stable:]
        unsaved = [*changed.items(), (self._main, text)]
        return _diagnostics(self._parse([*self._arguments, *self._kept[prefix]], unsaved, _KEEP_GOING))

    def _keep(self, prefix: bytes) -> list[str]:
        """The arguments that stand for a prefix, or none where it cannot be kept."""
        cindex = libclang.load()
        options = _NO_BODIES | _FOR_SERIALIZATION | _KEEP_GOING
        unit = self._parse(self._arguments, [(self._main, prefix)], options)
        file = self._scratch / f"{len(self._kept)}.pch"
        if _diagnostics(unit):  # they would be lost
            return []
        try:
            unit.save(str(file))
        except cindex.TranslationUnitSaveError:
            return []
        return ["-include-pch", str(file)]

    def _parse(self, arguments: Sequence[str], unsaved: list[tuple[str, bytes]], options: int) -> Any:
        cindex = libclang.load()
        try:
            return cindex.Index.create().parse(self._main, args=list(arguments), unsaved_files=unsaved, options=options)
        except cindex.TranslationUnitLoadError as error:
            raise InputError(f"libclang cannot parse {self._main}", "the file or its flags are beyond it") from error


def _diagnostics(unit: Any) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            _SEVERITY[item.severity],
            item.location.file.name if item.location.file else "",
            item.location.line,
            item.location.column,
            item.spelling,
        )
        for item in unit.diagnostics
        if item.severity in _SEVERITY
    )


class _Reader:
    """One visit of a translation unit."""

    def __init__(self, library: Any, unit: Any, wanted: Sequence[str]) -> None:
        self._library = library
        self._unit = unit
        self._offset = ctypes.c_uint()
        self._at = ctypes.pointer(self._offset)
        self._file = ctypes.c_void_p()
        handles = {path: library.clang_getFile(unit, path.encode()) for path in wanted}
        self._raw = {handle: RawFile([], {}, [], [], [], []) for handle in handles.values() if handle}
        self._paths = {path: handle for path, handle in handles.items() if handle}
        self._places = {handle: self._numbers(path, handle) for path, handle in self._paths.items()}
        self._plain = all(size >= 0 for _, size in self._places.values())

    def files(self, main: str) -> dict[str, RawFile]:
        library = self._library
        top = _Visitor(self._top)
        self._inner = _Visitor(self._below)
        library.clang_visitChildren(library.clang_getTranslationUnitCursor(self._unit), top, None)
        for handle, raw in self._raw.items():
            raw.skipped.extend(self._skipped(handle))
        return {
            path: self._raw[handle] for path, handle in self._paths.items() if path == main or any(self._raw[handle])
        }

    def _numbers(self, path: str, handle: Any) -> tuple[int, int]:
        """The number of the first place of a file, and how many follow; -1 where libclang counts in another way."""
        at = [self._library.clang_getLocationForOffset(self._unit, handle, offset).number for offset in (0, 1)]
        return at[0], Path(path).stat().st_size if at[1] == at[0] + 1 else -1

    def _is_wanted(self, number: int) -> bool:
        return any(first <= number <= first + size for first, size in self._places.values())

    def _extent(self, cursor: _Cursor) -> tuple[int, int]:
        """Where a cursor begins and ends. A number of libclang's counts the characters of all files; that of what a
        macro expands to is beyond them, and where it stands in the file only libclang can tell."""
        library, at, offset, first = self._library, self._at, self._offset, self._first
        extent = library.clang_getCursorExtent(cursor)
        start, end = extent.begin - first, extent.end - first
        if not 0 <= start <= self._size:
            library.clang_getFileLocation(library.clang_getRangeStart(extent), None, None, None, at)
            start = offset.value
        if not 0 <= end <= self._size:
            library.clang_getFileLocation(library.clang_getRangeEnd(extent), None, None, None, at)
            end = offset.value
        return start, end

    def _location(self, cursor: _Cursor) -> int:
        location = self._library.clang_getCursorLocation(cursor)
        at: int = location.number - self._first
        if not 0 <= at <= self._size:
            self._library.clang_getFileLocation(location, None, None, None, self._at)
            at = self._offset.value
        return at

    def _top(self, cursor: _Cursor, _parent: _Cursor, _data: Any) -> int:
        library = self._library
        location = library.clang_getCursorLocation(cursor)
        if self._plain and location.number < _OF_MACRO and not self._is_wanted(location.number):
            return _CONTINUE  # nearly all that a unit has is in headers that nobody asks about
        library.clang_getFileLocation(location, ctypes.byref(self._file), None, None, self._at)
        raw = self._raw.get(self._file.value)
        if raw is None:
            return _CONTINUE
        at = self._offset.value
        self._first, self._size = self._places[self._file.value]
        if cursor.kind == Cursor.MACRO_DEFINITION:
            raw.macros.append((at, self._extent(cursor)[1]))
        elif cursor.kind == Cursor.MACRO_EXPANSION:
            raw.expansions.append(self._extent(cursor))
        elif cursor.kind != Cursor.INCLUSION:
            self._nodes, self._named, self._declared = raw.nodes, raw.named, raw.declared
            self._stack: list[tuple[Any, int]] = [(None, -1)]
            self._below(cursor, _parent, None)
            library.clang_visitChildren(cursor, self._inner, None)
        return _CONTINUE

    def _below(self, cursor: _Cursor, parent: _Cursor, _data: Any) -> int:
        stack, nodes = self._stack, self._nodes
        key = (parent.kind, parent.data0, parent.data1)
        while len(stack) > 1 and stack[-1][0] != key:
            stack.pop()
        kind = cursor.kind
        start, end = self._extent(cursor)
        index = len(nodes)
        nodes.append(Node(kind, start, end, stack[-1][1]))
        if kind in _NAMED:
            self._named[index] = self._location(cursor)
        if kind in _NAMED_DECLARATIONS and (len(stack) == 1 or kind == Cursor.ENUMERATOR):
            self._declared.append(self._declaration(cursor, index))
        stack.append(((kind, cursor.data0, cursor.data1), index))
        return _RECURSE

    def _declaration(self, cursor: _Cursor, index: int) -> Declared:
        library = self._library
        storage = library.clang_Cursor_getStorageClass(cursor)
        tentative = cursor.kind == Cursor.VARIABLE and storage != _EXTERN  # "static int x;" defines x, too
        return Declared(
            node=index,
            name=_text(library, library.clang_getCursorSpelling(cursor)),
            at=self._location(cursor),
            type=_text(library, library.clang_getTypeSpelling(library.clang_getCursorType(cursor))),
            static=storage == _STATIC,
            defines=tentative or bool(library.clang_isCursorDefinition(cursor)),
        )

    def _skipped(self, handle: Any) -> list[tuple[int, int]]:
        library = self._library
        ranges = library.clang_getSkippedRanges(self._unit, handle)
        found = []
        for index in range(ranges.contents.count):
            one = ranges.contents.ranges[index]
            library.clang_getFileLocation(library.clang_getRangeStart(one), None, None, None, self._at)
            start = self._offset.value
            library.clang_getFileLocation(library.clang_getRangeEnd(one), None, None, None, self._at)
            found.append((start, self._offset.value))
        library.clang_disposeSourceRangeList(ranges)
        return found


def enumerators(main: str, arguments: Sequence[str], prefix: str, *, bodies: bool = True) -> dict[str, int]:
    """The values of all enumerators of ``main`` itself whose names begin with ``prefix``, without it.

    Those in bodies of functions are found where ``bodies`` are parsed, which takes half of the time.
    """
    unit = _parse(main, arguments, _KEEP_GOING | (0 if bodies else _NO_BODIES))
    library = _library()
    found: dict[str, int] = {}

    def visit(cursor: _Cursor, _parent: _Cursor, _data: Any) -> int:
        if cursor.kind == Cursor.ENUMERATOR:
            name = _text(library, library.clang_getCursorSpelling(cursor))
            if name.startswith(prefix):
                found[name.removeprefix(prefix)] = library.clang_getEnumConstantDeclValue(cursor)
        return _RECURSE if cursor.kind in _MAY_HOLD_ENUMERATORS else _CONTINUE

    library.clang_visitChildren(library.clang_getTranslationUnitCursor(unit.obj), _Visitor(visit), None)
    return found
