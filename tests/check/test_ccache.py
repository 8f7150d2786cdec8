"""ccache between kbuild and the compiler: used, and never the reason for another verdict."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table

from patcher import sandbox
from patcher.check import ccache
from patcher.check.results import Report
from patcher.check.runner import Runner

MMU, SETUP = "arch/x86/xen/mmu.c", "arch/x86/xen/setup.c"
ONE = "mini_defconfig"


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()
    if not shutil.which("ccache"):
        pytest.skip("ccache is not installed")


def stores(cache: Path) -> list[Path]:
    return sorted((cache / "check" / "ccache").iterdir())


def count(cache: Path, name: str) -> int:
    """A number of ccache's statistics, over all its directories."""
    found = 0
    for store in stores(cache):
        done = subprocess.run(
            ["ccache", "--print-stats"], env={**os.environ, "CCACHE_DIR": str(store)}, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        found += int(dict(line.split("\t") for line in done.stdout.splitlines())[name])
    return found


def forget(cache: Path) -> None:
    """What patcher itself remembers, so that make and ccache are asked again."""
    shutil.rmtree(cache / "values")
    shutil.rmtree(cache / "check" / "prepared")


def again(tree: Path, what: str, cache: Path) -> Report:
    """The report of a first run, which a second one, out of ccache, repeats, and one without ccache, too."""
    first = check(tree, what, cache, configs=ONE)
    compiled = count(cache, "cache_miss")
    forget(cache)
    assert check(tree, what, cache, configs=ONE) == first
    assert count(cache, "direct_cache_hit") >= len(first.rows) - 1
    assert count(cache, "preprocessed_cache_hit") == 0
    assert count(cache, "cache_miss") == compiled
    forget(cache)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCACHE_DISABLE", "1")
        assert check(tree, what, cache, configs=ONE) == first
    return first


def test_the_second_time_comes_from_it(mini_repo: Path, cache_dir: Path) -> None:
    commit_edits(mini_repo, "warn", {MMU: append("\nstatic int old_one(void)\n{\n\treturn 1;\n}\n")})
    commit_edits(mini_repo, "another name", {MMU: replace("old_one", "new_one")})
    commit_edits(mini_repo, "and an error", {MMU: append("\nint bad = NO_SUCH;\n")})
    assert table(again(mini_repo, "HEAD~3", cache_dir)) == ["WARN", "WARN", "FAIL"]


def test_what_the_preprocessor_drops_counts(mini_repo: Path, cache_dir: Path) -> None:
    """What is compiled is the same, the warning is not."""
    commit_edits(
        mini_repo, "flags", {"Makefile": replace("CFLAGS := -Wall", "CFLAGS := -Wextra -Wunused-macros -Wall")}
    )
    commit_edits(mini_repo, "fine", {MMU: append("\nint f(int x)\n{\n\treturn x;\n}\n")})
    commit_edits(mini_repo, "a macro", {MMU: append("\n")})
    commit_edits(mini_repo, "unused", {MMU: lambda before: before.rstrip("\n") + "\n#define NOBODYS 1\n"})
    found = again(mini_repo, "HEAD~3", cache_dir)
    assert table(found) == ["PASS", "PASS", "WARN"]


def test_a_header_that_is_found_before_another(mini_repo: Path, cache_dir: Path) -> None:
    shadow = "arch/x86/include/linux/kernel.h"
    warns = append('#warning "this one"\n#include_next <linux/kernel.h>\n')
    commit_edits(mini_repo, "touch", {MMU: append("\n#include <linux/kernel.h>\n/* touched */\n")})
    commit_edits(mini_repo, "shadow", {shadow: warns, SETUP: append("\n/* touched */\n")})
    (finding,) = again(mini_repo, "HEAD~2", cache_dir).findings
    assert (finding.commit, finding.path) == (2, shadow)


def test_the_users_environment_decides_on_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """ccache's sloppiness could make it answer what compiling would not; and no key has what make or gcc read there."""
    for name in ("CCACHE_SLOPPINESS", "CCACHE_NODEPEND", "CCACHE_DISABLE", "KCFLAGS", "LLVM", "MAKEFLAGS", "CPATH"):
        monkeypatch.setenv(name, "1")
    ran = Runner(sandboxed=False).run(["env"], read=[], write=[], cwd=tmp_path, env={"CCACHE_DIR": "/x"}, seconds=10)
    names = {line.partition("=")[0] for line in ran.stdout.decode().splitlines()}
    kept = {"PATH", "HOME", "TMPDIR", "USER", "LD_LIBRARY_PATH", "CCACHE_DISABLE"}
    assert names <= {*kept, "CCACHE_DIR", "PWD", "SHLVL", "OLDPWD", "_"}
    assert {"CCACHE_DISABLE", "CCACHE_DIR", "PATH"} <= names


def test_another_assembler_is_asked_itself(tmp_path: Path) -> None:
    """ccache looks at the compiler alone."""
    (tmp_path / "a.c").write_text("int a;\n")
    (tmp_path / ccache.NAMES).write_text("")
    for beside in ("1", "1", "2"):
        env = {**os.environ, **ccache.environment(tmp_path / "store", tmp_path, [beside])}
        subprocess.run(["ccache", "gcc", "-MMD", "-c", "a.c", "-o", "a.o"], cwd=tmp_path, env=env, check=True)
    done = subprocess.run(["ccache", "--print-stats"], env=env, check=True, capture_output=True, text=True)
    found = dict(line.split("\t") for line in done.stdout.splitlines())
    assert (found["cache_miss"], found["direct_cache_hit"]) == ("2", "1")


def test_what_other_makefiles_may_have_left_is_not_used(mini_repo: Path, cache_dir: Path) -> None:
    if why := sandbox.available():
        pytest.skip(why)
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    check(mini_repo, "HEAD~1", cache_dir, configs=ONE)
    (clean,) = stores(cache_dir)
    spoil = f"$(shell for d in '{clean}' $$CCACHE_DIR; do echo > $$d/spoilt; done 2>/dev/null)\n"
    commit_edits(mini_repo, "harm", {"Makefile": lambda text: spoil + text})
    commit_edits(mini_repo, "more", {MMU: append("\n/* more */\n")})
    commit_edits(mini_repo, "back", {"Makefile": lambda text: text.removeprefix(spoil)})
    commit_edits(mini_repo, "still more", {MMU: append("\n/* still more */\n")})
    assert table(check(mini_repo, "HEAD~4", cache_dir, configs=ONE)) == ["PASS", "PASS", "PASS", "PASS"]
    assert {store: (store / "spoilt").exists() for store in stores(cache_dir)} == {
        store: store != clean for store in stores(cache_dir)
    }
    assert (len(stores(cache_dir)), clean.exists()) == (2, True)
