"""A series on commits of a range: what plan and apply say of each, here, in processes, and elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from cluster.beside import Beside

from patcher.cache import Cache, CacheError
from patcher.cluster.here import Here
from patcher.data import directory
from patcher.errors import InputError
from patcher.prove import toolchain
from patcher.report.sweep_json import SCHEMA, sweep_json
from patcher.report.sweep_text import sweep_text
from patcher.sweep import attempt, session, unit
from patcher.sweep.model import Sweep
from patcher.sweep.session import Asked
from patcher.units import Elsewhere

Git = Callable[..., str]
MMU = "arch/x86/xen/mmu.c"
FREE, BAD = "\t\t\tfree_p2m_page(mid);\n", "\t\t\tgive_back(mid);\n"
BLOCKED = ("not-applicable", "refused", "")
GOOD = ("applicable", "14 patches", "")


@pytest.fixture
def repository(mini_repo: Path, git: Git) -> Path:
    """The miniature tree; on it a commit elsewhere, one on which a step finds no place, and one that takes it back."""
    kept = (mini_repo / MMU).read_text()
    assert kept.count(FREE) == 1
    for subject, path, text in (
        ("elsewhere", "lib.txt", "nothing"), ("bad", MMU, kept.replace(FREE, BAD)), ("back", MMU, kept),
    ):  # fmt: skip
        (mini_repo / path).write_text(text)
        git(mini_repo, "add", "-A")
        git(mini_repo, "commit", "-q", "-m", subject)
    return mini_repo


def asked(repository: Path) -> Asked:
    return Asked(repository, "v2.6.37-mini..HEAD")


def sweep(asked: Asked, cache: Cache, elsewhere: Elsewhere | None = None) -> Sweep:
    return session.sweep(asked, cache, elsewhere or Here(1, cache))


@pytest.fixture
def anew(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """A cache that knows what libclang reads, while nothing was tried yet."""
    monkeypatch.setattr(session, "code", lambda: str(id(monkeypatch)))
    return Cache(shared_cache)


def shown(found: Sweep) -> list[tuple[str, ...]]:
    return [
        (each.subject, each.outcome.plan, each.outcome.apply, each.outcome.disagree)
        for each in found.commits
        if each.outcome
    ]


def test_what_is_said_of_each_commit(repository: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sweep(asked(repository), Cache(shared_cache))
    good = ("The miniature tree", *GOOD)
    assert shown(found) == [good, ("bad", *BLOCKED), ("back", *GOOD)], "the one that touches nothing is left out"
    bad = found.commits[1].outcome
    assert bad and bad.blocked.startswith("lost-race: ") and bad.blocked in bad.refusal and bad.lost is None
    assert not session.needs_attention(found)
    jsonschema.validate(json.loads(sweep_json(found, {"name": "patcher", "version": "1", "libclang": "1"})),
                        json.loads(SCHEMA.read_text()))  # fmt: skip
    text = " ".join(sweep_text(found, lambda word, **_: word, verbose=True, quiet=False).split())
    assert (
        "identity: 3 commits, plan and apply disagree on 0" in text
        and "plan: lost-race: " in text
        and "not-applicable refused" in text
    )

    def no_more(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(unit, "attempt", no_more)
    assert sweep(asked(repository), Cache(shared_cache)) == found, "a second run costs nothing"


def test_processes_say_the_same(
    repository: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(shared_cache))
    alone = sweep(asked(repository), Cache(shared_cache))
    two = Cache(tmp_path / "two")
    assert sweep(asked(repository), two, Here(2, two)) == alone
    beside = Beside(tmp_path)
    monkeypatch.setattr(beside, "_cache", Cache(shared_cache))
    cache = Cache(tmp_path / "other")
    assert sweep(asked(repository), cache, beside) == alone, "even where the repository lies elsewhere"
    assert len(beside.done) == 3
    assert sweep(asked(repository), cache, beside) == alone
    assert len(beside.done) == 3, "a second run costs nothing"


def test_what_is_lost_is_no_clean_result(repository: Path, tmp_path: Path, cache: Cache) -> None:
    beside = Beside(tmp_path, lose=[0, 1, 2])
    found = sweep(asked(repository), cache, beside)
    assert [each.error for each in found.commits] == ["the machine burns"] * 3 and session.needs_attention(found)
    text = " ".join(sweep_text(found, lambda word, **_: word, verbose=False, quiet=False).split())
    assert "the machine burns" in text and "not tried: 3" in text
    sweep(asked(repository), cache, Beside(tmp_path, lose=[0, 1, 2]))
    assert len(beside.done) == 3


def test_an_apply_that_does_less_than_the_plan(repository: Path, anew: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "generated", lambda *_: ())
    (found,) = sweep(Asked(repository, "HEAD^!"), anew).commits
    assert (
        found.wrong
        and found.outcome
        and found.outcome.disagree == "no step is blocked, so apply was to say: 14 patches"
    )

    def refuse(*_: object) -> None:
        raise InputError("another reason")

    monkeypatch.setattr(attempt, "generated", refuse)
    (found,) = sweep(Asked(repository, "HEAD~1^!"), anew).commits
    assert found.outcome and found.outcome.apply == "refused" and found.outcome.disagree


def test_a_property_that_is_lost(mini_repo: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = iter([{"3-room [i386]"}, {"3-room [i386]", "9-ram [i386]"}])
    monkeypatch.setattr(attempt, "_failing", lambda *_: next(failing))
    monkeypatch.setattr(toolchain, "missing", lambda _: "")
    (found,) = sweep(Asked(mini_repo, "-1 HEAD", (MMU,), examples=1), Cache(shared_cache)).commits
    assert found.wrong and found.outcome and found.outcome.lost == ("9-ram [i386]",)
    text = " ".join(
        sweep_text(Sweep("", "identity", 1, (found,)), lambda word, **_: word, verbose=False, quiet=False).split()
    )
    assert (
        "fails now: 9-ram [i386]" in text
        and "identity: 1 commit, plan and apply disagree on 0; proven: 1, with a property lost: 1" in text
    )


def test_a_disk_that_is_full_says_nothing_of_the_tree(
    repository: Path, anew: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def full(*_: object) -> None:
        raise CacheError("cannot use the cache")

    for what in ("make_plan", "generated"):
        with monkeypatch.context() as patch:
            patch.setattr(attempt, what, full)
            with pytest.raises(CacheError):
                sweep(asked(repository), anew)


def test_the_same_series_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "series identity"
    before = unit.versions([name])
    assert unit.versions([name]) == before
    assert unit.versions(["series vm-io"])["series vm-io"] != before[name]
    assert "there is no series" in unit.versions(["series of-mine"])["series of-mine"]
    assert directory("patches").is_dir()
