"""Which rules look at a patch."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from patcher.errors import InputError
from patcher.lazy import expression
from patcher.lint import citations
from patcher.lint.maintainers import profile as profile_of_paths
from patcher.lint.model import Profile
from patcher.lint.register import About
from patcher.lint.rules import LintRule
from patcher.mail.diff import Diff
from patcher.mail.model import Kind, Patch
from patcher.model import Frozen
from patcher.tree.maintainers import Maintainers

AUTO = "auto"
_STABLE = expression(r"(?:-?stable|autosel)|(?:linux-|v)?[2-9]\.\d|\d+\.\d+\.y", re.IGNORECASE)


class Settings(Frozen, frozen=True):
    """What the user asked for. ``profile`` "auto" goes by the touched paths; ``only`` and ``skip`` are ids of rules;
    ``stated_base`` tells that the base is certain (named, or of a range), not guessed."""

    profile: str = AUTO
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    strict: bool = False
    stated_base: bool = False
    mailed: bool = True

    def wants(self, rule: str) -> bool:
        """Whether a rule, or the ``checkpatch:TYPE`` of another program, is looked at."""
        names = {rule, rule.partition(":")[0]}
        return (not self.only or bool(names & self.only)) and not names & self.skip

    def profile_of(self, patch: Patch, diff: Diff, maintainers: Maintainers | None) -> str:
        """The profile that holds for a patch."""
        if self.profile != AUTO:
            return self.profile
        if _backport(patch):
            return Profile.STABLE
        return profile_of_paths((file.path for file in diff.files), maintainers)


def ids(text: str, rules: Collection[str]) -> frozenset[str]:
    """The ids in a list parted by commas. Raises InputError where there is no such rule."""
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    for name in sorted(found):
        if name not in rules and name.partition(":")[0] != "checkpatch":
            raise InputError(f"there is no rule {name!r}", "patcher rules list shows them")
    return found


def selected(
    rules: Sequence[LintRule], about: Iterable[About], profile: str, kind: Kind = Kind.PATCH
) -> Iterator[LintRule]:
    """Of the rules, those that are about one of these, hold in the profile, and look at this kind of mail."""
    wanted = frozenset(about)
    for rule in rules:
        holds = not rule.profiles or profile in rule.profiles
        if rule.about in wanted and holds and (kind is Kind.PATCH or rule.covers):
            yield rule


def _backport(patch: Patch) -> bool:
    """Whether it is meant for a stable tree: by the words in brackets, or the line that names the upstream commit."""
    return any(_STABLE.match(word) for word in patch.prefix.words) or bool(
        citations.UPSTREAM.search("\n".join(patch.body[:4]))
    )
