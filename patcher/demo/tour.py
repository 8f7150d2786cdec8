"""The guided tour: the main job on the bundled miniature tree, explained on the way."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from patcher import data, temporary
from patcher.cache import Cache
from patcher.check.run import Means
from patcher.errors import InputError
from patcher.files import exists
from patcher.generate import pipeline
from patcher.generate.deliver import Wanted
from patcher.model import Finding, Plan, Verdict
from patcher.plan.make import make_plan
from patcher.plan.session import request
from patcher.report.apply_text import apply_text
from patcher.report.fold import WIDTH, fitted, prose
from patcher.report.plan_text import plan_text
from patcher.tree.find import open_tree
from patcher.tree.scratch import make_repository

_SCHEME, _REMOVAL = "patcher/identity", "patcher/iomap"

Say = Callable[[str], object]
Style = Callable[..., str]


def tour(say: Say, style: Style, keep: Path | None, width: int = WIDTH) -> None:
    """Plan the identity series on a fresh repository of the miniature tree. ``keep``: where to leave it.

    ``say`` is given text that fits ``width`` columns, in the colours of ``style``.

    Raises InputError where ``keep`` exists already, or the repository cannot be written.
    """
    if keep and exists(keep):
        raise InputError(f"{keep} exists already", "name a new directory with --keep")
    with temporary.directory("demo") as scratch:
        repository = keep or scratch / "linux-mini"
        _copy(repository)
        commit = make_repository(repository, "Import a miniature of Linux 2.6.37")

        def tell(text: str) -> None:
            say(fitted([text], width, 2 if text.startswith(" ") else 0).rstrip("\n"))

        def chapter(text: str) -> None:
            tell(style(f"\n{text}", bold=True))

        chapter("1. A tree")
        scheme = f"""\
A miniature of Linux 2.6.37, written for this demo, is now a git repository (commit {commit[:12]}). On Xen, its P2M
tree maps the frame numbers a domain sees to those of the machine. What nothing was ever stored for reads as missing, so
each mapping of a device needs a flag, _PAGE_IOMAP, to go round the P2M. The identity scheme has void entries read as
themselves; then the flag is hardly needed."""
        say(prose(scheme, width).rstrip("\n"))
        chapter("2. patcher plan: what would become redundant, and why")
        tell("Its files are read from git's objects, parsed by libclang, and every use of the flag is judged:")
        plan = _plan(repository)
        for finding in _telling(plan):
            say(f"\n  {finding.path}:{finding.line}: {finding.snippet}")
            tell(f"    {style(finding.verdict.value, bold=True)} [{finding.rule}] {finding.why}")
        chapter("3. The whole plan")
        say(plan_text(plan, style, quiet=True, width=width).rstrip())
        chapter("4. patcher apply: the series that brings the scheme, and the one that removes the flag, for this tree")
        tell("Each step edits named things where they stand; libclang reads the result in every configuration.\n")
        say(_apply(repository, width).rstrip())
        chapter("5. patcher prove: the P2M code after both, run against the scheme")
        tell("The tree's own code is compiled for user space and played with; a model says what it should answer.\n")
        say(_command(repository, "prove", "--rev", _REMOVAL, "--arch", "x86_64", "--examples", "5").rstrip())
        chapter("6. patcher lint: what a reviewer, a bot or a maintainer would send back")
        say(_command(repository, "lint", f"main..{_REMOVAL}").rstrip())
        chapter("7. patcher check: does every commit build, and say nothing new?")
        tell("This runs the tree's own Makefiles, in a sandbox, so it has to be asked for with --trust-tree.\n")
        say(_command(repository, "check", f"main..{_SCHEME}", "--trust-tree", "--configs", "mini_defconfig").rstrip())
        chapter("8. On your own tree")
        tell("  patcher lint -3, in any clone             the last three commits, before git send-email")
        tell("  patcher check -3 --trust-tree             builds each of them, and tells what is new")
        tell("  patcher report -3 --trust-tree            all of it in one HTML file")
        tell("  patcher plan --tree ~/src/linux           reads the commit you are on; add --rev v2.6.37 or any other")
        tell("  patcher plan --tree ~/src/linux -v        with the evidence for each verdict")
        tell("  patcher apply --tree ~/src/linux          makes the branch patcher/identity, and touches nothing else")
        tell("  patcher apply --check --prove --lint      the same, and only if every commit passes")
        tell("  patcher rules explain iomap-foreign       why a rule says what it says")
        if keep:
            tell(f"\nThe repository stays in {repository}.")


def _copy(repository: Path) -> None:
    try:
        shutil.copytree(data.directory("miniature"), repository)
    except (OSError, ValueError) as error:
        why = error.args[0][0][-1] if isinstance(error, shutil.Error) else getattr(error, "strerror", "") or error
        raise InputError(
            f"cannot write to {repository} ({why})", "name another directory with --keep or TMPDIR, with 1 MiB of space"
        ) from error


def _plan(repository: Path) -> Plan:
    with contextlib.closing(Cache()) as cache:
        return make_plan(open_tree(repository, None), request("identity", scope="tree"), cache)


def _apply(repository: Path, width: int) -> str:
    """What both series become in the demo's repository, which has an identity of its own."""
    wanted = Wanted(None, None, signoff=True, force=False, checkout=False, dry_run=False)
    requests = [request("identity"), request("iomap")]
    with contextlib.closing(Cache()) as cache:
        made = pipeline.prepare(open_tree(repository, None), requests, wanted, None, repository, Means(cache))
    assert isinstance(made, pipeline.Prepared)
    done = pipeline.publish(made)
    return apply_text(made, done, width=width)


def _command(repository: Path, *words: str) -> str:
    """What a command says of the demo's repository, below the command as one would type it. A check that cannot run
    here, for want of a compiler or a sandbox, says so itself."""
    done = subprocess.run(
        [sys.executable, "-m", "patcher", *words, "--tree", str(repository), "--quiet"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"$ patcher {' '.join(words)}\n{done.stdout}{done.stderr}"


def _telling(plan: Plan) -> list[Finding]:
    """One finding of each of the rules that show the idea."""
    shown = ("iomap-make-foreign", "iomap-helper", "iomap-device", "iomap-foreign", "map-vm-io-none", "iomap-mask")
    first = {finding.rule: finding for finding in reversed(plan.findings) if finding.verdict is not Verdict.UNRELATED}
    return [first[rule] for rule in shown if rule in first]
