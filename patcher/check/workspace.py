"""Where objects are built: sources of one commit and a build directory for each configuration, of our own.

A workspace is one of a few numbered places in the cache, locked by the run that uses it, so two runs at once do not
meet. Nothing in it outlives the run; what was prepared at great cost is copied aside (see ``Kept``).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from patcher.cache import Cache
from patcher.check import ccache
from patcher.errors import InputError
from patcher.tree.applying import borrow, check_out
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import LINK, Entry

_LONG_AGO = 1_000_000_000
_PLACES = 16
_GONE = "gone-"
_PATIENCE = 0.5
_KEPT_BYTES = 4 * 2**30


@contextlib.contextmanager
def disk_errors(directory: Path) -> Iterator[None]:
    """Turn the failures of a disk into one clear line."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot work in {directory} ({error.strerror or error})",
            "free some space there or name another directory with PATCHER_CACHE_DIR",
        ) from error


def place(cache: Cache) -> Path:
    """The directory of the cache for what is built. It is ours alone: what builds of root write is nobody's, and others
    may run as nobody, too."""
    directory = cache.directory("check")
    with disk_errors(directory):
        directory.chmod(0o700)
    return directory


class Workspace:
    """``tree`` is the sources of the commit last brought, ``ours`` a directory for files of ours beside them."""

    def __init__(self, cache: Cache) -> None:
        self._parent = place(cache)
        with disk_errors(self._parent):
            self._take()
            try:
                for gone in self._parent.glob(f"{_GONE}*"):
                    _sweep(gone)
                discard(self.root, self._parent, _PATIENCE)
                self.root.mkdir(mode=0o700)
                for directory in (self.tree, self.ours, self.builds):
                    directory.mkdir()
            except BaseException:
                self.close()
                raise
        self.kept = Kept(self._parent / "prepared")
        self._compiled = self._parent / "ccache"
        ccache.trim(self._compiled, lambda directory: discard(directory, self._parent))
        self._has: dict[str, Entry] = {}
        self._known: set[str] = set()  # directories that are there, and lie where they seem to

    def _take(self) -> None:
        for number in range(_PLACES):
            lock = (self._parent / f"work-{number}.lock").open("a")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self._lock = lock
            self.root = (self._parent / f"work-{number}").resolve()
            self.tree, self.ours, self.builds = (self.root / name for name in ("tree", "ours", "build"))
            return
        raise InputError(f"{_PLACES} checks run at once", "wait until one is done")

    def bring(self, repository: Repository, entries: Mapping[str, Entry]) -> None:
        """Have ``tree`` hold these files and no others. Only what differs is written, so that make sees just that; what
        is brought first is older than anything that is built from it."""
        if not self._has:
            with disk_errors(self.root):
                check_out(borrow(repository, self.root), entries, self.tree, self.root)
                for path in entries:
                    with contextlib.suppress(FileNotFoundError):
                        os.utime(self.tree / path, (_LONG_AGO, _LONG_AGO), follow_symlinks=False)
            self._has = dict(entries)
            return
        gone = [path for path in self._has if path not in entries]
        wanted = {path: entry for path, entry in entries.items() if self._has.get(path) != entry}
        self._has = {path: entry for path, entry in self._has.items() if path in entries and path not in wanted}
        with disk_errors(self.root):
            for path in (*gone, *wanted):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    self._place(path).unlink()
            for path in gone:
                self._prune(path)
            contents = repository.objects.blobs({entry.blob: path for path, entry in wanted.items()})
            for path, entry in wanted.items():
                if entry.mode != LINK:
                    self._write(path, contents[entry.blob], entry.mode == "100755")
            for path, entry in wanted.items():  # links last, so that nothing is written through one
                if entry.mode == LINK:
                    self._place(path).symlink_to(os.fsdecode(contents[entry.blob]))
        self._has = dict(entries)

    def put_ours(self, files: Mapping[str, str]) -> None:
        """Have these files in ``ours``, executable below ``bin/``. Whoever reads one sees it whole."""
        with disk_errors(self.root):
            for path, text in files.items():
                file = self.ours / path
                file.parent.mkdir(parents=True, exist_ok=True)
                if file.exists() and file.read_text() == text:
                    continue
                new = file.with_name(f"{file.name}.{threading.get_ident()}.new")
                new.write_text(text)
                new.chmod(0o755 if path.startswith("bin/") else 0o644)
                os.utime(new, (_LONG_AGO, _LONG_AGO))  # older than what an earlier run has prepared
                new.rename(file)

    def compiled(self, programs: str) -> Path:
        """Where ccache keeps what was compiled while those programs could run."""
        with disk_errors(self.root):
            return ccache.directory(self._compiled, programs)

    def _place(self, path: str) -> Path:
        if path.startswith("/") or ".." in path.split("/") or ".git" in path.split("/"):
            raise InputError(f"{path!r} leaves the tree", "the tree is damaged or hostile; not exported")
        file = self.tree / path
        parent = file.parent
        if str(parent) not in self._known:
            parent.mkdir(parents=True, exist_ok=True)
            if parent.resolve() != parent:
                raise InputError(f"{path!r} lies behind a link", "the tree is damaged or hostile; not exported")
            self._known.add(str(parent))
        return file

    def _prune(self, path: str) -> None:
        parent = (self.tree / path).parent
        while parent != self.tree:
            try:
                parent.rmdir()
            except OSError:
                return
            self._known.discard(str(parent))
            parent = parent.parent

    def _write(self, path: str, content: bytes, executable: bool) -> None:
        target = str(self._place(path))
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if executable else 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)

    def close(self, *, wait: bool = True) -> None:
        """Remove everything and let the place go. ``wait``: until it is removed, unless that takes long."""
        discard(self.root, self._parent, _PATIENCE if wait else 0)
        self._lock.close()


class Kept:
    """Directories, such as those of builds as they were once prepared: copied aside, and copied back by a later run.
    Each is named by its key and a checksum, so that one that was damaged is none. ``most``: bytes of them all."""

    def __init__(self, root: Path, most: int = _KEPT_BYTES) -> None:
        self._root = root
        self._most = most

    def has(self, key: str) -> bool:
        """Whether something is kept under ``key``, be it damaged."""
        return any(self._root.glob(f"{key}-*"))

    def load(self, key: str, target: Path) -> bool:
        """Copy what is kept under ``key`` to ``target``, which does not exist; False where nothing is."""
        for kept in self._root.glob(f"{key}-*"):
            with contextlib.suppress(OSError):  # it was removed meanwhile
                _copy(kept, target)
                if kept.name == f"{key}-{_checksum(target)}":
                    os.utime(kept)
                    return True
                discard(kept, self._root.parent)
            discard(target, self._root.parent)
        return False

    def save(self, key: str, source: Path) -> None:
        """Keep a copy of ``source``. One that could not be made whole is none."""
        new = self._root / f".{key}.{os.getpid()}.new"
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            _copy(source, new)
            new.rename(self._root / f"{key}-{_checksum(new)}")
        except OSError:
            discard(new, self._root.parent)  # another run was faster, or the disk is full: it is only kept to save time
        self._trim()

    def _trim(self) -> None:
        """Remove those longest unused while the whole is over its bound, and what a killed run left half made."""
        with contextlib.suppress(OSError):
            used = 0
            for directory in sorted(
                self._root.iterdir(), key=lambda directory: directory.stat().st_mtime, reverse=True
            ):
                if directory.name.startswith("."):
                    if time.time() - directory.stat().st_mtime > 3600:
                        discard(directory, self._root.parent)
                    continue
                used += sum(file.lstat().st_size for file in directory.rglob("*"))
                if used > self._most:
                    discard(directory, self._root.parent)


def _checksum(top: Path) -> str:
    """Over the names, kinds and contents of all that is in a directory. Raises OSError where it cannot be read."""
    state = hashlib.blake2b(digest_size=16)
    for entry in sorted(top.rglob("*")):
        mode = entry.lstat().st_mode
        content = b""
        if stat.S_ISLNK(mode):
            content = os.fsencode(entry.readlink())
        elif stat.S_ISREG(mode):
            content = entry.read_bytes()
        state.update(f"{entry.relative_to(top)}\0{mode:o}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        state.update(content)
    return state.hexdigest()


def _copy(source: Path, target: Path) -> None:
    """With times and links as they are. cp does it in a tenth of the time."""
    done = subprocess.run(
        ["cp", "-a", "--reflink=auto", "--", str(source), str(target)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(0, done.stderr.strip().partition("\n")[0] or "cp failed")


def discard(directory: Path, top: Path, patience: float = 0.0) -> None:
    """Take a directory away, and have it removed by a program of its own, which outlives us where that takes long.

    Tens of thousands of files go in half a second, or in half a minute where the disk is busy. ``top`` is the directory
    of the cache for checks, ``patience`` the seconds to wait.
    """
    gone = top / f"{_GONE}{os.getpid()}-{time.monotonic_ns()}"
    with contextlib.suppress(OSError):
        if not directory.is_symlink():
            directory.chmod(0o700)  # else only root may move it
        directory.rename(gone)
        _sweep(gone)
        end = time.monotonic() + patience
        while gone.exists() and time.monotonic() < end:
            time.sleep(0.01)


def _sweep(gone: Path) -> None:
    """A build may take away its own right to write; no link in it is followed. The shell's child is init's at once."""
    remove = 'cd /; { rm -rf -- "$1" || { chmod -R u+rwX -- "$1"; rm -rf -- "$1"; }; } & '
    subprocess.run(
        ["sh", "-c", remove, "sh", str(gone)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, check=False,
    )  # fmt: skip
