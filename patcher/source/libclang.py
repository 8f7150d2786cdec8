"""Finding and loading libclang: the wheel's own, or one the user names."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from patcher.errors import InputError

VARIABLE = "PATCHER_LIBCLANG"


@functools.cache
def load() -> Any:
    """The module ``clang.cindex`` with its library loaded, from ``$PATCHER_LIBCLANG`` if that is set.

    Raises InputError where there is none or it does not load.
    """
    named = os.environ.get(VARIABLE)
    if named and not Path(named).is_file():
        raise InputError(f"there is no libclang at {named}", f"correct --libclang or {VARIABLE}")
    try:
        from clang import cindex
    except ImportError as error:
        raise InputError("libclang is not installed", "pip install libclang") from error
    if named and not cindex.Config.loaded:
        cindex.Config.set_library_file(named)
    try:
        cindex.conf.lib  # noqa: B018 - loads the library
    except cindex.LibclangError as error:
        line = str(error).splitlines()[0]
        raise InputError(
            f"libclang does not load ({line})", f"pip install libclang, or name one with --libclang or {VARIABLE}"
        ) from error
    return cindex


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
