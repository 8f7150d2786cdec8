"""Finding and loading libclang: the wheel's own, or one the user names."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.cache import Cache

VARIABLE = "PATCHER_LIBCLANG"


def named() -> str:
    """The library that ``$PATCHER_LIBCLANG`` names, or "". Raises InputError where there is no such file."""
    name = os.environ.get(VARIABLE, "")
    if name and not Path(name).is_file():
        raise InputError(f"there is no libclang at {name}", f"correct --libclang or {VARIABLE}")
    return name


@functools.cache
def identity() -> str:
    """What tells one library from another without loading it: its place, size and age."""
    spec = importlib.util.find_spec("clang")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("libclang is not installed", "pip install libclang")
    place = Path(named() or Path(spec.submodule_search_locations[0]) / "native" / "libclang.so")
    if not place.is_file():
        return version()
    status = place.stat()
    return f"{place} {status.st_size} {status.st_mtime_ns}"


@functools.cache
def load() -> Any:
    """The module ``clang.cindex`` with its library loaded, from ``$PATCHER_LIBCLANG`` if that is set.

    Raises InputError where there is none or it does not load.
    """
    library = named()
    try:
        from clang import cindex
    except ImportError as error:
        raise InputError("libclang is not installed", "pip install libclang") from error
    if library and not cindex.Config.loaded:
        cindex.Config.set_library_file(library)
    try:
        cindex.conf.lib  # noqa: B018 - loads the library
    except cindex.LibclangError as error:
        line = str(error).splitlines()[0]
        raise InputError(
            f"libclang does not load ({line})",
            f"pip install libclang, or name one with --libclang or {VARIABLE}",
        ) from error
    return cindex


def die_at_a_crash() -> None:
    """Have this process end where libclang crashes. It would catch that and go on, with whatever is left; and where a
    thread of its own finds no memory, it would wait for that for ever."""
    os.environ["LIBCLANG_NOTHREADS"] = "1"
    os.environ["LIBCLANG_DISABLE_CRASH_RECOVERY"] = "1"  # for an index that is still to be made
    load().conf.lib.clang_toggleCrashRecovery(0)


def version_remembered(cache: Cache) -> str:
    """``version()`` without loading the library, where a run before has: that takes longer than to lint a mail."""
    key = f"version of libclang {identity()}"
    found = None
    with contextlib.suppress(InputError):  # where nothing can be kept, it is asked anew
        found = cache.load(key, bytes.decode)
    if found is None:
        found = version()
        with contextlib.suppress(InputError):
            cache.put(key, found.encode())
    return found


@functools.cache
def version() -> str:
    """The version of libclang, such as ``18.1.1``."""
    import ctypes
    import re

    cindex = load()
    library = ctypes.CDLL(cindex.conf.get_filename())

    class String(ctypes.Structure):
        _fields_ = (("data", ctypes.c_void_p), ("flags", ctypes.c_uint))

    library.clang_getClangVersion.restype = String
    library.clang_getCString.restype = ctypes.c_char_p
    library.clang_getCString.argtypes = [String]
    library.clang_disposeString.argtypes = [String]
    text = library.clang_getClangVersion()
    spelled = (library.clang_getCString(text) or b"").decode()
    library.clang_disposeString(text)
    match = re.search(r"\d+\.\d+\.\d+", spelled)
    return match.group() if match else spelled
