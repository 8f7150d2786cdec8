"""A series to begin with: a folder with one step, which is a semantic patch."""

from __future__ import annotations

import re
from pathlib import Path

from patcher import temporary
from patcher.cocci.script import load
from patcher.errors import InputError
from patcher.files import present
from patcher.series.semantic import message

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_STEP = "change"
_SERIES = """\
# docs/series.md has the fields.
# One [[step]] is one patch; each has a folder of its own beside this file, with message.txt and the change:
# change.cocci (a semantic patch), or edits.toml (operations on named things, or on patterns).
# More than one step needs a cover.txt: subject, empty line, text.

[[step]]
slug = "change"
# over = ["drivers/*.c"]                  # git pathspecs; else all files that have a word that the change needs
# include = "<linux/string_choices.h>"    # a header that each changed file is to include
"""
_EXAMPLE = """\
// SPDX-License-Identifier: GPL-2.0-only
/// Use new_name() instead of old_name()
///
//# Say here what is wrong with the old code, and why the new is right.
//
// Confidence: High
// Options: --no-includes --include-headers

virtual patch

@depends on patch@
expression E;
@@
- old_name(E)
+ new_name(E)
"""


def write(directory: Path, cocci: Path | None) -> tuple[str, ...]:
    """Write the folder of a series; the names of its files. ``cocci``: a semantic patch of the user's to begin with.

    Raises InputError where the folder is there or cannot be written, its name is none for a series, or the semantic
    patch is of no use.
    """
    if not _NAME.fullmatch(directory.resolve().name):
        raise InputError(f"{directory.name!r} is no name for a series", "use a-z, 0-9 and hyphens")
    if present(directory):
        raise InputError(f"{directory} is there already", "name another folder, or remove it")
    files: dict[str, bytes] = {"series.toml": _SERIES.encode()}
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with temporary.directory("series", directory.parent) as place:
            new = place / directory.name
            (new / _STEP).mkdir(parents=True)
            script = new / _STEP / "change.cocci"
            patch = load(cocci) if cocci else None
            files[f"{_STEP}/change.cocci"] = patch.text if patch else _EXAMPLE.encode()
            files |= {f"{_STEP}/{name}": text for name, text in (patch.beside if patch else {}).items()}
            script.write_bytes(files[f"{_STEP}/change.cocci"])
            title, text = message(patch or load(script))
            files[f"{_STEP}/message.txt"] = f"{title or 'subsystem: what it does'}\n\n{text}".encode()
            for name, content in files.items():
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                (new / name).write_bytes(content)
            new.chmod(0o755)
            new.rename(directory)
    except OSError as error:
        raise InputError(f"cannot write {directory} ({error.strerror})", "name another folder") from error
    return tuple(sorted(files))
