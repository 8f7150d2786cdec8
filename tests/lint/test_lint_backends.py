"""The tree's own scripts: only by consent, in the sandbox, and their words beside ours without saying a thing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patcher import sandbox

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"
PATCH = (
    "From: A U Thor <author@example.org>\nTo: x@example.org\nSubject: [PATCH] xen: Drop it\n\nNobody uses it.\n\n"
    f"{SIGN}\n---\n\ndiff --git a/drivers/xen/x.c b/drivers/xen/x.c\n--- a/drivers/xen/x.c\n+++ b/drivers/xen/x.c\n"
    "@@ -1,2 +1,2 @@\n int x;\n-a\n+b \n-- \n2.39\n"
)
# As checkpatch.pl and get_maintainer.pl behave, with a look at what they can reach.
CHECKPATCH = r"""#!/usr/bin/perl
use strict;
foreach my $file (@ARGV) {
	next if $file =~ /^--/;
	open(my $in, '<', $file) or die;
	my $line = 0;
	while (<$in>) {
		$line++;
		print "$file:$line: ERROR:TRAILING_WHITESPACE: trailing whitespace\n" if /^\+.* $/;
		print "$file:$line: WARNING:PLACE_OF_BODY: said of the body\n" if /Nobody/;
		print "$file:$line: CHECK:NIT: said of a line\n" if /^\+b/;
	}
}
open(my $out, '>', $ENV{PATCHER_TEST_ESCAPE} // '/etc/escaped');
exit 1;
"""
MAINTAINER = (
    "#!/usr/bin/perl\nprint qq(M Aintainer <m\\@example.org> (maintainer:XEN)\nlist\\@example.org (open list:XEN)\n);\n"
)


@pytest.fixture
def tree(mini_repo: Path, git: Git) -> Path:
    """A tree with scripts."""
    (mini_repo / "scripts").mkdir(exist_ok=True)
    (mini_repo / "scripts/checkpatch.pl").write_text(CHECKPATCH)
    (mini_repo / "scripts/get_maintainer.pl").write_text(MAINTAINER)
    (mini_repo / "drivers/xen/x.c").write_text("int x;\na\n")
    git(mini_repo, "add", "-A", "-f")
    git(mini_repo, "commit", "-q", "-m", "scripts")
    (mini_repo.parent / "x.patch").write_text(PATCH)
    return mini_repo


def findings(ran: Any) -> dict[str, dict[str, Any]]:
    return {each["rule"]: each for each in json.loads(ran.stdout)["findings"]}


needs_sandbox = pytest.mark.skipif(sandbox.available() is not None, reason=str(sandbox.available()))


@needs_sandbox
def test_by_consent_only(run: Run, tree: Path, tmp_path: Path) -> None:
    args = ["lint", "--format", "json", "--tree", tree, tree.parent / "x.patch"]
    assert not any(rule.startswith(("checkpatch", "get_maint")) for rule in findings(run(*args)))
    found = findings(run(*args, "--trust-tree", "--strict"))
    assert (found["checkpatch:PLACE_OF_BODY"]["line"], found["checkpatch:PLACE_OF_BODY"]["level"]) == (5, "warning")
    assert (found["checkpatch:NIT"]["path"], found["checkpatch:NIT"]["line"]) == ("drivers/xen/x.c", 2)
    assert "checkpatch:TRAILING_WHITESPACE" not in found  # trailing-space has said so
    assert "trailing-space" in found
    assert found["get_maintainer"]["message"] in (
        "m@example.org is not on To: or Cc:",
        "list@example.org is not on To: or Cc:",
    )


@needs_sandbox
def test_once_and_for_all_in_the_users_own_configuration(run: Run, tree: Path, tmp_path: Path) -> None:
    args = ["lint", "--format", "json", "--tree", tree, tree.parent / "x.patch"]
    config = tmp_path / "config" / "patcher"
    config.mkdir(parents=True)
    env = {"XDG_CONFIG_HOME": str(config.parent)}
    for text, trusted in (
        ("trust-tree = true\n", True),
        (f'trust-tree = ["{tree}"]\n', True),
        ('trust-tree = ["/elsewhere"]\n', False),
        ("", False),
    ):
        (config / "config.toml").write_text(text)
        assert ("checkpatch:PLACE_OF_BODY" in findings(run(*args, env=env))) == trusted
    (config / "config.toml").write_text("trust = true\n")
    ran = run(*args, env=env)
    assert (ran.code, ran.stderr.count("\n")) == (2, 1)


@needs_sandbox
def test_another_checkpatch(run: Run, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pl").write_text(CHECKPATCH)
    ran = run("lint", "--format", "json", "--checkpatch", tmp_path / "other.pl", tree.parent / "x.patch")
    assert "checkpatch:PLACE_OF_BODY" in findings(ran)


@needs_sandbox
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("if ($x =~ m/do\\s{/) { }\n", "too old for today's Perl"),
        ("die 'no luck';\n", "failed (no luck"),
        ("kill 9, $$;\n", "failed"),
        (None, "the tree has none; --checkpatch names another"),
    ],
)
def test_a_script_that_fails_is_told_as_that(run: Run, tree: Path, git: Git, script: str | None, said: str) -> None:
    place = tree / "scripts/checkpatch.pl"
    if script is None:
        place.unlink()
    else:
        place.write_text(f"#!/usr/bin/perl\n{script}")
    git(tree, "commit", "-q", "-a", "-m", "broken")
    ran = run("lint", "--trust-tree", "--tree", tree, tree.parent / "x.patch")
    assert said in ran.stdout
    assert ran.code == 1  # by our own findings


def test_without_a_sandbox_nothing_runs(run: Run, tree: Path, tmp_path: Path) -> None:
    import os
    import shutil

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(str(shutil.which("git")))
    ran = run("lint", "--trust-tree", "--tree", tree, tree.parent / "x.patch", env={"PATH": str(tmp_path / "bin")})
    assert "there is no sandbox to run it in: bwrap is not installed" in ran.stdout
    assert os.environ["PATH"]
