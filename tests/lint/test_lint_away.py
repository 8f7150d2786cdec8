"""Mails and commits that are linted elsewhere: the outcome is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.beside import Beside

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.lint import away
from patcher.lint.session import Request, lint

MMU = "arch/x86/xen/mmu.c"


@pytest.fixture
def series(mini_repo: Path, git: Callable[..., str]) -> Path:
    """Three commits, which cite each other and others that are not there, on a branch; and another branch."""
    git(mini_repo, "checkout", "-q", "-b", "other")
    git(mini_repo, "commit", "-q", "--allow-empty", "-m", "A commit of another branch")
    other = git(mini_repo, "rev-parse", "HEAD")
    git(mini_repo, "checkout", "-q", "-b", "topic", "HEAD~1")
    for number, body in enumerate(("", f'Fixes: {other[:12]} ("A commit of another branch")', 'Fixes: 0123 ("None")')):
        file = mini_repo / MMU
        file.write_text(f"{file.read_text()}\nint\tnumber_{number}=1; \n")
        git(mini_repo, "commit", "-q", "-a", "-m", f"xen: {number}\n\nA body that says why.\n\n{body}")
    return mini_repo


@pytest.mark.parametrize(("together", "mailed"), [(1, False), (24, True), (1, True)])
def test_the_outcome_is_the_same(
    series: Path, git: Callable[..., str], cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int,
    mailed: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(away, "_TOGETHER", together)
    what = ("topic~3..topic",)
    if mailed:
        git(series, "format-patch", "-q", "-o", str(tmp_path / "mails"), "--base=topic~3", *what)
        what = (str(tmp_path / "mails"),)
    request = Request(what, series, strict=True)
    here = lint(request, cache).outcome
    assert here.findings
    beside = Beside(tmp_path)
    assert lint(request, cache, elsewhere=beside).outcome == here
    assert len(beside.done) == (3 if together == 1 and not mailed else 1)
    assert lint(request, cache, elsewhere=beside).outcome == here
    assert len(beside.done) == (3 if together == 1 and not mailed else 1), "a second run costs nothing"


def test_what_is_lost_or_cannot_be_packed_is_done_here(cache: Cache, tmp_path: Path) -> None:
    mails = sorted((Path(__file__).parent / "cases").glob("[a-b]*.patch"))
    odd = tmp_path / "odd.patch"
    odd.write_bytes(mails[0].read_bytes().replace(b"\n\n", b"\n\nBytes \xff\xfe that are no text\n", 1))
    request = Request((*map(str, mails), str(odd)), no_tree=True, strict=True)
    beside = Beside(tmp_path, lose=[0])
    assert lint(request, cache, elsewhere=beside).outcome == lint(request, cache).outcome


def test_the_tree_s_scripts_are_not_run_elsewhere(mini_repo: Path, cache: Cache, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leave --trust-tree or --on away"):
        lint(Request(("HEAD^!",), mini_repo, trust_tree=True), cache, elsewhere=Beside(tmp_path))
