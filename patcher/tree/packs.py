"""Commits on their way from one repository to another: packed here, taken in there. git computes the id of each object
that comes in, so that none is what it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from patcher.files import read_file
from patcher.tree.command import run
from patcher.tree.gitrepo import Repository

_FILES, _TIPS, _STATES = "refs/patcher/files", "refs/patcher/tips", "refs/patcher/states"
_SHALLOW = "shallow"
_NAMED = 16  # commits that are there: the latest say enough of what need not be sent
_TIPS_NAMED = 5000
_PACKS = 64  # more make git slow


def pack(repository: Repository, commits: Sequence[str], there: Iterable[str], target: Path, *, history: bool) -> None:
    """Write a pack of commits to the file ``target``: with all of their files, and with their history if wanted; but
    without what those have whom the commits ``there`` are known to. It holds all that its deltas stand on."""
    common = [each for each in there if repository.has(each)]
    if history:
        wanted = [*commits, *(f"^{each}" for each in common)]
        _pack(repository, ["--revs"], "".join(f"{each}\n" for each in wanted).encode(), target)
        return
    trees = [*(f"{each}^{{tree}}" for each in commits), *(f"^{each}^{{tree}}" for each in common)]
    asked = "".join(f"{each}\n" for each in trees).encode()
    listed = repository.run("rev-list", "--objects", "--stdin", stdin=asked)
    names = [line.partition(b" ") for line in listed.split(b"\n") if line]
    lines = b"".join(name + space + path + b"\n" for name, space, path in names)
    _pack(repository, [], "".join(f"{each}\n" for each in commits).encode() + lines, target)


def _pack(repository: Repository, options: Sequence[str], asked: bytes, target: Path) -> None:
    """Deltas that are there are taken over; to look for more costs more than to send them."""
    with target.open("wb") as file:
        command = ["pack-objects", *options, "--stdout", "-q", "--delta-base-offset", "--window=0"]
        repository.run(*command, stdin=asked, into=file, doing="pack objects of")


def boundary(repository: Repository) -> tuple[str, ...]:
    """The commits at which the history of a shallow repository ends."""
    return tuple(read_file(repository.common / _SHALLOW).decode("ascii").split()) if repository.shallow else ()


def tips(repository: Repository, others: Iterable[str]) -> tuple[str, ...]:
    """The commits that all of a repository's history leads up to: ``others``, HEAD, and those of its references."""
    listed = repository.run("for-each-ref", "--format=%(objectname)").decode().split()
    found = repository.objects.find([f"{name}^{{commit}}" for name in (*others, "HEAD", *listed)])
    return tuple(dict.fromkeys(each.id for each in found if each.kind == "commit"))


class Clone:
    """A bare repository of our own, for commits that others send. It has the objects of ``beside``, too, a repository
    that is there already."""

    def __init__(self, directory: Path, length: int, beside: Path | None = None) -> None:
        """``length``: characters of an id."""
        self._beside = beside
        hashes = "sha1" if length == 40 else "sha256"
        if not (directory / "HEAD").exists() or len(list((directory / "objects/pack").glob("*.idx"))) > _PACKS:
            shutil.rmtree(directory, ignore_errors=True)
            directory.parent.mkdir(parents=True, exist_ok=True)
            init = ["init", "--quiet", "--bare", "--template=", f"--object-format={hashes}", str(directory)]
            run(directory.parent, init, where=str(directory))
        alternates = directory / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.unlink(missing_ok=True)
        if beside:
            alternates.write_bytes(os.fsencode(beside / "objects") + b"\n")
        self.repository = Repository(directory, directory, None)

    def has(self, commits: Sequence[str], *, history: str) -> bool:
        """Whether the commits are there, with all of their files. ``history``: names what else must have come, or
        "" for nothing; see ``take``."""
        if history:
            return history in self._named(_STATES)
        known = set(self._named(_FILES))
        return all(each in known or self._beside_has(each) for each in commits)

    def there(self, commits: Sequence[str], *, history: str) -> tuple[str, ...]:
        """Commits that need not be sent: the last that came, and those of ``commits`` that were there before."""
        found = [each for each in commits if self._beside_has(each)]
        known = self._named(_TIPS)[:_TIPS_NAMED] if history else self._named(_FILES)[:_NAMED]
        return (*found, *known)

    def take(self, file: Path, commits: Sequence[str], shallow: Sequence[str], *, history: str) -> None:
        """Take in a pack, which is moved away, and have these commits; with all of their history, if that has a name.
        Raises InputError where it is damaged."""
        packs = self.repository.directory / "objects" / "pack"
        packs.mkdir(exist_ok=True)
        new = packs / f"pack-{os.getpid()}-{file.stat().st_mtime_ns}.pack"
        shutil.move(file, new)
        try:
            self.repository.run("index-pack", str(new), doing="take in objects of")
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        names = [f"{_TIPS if history else _FILES}/{each} {each}" for each in commits]
        if history:
            names.append(f"{_STATES}/{history} {commits[0]}")
            (self.repository.common / _SHALLOW).unlink(missing_ok=True)
            if shallow:
                (self.repository.common / _SHALLOW).write_text("".join(f"{each}\n" for each in shallow))
        lines = "".join(f"update {name}\n" for name in names)
        self.repository.run("update-ref", "--stdin", stdin=lines.encode(), doing="name commits in")

    def _named(self, kind: str) -> list[str]:
        """The latest first."""
        names = self.repository.run("for-each-ref", "--sort=-committerdate", "--format=%(refname:lstrip=-1)", kind)
        return names.decode().split()

    def _beside_has(self, commit: str) -> bool:
        """What a clone has, it has with its history; what was sent to us lies here, perhaps without."""
        if self._beside is None:
            return False
        return Repository(self._beside, self._beside, None).has(commit)
