"""Checks that look into the history: commits that are cited, and how paths are titled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint.citations import MISSING, alike, bare, cited, close, fixes, prefix_paths, quoted_subject
from patcher.lint.job import Change, Job, Message, Tags
from patcher.lint.model import CannotTell, Hit, Level, Location
from patcher.lint.prose import literal_lines
from patcher.lint.register import check
from patcher.tree.history import History, Names, Resolved

_PREFIX = expression(r"(?:\[[^\]]+\]\s*)?((?:[^\s:]|(?<!:) ){1,40}?):\s")
_REVERT = expression(r'(?:.*[ :-] )?Revert "')
_REVERTS = expression(r"\s*(?:This reverts commit )?[0-9a-f]{12,40}\b", re.IGNORECASE)


def _line(commits: Resolved) -> str:
    return f'{commits.commit[:12]} ("{commits.subject}")'


@check
def fixes_commit(job: Tags) -> Iterator[Hit]:
    """A ``Fixes:`` whose commit is not there, is another than the subject says, or is no ancestor of the base."""
    patch, history = job.patch, job.context.history
    found = [(tag, match.group("hash").lower(), quoted_subject(match)) for tag, match in fixes(patch)]
    commits = history.look_up(id_ for _, id_, _ in found)
    older: Resolved | None = None
    for tag, id_, subject in found:
        location = job.tag(tag, id_)
        what = commits.get(id_, MISSING)
        if _may_be_older(history, what, subject):
            older = history.imported()
        elif patch.commit and what.commit == patch.commit:
            yield Hit("the patch names itself", location)
        elif what.names is Names.COMMIT:
            yield from _right(job, what, subject, id_, location)
        else:
            yield _unknown(job, what, subject, id_, location, "Fixes: ")
    if older:
        raise _cannot_look_up(older)


def _may_be_older(history: History, what: Resolved, subject: str = "") -> bool:
    """Whether what was not found may be of a time before the history begins."""
    if what.names is not Names.MISSING or (subject and history.titled([subject])[subject]):
        return False
    return history.imported() is not None


def _cannot_look_up(root: Resolved) -> CannotTell:
    return CannotTell(f"the history begins with an import, {_line(root)}: what was before cannot be looked up")


def _unknown(job: Job, what: Resolved, subject: str, id_: str, location: Location, before: str) -> Hit:
    titled = job.context.history.titled([subject])[subject] if subject else ""
    wrong = {"ambiguous": f"{id_} is ambiguous", "other": f"{id_} is no commit"}.get(
        what.names, f"there is no commit {id_}"
    )
    fix = (
        f'did you mean: {before}{titled[:12]} ("{subject}")' if titled else "look the commit up in the tree you send to"
    )
    return Hit(wrong, location, fix, key=id_)


def _right(job: Job, what: Resolved, subject: str, id_: str, location: Location) -> Iterator[Hit]:
    """The commit exists: is it the one that is meant, and is it in the tree?"""
    history = job.context.history
    if subject and not alike(subject, what.subject):
        if close(subject, what.subject):
            yield Hit(
                f"the subject of {id_} is {what.subject!r}", location, f"write: Fixes: {_line(what)}", Level.WARNING
            )
            return
        other = history.titled([subject])[subject]
        fix = f"did you mean: Fixes: {_line(what)}"
        if other:
            fix += f' or Fixes: {other[:12]} ("{subject}")'
        yield Hit(f"{id_} is another commit: {what.subject!r}", location, fix)
        return
    if what.commit not in history.ancestors([what.commit]):
        yield Hit(
            f"{id_} is not in the history of the base", location, "name the commit by its id in the tree you send to"
        )


@check
def cited_commit(job: Message) -> Iterator[Hit]:
    """A commit cited in the text that is not there, or whose subject is another."""
    patch, history = job.patch, job.context.history
    found = list(cited(patch))
    commits = history.look_up(each.hash for each in found)
    older: Resolved | None = None
    for each in found:
        what = commits.get(each.hash, MISSING)
        location = job.body(each.line, each.text)
        if what.names is Names.MISSING and len(each.hash) < 12 and not each.subject:
            continue  # it may be of another repository; that it is too short is told elsewhere
        if _may_be_older(history, what, each.subject):
            older = history.imported()
        elif what.names is not Names.COMMIT:
            yield _unknown(job, what, each.subject, each.hash, location, "commit ")
        elif each.subject and not alike(each.subject, what.subject) and not close(each.subject, what.subject):
            yield Hit(
                f"{each.hash} is another commit: {what.subject!r}", location, f"did you mean: commit {_line(what)}"
            )
    if older:
        raise _cannot_look_up(older)


@check
def citation_form(job: Message) -> Iterator[Hit]:
    """A commit cited by fewer than 12 digits, without its subject, or without the word commit."""
    patch = job.patch
    for each in cited(patch):
        if job.profile == "stable" and "upstream" in patch.body[each.line].lower():
            continue
        location = job.body(each.line, each.text)
        right, named = "", each.quoted
        if job.context.has_history:
            what = job.context.history.look_up([each.hash]).get(each.hash)
            right = f"write: commit {_line(what)}" if what and what.names is Names.COMMIT else ""
            named = named or bool(what and what.subject and what.subject in " ".join(" ".join(patch.body).split()))
        if len(each.hash) < 12:
            yield Hit(f"{each.hash} has {len(each.hash)} digits, not 12 or more", location, right)
        elif not each.subject and not _reverted(job, each.line) and not _cited_elsewhere(job, each.hash, each.line):
            if named:
                yield Hit('the subject of a commit is not in ("…")', location, right, Level.NOTE)
            else:
                yield Hit("a commit is cited without its subject", location, right)

    for index, id_, subject in bare(patch):
        line = patch.body[index]
        if (not subject and index in literal_lines(patch.body)) or _NO_CITATION.search(line[: line.find(id_)]):
            continue
        if not _cited_elsewhere(job, id_, index) and not _reverted(job, index):
            without = "a commit is cited without the word commit" + ("" if subject else " and its subject")
            yield Hit(without, job.body(index, id_), 'write: commit <12 digits or more> ("its subject")')


# Of a result of a bisection, and of a merge that stands for a series.
_NO_CITATION = expression(r"\((?:good|bad)\)\s*\Z|\bseries\s+\Z", re.IGNORECASE)


def _reverted(job: Job, line: int) -> bool:
    """Whether a line is the one of git revert, which has the subject in the summary."""
    return bool(_REVERT.match(job.patch.summary) and _REVERTS.match(job.patch.body[line]))


def _cited_elsewhere(job: Job, id_: str, line: int) -> bool:
    """Whether the same commit is cited with its subject elsewhere in the message."""
    if any(each.subject and each.hash[:12] == id_[:12] and each.line != line for each in cited(job.patch)):
        return True
    return any(match.group("hash")[:12] == id_[:12] for _, match in fixes(job.patch))


@check
def summary_prefix(job: Message) -> Iterator[Hit]:
    """A prefix that no recent change of these files had, where they all had another."""
    match = _PREFIX.match(job.patch.summary + " ")
    paths = prefix_paths(job.diff)
    if not match or not paths or job.patch.summary.startswith(("Revert", "treewide")):
        return
    subjects = [
        subject
        for path, found in job.context.history.subjects(list(paths)).items()
        if path in paths
        for subject in found
    ]
    prefixes = [
        found.group(1).lower() for subject in dict.fromkeys(subjects) if (found := _PREFIX.match(subject + " "))
    ]
    if len(prefixes) < 8:
        raise CannotTell("too few recent changes to learn the prefixes of some files from")
    ours = match.group(1).lower()
    counted = Counter(prefixes)
    usual, count = counted.most_common(1)[0]
    words = " ".join(paths).lower()
    related = any(_related(ours, prefix) for prefix in counted) or _related(ours, words)
    if not related and count * 4 >= len(prefixes) * 3:
        certain = count >= 20 and count * 10 >= len(prefixes) * 9
        written = next(
            found.group(1)
            for subject in subjects
            if (found := _PREFIX.match(subject)) and found.group(1).lower() == usual
        )
        what = f"{match.group(1)}: is not what these files are titled with"
        fix = f"{count} of the last {len(prefixes)} changes have {written}:"
        yield Hit(what, job.subject(match.group(1)), fix, None if certain else Level.NOTE)


def _related(one: str, other: str) -> bool:
    """Whether two prefixes have a word in common (x86/xen and xen/mmu do)."""
    return bool(set(re.split(r"[^a-z0-9]+", one)) & set(re.split(r"[^a-z0-9]+", other)) - {""})


@check
def base_known(job: Change) -> Iterator[Hit]:
    """A ``base-commit:`` that the repository does not have."""
    base, history = job.patch.base, job.context.history
    if not base:
        return
    what = history.look_up([base]).get(base, MISSING)
    if _may_be_older(history, what) and (root := history.imported()):
        raise _cannot_look_up(root)
    if what.names is not Names.COMMIT:
        yield Hit(f"base-commit {base[:12]} is not in this repository", job.mail(), key=base)
