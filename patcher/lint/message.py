"""The message of a commit that is being written: what git's hook commit-msg is given."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patcher.errors import InputError
from patcher.files import SMALL, read_file
from patcher.lint.register import About
from patcher.mail.model import Patch

if TYPE_CHECKING:
    from patcher.tree.gitrepo import Repository

NAME = "COMMIT_EDITMSG"  # githooks(5), commit-msg
ABOUT = (About.MESSAGE, About.TAGS)  # what can be told while there is no commit
_SCISSORS = re.compile(rb"^\S+ -+ >8 -+$.*", re.MULTILINE | re.DOTALL)  # git-commit(1), --cleanup=scissors


def named(words: Sequence[str]) -> bool:
    """Whether the words are the file of git's that such a message is in."""
    return len(words) == 1 and Path(words[0]).name == NAME


def being_written(file: Path, repository: Repository) -> Patch:
    """The commit that there will be, without its diff: the message as git cleans it up, by the author that git will
    write. Raises InputError where there is no message."""
    from patcher.tree.commits import of_message

    text = _SCISSORS.sub(b"", read_file(file, most=SMALL))
    edited = os.environ.get("GIT_EDITOR") != ":"  # githooks(5); what is not edited has no comments
    cleaned = repository.run("stripspace", *(["--strip-comments"] if edited else []), stdin=text)
    message = cleaned.decode("utf-8", "surrogateescape")
    if not message.strip():
        raise InputError(f"{file} has no message", "write one")
    author = repository.run("var", "GIT_AUTHOR_IDENT").decode("utf-8", "surrogateescape")
    name, _, rest = author.partition(" <")
    return of_message(message, NAME, (name, rest.partition(">")[0]))
