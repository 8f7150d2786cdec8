"""Coccinelle's spatch, run on files in a sandbox: a semantic patch can run Python and OCaml, and need not end."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher import sandbox, temporary
from patcher.cache import Cache
from patcher.cocci.headers import directories
from patcher.cocci.script import SemanticPatch
from patcher.errors import InputError
from patcher.files import LARGE, read_file

PACKAGE = "coccinelle"
SECONDS = 60.0  # that spatch may take for one file, by the clock; PATCHER_SPATCH_SECONDS
MEMORY = 3 * 2**30  # bytes of address space, for each of its processes
_CHUNK = 64  # files of one run
_EACH = 2.0  # seconds more for each file of a run
_SCRATCH = "/tmp/jobs"  # in the sandbox, whose /tmp is its own
_NAME = re.compile(r"[\w./+,@~=%^-]+")  # of a file in a list of spatch's
_LOST = re.compile(r"^EXN: ?(.*?) in (\S+)$", re.MULTILINE)
_PLACE = re.compile(r'File "([^"]*)", line (\d+), column (\d+).*?\n\s*around = \'(.*?)\',', re.DOTALL)
_QUERY = re.compile(r"^Grep query\n(.*)", re.MULTILINE)
_VERSION = re.compile(r"version (\d+(?:\.\d+)*)")
_TELLS = re.compile(r"error|exception|unexpected|not |no ", re.IGNORECASE)
_ADVICE = "correct the semantic patch; spatch --parse-cocci FILE tells more"
_REASONS = {"Coccinelle_modules.Common.Timeout": "it took longer than {seconds:g} s", "Stack overflow": "out of stack"}

Progress = Callable[[str, int, int], None]
_decoder = msgspec.msgpack.Decoder(tuple[bytes | None, str])


class Transformed(NamedTuple):
    """What spatch made of files. ``changed``: path → new content, of those that it changed; ``unseen``: path → why it
    gave no answer for it."""

    changed: Mapping[str, bytes]
    unseen: Mapping[str, str]


def missing() -> str:
    """What is missing to run semantic patches here, with the package's name; "" where nothing is."""
    if not shutil.which("spatch"):
        return f"spatch is not installed; it is in the Debian package {PACKAGE}"
    if why := sandbox.available():
        return f"no sandbox: {why}"
    return ""


def words(patch: SemanticPatch) -> tuple[str, ...] | None:
    """Words of which a file has one if the semantic patch can change it, as spatch itself tells them to git grep; None
    where any C file may do.

    Raises InputError where spatch is not here, or cannot read the patch: with the file, the line and what is there.
    """
    with _place(patch) as place:
        done = _run(place, ["--parse-cocci", place.patch, *patch.defined, *patch.options], None, (), _seconds())
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    if done.code or done.reason:
        raise _refused(patch, said, done.reason or f"exit status {done.code}")
    found = _QUERY.search(said)
    return tuple(sorted(set(re.findall(r"[\w.]+", found.group(1))))) if found else None


def transform(
    patch: SemanticPatch, contents: Mapping[str, bytes], includes: Mapping[str, bytes], cache: Cache,
    progress: Progress | None = None,
) -> Transformed:  # fmt: skip
    """What spatch makes of files (path → content), each looked at for itself. ``includes``: what they may include.

    Raises InputError where spatch is not here, cannot read the patch, or does not end.
    """
    changed: dict[str, bytes] = {}
    unseen = {path: "spatch cannot be given a file of such a name" for path in contents if not _NAME.fullmatch(path)}
    around = hashlib.sha256(msgspec.msgpack.encode(sorted(includes.items()))).digest()
    keys = {path: _key(patch, path, text, around) for path, text in contents.items() if path not in unseen}
    todo = []
    for path, key in keys.items():
        if (known := cache.load(key, _decoder.decode)) is None:
            todo.append(path)
        elif known[0] is not None:
            changed[path] = known[0]
    with _place(patch) as place:
        for path, text in {**includes, **{path: contents[path] for path in todo}}.items():
            file = place.tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
        for at in range(0, len(todo), _CHUNK):
            chunk = todo[at : at + _CHUNK]
            unseen |= _transform(patch, place, chunk)
            for path in chunk:
                new = _read(patch, place, path)
                answer = None if new == contents[path] or path in unseen else new
                if answer is not None:
                    changed[path] = answer
                if path not in unseen:
                    cache.put(keys[path], msgspec.msgpack.encode((answer, path)))
            if progress:
                progress("running spatch", min(at + _CHUNK, len(todo)), len(todo))
    return Transformed(changed, unseen)


@functools.cache
def version() -> str:
    """The version of spatch; "" where there is none. Its own word, from outside of the sandbox: it is the system's."""
    try:
        done = subprocess.run(["spatch", "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = _VERSION.search(done.stdout + done.stderr)
    return found.group(1) if found else ""


class _Place(NamedTuple):
    """Where one semantic patch is run: its own directory, its path in there, and the files to change."""

    directory: Path
    patch: str
    tree: Path


@contextlib.contextmanager
def _place(patch: SemanticPatch) -> Iterator[_Place]:
    if why := missing():
        raise InputError(f"{patch.name} cannot be run: {why}", "install it, or leave the semantic patch away")
    _check_version(patch)
    with temporary.directory("spatch") as top:
        own, tree = top / "patch", top / "tree"
        tree.mkdir()
        for name, text in {"change.cocci": patch.text, **patch.beside}.items():
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            (own / name).write_bytes(text)
        yield _Place(own, str(own / "change.cocci"), tree)


def _check_version(patch: SemanticPatch) -> None:
    required, here = patch.fields.get("Requires", ""), version()
    if not re.fullmatch(r"\d+(\.\d+)*", required):
        return
    if [int(part) for part in here.split(".") if part] < [int(part) for part in required.split(".")]:
        raise InputError(f"{patch.name} requires spatch {required}, and here is {here}", "install a newer coccinelle")


def _transform(patch: SemanticPatch, place: _Place, chunk: Sequence[str]) -> dict[str, str]:
    """Run spatch on some files where they lie; the files for which it gave no answer, with the reason."""
    groups = place.directory / "files"
    groups.write_text("\n\n".join(chunk) + "\n", encoding="utf-8")
    jobs = len(os.sched_getaffinity(0))
    args = [
        "--sp-file", place.patch, *patch.defined, *patch.options, "--in-place", "--no-show-diff", "--very-quiet",
        "--timeout", f"{_seconds():.0f}", "--file-groups", str(groups),
        *(part for each in directories(patch) for part in ("-I", each)),
    ]  # fmt: skip
    if len(chunk) > 1 and jobs > 1:
        args += ["--jobs", str(min(jobs, len(chunk))), "--chunksize", "1", "--tmp-dir", _SCRATCH]
    done = _run(place, args, place.tree, (place.tree,), _seconds() + _EACH * len(chunk))
    said = done.stderr.decode("utf-8", "replace")
    if done.reason:
        names = chunk[0] if len(chunk) == 1 else f"{len(chunk)} files from {chunk[0]} on"
        raise InputError(
            f"{patch.name}: spatch was ended at {names}: {done.reason}",
            "a script or an iteration that does not end? Or name fewer files, or set PATCHER_SPATCH_SECONDS",
        )
    if done.code:
        raise _refused(patch, said, f"exit status {done.code}")
    return {path: _reason(why) for why, path in _LOST.findall(said) if path in chunk}


def _run(place: _Place, args: Sequence[str], cwd: Path | None, write: Iterable[Path], seconds: float) -> sandbox.Result:
    return sandbox.run(
        ["spatch", *args], read=[place.directory], write=write, cwd=cwd, seconds=seconds, memory_bytes=MEMORY
    )


def _read(patch: SemanticPatch, place: _Place, path: str) -> bytes:
    """A file as spatch left it. A script may have put anything in its place."""
    try:
        return read_file(place.tree / path, most=LARGE, below=place.tree)
    except InputError as error:
        why = "a script that it runs has put something else there"
        raise InputError(f"{patch.name} leaves no file of at most {LARGE} bytes at {path}", why) from error


def _reason(said: str) -> str:
    return f"spatch: {_REASONS.get(said, said)[:200].format(seconds=_seconds())}"


def _refused(patch: SemanticPatch, said: str, otherwise: str) -> InputError:
    """What spatch says against a semantic patch, in one line: where, and what is there."""
    if found := _PLACE.search(said):
        file, line, column, around = found.groups()
        name = patch.name if file.endswith("change.cocci") else Path(file).name
        kind = said[: found.start()].strip().splitlines()[-1:] or ["parse error"]
        what = f"near {around!r}" if around.strip() else "at the end of the rule"
        return InputError(f"{name}:{line}:{int(column) + 1}: spatch: {kind[0].rstrip(': ')} {what}", _ADVICE)
    if "No rules apply" in said:
        modes = f" in mode patch (it has {', '.join(patch.modes)})" if patch.modes else ""
        return InputError(f"{patch.name}: no rule of it would change anything{modes}", "a rule needs lines with - or +")
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("init_defs_builtins")]
    text = next((line for line in reversed(lines) if _TELLS.search(line)), lines[-1] if lines else otherwise)
    text = text.partition(": [0;")[0].replace("Fatal error: exception ", "")
    return InputError(f"{patch.name}: spatch: {text[:300]}", _ADVICE)


def _key(patch: SemanticPatch, path: str, text: bytes, includes: bytes) -> str:
    state = hashlib.sha256(msgspec.msgpack.encode((version(), patch, path, text, includes)))
    return f"spatch:{state.hexdigest()}"


def _seconds() -> float:
    named = os.environ.get("PATCHER_SPATCH_SECONDS", "")
    try:
        return max(1.0, float(named)) if named else SECONDS
    except ValueError as error:
        raise InputError(f"PATCHER_SPATCH_SECONDS is {named!r}", "it has to be a number of seconds") from error
