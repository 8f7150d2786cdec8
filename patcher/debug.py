"""The log of ``--debug``: what ran, for how long, and how it ended, redacted for a bug report.

Until it is begun, nothing of it is loaded or done.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patcher.errors import InputError

if TYPE_CHECKING:
    import logging

Progress = Callable[[str, int, int], None]
# What of the environment is no secret, and may be why.
ENVIRONMENT = (
    "CC", "COLUMNS", "FORCE_COLOR", "LANG", "LC_ALL", "LLVM", "NO_COLOR", "PAGER", "PATCHER_CACHE_DIR",
    "PATCHER_LIBCLANG", "PATCHER_PARSE_SECONDS", "PATCHER_SPATCH_SECONDS", "PATCHER_TRUST_TREE", "SOURCE_DATE_EPOCH",
    "TERM", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
)  # fmt: skip
_LONG = 2000  # characters of a command
_log: logging.Logger | None = None
_stages: _Stages | None = None


def begin(file: Path, redacted: Callable[[str], str], about: Sequence[str]) -> None:
    """Begin the log in a file of this name, which others cannot read, with lines ``about`` the tools.

    Raises InputError where it cannot be written.
    """
    global _log
    if _log is not None:
        return
    import logging
    import subprocess

    start = time.monotonic()

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"{time.monotonic() - start:8.3f} {redacted(super().format(record))}"

    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"cannot write {file} ({why})", "name another file with --debug=FILE") from error
    handler = logging.StreamHandler(os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace"))
    handler.setFormatter(Redacting("%(process)d %(message)s"))
    _log = logging.getLogger("patcher")
    _log.propagate = False
    _log.setLevel(logging.DEBUG)
    _log.addHandler(handler)
    _listen(subprocess.Popen)
    for line in about:
        note(line)
    note("called: %s", " ".join(sys.argv[1:]))
    note("environment: %s", ", ".join(f"{name}={os.environ[name]}" for name in ENVIRONMENT if name in os.environ))


def note(text: str, *values: object) -> None:
    """Write a line, if there is a log."""
    if _log is not None:
        _log.info(text, *values)


def failed(error: BaseException) -> None:
    """Write what went wrong, and where."""
    if _log is not None:
        _log.info("%s", type(error).__name__, exc_info=error)


def ended(code: int) -> None:
    """Write how the command ended, and what it took."""
    if _log is not None:
        import resource

        if _stages is not None:
            _stages.over()
        own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        note(
            "exit code %d; %.2f s of the processor, %.2f s of programs; %d MiB of memory", code,
            own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime, own.ru_maxrss // 1024,
        )  # fmt: skip


def stages(progress: Any) -> Any:
    """The same progress, of which the log has each stage; as it was where there is no log."""
    global _stages
    if _log is None:
        return progress
    _stages = _Stages(progress)
    return _stages


class _Stages:
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._what, self._since = "", time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self.over()
            self._what, self._since = what, time.monotonic()
            note("stage: %s (%d)", what, total)
        if self._progress is not None:
            self._progress(what, done, total)

    def over(self) -> None:
        """Write how long the last one took."""
        if self._what:
            note("stage: %s took %.2f s", self._what, time.monotonic() - self._since)
            self._what = ""


def _listen(popen: Any) -> None:
    """Have the class by which everybody starts programs, libraries included, tell of each."""
    start, poll, wait = popen.__init__, popen.poll, popen.wait
    running: dict[int, float] = {}

    def started(self: Any, args: Any, *more: Any, **options: Any) -> None:
        words = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
        line = " ".join(map(os.fsdecode, words))
        try:
            start(self, args, *more, **options)
        except OSError as error:
            note("cannot start: %s (%s)", line[:_LONG], error)
            raise
        running[id(self)] = time.monotonic()
        note("[%d] %s", self.pid, line if len(line) < _LONG else f"{line[:_LONG]} …")

    def told(self: Any, code: int | None) -> int | None:
        if code is not None and (since := running.pop(id(self), None)) is not None:
            note("[%d] ended with %d after %.2f s", self.pid, code, time.monotonic() - since)
        return code

    popen.__init__ = started
    popen.poll = lambda self: told(self, poll(self))
    popen.wait = lambda self, timeout=None: told(self, wait(self, timeout))
