"""Run a program that is not trusted: bubblewrap shows it a read-only system and just the paths it was given.

It sees neither the user's files nor the network nor other processes, and what it starts ends with it. It is started
by other modules only where the user asked for it.
"""

from __future__ import annotations

import functools
import os
import selectors
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.errors import InputError

OUTPUT_BYTES = 64 * 2**20
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime")
_NETWORK = ("/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/ssl")
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "TMPDIR": "/tmp", "LC_ALL": "C.UTF-8"}
_ADVICE = "install bubblewrap and util-linux, and see that user namespaces are allowed"
_running: set[subprocess.Popen[bytes]] = set()


class Result(NamedTuple):
    """How a program ended.

    ``code`` is its exit status (128 + the signal's number where one ended it). ``reason`` says why it was ended from
    outside, such as ``it took longer than 30 s``; "" where it ended by itself. ``stdout`` and ``stderr`` hold what it
    wrote until then.
    """

    code: int
    stdout: bytes
    stderr: bytes
    reason: str


@functools.cache
def available() -> str | None:
    """Why programs cannot be run in a sandbox here, or None where they can. Tried out once."""
    for program in ("bwrap", "prlimit"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tried = _run(_command(["true"], (), (), None, {}, False, 2**30, 64), b"", 20)
    if tried.code == 0 and not tried.reason:
        return None
    said = tried.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    return f"bwrap does not work here ({tried.reason or said or f'exit status {tried.code}'})"


def run(
    argv: Sequence[str],
    *,
    read: Iterable[Path | str] = (),
    write: Iterable[Path | str] = (),
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    seconds: float = 60,
    memory_bytes: int = 2 * 2**30,
    processes: int = 256,
    network: bool = False,
) -> Result:
    """Run ``argv`` in a sandbox and wait for its end.

    Arguments:
        argv: the program, looked up in the sandbox's PATH, and its arguments
        read: files and directories it may read, each at its own place; they must exist
        write: likewise, and it may write there; the deeper path decides where one holds the other
        cwd: where it starts (default ``/tmp``, which is empty and its own); must be one of the paths, or below
        env: variables beside PATH, HOME, TMPDIR and LC_ALL; nothing is inherited
        stdin: what it reads on standard input
        seconds: wall-clock time after which it and all it started is killed
        memory_bytes: address space of each process, and size of each file it writes
        processes: how many at once (Linux does not hold root to it)
        network: whether it has the network of the machine, or none

    Raises InputError where there is no sandbox (see ``available``) or a path does not exist.
    """
    if (why := available()) is not None:
        raise InputError(f"no sandbox: {why}", _ADVICE)
    command = _command(argv, read, write, cwd, env or {}, network, memory_bytes, processes)
    return _run(command, stdin, seconds)


def end_all() -> None:
    """End every program that runs now, from whatever thread it was started: they come back as killed."""
    for process in tuple(_running):
        process.kill()


def _command(
    argv: Sequence[str],
    read: Iterable[Path | str],
    write: Iterable[Path | str],
    cwd: Path | str | None,
    env: Mapping[str, str],
    network: bool,
    memory_bytes: int,
    processes: int,
) -> list[str]:
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if network:
        command.append("--share-net")
    for place in _SYSTEM:
        if Path(place).is_symlink():  # merged /usr
            command += ["--symlink", str(Path(place).readlink()), place]
        elif Path(place).is_dir():
            command += ["--ro-bind", place, place]
    for place in (*_SETTINGS, *(_NETWORK if network else ())):
        command += ["--ro-bind-try", place, place]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    binds = {_place(path): "--ro-bind" for path in read}
    binds.update((_place(path), "--bind") for path in write)
    for path, how in sorted(binds.items(), key=lambda bind: (len(bind[0].parts), bind[0])):
        command += [how, str(path.resolve()), str(path)]
    command += ["--chdir", str(_place(cwd)) if cwd is not None else "/tmp", "--clearenv"]
    for name, value in {**_ENVIRONMENT, **env}.items():
        command += ["--setenv", name, value]
    limits = [f"--as={memory_bytes}", f"--fsize={memory_bytes}", f"--nproc={processes}", "--core=0"]
    return [*command, "--", "prlimit", *limits, "--", *argv]


def _place(path: Path | str) -> Path:
    place = Path(os.path.abspath(path))  # noqa: PTH100 - as it is named: a link stays one
    if not place.exists():
        raise InputError(f"{place} does not exist", "it was to be shown to a program in the sandbox")
    return place


def _run(command: list[str], stdin: bytes, seconds: float) -> Result:
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        with subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            _running.add(process)
            try:
                output, reason = _collect(process, deadline, seconds)
            finally:
                _running.discard(process)
                if process.poll() is None:
                    process.kill()  # and with it, by --die-with-parent and its PID namespace, all it started
            code = process.wait()
    return Result(code if code >= 0 else 128 - code, *output, reason)


def _collect(process: subprocess.Popen[bytes], deadline: float, seconds: float) -> tuple[tuple[bytes, bytes], str]:
    """What the process writes until its end, and why it must be ended before, if so."""
    assert process.stdout and process.stderr
    parts: dict[int, list[bytes]] = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    left, reason = OUTPUT_BYTES, ""
    with selectors.DefaultSelector() as selector:
        for descriptor in parts:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map() and not reason:
            ready = selector.select(max(0, deadline - time.monotonic()))
            if not ready:
                reason = f"it took longer than {seconds:g} s"
            for key, _ in ready:
                block = os.read(key.fd, 65536)
                if not block:
                    selector.unregister(key.fd)
                parts[key.fd].append(block)
                left -= len(block)
            if left < 0:
                reason = f"it wrote more than {OUTPUT_BYTES} bytes"
    if not reason:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            reason = f"it took longer than {seconds:g} s"
    stdout, stderr = (b"".join(blocks) for blocks in parts.values())
    return (stdout, stderr), reason
