"""What ``patcher lint`` does, from what the user named to what was found. ``check`` and ``apply`` lint in this way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from patcher.errors import InputError
from patcher.files import HUGE, present, read_file
from patcher.lint import findings, lore, message, select
from patcher.lint.context import Context
from patcher.lint.ignore import NAME, Ignores, read
from patcher.lint.model import Default, Level, Outcome
from patcher.lint.register import About
from patcher.lint.rules import LintRule, shipped, with_own
from patcher.lint.run import Scripts, run
from patcher.lint.select import AUTO, Settings
from patcher.mail import read as mail
from patcher.mail.model import Patch
from patcher.model import Frozen

if TYPE_CHECKING:
    from patcher.cache import Cache
    from patcher.lint.away import Asked
    from patcher.lint.backends import BackEnds
    from patcher.mail.read import Progress
    from patcher.tree.gitrepo import Repository
    from patcher.tree.kernel import KernelTree
    from patcher.units import Elsewhere

_FEW_FILES = 2000  # that differ between two trees
_FIRST = 64  # mails by which the tree and the base are chosen


class Request(Frozen, frozen=True):
    """What to lint, and how; see ``patcher lint --help``. ``what`` are files and threads (``lore:MESSAGE-ID``), or one
    range, or nothing for the commits of upstream..HEAD. ``defaults`` are those of git's configuration that went into
    the request."""

    what: tuple[str, ...] = ()
    tree: Path | None = None
    no_tree: bool = False
    base: str | None = None
    profile: str | None = None
    only: str | None = None
    skip: str | None = None
    strict: bool | None = None
    fail_on: Level | None = None
    baseline: Path | None = None
    rules: Path | None = None
    trust_tree: bool = False
    checkpatch: Path | None = None
    defaults: tuple[Default, ...] = ()


class Linted(NamedTuple):
    """What was found, and the rules that were asked."""

    outcome: Outcome
    rules: tuple[LintRule, ...]


class Corrected(NamedTuple):
    """What was put right: messages before and after; where they were written ("" where nothing was), and whether that
    is a branch; and what is left to do by hand."""

    changed: tuple[tuple[Patch, Patch], ...]
    target: str
    branch: bool
    left: Outcome


class _Source(NamedTuple):
    """What is linted, and what is known of the tree it is for. ``top`` is where the user's tree is; ``commits`` are the
    ids of those of a range in ``repository``; ``looked_at`` is what is said of that tree; ``about`` what can be asked
    about."""

    patches: Iterable[Patch]
    context: Context
    certain: bool
    mailed: bool
    top: Path | None
    repository: Repository | None = None
    commits: tuple[str, ...] = ()
    looked_at: str = ""
    about: tuple[About, ...] = tuple(About)
    place: tuple[str, str, str] | None = ("", "", "")


def lint(
    request: Request, cache: Cache, progress: Progress | None = None, elsewhere: Elsewhere | None = None
) -> Linted:
    """Lint what the user named. ``elsewhere``: who does it, if not this machine. Raises InputError where that cannot
    be."""
    with _Session(request, cache, elsewhere) as session:
        source = _source(request, cache, progress)
        return Linted(session.linter(source)(_told(source, progress)), session.rules)


def _told(source: _Source, progress: Progress | None) -> Iterator[Patch]:
    """The patches, and how many of the commits are done: mails tell themselves, in bytes."""
    for number, patch in enumerate(source.patches):
        if progress and source.commits:
            progress("linting commits", number, len(source.commits))
        yield patch


def lint_commits(repository: Repository, base: str, commits: Sequence[str], tree: Path, cache: Cache) -> Linted:
    """Lint commits that are made for a tree, and perhaps not in it yet. ``repository`` has their objects; ``tree`` is
    where the user's own repository is, whose suppressions hold."""
    from patcher.tree.find import find_repository

    with _Session(Request(tree=tree), cache) as session:
        top = _top(find_repository(tree), tree)
        source = _of_commits(repository, base, commits[-1], tuple(commits), top, cache, None)
        return Linted(session.linter(source)(source.patches), session.rules)


def fix(request: Request, target: str | None, cache: Cache, progress: Progress | None = None) -> Corrected:
    """Write corrected messages to a new directory or branch (``target``). Raises InputError where that cannot be."""
    if any(map(lore.named, request.what)) or message.named(request.what):
        raise InputError("--fix, and what cannot be written anew is named", "name files of mail, or commits")
    from patcher.lint.fix import fixed
    from patcher.tree.rewrite import with_messages

    with _Session(request, cache) as session:
        source = _source(request, cache, progress)
        before = list(source.patches)
        history = source.context.history if source.context.has_history else None
        reported: dict[str, set[str]] = {}
        for finding in session.linter(source)(before).findings:
            reported.setdefault(finding.patch, set()).add(finding.rule)
        after = [fixed(patch, reported.get(patch.label, ()), history) for patch in before]
        changed = tuple((old, new) for old, new in zip(before, after, strict=True) if old is not new)
        written = (target or "lint-fixed") if changed else ""
        if changed and source.commits and source.repository:
            messages = {new.commit: "\n".join([new.subject, "", *new.body]) + "\n" for _, new in changed}
            with_messages(source.repository, source.commits, messages, written)
        elif changed:
            _write_mail(after, {new.path for _, new in changed}, Path(written))
        return Corrected(changed, written, bool(source.commits), session.linter(source)(after))


def lint_patches(
    patches: Iterable[Patch], rules: Sequence[LintRule], settings: Settings, context: Context, cache: Cache,
    ignores: Ignores | None = None, baseline: Sequence[str] = (), scripts: Scripts | None = None,
    asked: Asked | None = None,
) -> Outcome:  # fmt: skip
    """All that is found in patches, once it is known what they are for. ``asked``: who does it, if not this machine,
    which then runs no scripts."""
    if asked is None:
        events = run(patches, rules, settings, context, cache, scripts)
    else:
        from patcher.lint import away

        events = away.run(patches, rules, settings, context, cache, asked)
    return findings.outcome(events, rules, ignores or Ignores((), ()), baseline, strict=settings.strict)


class _Session(contextlib.ExitStack):
    """What a request asks for, whatever it is that is linted. Closed, it removes copies of scripts."""

    def __init__(self, request: Request, cache: Cache, elsewhere: Elsewhere | None = None) -> None:
        super().__init__()
        self._elsewhere = elsewhere
        self._cache = cache
        self._fail_on = request.fail_on or Level.WARNING
        strict = bool(request.strict) or self._fail_on is Level.NOTE
        self._request = request = structs.replace(request, strict=strict)
        self.rules = with_own(shipped(cache), request.rules) if request.rules else shipped(cache)
        rule_ids = {rule.id for rule in self.rules}
        self._settings = Settings(
            request.profile or AUTO, _ids(request, "only", rule_ids), _ids(request, "skip", rule_ids), strict
        )
        self._baseline = findings.read_baseline(request.baseline) if request.baseline else ()

    def linter(self, source: _Source) -> Callable[[Iterable[Patch]], Outcome]:
        """What finds all there is in patches of a source. Raises InputError where something for it is missing."""
        own = self._settings
        settings = Settings(own.profile, own.only, own.skip, own.strict, source.certain, source.mailed)
        kept = source.top / NAME if source.top else None
        ignores = Ignores(read(kept) if kept and present(kept) else (), {rule.id for rule in self.rules})
        rules = [rule for rule in self.rules if rule.about in source.about]
        asked = _asked(source, self._request, self._elsewhere)
        scripts = _scripts(source, self._request) if asked is None else None
        if scripts:
            self.callback(scripts.close)

        def outcome(patches: Iterable[Patch]) -> Outcome:
            found = lint_patches(
                patches, rules, settings, source.context, self._cache, ignores, self._baseline, scripts, asked
            )
            return structs.replace(
                found, looked_at=source.looked_at, defaults=self._request.defaults, fail_on=self._fail_on
            )

        return outcome


def _asked(source: _Source, request: Request, elsewhere: Elsewhere | None) -> Asked | None:
    """What is asked of others, if anything. Raises InputError for what only this machine can do."""
    if elsewhere is None or source.about != tuple(About):
        return None  # a message alone is no work for many
    if request.rules:
        raise InputError("--rules, and others are to do the work", "they have the shipped rules alone; leave --on away")
    if _trusted(source, request) or request.checkpatch:
        raise InputError("the tree's scripts, and others are to do the work", "leave --trust-tree or --on away")
    if source.place is None:
        raise InputError("a tree that is no repository, and others are to do the work", "leave --on away")
    from patcher.lint.away import Asked, Place

    return Asked(elsewhere, Place(*source.place), source.repository)


def _ids(request: Request, name: str, known: set[str]) -> frozenset[str]:
    """The rules of ``only`` or ``skip``. Raises InputError for one that is not there, with the file that has it."""
    text = getattr(request, name) or ""
    try:
        return select.ids(text, known)
    except InputError as error:
        names = (name, f"lint.{name}")
        file = next((each.file for each in request.defaults if each.name in names and each.value == text), "")
        raise InputError(f"{file}: {error}" if file else str(error)) from error


def _source(request: Request, cache: Cache, progress: Progress | None) -> _Source:
    what = request.what
    if message.named(what) and present(Path(what[0])):
        return _of_message(Path(what[0]), request.tree or Path(), cache)
    if what and (what == ("-",) or any(lore.named(name) or present(Path(name)) for name in what)):
        return _of_mail(request, cache, progress)
    if absent := [name for name in what if len(what) > 1 or mail.missing(name)]:
        raise InputError(f"{absent[0]} does not exist", "name files, or one range of commits")
    if request.no_tree:
        raise InputError("--no-tree, and commits are asked for", "name files")
    return _of_range(what[0] if what else None, request.tree or Path(), request.base, cache, progress)


def _of_mail(request: Request, cache: Cache, progress: Progress | None) -> _Source:
    what, fetched = lore.fetched(request.what)
    names = mail.files(what, fetched)
    patches = mail.patches(names, progress, fetched=fetched)
    head = list(islice(patches, _FIRST))
    every = chain(head, patches)
    if request.no_tree:
        if request.base or request.tree:
            raise InputError("--no-tree, and a tree or base is named", "leave one of them away")
        return _without_tree(every, "--no-tree")
    tree = request.tree or _around(names, head)
    if tree is None:
        if request.base:
            raise InputError(f"--base {request.base} is of no tree", "name the tree with --tree")
        return _without_tree(every, "there is none around that has the files")
    try:
        return _in_tree(tree, request, every, head, cache)
    except InputError as error:
        if request.tree or request.base:
            raise
        return _without_tree(every, str(error))


def _without_tree(patches: Iterable[Patch], reason: str) -> _Source:
    looked_at = f"no tree was looked at: {reason}"
    return _Source(patches, Context(None, None), certain=False, mailed=True, top=None, looked_at=looked_at)


def _around(names: Sequence[str], head: Sequence[Patch]) -> Path | None:
    """The repository that one stands in, or else the one that the first file lies in, if the patches may be for it."""
    from patcher.tree.around import may_be_for, top

    places = [Path(), *(Path(name).parent for name in names[:1] if name != "-")]
    tops = dict.fromkeys(found for place in places if (found := top(place)))
    if not tops:
        return None
    from patcher.mail.diff import Diff

    paths = {file.old_path for patch in head for file in Diff(patch.diff).files if not file.created}
    return next((found for found in tops if may_be_for(found, paths)), None)


def _in_tree(tree: Path, request: Request, every: Iterable[Patch], head: Sequence[Patch], cache: Cache) -> _Source:
    """Mails that are for a tree. Raises InputError where it cannot be read."""
    from patcher.tree.find import find_repository, open_tree

    repository = find_repository(tree)
    if repository is None:
        if request.base:
            raise InputError(f"{tree} is not a git repository, so it has no {request.base!r}", "leave --base away")
        if request.tree is None:
            return _without_tree(every, f"{tree} is not a git repository")
        found = open_tree(tree, None)
        looked_at = f"looked at {found.where}, which is no repository"
        known = Context(found, None)
        return _Source(every, known, certain=False, mailed=True, top=tree, looked_at=looked_at, place=None)
    from patcher.lint import base

    stands_on = base.found(repository, head, request.base, all_read=len(head) < _FIRST)
    whole = repository.resolve("HEAD") if stands_on.complete else ""
    context = context_of(repository, stands_on.commit, None, cache, whole or None)
    looked_at = f"looked at {repository.where}, {stands_on.commit[:12]} ({stands_on.reason})"
    return _Source(
        every, context, stands_on.certain, mailed=True, top=_top(repository, tree), repository=repository,
        looked_at=looked_at, place=(stands_on.commit, "", whole),
    )  # fmt: skip


def _of_message(file: Path, tree: Path, cache: Cache) -> _Source:
    """The commit that is being written on HEAD, if there is one."""
    from patcher.tree.find import find_repository

    repository = find_repository(tree)
    if repository is None:
        raise InputError(f"{file} is a message of git's, and {tree} is not a git repository", "name it with --tree")
    written = (message.being_written(file, repository),)
    born = repository.has("HEAD")
    context = context_of(repository, repository.resolve("HEAD"), None, cache) if born else Context(None, None)
    return _Source(written, context, True, False, _top(repository, tree), repository, about=message.ABOUT)


def _of_range(
    range_: str | None, tree: Path, base: str | None, cache: Cache, progress: Progress | None
) -> _Source:  # fmt: skip
    from patcher.tree.find import find_repository
    from patcher.tree.revisions import base_of, commits, ends, upstream

    repository = find_repository(tree)
    if repository is None:
        named = f"{range_} is no file, and {tree}" if range_ else str(tree)
        raise InputError(f"{named} is not a git repository", "name files, or a repository with --tree")
    asked = range_ or upstream(repository)
    listed = commits(repository, asked, linear=False)
    if repository.shallow and (cut := tuple(each for each in listed if not each.parent)):
        base_of(repository, cut)  # raises: where the history is cut, git's diff of a commit is the whole tree
    found = tuple(each.id for each in listed)
    fork, tip = ends(repository, asked)
    start, top = base or fork or f"{found[0]}^", _top(repository, tree)
    return _of_commits(repository, start, tip, found, top, cache, progress, stated=bool(base))


def _of_commits(
    repository: Repository, base: str, tip: str, commits: tuple[str, ...], top: Path, cache: Cache,
    progress: Progress | None, *, stated: bool = True,
) -> _Source:  # fmt: skip
    """Commits that stand on ``base``, which need not exist unless the user ``stated`` it."""
    from patcher.tree.commits import patches

    there = stated or repository.has(base)
    start = repository.resolve(base) if there else ""
    context = context_of(repository, start, tip, cache) if there else Context(None, None)
    place = (start, repository.resolve(tip) if there else "", "")
    return _Source(patches(repository, commits, progress), context, True, False, top, repository, commits, place=place)


def context_of(repository: Repository, base: str, tip: str | None, cache: Cache, whole: str | None = None) -> Context:
    """What is known of a tree: the commits ``base``, and, where they are there, ``tip`` and ``whole``; see
    ``Context``."""
    from patcher.tree.changes import changed_tree
    from patcher.tree.githistory import GitHistory
    from patcher.tree.gittree import GitTree

    before = GitTree(repository, base, cache)

    def later(commit: str | None) -> KernelTree | None:
        """What is found in the tree before need not be looked for again in one with a few changes."""
        return (changed_tree(before, commit, _FEW_FILES) or GitTree(repository, commit, cache)) if commit else None

    history = GitHistory(repository, base, cache)
    return Context(
        before, history, full_history=not repository.shallow, tip=later(tip), whole=later(whole), cache=cache
    )


def _top(repository: Repository | None, tree: Path) -> Path:
    """Where the user's own files of a tree are."""
    return Path(repository.where) if repository else tree


def _scripts(source: _Source, request: Request) -> BackEnds | None:
    """The tree's scripts, where the user consents. A checkpatch.pl that the user names is consent for that one."""
    tree, trusted = source.context.base, _trusted(source, request)
    if request.trust_tree and tree is None:
        raise InputError("--trust-tree without a tree", "name one with --tree")
    if not trusted and not request.checkpatch:
        return None
    from patcher.lint.backends import BackEnds

    return BackEnds(tree, source.repository, request.checkpatch, strict=bool(request.strict), trusted=trusted)


def _trusted(source: _Source, request: Request) -> bool:
    from patcher.lint.consent import given

    return request.trust_tree or (source.top is not None and given(source.top))


def _write_mail(patches: Sequence[Patch], changed: set[str], directory: Path) -> None:
    """The mail by file, under the same names; a file in which nothing changed is copied."""
    from patcher.mail.write import mbox

    by_file: dict[str, list[Patch]] = {}
    for patch in patches:
        by_file.setdefault(patch.path, []).append(patch)
    try:
        directory.mkdir(parents=True)
        for name, mails in by_file.items():
            content = (
                mbox(mails).encode("utf-8", "surrogateescape") if name in changed else read_file(Path(name), most=HUGE)
            )
            (directory / Path(name).name).write_bytes(content)
    except FileExistsError as error:
        raise InputError(f"{directory} exists already", "name a new directory with --fix-to") from error
    except OSError as error:
        raise InputError(f"cannot write to {directory} ({error.strerror})", "name another with --fix-to") from error
