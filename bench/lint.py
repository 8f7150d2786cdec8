"""`patcher lint` and a checkpatch.pl on the same patches: time, patches a second, and what each finds.

    python bench/lint.py --repo DIR --range REV..REV --checkpatch FILE [--count N]

Run by hand, on an idle machine. Patches are those of the range, as git format-patch writes them, in one directory; both
programs read all of it in one process. Exit codes: 0 measured, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from patcher.lint.rules import by_checkpatch, shipped  # noqa: E402 - the checkout's own

_SAID = re.compile(r"^(?P<file>[^:]+):\d+: (?:ERROR|WARNING):(?P<type>[A-Z_0-9]+):", re.MULTILINE)


def timed(command: Sequence[str | Path]) -> tuple[float, float, str]:
    """Wall seconds, processor seconds and standard output of a command."""
    before, start = os.times(), time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as place:  # checkpatch.pl leaves files where it runs
        done = subprocess.run(command, capture_output=True, check=False, env=environment, cwd=place)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()[:300]}")
    return time.monotonic() - start, used, done.stdout.decode("utf-8", "surrogateescape")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--range", required=True)
    parser.add_argument("--checkpatch", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    args.repo, args.checkpatch = args.repo.resolve(), args.checkpatch.resolve()
    if not args.checkpatch.is_file():
        print(f"{args.checkpatch} does not exist", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as place:
        listing = ["git", "-C", args.repo, "rev-list", "--no-merges", f"--max-count={args.count}", args.range, "--"]
        commits = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
        for number, commit in enumerate(commits):
            one = ["git", "-C", args.repo, "format-patch", "-1", "--stdout", commit]
            Path(place, f"{number:04}.patch").write_bytes(subprocess.run(one, capture_output=True, check=True).stdout)
        files = sorted(Path(place).iterdir())
        ours = [sys.executable, "-m", "patcher", "lint", "--format", "json"]
        theirs = ["perl", args.checkpatch, "--no-tree", "--terse", "--no-summary", "--show-types"]
        compare("one patch", 1, timed([*ours, files[0]]), timed([*theirs, files[0]]))
        mine, other = timed([*ours, place]), timed([*theirs, *files])
        compare(f"{len(files)} patches", len(files), mine, other)
        found(json.loads(mine[2])["findings"], other[2])
        in_tree = timed([*ours, "--tree", args.repo, "--base", f"{commits[0]}^", files[0]])
        again = timed([*ours, "--tree", args.repo, "--base", f"{commits[0]}^", files[0]])
        print(f"\none patch in its repository: {in_tree[0]:.2f} s, then {again[0]:.2f} s")
    return 0


def compare(what: str, count: int, ours: tuple[float, float, str], theirs: tuple[float, float, str]) -> None:
    print(f"\n{what}")
    for name, (wall, used, _) in (("patcher lint", ours), ("checkpatch.pl", theirs)):
        print(
            f"  {name:14} {wall:7.2f} s wall {used:7.2f} s processor {count / used:8.1f} patches per processor second"
        )
    print(f"  ratio          {theirs[1] / ours[1]:7.1f} (processor time)")


def found(ours: Sequence[dict[str, str]], theirs: str) -> None:
    """What only one of the two says, by patch and subject matter."""
    mine = {(Path(each["patch"]).name, each["rule"]) for each in ours}
    other = {(Path(match["file"]).name, match["type"]) for match in _SAID.finditer(theirs)}
    same = by_checkpatch(shipped())
    alike = {rule for rules in same.values() for rule in rules}
    both = {(patch, kind) for patch, kind in other if any((patch, rule) in mine for rule in same.get(kind, ()))}
    print(f"\nfound by both (of what both look for): {len(both)}")
    for title, counts in (
        ("only by checkpatch.pl", Counter(kind for patch, kind in other - both)),
        (
            "only by patcher lint, not looked for by checkpatch.pl",
            Counter(rule for _, rule in mine if rule not in alike),
        ),
        ("by patcher lint, of what checkpatch.pl looks for, too", Counter(rule for _, rule in mine if rule in alike)),
    ):
        print(f"{title}:")
        for name, count in counts.most_common(20):
            print(f"  {count:6} {name}")


if __name__ == "__main__":
    sys.exit(main())
