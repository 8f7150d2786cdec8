"""`patcher check` and a plain loop of git checkout and make, on the same commits, configurations and tools.

    python bench/check.py --tree REPOSITORY --range A..B --configs ARCH:TARGET[+SYMBOL],… [--with LIST] [--jobs N]

Run by hand; it builds parts of the tree, in the sandbox for patcher and without one for the loop. Prints the times (CPU
and wall) and their ratio in this run, with an empty cache and with a full one. CPU is that of a control group, which
root can make, as what runs in bubblewrap is in no other account; without, it is told as 0. The loop is the quickest
that a person writes: a build directory for each configuration and tool, only the touched files of each commit, and
nothing compared. Of what compiles nothing it does kernel-doc and dt_binding_check; rst has no counterpart. Exit codes:
0 measured, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from patcher.check.arches import ARCHES, directory, native
from patcher.check.specs import Spec, lines, parse
from patcher.check.tools import BESIDE, Names, names
from patcher.check.variables import Variables

ROOT = Path(__file__).resolve().parents[1]
_BINDINGS = "Documentation/devicetree/bindings/"
_MODULE = re.compile(r"^\s*CC \[M\]\s+(\S+)\.o$", re.MULTILINE)


class Times(NamedTuple):
    """Seconds: of CPU, user and system, of all processes; and on the clock."""

    cpu: float
    wall: float


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare patcher check with a plain make loop.")
    parser.add_argument("--tree", type=Path, required=True, help="a git repository")
    parser.add_argument("--range", dest="span", required=True, help="A..B")
    parser.add_argument("--configs", required=True, help="ARCH:TARGET, comma-separated, as patcher check has them")
    parser.add_argument("--with", dest="tools", default="gcc", help="as patcher check has it")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--max-users", type=int, default=64)
    asked = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="patcher-bench-") as scratch, accounting() as cpu:
            bench(asked, Path(scratch), cpu)
    except subprocess.CalledProcessError as error:
        print(f"bench/check.py: {error}", file=sys.stderr)
        return 2
    return 0


def bench(asked: argparse.Namespace, scratch: Path, cpu: Callable[[], float]) -> None:
    report: dict[str, Any] = {}
    cold = timed(lambda: report.update(check(asked, scratch)), cpu)
    warm = timed(lambda: check(asked, scratch), cpu)
    print(f"{len(report['rows'])} commits, {len(report['columns'])} checks; {objects(report)} objects compared")
    plain = timed(loop(asked, scratch, report), cpu)
    print(f"load of the machine: {' '.join(f'{each:.1f}' for each in os.getloadavg())}")
    print(f"{'':24} {'CPU':>9} {'wall':>11}   against the loop (CPU, wall)")
    for name, took in (("patcher check, cold", cold), ("patcher check, warm", warm), ("git checkout; make", plain)):
        ratio = f"{took.cpu / plain.cpu if plain.cpu else 0:6.2f} x {took.wall / plain.wall:6.2f} x"
        print(f"{name:24} {took.cpu:7.1f} s {took.wall:9.1f} s   {ratio}")
    print("\nThe ratios are those of this run, on this machine: compare them with nothing else.")


def timed(work: Callable[[], object], cpu: Callable[[], float]) -> Times:
    """What it takes, with all that it starts."""
    start, before = time.perf_counter(), cpu()
    work()
    return Times(cpu() - before, time.perf_counter() - start)


@contextlib.contextmanager
def accounting() -> Iterator[Callable[[], float]]:
    """From now on, the seconds of CPU of this process and all that it starts."""
    for top, file, unit in (
        ("/sys/fs/cgroup/cpuacct", "cpuacct.usage", 1e9),
        ("/sys/fs/cgroup", "cpu.stat", 1e6),
    ):
        group = Path(top, f"patcher-bench-{os.getpid()}")
        if not Path(top, "cgroup.procs").exists() or not os.access(top, os.W_OK):
            continue
        group.mkdir()
        (group / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield lambda group=group, file=file, unit=unit: (  # type: ignore[misc]
                int(re.findall(r"\d+", (group / file).read_text())[0]) / unit
            )
        finally:
            Path(top, "cgroup.procs").write_text(str(os.getpid()))
            with contextlib.suppress(OSError):
                group.rmdir()
        return
    yield lambda: 0.0


def objects(report: dict[str, Any]) -> int:
    return sum(cell["count"] for row in report["rows"] for cell in row["cells"])


def check(asked: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "patcher", "check", asked.span, "--tree", str(asked.tree.resolve()), "--trust-tree",
        "--configs", asked.configs, "--with", asked.tools, "-j", str(asked.jobs), "--max-users", str(asked.max_users),
        "--format", "json",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PATCHER_CACHE_DIR": str(scratch / "cache")},
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    for row in found["rows"]:
        for cell in row["cells"]:
            if cell["status"] == "ERROR":
                print(f"commit {row['number']}: {cell['check']} ERROR {cell['detail']}")
    return found


def loop(asked: argparse.Namespace, scratch: Path, report: dict[str, Any]) -> Callable[[], None]:
    """What a person would do by hand; the clone is made already."""
    tree = scratch / "loop"
    run(["git", "clone", "-q", "--shared", "--no-checkout", str(asked.tree.resolve()), str(tree)], scratch)
    wanted = names(asked.tools, Variables())
    adjusted = [each.partition(":")[0] for each in report["adjustments"] if each.startswith("-")]
    builds = []
    for number, (spec, tool) in enumerate((spec, tool) for spec in parse([asked.configs]) for tool in wanted.compile):
        out = scratch / f"out{number}"
        out.mkdir()
        builds.append((spec, tool, out, make(spec, tool, out, asked.jobs, adjusted)))

    def work() -> None:
        for commit in (report["base"], *(row["id"] for row in report["rows"])):
            run(["git", "checkout", "-q", "--detach", commit], tree)
            if commit == report["base"]:
                for spec, _, out, command in builds:
                    prepare(spec, out, command, tree)
                continue
            changed = run(["git", "diff", "--name-only", f"{commit}~1", commit], tree).split()
            for spec, tool, out, command in builds:
                if any(path.endswith("Kconfig") or "/Kconfig." in path for path in changed):
                    configure(spec, out, command, tree)
                build(tool, command, [path[:-2] for path in changed if path.endswith(".c")], tree)
            look(wanted, changed, builds[0][3] if builds else ["make"], tree)

    return work


def make(spec: Spec, tool: str, out: Path, jobs: int, adjusted: list[str]) -> list[str]:
    command = ["make", "-k", f"-j{jobs}", f"O={out}", f"ARCH={spec.arch}"]
    if tool == "clang":
        command.append("LLVM=1")
    elif directory(spec.arch) != native():
        command.append(f"CROSS_COMPILE={ARCHES[spec.arch].triplet}-")
    command += [tool] if tool.startswith("W=") else []
    command += ["KBUILD_MODPOST_WARN=1"] if tool == "modpost" else []
    command += ["C=2", f"CHECK={tool}"] if tool in ("sparse", "smatch") else []
    flags = " ".join(adjusted)
    return [*command, f"KCFLAGS={flags}", *(["KAFLAGS=-fno-pie"] if "-fno-pie" in flags else [])]


def prepare(spec: Spec, out: Path, command: list[str], tree: Path) -> None:
    run([*command, spec.base], tree)
    configure(spec, out, command, tree)
    run([*command, "prepare", *(["scripts"] if (tree / "scripts" / "Makefile").exists() else [])], tree)


def configure(spec: Spec, out: Path, command: list[str], tree: Path) -> None:
    with (out / ".config").open("a") as config:
        config.write(lines(spec.changes))
    program = tree / "scripts" / "kconfig" / "Makefile"
    if program.exists() and "olddefconfig" in program.read_text():
        run([*command, "olddefconfig"], tree)


def build(tool: str, command: list[str], sources: list[str], tree: Path) -> None:
    if not sources:
        return
    said = run([*command, *(f"{each}.o" for each in sources)], tree, may_fail=True)
    modules = [f"{each}.ko" for each in _MODULE.findall(said)]
    if tool == "modpost" and modules:
        run([*command, *modules], tree, may_fail=True)


def look(wanted: Names, changed: list[str], command: list[str], tree: Path) -> None:
    """What compiles nothing."""
    assert set(wanted.beside) <= set(BESIDE)
    documented = [path for path in changed if path.endswith((".c", ".h"))]
    if "kernel-doc" in wanted.beside and documented:
        run(["scripts/kernel-doc", "-none", *documented], tree, may_fail=True)
    for path in changed:
        if "dt" in wanted.beside and path.startswith(_BINDINGS) and path.endswith(".yaml"):
            only = f"DT_SCHEMA_FILES={path.removeprefix(_BINDINGS)}"
            run([*command, "dt_binding_check", only], tree, may_fail=True)


def run(command: list[str], place: Path, *, may_fail: bool = False) -> str:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode and not may_fail:
        print(done.stderr[-2000:], file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, command)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
