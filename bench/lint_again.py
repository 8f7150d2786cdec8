"""`patcher lint` of a range, with an empty cache and again: what is kept between two runs.

    python bench/lint_again.py --repo DIR --range REV..REV [--runs N]

The second kind of run has the cache of the first; the third lints the same changes under another commit id, as after
`git commit --amend`, made in a clone that shares DIR's objects. Exit codes: 0 measured, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(repository: Path, asked: str, cache: Path) -> tuple[float, float]:
    """Wall and processor seconds of one lint."""
    before, start = os.times(), time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATCHER_CACHE_DIR": str(cache)}
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "patcher",
        "lint",
        "--tree",
        repository,
        asked,
        "--format",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    after = os.times()
    if done.returncode not in (0, 1):
        raise SystemExit(f"patcher lint failed: {done.stderr.decode(errors='replace').strip()[:300]}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, used


def amended(repository: Path, asked: str, place: Path) -> str:
    """The range with its last commit made anew, in a clone at ``place``."""

    def git(*args: str | Path) -> str:
        return subprocess.run(["git", "-C", place, *args], capture_output=True, text=True, check=True).stdout.strip()

    subprocess.run(["git", "clone", "-q", "--shared", "--bare", repository, place], check=True)
    first, _, last = asked.partition("..")
    tree, parent = git("rev-parse", f"{last}^{{tree}}"), git("rev-parse", f"{last}^")
    message = f"{git('log', '-1', '--format=%B', last)}\n"
    identity = ["-c", "user.name=A U Thor", "-c", "user.email=author@example.org"]
    return f"{first}..{git(*identity, 'commit-tree', tree, '-p', parent, '-m', message)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--range", required=True, help="A..B")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    if ".." not in args.range:
        print(f"{args.range} is no range A..B", file=sys.stderr)
        return 2
    times: dict[str, list[float]] = {"cold": [], "warm": [], "amended": []}
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place, "clone.git")
        other = amended(args.repo.resolve(), args.range, clone)
        for number in range(args.runs):
            cache = Path(place, f"cache{number}")
            for name, asked in (("cold", args.range), ("warm", args.range), ("amended", other)):
                wall, used = run(clone, asked, cache)
                times[name].append(used)
                print(f"{name:8} {wall:6.2f} s wall {used:6.2f} s processor")
    cold = statistics.median(times["cold"])
    for name in ("warm", "amended"):
        print(f"cold : {name} = {cold / statistics.median(times[name]):.1f} (processor time, medians)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
