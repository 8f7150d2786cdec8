"""``patcher lint``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.common import CLEAN, FOUND, deliver, plain, style
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.cache import Cache
    from patcher.lint.backends import BackEnds
    from patcher.lint.context import Context
    from patcher.lint.ignore import Ignore
    from patcher.lint.model import Outcome
    from patcher.lint.rules import LintRule
    from patcher.mail.model import Patch
    from patcher.report.progress import Bar
    from patcher.tree.gitrepo import Repository

_PROFILES = ("auto", "default", "tip", "netdev", "kvm", "stable")
_FORMATS = ("text", "json", "sarif", "junit", "terse", "b4")


@click.command()
@click.argument("what", nargs=-1, metavar="[RANGE | FILE… | -]")
@click.option(
    "--tree", "place", metavar="DIR", type=click.Path(path_type=Path), help="Kernel tree the patches are for."
)
@click.option("--base", metavar="REV", help="Revision they apply to. Default: base-commit, or the parent of a range.")
@click.option("--profile", type=click.Choice(_PROFILES), default="auto", show_default=True, help="Whose rules hold.")
@click.option("--only", metavar="IDS", default="", help="Only these rules, parted by commas.")
@click.option("--skip", metavar="IDS", default="", help="All but these rules.")
@click.option("--strict", is_flag=True, help="Show notes, too.")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--baseline", metavar="FILE", type=click.Path(path_type=Path), help="Hide what this JSON report has.")
@click.option("--fix", is_flag=True, help="Write corrected messages to --fix-to, and show the difference.")
@click.option("--fix-to", metavar="DIR|BRANCH", help="New directory for corrected mail, new branch for commits.")
@click.option("--trust-tree", is_flag=True, help="Run the tree's checkpatch.pl and get_maintainer.pl, in a sandbox.")
@click.option("--checkpatch", metavar="FILE", type=click.Path(path_type=Path), help="Run this checkpatch.pl instead.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there instead.")
@click.option("-q", "--quiet", is_flag=True, help="Say less.")
@click.option("-v", "--verbose", is_flag=True, help="Say where each rule is written.")
def lint(
    what: tuple[str, ...], place: Path | None, base: str | None, profile: str, only: str, skip: str, strict: bool,
    form: str, baseline: Path | None, fix: bool, fix_to: str | None, trust_tree: bool, checkpatch: Path | None,
    output: Path | None, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """Check patches, mailboxes or a range of commits before they go to LKML.

    Without arguments: the commits of upstream..HEAD. Nothing is changed, nothing of the tree is executed. Exit code 1
    means errors or warnings.
    """
    from patcher import data
    from patcher.cache import Cache
    from patcher.lint.ignore import Ignores
    from patcher.lint.rules import load_rules
    from patcher.lint.run import Linter, Settings
    from patcher.report.progress import Bar, wanted

    rules = load_rules(data.directory("rules") / "lint")
    known = {rule.id for rule in rules}
    settings = Settings(profile, _ids(only, known), _ids(skip, known), strict)
    bar = Bar() if wanted(quiet) else None
    with contextlib.ExitStack() as stack:
        if bar:
            stack.callback(bar.close)
        cache = Cache()
        stack.callback(cache.close)
        source = _source(what, place, base, cache, bar)
        settings = Settings(profile, settings.only, settings.skip, strict, source.certain, source.mailed)
        extra = _back_ends(source, trust_tree, checkpatch, strict, stack)
        ignores = Ignores(source.ignores, known)
        hidden = _baseline(baseline)

        def linted(patches: Iterable[Patch]) -> Outcome:
            return Linter(rules, source.context, settings, ignores, hidden, extra, cache).lint(patches)

        if fix or fix_to:
            return _fix(list(source.patches), source, fix_to, output, linted)
        outcome = linted(source.patches)
    deliver(_shown(outcome, rules, form, output, verbose, quiet), output)
    return _code(outcome)


class _Source:
    """What is linted, and what is known of the tree it is for."""

    def __init__(self, patches: Iterable[Patch], context: Context, *, certain: bool, mailed: bool) -> None:
        self.patches = patches
        self.context = context
        self.certain = certain
        self.mailed = mailed
        self.ignores: tuple[Ignore, ...] = ()
        self.repository: Repository | None = None
        self.place: Path | None = None
        self.commits: tuple[str, ...] = ()


def _source(what: tuple[str, ...], place: Path | None, base: str | None, cache: Cache, bar: Bar | None) -> _Source:
    from patcher.files import present
    from patcher.lint.ignore import NAME, read
    from patcher.mail.read import missing

    if what and (what == ("-",) or any(present(Path(name)) for name in what)):
        source = _mail(what, place, base, cache, bar)
    else:
        if absent := [name for name in what if len(what) > 1 or missing(name)]:
            raise InputError(f"{absent[0]} does not exist", "name files, or one range of commits")
        source = _range(what[0] if what else None, place or Path(), base, cache)
    source.place = place
    top = source.repository.worktree if source.repository else place
    if top and present(top / NAME):
        source.ignores = read(top / NAME)
    return source


def _mail(what: tuple[str, ...], place: Path | None, base: str | None, cache: Cache, bar: Bar | None) -> _Source:
    from itertools import chain, islice

    from patcher.lint.context import Context
    from patcher.mail import read

    patches = read.patches(read.files(what), bar)
    if place is None:
        if base:
            raise InputError(f"--base {base} is of no tree", "name the tree with --tree")
        return _Source(patches, Context(None, None), certain=False, mailed=True)
    from patcher.tree.directory import DirectoryTree
    from patcher.tree.find import find_repository, open_tree
    from patcher.tree.githistory import GitHistory
    from patcher.tree.gitrepo import GitTree

    repository = find_repository(place)
    if repository is None:
        if base:
            raise InputError(f"{place} is not a git repository, so it has no {base!r}", "leave --base away")
        tree = open_tree(place, None)
        assert isinstance(tree, DirectoryTree)
        return _Source(patches, Context(tree, None), certain=False, mailed=True)
    head = list(islice(patches, 64))  # the base is told in the cover letter or in the first patch
    certain = base is not None
    if base is None:
        told = next((patch.base for patch in head if patch.base), "")
        base = told if told and repository.has(told) else "HEAD"
        certain = base != "HEAD"
    commit = repository.resolve(base)
    context = Context(
        GitTree(repository, commit), GitHistory(repository, commit, cache), full_history=not repository.shallow
    )
    source = _Source(chain(head, patches), context, certain=certain, mailed=True)
    source.repository = repository
    return source


def _range(range_: str | None, place: Path, base: str | None, cache: Cache) -> _Source:
    from patcher.lint.context import Context
    from patcher.tree.commits import patches
    from patcher.tree.find import find_repository
    from patcher.tree.githistory import GitHistory
    from patcher.tree.gitrepo import GitTree
    from patcher.tree.revisions import base_of, commits, ends, upstream

    repository = find_repository(place)
    if repository is None:
        named = f"{range_} is no file, and {place}" if range_ else str(place)
        raise InputError(f"{named} is not a git repository", "name files, or a repository with --tree")
    asked = range_ or upstream(repository)
    listed = commits(repository, asked, linear=False)
    if repository.shallow and (cut := tuple(each for each in listed if not each.parent)):
        base_of(repository, cut)  # raises: where the history is cut, git's diff of a commit is the whole tree
    found = tuple(each.id for each in listed)
    first, tip = ends(repository, asked, found)
    parent = base or first
    if base is None and not repository.has(parent):
        context = Context(None, None)
    else:
        commit = repository.resolve(parent)
        context = Context(
            GitTree(repository, commit), GitHistory(repository, commit, cache),
            full_history=not repository.shallow, tip=GitTree(repository, tip),
        )  # fmt: skip
    source = _Source(patches(repository, found), context, certain=True, mailed=False)
    source.repository, source.commits = repository, found
    return source


def _ids(text: str, known: set[str]) -> frozenset[str]:
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    for name in sorted(found):
        if name not in known and name.partition(":")[0] != "checkpatch":
            raise InputError(f"there is no rule {name!r}", "patcher rules list shows them")
    return found


def _baseline(file: Path | None) -> tuple[str, ...]:
    if file is None:
        return ()
    from patcher.report.lint_json import fingerprints

    return fingerprints(file)


def _back_ends(
    source: _Source, trust_tree: bool, checkpatch: Path | None, strict: bool, stack: contextlib.ExitStack
) -> BackEnds | None:
    """The tree's scripts, where the user consents. A checkpatch.pl that the user names is consent for that one."""
    from patcher.lint.consent import given

    tree = source.context.base
    place = source.repository.worktree or source.repository.directory if source.repository else source.place
    trusted = trust_tree or (place is not None and given(place))
    if trust_tree and tree is None:
        raise InputError("--trust-tree without a tree", "name one with --tree")
    if not trusted and not checkpatch:
        return None
    from patcher.lint.backends import BackEnds

    found = BackEnds(tree if trusted else None, checkpatch, strict=strict, maintainers=trusted)
    stack.callback(found.close)
    return found


def _fix(
    kept: list[Patch], source: _Source, target: str | None, output: Path | None, again: Callable[[list[Patch]], Outcome]
) -> int:
    """Write corrected messages to a new directory or branch, show the difference, and what is left to do by hand."""
    from patcher.lint.fix import difference, fixed
    from patcher.lint.maintainers import profile
    from patcher.mail.diff import Diff
    from patcher.report.escape import safe
    from patcher.report.lint_text import lint_text

    history = source.context.history if source.context.has_history else None
    after = []
    for patch in kept:
        paths = [file.path for file in Diff(patch.diff).files]
        after.append(fixed(patch, profile(paths, source.context.maintainers), history))
    changed = [(before, now) for before, now in zip(kept, after, strict=True) if before is not now]
    text = "".join(safe(difference(before, now)) for before, now in changed)
    if not changed:
        text += "nothing that could be put right with certainty; nothing was written\n"
    elif source.commits and source.repository:
        from patcher.tree.rewrite import with_messages

        branch = target or "lint-fixed"
        messages = {now.commit: "\n".join([now.subject, "", *now.body]) + "\n" for _, now in changed}
        with_messages(source.repository, source.commits, messages, branch)
        text += f"{len(changed)} messages put right; the commits are on the new branch {branch}\n"
    else:
        directory = Path(target or "lint-fixed")
        _write_mail(after, {now.path for _, now in changed}, directory)
        text += f"{len(changed)} messages put right; the mail is in the new directory {safe(str(directory))}\n"
    outcome = again(after)
    deliver(f"{text}\n{lint_text(outcome, plain)}", output)
    return _code(outcome)


def _write_mail(patches: list[Patch], changed: set[str], directory: Path) -> None:
    """The mail by file, under the same names; a file in which nothing changed is copied."""
    from patcher.files import read_file
    from patcher.mail.write import mbox

    by_file: dict[str, list[Patch]] = {}
    for patch in patches:
        by_file.setdefault(patch.path, []).append(patch)
    try:
        directory.mkdir(parents=True)
        for name, mails in by_file.items():
            content = mbox(mails).encode("utf-8", "surrogateescape") if name in changed else read_file(Path(name))
            (directory / Path(name).name).write_bytes(content)
    except FileExistsError as error:
        raise InputError(f"{directory} exists already", "name a new directory with --fix-to") from error
    except OSError as error:
        raise InputError(f"cannot write to {directory} ({error.strerror})", "name another with --fix-to") from error


def _code(outcome: Outcome) -> int:
    return FOUND if any(finding.level.value != "note" for finding in outcome.findings) else CLEAN


def _shown(
    outcome: Outcome, rules: tuple[LintRule, ...], form: str, output: Path | None, verbose: bool, quiet: bool
) -> str:
    if form == "text":
        from patcher.report.lint_text import lint_text

        shade: Callable[..., str] = style() if output is None else plain
        return lint_text(outcome, shade, verbose=verbose, quiet=quiet)
    from patcher.about import tool

    if form == "json":
        from patcher.report.lint_json import lint_json

        return lint_json(outcome, tool())
    if form == "sarif":
        from patcher.report.lint_sarif import lint_sarif

        return lint_sarif(outcome, rules, tool())
    if form == "junit":
        from patcher.report.lint_junit import lint_junit

        return lint_junit(outcome)
    from patcher.report.lint_terse import lint_b4, lint_terse

    return lint_b4(outcome) if form == "b4" else lint_terse(outcome)
