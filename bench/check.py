"""`patcher check` and a plain loop of git checkout and make, on the same commits and objects.

    python bench/check.py --tree REPOSITORY --range A..B --config ARCH:TARGET [--jobs N] [--max-users N]

Run by hand; it builds parts of the tree, in the sandbox for patcher and without one for the loop. Prints the times and
their ratio in this run, with an empty cache and with a full one. The loop is the quickest that a person writes: one
build directory, only the objects that patcher chose, and nothing compared. Exit codes: 0 measured, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from patcher.check.arches import ARCHES, directory, native

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare patcher check with a plain make loop.")
    parser.add_argument("--tree", type=Path, required=True, help="a git repository")
    parser.add_argument("--range", dest="span", required=True, help="A..B")
    parser.add_argument("--config", required=True, help="ARCH:TARGET, such as x86_64:defconfig")
    parser.add_argument("--changes", default="", help="symbols to switch, such as +XEN-SMP")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--max-users", type=int, default=64)
    asked = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="patcher-bench-") as scratch:
            bench(asked, Path(scratch))
    except subprocess.CalledProcessError as error:
        print(f"bench/check.py: {error}", file=sys.stderr)
        return 2
    return 0


def bench(asked: argparse.Namespace, scratch: Path) -> None:
    cold, report = check(asked, scratch)
    warm, _ = check(asked, scratch)
    print(report["rows"] and f"{len(report['rows'])} commits; {objects(report)} objects compared")
    plain = loop(asked, scratch, report)
    print(f"{'':24} {'wall':>9}   against the loop")
    for name, seconds in (("patcher check, cold", cold), ("patcher check, warm", warm), ("git checkout; make", plain)):
        print(f"{name:24} {seconds:7.1f} s   {seconds / plain:6.2f} x")
    print("\nThe ratios are those of this run, on this machine: compare them with nothing else.")


def objects(report: dict[str, Any]) -> int:
    return sum(cell["count"] for row in report["rows"] for cell in row["cells"])


def check(asked: argparse.Namespace, scratch: Path) -> tuple[float, dict[str, Any]]:
    command = [
        sys.executable, "-m", "patcher", "check", asked.span, "--tree", str(asked.tree.resolve()), "--trust-tree",
        "--configs", asked.config + asked.changes, "-j", str(asked.jobs), "--max-users", str(asked.max_users),
        "--format", "json", "--verbose",
    ]  # fmt: skip
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PATCHER_CACHE_DIR": str(scratch / "cache")},
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    for row in found["rows"]:
        for cell in row["cells"]:
            if cell["status"] in ("ERROR", "FAIL"):
                print(f"commit {row['number']}: {cell['status']} {cell['detail']}")
    return seconds, found


def loop(asked: argparse.Namespace, scratch: Path, report: dict[str, Any]) -> float:
    """What a person would do by hand: the seconds it takes, the clone not counted."""
    tree, out = scratch / "loop", scratch / "out"
    run(["git", "clone", "-q", "--shared", "--no-checkout", str(asked.tree.resolve()), str(tree)], scratch)
    out.mkdir()
    arch, _, target = asked.config.partition(":")
    adjusted = [each for each in report["adjustments"] if each.startswith("-")]
    flags = " ".join(each.partition(":")[0] for each in adjusted)
    make = ["make", "-s", f"-j{asked.jobs}", f"O={out}", f"ARCH={arch}"]
    if directory(arch) != native():
        make.append(f"CROSS_COMPILE={ARCHES[arch].triplet}-")
    if flags:
        make += [f"KCFLAGS={flags}", *(["KAFLAGS=-fno-pie"] if "-fno-pie" in flags else [])]
    base, commits = report["base"], [row["id"] for row in report["rows"]]
    start = time.perf_counter()
    for commit in (base, *commits):
        run(["git", "checkout", "-q", "--detach", commit], tree)
        if commit == base:
            run([*make, target], tree)
            changes = asked.changes.replace("+", " +").replace("-", " -").split()
            with (out / ".config").open("a") as config:
                for change in changes:
                    off = change.startswith("-")
                    config.write(f"# CONFIG_{change[1:]} is not set\n" if off else f"CONFIG_{change[1:]}=y\n")
            if (tree / "scripts" / "kconfig").is_dir():
                run([*make, "olddefconfig"], tree)
            run([*make, "prepare"], tree)
        files = run(["git", "diff", "--name-only", f"{commit}~1" if commit != base else f"{base}", commit], tree)
        touched = [f"{path[:-2]}.o" for path in files.split() if path.endswith(".c")]
        if touched:
            run([*make, *touched], tree)
    return time.perf_counter() - start


def run(command: list[str], place: Path) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, command)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
