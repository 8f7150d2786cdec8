"""Real git for tests, with an identity and dates of its own; also for modules that are no fixtures."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A U Thor",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_AUTHOR_DATE": "2010-12-21T12:00:00+0000",
    "GIT_COMMITTER_NAME": "A U Thor",
    "GIT_COMMITTER_EMAIL": "author@example.org",
    "GIT_COMMITTER_DATE": "2010-12-21T12:00:00+0000",
}


def run_git(directory: Path, *args: str | Path, text: str | None = None) -> str:
    """The output of a git command that must work, without its last newline."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-C", directory, *args],
        input=text, capture_output=True, text=True, check=False, env={**others, **GIT_ENVIRONMENT},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def object_file(repository: Path, object_id: str) -> Path:
    """The file of an object; where it lies in a pack, all of the repository's objects get files of their own."""
    objects = repository / ".git" / "objects"
    file = objects / object_id[:2] / object_id[2:]
    if not file.exists():
        for pack in (objects / "pack").glob("*.pack"):
            content = pack.read_bytes()
            for part in pack.parent.glob(f"{pack.stem}.*"):
                part.unlink()
            subprocess.run(["git", "-C", repository, "unpack-objects", "-q"], input=content, check=True)
    return file
