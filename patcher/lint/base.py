"""Which commit mails are for: stated, or below the same changes in HEAD, or HEAD, or where the branch began."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patcher.errors import InputError
from patcher.lazy import expression
from patcher.lint.context import After
from patcher.mail.diff import Diff
from patcher.mail.model import Kind, Patch
from patcher.tree.commits import patches as patches_of
from patcher.tree.gittree import GitTree
from patcher.tree.overlay import PatchedTree

if TYPE_CHECKING:
    from patcher.tree.gitrepo import Repository

_RECENT = 500  # of HEAD's newest commits, in which the patches are looked for
_CANDIDATES = 200  # of them, those that touch the same files: their changes are compared
_SPACE = expression(r"\s+")
Change = tuple[tuple[object, ...], ...]


class Base(NamedTuple):
    """A commit that patches are for.

    Arguments:
        commit: its full id
        reason: how that is known, for people
        certain: that a patch which does not apply there is at fault
        complete: HEAD has all of the patches as they are, so that its tree is the one after them
    """

    commit: str
    reason: str
    certain: bool
    complete: bool = False


def found(repository: Repository, patches: Sequence[Patch], named: str | None, *, all_read: bool) -> Base:
    """The base of some patches.

    Arguments:
        patches: the first of them
        named: the revision that the user names, if any
        all_read: whether there are no more

    Raises InputError where the revision that the user names does not exist, or the repository has no commit.
    """
    if named:
        return Base(repository.resolve(named), f"--base {named}", certain=True)
    stated = next((patch.base for patch in patches if patch.base), "")
    stated = repository.resolve(stated) if stated and repository.has(stated) else ""
    sent = [patch for patch in patches if patch.kind is Kind.PATCH]
    below = _below_the_same(repository, sent, all_read=all_read)
    if stated and not (below and _is_ancestor(repository, stated, below.commit)):
        return Base(stated, "base-commit", certain=True)
    return below or _where_they_apply(repository, sent)


def change(diff: Diff) -> Change:
    """What a diff does, to tell it again: as git patch-id, by changed lines without white space, but without those
    around, so that it does not matter how many of those there are."""
    return tuple(
        sorted(
            (file.path, file.old_path, file.created, file.deleted, file.binary, file.new_mode if file.old_mode else "",
             *(tuple(_SPACE.sub("", line.text) for line in lines) for lines in (file.added, file.removed)))
            for file in diff.files
        )
    )  # fmt: skip


def _below_the_same(repository: Repository, sent: Sequence[Patch], *, all_read: bool) -> Base | None:
    """What lies below the patches where HEAD has them: the same changes, or others of that title to the same files."""
    diffs = [Diff(patch.diff) for patch in sent]
    wanted = {_touched(diff) for diff in diffs} | {frozenset(file.path for file in diff.files) for diff in diffs}
    wanted.discard(frozenset())
    commits = _recent(repository, wanted) if wanted else []
    if not commits:
        return None
    order = {commit: index for index, commit in enumerate(commits)}  # the newest first
    same: dict[Change, str] = {}
    titled: dict[tuple[str, frozenset[str]], str] = {}
    for patch in patches_of(repository, commits):
        diff = Diff(patch.diff)
        same.setdefault(change(diff), patch.commit)
        titled.setdefault((patch.summary, _touched(diff)), patch.commit)
    alike = [same.get(change(diff), "") for diff in diffs]
    others = [titled.get((patch.summary, _touched(diff)), "") for patch, diff in zip(sent, diffs, strict=True)]
    chosen = [one or other for one, other in zip(alike, others, strict=True) if one or other]
    if not chosen:
        return None
    first = max(chosen, key=lambda commit: order[commit])
    parent = repository.commit(first).parent
    if not parent:
        return None
    whole = all(alike)
    reason = "below the patches, which HEAD has" if whole else "below patches of these titles, which HEAD has"
    return Base(parent, reason, certain=whole, complete=whole and all_read)


def _touched(diff: Diff) -> frozenset[str]:
    """The files that git lists for a commit with these changes: of a renamed one both names."""
    return frozenset(path for file in diff.files for path in (file.path, *((file.old_path,) if file.renamed else ())))


def _recent(repository: Repository, wanted: Collection[frozenset[str]]) -> list[str]:
    """The newest commits of HEAD that touch just the files of one of the patches, the newest first: of the branch, or
    of all. A commit without a parent is none: the changes of an import are all of a tree, and nothing lies below it."""
    newest = ("rev-list", "--no-merges", f"--max-count={_RECENT}", "HEAD")
    fork = _upstream(repository)
    for limits in ((f"^{fork}",), ()) if fork else ((),):
        listed = repository.run(*newest, *limits, "--")
        if listed and (alike := [commit for commit, names in _listed(repository, listed) if names in wanted]):
            return alike[:_CANDIDATES]
    return []


def _listed(repository: Repository, commits: bytes) -> Iterator[tuple[str, frozenset[str]]]:
    """Commits, one a line, with the files that each of them touches."""
    ids = set(commits.split())
    answer = repository.run("diff-tree", "--stdin", "-r", "--name-only", "-z", "--no-renames", stdin=commits)
    commit, names = "", set[str]()
    for field in answer.split(b"\0"):
        if field in ids:
            if commit:
                yield commit, frozenset(names)
            commit, names = field.decode(), set()
        elif field:
            names.add(field.decode("utf-8", "surrogateescape"))
    if commit:
        yield commit, frozenset(names)


def _upstream(repository: Repository) -> str:
    """What the branch follows, or ""."""
    try:
        said = repository.run("rev-parse", "--verify", "--quiet", "@{upstream}", empty_is=1)
    except InputError:
        return ""
    return said.decode().strip()


def _is_ancestor(repository: Repository, one: str, other: str) -> bool:
    return repository.run("merge-base", one, other, empty_is=1).decode().strip() == one


def _where_they_apply(repository: Repository, sent: Sequence[Patch]) -> Base:
    """HEAD; or where the branch left what it follows, if the first patch applies there and to HEAD it does not."""
    head = repository.resolve("HEAD")
    begins = next((patch for patch in sent if patch.prefix.number <= 1), None)
    fork = _upstream(repository) if begins else ""
    if begins and fork:
        fork = repository.run("merge-base", fork, head, empty_is=1).decode().strip()
        if fork not in ("", head) and not _applies(repository, head, begins) and _applies(repository, fork, begins):
            return Base(fork, "where the branch left its upstream", certain=False)
    return Base(head, "HEAD", certain=False)


def _applies(repository: Repository, commit: str, patch: Patch) -> bool:
    after, misfits = After(PatchedTree(GitTree(repository, commit), {})).with_patch(patch, Diff(patch.diff))
    return after.usable and not misfits
