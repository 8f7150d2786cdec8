"""What b4 knows a branch of its own by: a first commit, with no changes, that has the cover letter and what b4 keeps of
the series (``b4 prep``, strategy "commit")."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable

from patcher.errors import InputError
from patcher.generate.mailing import Addressed, Mailing, clean
from patcher.tree.commit import Draft, Identity
from patcher.tree.gitrepo import Repository
from patcher.tree.mailmap import formatted

MARK = "--- b4-submit-tracking ---"
_STRATEGY = "b4.prep-cover-strategy"
_LOOKS_BACK = 365 * 86400  # seconds


def suits(repository: Repository, who: Identity) -> None:
    """Raises InputError where b4 would not find the branch again: it looks for a commit of the last year, made by
    ``user.email``, unless it is told to keep cover letters elsewhere."""
    strategy = _configured(repository, _STRATEGY)
    if strategy not in ("", "commit"):
        raise InputError(
            f"b4 is told to keep cover letters otherwise ({_STRATEGY} is {strategy!r}), and would not find this one",
            f"unset {_STRATEGY}",
        )
    mine, used = _configured(repository, "user.email"), who.committer.rpartition("<")[2].removesuffix(">")
    if mine and mine != used:
        raise InputError(
            f"b4 looks for commits of {mine} (user.email), and these would be made by {used}",
            "unset GIT_COMMITTER_EMAIL, or set user.email",
        )
    seconds = int(who.environment["GIT_COMMITTER_DATE"].removeprefix("@").split()[0])
    if seconds < time.time() - _LOOKS_BACK:
        raise InputError("b4 looks for commits of the last year, and these would be older", "unset SOURCE_DATE_EPOCH")


def _configured(repository: Repository, name: str) -> str:
    return repository.run("config", "--get", name, empty_is=1).decode("utf-8", "replace").strip()


def cover_commit(
    letter: tuple[str, str], to: Addressed, wanted: Mailing, change_id: str, base: str, prerequisites: Iterable[str]
) -> Draft:
    """The commit.

    Arguments:
        letter: subject and text of the cover letter
        to: whom the series goes to
        base: the public commit, "" where the branch begins with it; ``prerequisites``: ids of the patches between

    Raises InputError where the letter has what b4 would take for the end of it.
    """
    title, text = letter
    if MARK in text or MARK in title:
        raise InputError(f"the cover letter has b4's own line {MARK!r}", "leave it away there")
    series: dict[str, object] = {
        "revision": wanted.revision, "change-id": change_id, "prefixes": wanted.words, "presubject": "",
    }  # fmt: skip
    if wanted.history:
        series["history"] = wanted.history
    needed = [f"patch-id: {each}" for each in prerequisites]
    if base:
        series["prerequisites"] = [f"base-commit: {base}", *needed]
    trailers = [f"To: {formatted(clean(each))}" for each in to.to] + [f"Cc: {formatted(clean(each))}" for each in to.cc]
    body = re.sub(r"^#", ">#", text.strip(), flags=re.MULTILINE)  # b4 removes comments
    parts = [title, body, "\n".join(trailers), _tracking({"series": series})]
    return Draft("\n\n".join(part for part in parts if part) + "\n", {})


def _tracking(data: object) -> str:
    return f"{MARK}\n# This section is used internally by b4 prep for tracking purposes.\n{json.dumps(data, indent=2)}"
