"""Running the examples that every lint rule carries, on mail, trees and histories in memory."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from patcher.cache import Cache
from patcher.lint import yamllint
from patcher.lint.bindings import BINDINGS
from patcher.lint.context import Context
from patcher.lint.model import Outcome
from patcher.lint.rules import Example, LintRule
from patcher.lint.schema import schemas
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.diff import Diff
from patcher.mail.mbox import split
from patcher.mail.model import Patch
from patcher.mail.parse import parse
from patcher.rules.model import ExampleResult
from patcher.tree.history import Names, Resolved
from patcher.tree.kernel import blob_id

_DIFF = """diff --git a/arch/x86/xen/mmu.c b/arch/x86/xen/mmu.c
--- a/arch/x86/xen/mmu.c
+++ b/arch/x86/xen/mmu.c
@@ -1,3 +1,2 @@
 int xen_flush(void);
-int xen_unused;
 int xen_used;
"""


class MemoryTree:
    """A tree of some files. See ``KernelTree``."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: content.encode() for path, content in files.items()}
        self.where = "the example"
        self.commit = ""
        self.key: str | None = None
        self.worktree: Path | None = None

    def paths(self) -> Mapping[str, str]:
        return self.blobs(self._files)

    def blobs(self, paths: Iterable[str]) -> dict[str, str]:
        return {path: blob_id(self._files[path]) for path in paths if path in self._files}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        return {path: self._files[path] for path in paths if path in self._files}

    def search(self, words: Sequence[str], pathspecs: Sequence[str]) -> tuple[str, ...]:
        pattern = re.compile(rb"(?<!\w)(?:" + b"|".join(re.escape(word.encode()) for word in words) + rb")(?!\w)")
        return tuple(sorted(path for path, content in self._files.items() if pattern.search(content)))


class MemoryHistory:
    """A history of some commits, all of them ancestors. See ``History``."""

    def __init__(self, commits: Mapping[str, str], recent: Mapping[str, Sequence[str]]) -> None:
        self._commits = commits
        self._recent = recent

    def look_up(self, names: Iterable[str]) -> Mapping[str, Resolved]:
        return {name: self._known(name) for name in names}

    def _known(self, name: str) -> Resolved:
        found = [commit for commit in self._commits if commit.startswith(name)]
        if len(found) == 1:
            return Resolved(Names.COMMIT, found[0], self._commits[found[0]])
        return Resolved(Names.AMBIGUOUS if found else Names.MISSING)

    def ancestors(self, commits: Iterable[str]) -> frozenset[str]:
        return frozenset(commit for commit in commits if commit in self._commits)

    def titled(self, subjects: Iterable[str]) -> Mapping[str, str]:
        newest = {title: commit for commit, title in self._commits.items()}
        return {subject: newest.get(subject, "") for subject in subjects}

    def imported(self) -> None:
        return None

    def subjects(self, paths: Sequence[str], years: int = 1, most: int = 400) -> Mapping[str, Sequence[str]]:
        return {path: self._recent.get(path, ()) for path in paths}


def mail(example: Example) -> str:
    """The example as mail."""
    if example.mail:
        return example.mail
    subject, _, text = example.message.partition("\n\n")
    head = f"From: A U Thor <author@example.org>\nSubject: [PATCH] {subject}\n"
    return f"{head}\n{text.rstrip()}\n---\n{example.diff or _DIFF}"


def patches(text: str) -> Iterator[Patch]:
    """The mails of a text."""
    for number, raw in enumerate(split(io.BytesIO(text.encode()), "example.mbox"), 1):
        yield parse(decode(raw), f"mail {number}")


def lint_example(rules: Sequence[LintRule], example: Example) -> Outcome:
    """All that is found in an example."""
    history = MemoryHistory(example.commits, example.recent) if example.commits or example.recent else None
    context = Context(MemoryTree(example.tree) if example.tree else None, history)
    settings = Settings(profile=example.profile, strict=True, stated_base=True)
    cache = Cache()
    try:
        return lint_patches(patches(mail(example)), rules, settings, context, cache)
    finally:
        cache.close()


def run_examples(rules: Sequence[LintRule], only: str | None = None) -> Iterator[ExampleResult]:
    """Run the examples of every rule (or of the rule ``only``) against all rules."""
    chosen = [(rule, example) for rule in rules if only in (None, rule.id) for example in rule.example]
    ask_yamllint(example for _, example in chosen)
    for rule, example in chosen:
        fired = dict.fromkeys(finding.rule for finding in lint_example(rules, example).findings)
        yield ExampleResult(rule.id, example.name, example.fires, tuple(fired), ())


def ask_yamllint(examples: Iterable[Example]) -> None:
    """Have yamllint look at the schemas of all these at once: to start it for each would take most of the time."""
    mails = [text for text in map(mail, examples) if BINDINGS in text]
    diffs = [Diff(patch.diff) for text in mails for patch in patches(text)]
    yamllint.ask(schema.text for diff in diffs for schema in schemas(diff) if not schema.error)
