"""Laws of ``Fixes:`` and of commits cited in the text, in a real repository of some thousand commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lint import everyrule

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.fix import fixed
from patcher.lint.model import Finding
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.model import Patch, RawMail
from patcher.mail.parse import parse
from patcher.tree.find import find_repository
from patcher.tree.githistory import GitHistory
from patcher.tree.gittree import GitTree

RULES = [rule for rule in everyrule.RULES if rule.id in ("fixes-commit", "cited-commit")]
COUNT, ASIDE = 3000, 200  # so many that some ids have their first five digits in common
DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
WORDS = ["mm: Drop it", 'xen: "Quote" it', "x86/(mm): fix (it)", "net: a b", "[media] x: y...", "Grüße: é", "a: it's", "$PATH: `x`"]  # fmt: skip  # noqa: E501
LAW = settings(max_examples=15, deadline=None)


class Known(NamedTuple):
    """The repository: commits up to the base and their subjects, those aside, and ids that several begin with."""

    place: Path
    base: str
    subjects: dict[str, str]
    aside: dict[str, str]
    ambiguous: list[str]
    lengths: dict[str, int]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, git: Callable[..., str]) -> Known:
    place = tmp_path_factory.mktemp("cited")
    git(place, "init", "-q")
    stream = ["blob\nmark :1\ndata 2\na\n"]
    for number in range(1, COUNT + ASIDE + 1):
        branch = "main" if number <= COUNT else "aside"
        subject = f"{WORDS[number % len(WORDS)]} {number}"
        message = f"{subject}\n\nWhy.\n".encode()
        stream.append(
            f"commit refs/heads/{branch}\nmark :{number + 1}\ncommitter A <a@x.org> {1292932800 + number} +0000\n"
        )
        stream.append(f"data {len(message)}\n{message.decode()}")
        if number == COUNT + 1:
            stream.append(f"from :{COUNT // 2}\n")
        stream.append("M 100644 :1 x\n" if number == 1 else "")
    git(place, "fast-import", "--quiet", text="".join(stream))
    listed = [line.partition(" ") for line in git(place, "log", "--all", "--format=%H %s").split("\n")]
    titles = {commit: subject for commit, _, subject in listed}
    inside = set(git(place, "rev-list", "main").split())
    ids = sorted(titles)
    shared = [0] * len(ids)
    for at, (one, other) in enumerate(pairwise(ids)):
        common = next(at for at in range(40) if one[at] != other[at])
        shared[at], shared[at + 1] = max(shared[at], common), common
    lengths = {id_: max(7, common + 1) for id_, common in zip(ids, shared, strict=True)}
    ambiguous = [id_[:common] for id_, common in zip(ids, shared, strict=True) if common >= 5]
    assert ambiguous
    return Known(place, git(place, "rev-parse", "main"), {id_: titles[id_] for id_ in ids if id_ in inside},
                 {id_: titles[id_] for id_ in ids if id_ not in inside}, ambiguous, lengths)  # fmt: skip


@pytest.fixture(scope="module")
def context(known: Known, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    repository = find_repository(known.place)
    assert repository
    cache = Cache(tmp_path_factory.mktemp("cited-cache"))
    yield Context(GitTree(repository, known.base), GitHistory(repository, known.base, cache))
    cache.close()


def patches(lines: Sequence[str]) -> list[Patch]:
    """One patch for each line of a message."""
    sign = "Signed-off-by: A U Thor <author@example.org>"
    head = "From: A U Thor <author@example.org>\nSubject: [PATCH] x: Do it"
    mails = [f"{head}\n\n{line}\n{sign}\n---\n{DIFF}" for line in lines]
    return [parse(decode(RawMail("x", 1, text.encode(), "", False)), str(at)) for at, text in enumerate(mails)]


def found(context: Context, given_: Sequence[Patch]) -> list[list[Finding]]:
    """The findings of each patch."""
    outcome = lint_patches(given_, RULES, Settings(strict=True), context, Cache())
    assert not outcome.skipped
    return [[each for each in outcome.findings if each.patch == patch.label] for patch in given_]


def chosen(commits: Sequence[str]) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Commits, each with a number of digits to abbreviate it to."""
    return st.lists(st.tuples(st.sampled_from(commits), st.integers(7, 40)), min_size=1, max_size=20)


def line_of(id_: str, subject: str) -> str:
    return f'Fixes: {id_} ("{subject}")'


def test_a_right_line_is_right(known: Known, context: Context) -> None:
    @LAW
    @given(chosen(list(known.subjects)))
    def law(commits: list[tuple[str, int]]) -> None:
        cited = [(id_[: max(length, known.lengths[id_])], known.subjects[id_]) for id_, length in commits]
        assert not any(found(context, patches([line_of(*each) for each in cited])))
        assert not any(found(context, patches([f'It is of commit {id_} ("{subject}").\n' for id_, subject in cited])))

    law()


def test_a_right_id_with_another_subject(known: Known, context: Context) -> None:
    """The right line is offered; where the subject is that of another commit, that one, too."""
    titles = {subject: id_ for id_, subject in known.subjects.items()}

    @LAW
    @given(chosen(list(known.subjects)), st.sampled_from([*titles, "mm: Drop nothing of it", "(", "-x: y z"]))
    def law(commits: list[tuple[str, int]], subject: str) -> None:
        cited = [id_[: max(length, known.lengths[id_])] for id_, length in commits if known.subjects[id_] != subject]
        full = [id_ for id_, _ in commits if known.subjects[id_] != subject]
        for id_, (only,) in zip(full, found(context, patches([line_of(each, subject) for each in cited])), strict=True):
            assert (only.rule, only.level.value) == ("fixes-commit", "error")
            assert f"did you mean: {line_of(id_[:12], known.subjects[id_])}" in only.fix
            if other := titles.get(subject):
                assert only.fix.endswith(f" or {line_of(other[:12], subject)}")
            else:
                assert only.fix.count("Fixes: ") == 1

    law()


def test_an_unknown_id_with_a_subject_that_is_known(known: Known, context: Context) -> None:
    titles = {subject: id_ for id_, subject in known.subjects.items()}
    unknown = st.text("0123456789abcdef", min_size=12, max_size=40).filter(lambda id_: any(map(str.isdigit, id_)))

    @LAW
    @given(st.lists(st.tuples(unknown, st.sampled_from(list(titles))), min_size=1, max_size=20))
    def law(cited: list[tuple[str, str]]) -> None:
        for before, lines in (("Fixes: ", [line_of(*each) for each in cited]),
                              ("commit ", [f'It is of commit {id_} ("{subject}").\n' for id_, subject in cited])):  # fmt: skip  # noqa: E501
            for (id_, subject), (only,) in zip(cited, found(context, patches(lines)), strict=True):
                assert only.message == f"there is no commit {id_}"
                assert only.fix == f'did you mean: {before}{titles[subject][:12]} ("{subject}")'

    law()


def test_a_commit_that_is_no_ancestor(known: Known, context: Context) -> None:
    """It is told, and that its subject is unknown to the base is no reason to offer another."""

    @LAW
    @given(chosen(list(known.aside)))
    def law(commits: list[tuple[str, int]]) -> None:
        cited = [id_[: max(length, known.lengths[id_])] for id_, length in commits]
        lines = [line_of(short, known.aside[id_]) for short, (id_, _) in zip(cited, commits, strict=True)]
        for short, (only,) in zip(cited, found(context, patches(lines)), strict=True):
            assert (only.rule, only.message) == ("fixes-commit", f"{short} is not in the history of the base")

    law()


def test_an_ambiguous_id(known: Known, context: Context) -> None:
    subjects = {id_[:length]: subject for id_, subject in known.subjects.items() for length in range(5, 9)}
    for short in known.ambiguous:
        subject = subjects.get(short, "mm: Drop nothing of it")
        ((only,),) = found(context, patches([line_of(short, subject)]))
        assert only.message == f"{short} is ambiguous"
        right = next((id_ for id_, title in known.subjects.items() if title == subject), None)
        assert only.fix == (f"did you mean: {line_of(right[:12], subject)}" if right else only.fix)


def test_a_corrected_line_is_right(known: Known, context: Context) -> None:
    """Whatever the form, as long as the commit is certain; and a line that is wrong is not made to look right."""
    forms = ['{} ("{}")', "{} {}", "{}", "commit {} ('{}')", "{}: {}", "{} ({})", '{} "{}"']

    @LAW
    @given(chosen(list(known.subjects)), st.sampled_from(forms), st.sampled_from(["Fixes", "fixes", "FIXES"]))
    def law(commits: list[tuple[str, int]], form: str, tag: str) -> None:
        lines = [
            f"{tag}: " + form.format(id_[: max(length, known.lengths[id_])], known.subjects[id_])
            for id_, length in commits
        ]
        after = [fixed(patch, {"fixes-form"}, context.history) for patch in patches(lines)]
        assert not any(found(context, after))
        for (id_, length), patch in zip(commits, after, strict=True):
            assert patch.body[0] == line_of(id_[: max(12, length, known.lengths[id_])], known.subjects[id_])
        wrong = patches([line_of(id_[:12], "mm: Drop nothing of it") for id_, _ in commits])
        assert [fixed(patch, {"fixes-form"}, context.history) for patch in wrong] == wrong

    law()


def test_subjects_are_asked_for_at_once(known: Known, context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines are wrong: one walk through the history."""
    walks: list[tuple[str, ...]] = []
    history = context.history
    assert isinstance(history, GitHistory)
    repository = history._repository
    real = type(repository).run

    def counted(self: object, *args: str, **options: object) -> bytes:
        walks.append(args)
        return real(repository, *args, **options)

    monkeypatch.setattr(type(repository), "run", counted)
    found(context, patches([line_of("f" * 11 + str(number), f"mm: Never seen {number}") for number in range(10)]))
    assert len([args for args in walks if args[:2] == ("log", "-F")]) == 1


@pytest.mark.parametrize("subject", ["mm: a\0b", "mm: " + "x" * 200_000, "mm: \udcff", "--all", "-x: y"])
def test_a_subject_that_no_commit_can_have(context: Context, subject: str) -> None:
    """It comes from mail, and goes to git."""
    text = f"From: A <a@x.org>\nSubject: [PATCH] x: y\n\n{line_of('f' * 12, subject)}\n---\n{DIFF}"
    raw = RawMail("x", 1, text.encode("utf-8", "surrogateescape"), "", False)
    ((only,),) = found(context, [parse(decode(raw), "0")])
    assert only.message == f"there is no commit {'f' * 12}"
