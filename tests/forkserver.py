"""The command line without the time it takes to start: a process that has imported all of it and forks for each call.

Each call is a process of its own, with descriptors, signals and caches of its own, as ``python -m patcher`` is; only
the interpreter's start and the imports are shared. What depends on these (PATH, the locale, PYTHON…, what is imported
when, hashes of strings) is to be tried with ``python -m patcher``.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import re
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple, NoReturn

_LENGTH = 1 << 20  # of a call, in bytes, and more


class Ended(NamedTuple):
    """How a call came out: the exit code (negative: the signal that ended it), and what it wrote."""

    code: int
    stdout: bytes
    stderr: bytes


class ForkServer:
    """The process that forks. It ends when it is closed."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LENGTH)
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], env=dict(environment), pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        theirs.close()
        self._one = threading.Lock()

    def call(self, arguments: Sequence[str], environment: Mapping[str, str], directory: str) -> Ended:
        """``python -m patcher ARGUMENTS`` with this environment, in this directory."""
        wanted = json.dumps([list(arguments), dict(environment), directory]).encode()
        assert len(wanted) < _LENGTH
        pipes = [os.pipe(), os.pipe()]
        with self._one, contextlib.ExitStack() as stack:
            reading = [stack.enter_context(os.fdopen(read, "rb")) for read, _ in pipes]
            socket.send_fds(self._ours, [wanted], [write for _, write in pipes])
            for _, write in pipes:
                os.close(write)
            stdout, stderr = _read_all(*reading)
            code = int(self._ours.recv(64))
        return Ended(code, stdout, stderr)

    def close(self) -> None:
        self._ours.close()
        self._process.communicate(timeout=60)


def _read_all(out: IO[bytes], err: IO[bytes]) -> tuple[bytes, bytes]:
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(err.read()))
    reader.start()
    said = out.read()
    reader.join()
    return said, found[0]


def _import_all() -> None:
    """All modules of patcher, and those of others that it imports only where it needs them."""
    package = importlib.import_module("patcher")
    for module in pkgutil.walk_packages(package.__path__, "patcher."):
        if not module.name.endswith("__main__") and not module.name.startswith("patcher.cluster."):  # that is dask
            importlib.import_module(module.name)
    for name in ("git", "regex", "rich.cells", "clang.cindex", "unidiff"):
        importlib.import_module(name)


def _compile_all() -> None:
    """The regular expressions that wait for their first use, those of the rules included: most of the time that a call
    of lint takes is to compile them."""
    re._MAXCACHE = 10_000  # type: ignore[attr-defined]
    rules = importlib.import_module("patcher.lint.rules").shipped()
    waiting = importlib.import_module("patcher.lazy")._Expression
    for each in gc.get_objects():
        if isinstance(each, waiting):
            assert each.pattern is not None
    del rules


def _serve(calls: socket.socket) -> tuple[list[str], dict[str, str], str] | None:
    """Fork for each call. In the child: what is wanted of it; None at the end."""
    while True:
        asked, descriptors, _, _ = socket.recv_fds(calls, _LENGTH, 2)
        if not asked:
            return None
        child = os.fork()
        if not child:
            calls.close()
            for number, descriptor in enumerate(descriptors, 1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            arguments, environment, directory = json.loads(asked)
            return arguments, environment, directory
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        calls.send(str(os.waitstatus_to_exitcode(status)).encode())


def _main() -> None:
    calls = socket.socket(fileno=int(sys.argv[1]))
    sys.path[0] = os.environ["PYTHONPATH"]  # not this directory, where tests lie
    _import_all()
    _compile_all()
    gc.collect()
    gc.freeze()  # the modules live as long as each child; to look through them again would also copy them
    wanted = _serve(calls)
    if wanted is None:
        return
    arguments, environment, directory = wanted
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.argv[1:] = arguments
    try:
        runpy.run_module("patcher", run_name="__main__", alter_sys=True)
    except SystemExit as error:
        _leave(error)


def _leave(ended: SystemExit) -> NoReturn:
    """Do all that the interpreter does at its end but take the modules to pieces, which takes a tenth of a second."""
    if not isinstance(ended.code, int):
        raise ended
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(ended.code & 0xFF)


if __name__ == "__main__":
    _main()
