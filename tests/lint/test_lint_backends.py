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
    assert said in ran.unfolded
    assert ran.code == 1  # by our own findings


def test_without_a_sandbox_nothing_runs(run: Run, tree: Path, tmp_path: Path) -> None:
    import os
    import shutil

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(str(shutil.which("git")))
    ran = run("lint", "--trust-tree", "--tree", tree, tree.parent / "x.patch", env={"PATH": str(tmp_path / "bin")})
    assert "there is no sandbox to run it in: bwrap is not installed" in ran.unfolded
    assert os.environ["PATH"]


# what checkpatch.pl looks up in git and in the tree

LOOKS = r"""#!/usr/bin/perl
my $patch = $ARGV[-1];
sub say_that { print "$patch:6: WARNING:LOOK: $_[0]\n"; }
foreach my $id (qw(IDS HEAD)) {
	my $out = `git log --no-color --format='%H %s' -1 $id 2>&1`;
	$out =~ s/\n.*//s;
	say_that("git $id: $out");
}
foreach my $file (qw(FILES)) {
	say_that((-e $file ? "has " : "lacks ") . $file);
}
say_that("tree option " . ((grep { $_ eq '--no-tree' } @ARGV) ? "off" : "on"));
say_that("bindings " . (`grep -Erq "acme,widget" ./Documentation/devicetree/bindings/; echo \$?` + 0));
say_that("config " . join(" ", split(/\n/, `git config --list`)));
print "$patch:6: WARNING:UNKNOWN_COMMIT_ID: Unknown commit id\n";
exit 1;
"""
DTS = (
    "diff --git a/drivers/xen/x.c b/drivers/xen/x.c\n--- a/drivers/xen/x.c\n+++ b/drivers/xen/x.c\n@@ -1,2 +1,3 @@\n"
    ' int x;\n+\t.compatible = "acme,widget",\n a\n-- \n2.39\n'
)


@pytest.fixture
def looking(tree: Path, git: Git) -> Callable[[str, str], list[str]]:
    """``looking(ids, files)``: writes a checkpatch.pl that looks for these, and a patch that cites HEAD~1."""
    (tree / "Documentation/devicetree/bindings").mkdir(parents=True)
    (tree / "Documentation/devicetree/bindings/acme.yaml").write_text("acme,widget\n")
    (tree / "include/linux").mkdir(parents=True, exist_ok=True)
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-q", "-m", "dt-bindings: Add a widget")

    def write(ids: str, files: str) -> list[str]:
        (tree / "scripts/checkpatch.pl").write_text(LOOKS.replace("IDS", ids).replace("FILES", files))
        git(tree, "commit", "-q", "-a", "-m", "scripts: Look")
        cited = git(tree, "rev-parse", "HEAD~1").strip()
        text = PATCH[: PATCH.index("---\n")].replace(SIGN, f'Fixes: {cited[:12]} ("dt-bindings: Add a widget")\n{SIGN}')
        (tree.parent / "x.patch").write_text(f"{text}---\n\n{DTS}")
        return [cited]

    return write


def said(ran: Any) -> list[str]:
    return [each["message"] for each in json.loads(ran.stdout)["findings"] if each["rule"] == "checkpatch:LOOK"]


@needs_sandbox
def test_what_git_and_the_tree_are_asked_for(
    run: Run, tree: Path, git: Git, looking: Callable[[str, str], list[str]], tmp_path: Path
) -> None:
    """The cited commits, HEAD, the touched files and the bindings: nothing else, and nothing outside."""
    other = git(tree, "rev-parse", "HEAD~1").strip()
    cited = git(tree, "rev-parse", "HEAD").strip()
    (tmp_path / "secret").write_text("secret\n")
    looking(f"{cited[:12]} {other[:12]} 123456789abc", f"drivers/xen/x.c drivers/xen/Makefile {tmp_path}/secret {tree} "
            f"{tree}/.git/config")  # fmt: skip
    ran = run("lint", "--format", "json", "--trust-tree", "--tree", tree, tree.parent / "x.patch")
    found = said(ran)
    assert f"git {cited[:12]}: {cited} dt-bindings: Add a widget" in found, ran.stdout
    assert any(each.startswith("git HEAD: ") and each.endswith(" scripts: Look") for each in found)
    for unknown in (other[:12], "123456789abc"):
        assert any(each.startswith(f"git {unknown}: fatal: ambiguous argument '{unknown}'") for each in found), found
    assert "has drivers/xen/x.c" in found
    for absent in (f"{tmp_path}/secret", tree, f"{tree}/.git/config"):
        assert f"lacks {absent}" in found
    assert {"bindings 0", "tree option on"} <= set(found)
    assert not any("checkpatch:UNKNOWN" in each["rule"] for each in json.loads(ran.stdout)["findings"])


@needs_sandbox
def test_our_rules_know_better_only_where_they_looked(
    run: Run, tree: Path, looking: Callable[[str, str], list[str]]
) -> None:
    looking("", "")
    for args, told in (((), False), (("--skip", "fixes-commit"), True), (("--only", "checkpatch"), True)):
        ran = run("lint", "--format", "json", "--trust-tree", "--tree", tree, *args, tree.parent / "x.patch")
        assert ("checkpatch:UNKNOWN_COMMIT_ID" in findings(ran)) == told, args
    script = tree / "scripts/checkpatch.pl"
    ran = run("lint", "--format", "json", "--no-tree", "--checkpatch", script, tree.parent / "x.patch")
    assert "checkpatch:UNKNOWN_COMMIT_ID" in findings(ran)  # no history: nobody knows better
    assert "tree option off" in said(ran)


@needs_sandbox
def test_nothing_of_a_hostile_repository_reaches_git(
    run: Run, tree: Path, git: Git, looking: Callable[[str, str], list[str]], tmp_path: Path
) -> None:
    """Neither its configuration nor its hooks are there; and its own git is not led astray by it either."""
    cited = looking(git(tree, "rev-parse", "HEAD").strip(), "")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "core.editor", "alias.log", "core.sshCommand", "log.showSignature"):
        git(tree, "config", name, f"!{program}" if name.startswith("alias") else str(program))
    git(tree, "config", "log.showSignature", "true")
    git(tree, "config", "gpg.program", str(program))
    for hook in ("post-index-change", "reference-transaction"):
        (tree / ".git/hooks" / hook).write_text(program.read_text())
        (tree / ".git/hooks" / hook).chmod(0o755)
    ran = run("lint", "--format", "json", "--trust-tree", "--tree", tree, tree.parent / "x.patch")
    assert any(each.startswith(f"git {cited[0]}: {cited[0]}") for each in said(ran)), ran.stdout
    (config,) = [each for each in said(ran) if each.startswith("config ")]
    assert "program" not in config
    assert not (tmp_path / "ran").exists()


@needs_sandbox
@pytest.mark.parametrize(
    ("path", "stands"),
    [("README/x.c", "README"), ("lib", ""), (f"{'n' * 250}/x.c", ""), ("scripts/checkpatch.pl/x", "")],
)
def test_names_that_are_in_the_way(run: Run, tree: Path, git: Git, path: str, stands: str) -> None:
    """A tree decides how its files are called; the scripts run all the same, or it is told."""
    for name in filter(None, (stands, path.rpartition("/")[0] if "checkpatch" in path else "")):
        git(tree, "rm", "-q", "-f", "--ignore-unmatch", name)
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text("int x;\n")
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-q", "-m", "odd")
    (tree.parent / "x.patch").write_text(PATCH.replace("drivers/xen/x.c", path))
    ran = run("lint", "--trust-tree", "--tree", tree, tree.parent / "x.patch")
    assert (ran.code, ran.stderr) == (1, "")


@needs_sandbox
def test_the_users_own_script_does_not_run_the_trees(run: Run, tree: Path, git: Git, tmp_path: Path) -> None:
    """get_maintainer.pl of a tree that is not trusted is not shown to a checkpatch.pl that would run it."""
    (tree / "MAINTAINERS").write_text("XEN\nL:\tx@example.org\nS:\tObsolete\nF:\tdrivers/xen/\n")
    git(tree, "commit", "-q", "-a", "-m", "obsolete")
    (tmp_path / "other.pl").write_text(
        LOOKS.replace("IDS", "").replace("FILES", "scripts/get_maintainer.pl MAINTAINERS")
    )
    args = ["lint", "--format", "json", "--tree", tree, "--checkpatch", tmp_path / "other.pl", tree.parent / "x.patch"]
    assert {"lacks scripts/get_maintainer.pl", "has MAINTAINERS"} <= set(said(run(*args)))
    assert "has scripts/get_maintainer.pl" in said(run(*args, "--trust-tree"))
    git(tree, "checkout", "-q", "HEAD~1", "--", "MAINTAINERS")
    git(tree, "commit", "-q", "-m", "maintained")
    assert "lacks scripts/get_maintainer.pl" in said(run(*args, "--trust-tree"))  # none of the files is obsolete
