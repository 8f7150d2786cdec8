"""A repository of a few commits, for a program that is not to see the rest: nothing of the repository they come from
is in it but those, neither its configuration nor its hooks, nor what else it has objects of."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from patcher.tree.command import run
from patcher.tree.gitrepo import Repository

_CONFIG = "[core]\n\trepositoryformatversion = {0}\n\tbare = false\n\tlogAllRefUpdates = false\n"
_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"


class Excerpt:
    """A repository at ``directory``/.git whose HEAD is the commit ``head`` of another, which has neither parents nor
    trees."""

    def __init__(self, repository: Repository, head: str, directory: Path) -> None:
        self._repository = repository
        self._worktree = directory
        self.directory = directory / ".git"
        self._has: set[str] = set()
        for name in ("objects/info", "objects/pack", "refs/heads"):
            (self.directory / name).mkdir(parents=True)
        long = len(head) == 64
        (self.directory / "config").write_text(_CONFIG.format(int(long)) + (_SHA256 if long else ""))
        (self.directory / "HEAD").write_text(f"{head}\n")
        self.add([head])

    def add(self, names: Iterable[str]) -> None:
        """Have the commits, too, that these ids stand for, short ones as well; others are passed over."""
        asked = [f"{name}^{{commit}}" for name in dict.fromkeys(names)]
        for found in self._repository.objects.find(asked):
            if found.kind == "commit" and found.id not in self._has:
                self._write(found.id, b"commit %d\0" % len(found.content) + found.content)
        (self.directory / "shallow").write_text("".join(f"{commit}\n" for commit in sorted(self._has)))

    def list(self, files: Mapping[str, str]) -> None:
        """Have ``git ls-files`` list these: path → blob."""
        lines = "".join(f"100644 {blob}\t{path}\0" for path, blob in files.items() if blob)
        run(self._worktree, ["update-index", "-z", "--index-info"], stdin=lines.encode("utf-8", "surrogateescape"))

    def _write(self, commit: str, content: bytes) -> None:
        made = hashlib.sha256 if len(commit) == 64 else hashlib.sha1
        if made(content, usedforsecurity=False).hexdigest() != commit:
            return  # git does not look
        file = self.directory / "objects" / commit[:2] / commit[2:]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(zlib.compress(content))
        self._has.add(commit)
