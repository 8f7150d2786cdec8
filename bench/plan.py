"""`patcher plan` and Coccinelle's spatch, asked the same question about the same files.

    python bench/plan.py --tree DIR [--rev REV] [--scope xen|tree] [--runs N]

Run by hand. Prints times, memory, and the places that only one of the two found, with the reason as far as it can
be told. Exit codes: 0 measured (or no spatch here: SKIP), 2 the call or its input is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[1]
QUESTION = Path(__file__).with_suffix(".cocci")
SHOWN = 20
JOBS = 2
Plan = dict[str, Any]


class Wrong(Exception):
    """The call or its input is wrong; the message is one line."""


class Place(NamedTuple):
    """A line on which a symbol of interest stands."""

    path: str
    line: int


class Run(NamedTuple):
    """One command: wall and processor seconds, the peak resident set of its largest process in bytes, what it said."""

    seconds: float
    processor: float
    peak: int
    status: int
    output: str
    said: str


class Cost(NamedTuple):
    """What some runs of one thing cost: the medians of the seconds, the largest of the peaks in bytes."""

    seconds: float
    processor: float
    peak: int


class Why(NamedTuple):
    """Why only one side has a place. ``rank`` sorts: what nobody can explain comes first."""

    rank: int
    text: str


Explain = Callable[[Place], Why]


class Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Wrong(message)


def main() -> int:
    try:
        asked = arguments()
        with tempfile.TemporaryDirectory(prefix="patcher-bench-") as scratch:
            bench(asked, Path(scratch))
    except (Wrong, OSError) as error:
        print(f"bench/plan.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def arguments() -> argparse.Namespace:
    parser = Arguments(description="Compare patcher plan with Coccinelle's spatch on the same files.")
    parser.add_argument("--tree", type=Path, required=True, help="a kernel tree: repository or directory")
    parser.add_argument("--rev", help="revision to read (default: HEAD)")
    parser.add_argument("--scope", choices=["xen", "tree"], default="xen")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median counts (default: 3)")
    asked = parser.parse_args()
    if asked.runs < 1:
        raise Wrong("--runs must be 1 or more")
    return asked


def bench(asked: argparse.Namespace, scratch: Path) -> None:
    plan, cold, warm = measure_patcher(asked, scratch)
    paths = c_files(plan)
    head(asked, plan, len(paths))
    missing = why_no_spatch()
    if missing:
        table({"patcher plan, cold": cold, "patcher plan, warm": warm}, None)
        print(f"\nSKIP  the comparison: {missing}")
        return
    sources = scratch / "sources"
    export(asked.tree, plan["tree"]["commit"], paths, sources)
    output, cost = measure_spatch(sources, asked.runs)
    table({"patcher plan, cold": cold, "patcher plan, warm": warm, f"spatch --jobs {JOBS}": cost}, cost)
    compare(plan, spatch_places(output), paths, sources)


# Running


def run(command: Sequence[str], cwd: Path, scratch: Path, **environment: str) -> Run:
    """Run to the end. Output goes through files, so that a full pipe costs neither side time."""
    with tempfile.TemporaryFile(dir=scratch) as out, tempfile.TemporaryFile(dir=scratch) as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **environment},
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        worked = usage.ru_utime + usage.ru_stime
        return Run(seconds, worked, usage.ru_maxrss * 1024, child.returncode, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no message")


def _cost(runs: Sequence[Run]) -> Cost:
    return Cost(
        statistics.median(each.seconds for each in runs),
        statistics.median(each.processor for each in runs),
        max(each.peak for each in runs),
    )


def measure_patcher(asked: argparse.Namespace, scratch: Path) -> tuple[Plan, Cost, Cost]:
    """The plan, the cost with an empty cache, and the cost with the cache that the last such run left."""
    revision = ["--rev", asked.rev] if asked.rev else []
    place = ["--tree", str(asked.tree.resolve()), *revision, "--scope", asked.scope]
    command = [sys.executable, "-m", "patcher", "plan", *place, "--format", "json"]
    caches = [scratch / f"cache-{number}" for number in range(asked.runs)]
    cold = [run(command, ROOT, scratch, PATCHER_CACHE_DIR=str(cache)) for cache in caches]
    warm = [run(command, ROOT, scratch, PATCHER_CACHE_DIR=str(caches[-1])) for _ in caches]
    return [read_plan(each) for each in (*cold, *warm)][-1], _cost(cold), _cost(warm)


def read_plan(done: Run) -> Plan:
    """Exit code 1 is a plan too: one with findings that matter."""
    try:
        found: Plan = json.loads(done.output)
        return found
    except ValueError:
        said = next((line for line in done.said.splitlines() if line.strip()), "it wrote no plan")
        raise Wrong(_last_line(done.said) if said.startswith("Traceback") else said) from None


def measure_spatch(sources: Path, runs: int) -> tuple[str, Cost]:
    """What spatch printed, and its cost. Each file is a unit of its own, and no include is followed."""
    command = ["spatch", "--sp-file", str(QUESTION), "--no-includes", "--include-headers", "--very-quiet"]
    done = [run([*command, "--jobs", str(JOBS), "--dir", "."], sources, sources.parent) for _ in range(runs)]
    for each in done:
        if each.status:
            raise Wrong(f"spatch failed with status {each.status}: {_last_line(each.said)}")
    return done[-1].output, _cost(done)


def why_no_spatch() -> str:
    """Why spatch cannot be asked, or ""."""
    if not shutil.which("spatch"):
        return "spatch is not installed; it is in the Debian package coccinelle"
    if "Python scripting support: yes" not in spatch_version():
        return "this spatch was built without Python scripting; the Debian package coccinelle has it"
    return ""


def spatch_version() -> str:
    done = subprocess.run(["spatch", "--version"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


# The files


def c_files(plan: Plan) -> list[str]:
    """The C files that patcher looked at, parsed or as text: what spatch is given."""
    coverage = plan["coverage"]
    looked = [*coverage["files_parsed"], *(item["path"] for item in coverage["text_only"])]
    return sorted({path for path in looked if path.endswith((".c", ".h"))})


def export(tree: Path, commit: str, paths: Sequence[str], target: Path) -> None:
    """Write the files as the commit has them, or as the directory has them where there is no commit."""
    target.mkdir()
    if commit:
        archive = git(tree, "-c", "core.autocrlf=false", "--literal-pathspecs", "archive", commit, "--", *paths)
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(target, filter="data")
        return
    for path in paths:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / path, target / path)


def git(tree: Path, *words: str) -> bytes:
    """Run git from the top of the repository around ``tree``."""
    where = subprocess.run(["git", "-C", tree, "rev-parse", "--absolute-git-dir"], capture_output=True, check=False)
    directory = where.stdout.decode().strip()
    done = subprocess.run(["git", f"--git-dir={directory}", *words], capture_output=True, check=False)
    if where.returncode or done.returncode:
        raise Wrong(f"git: {_last_line((where.stderr or done.stderr).decode('utf-8', 'replace'))}")
    return done.stdout


class Sources:
    """The exported files, line by line."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._files: dict[str, list[str]] = {}

    def lines(self, path: str) -> list[str]:
        if path not in self._files:
            file = self._top / path
            self._files[path] = file.read_text("utf-8", "replace").split("\n") if file.is_file() else []
        return self._files[path]

    def line(self, place: Place) -> str:
        lines = self.lines(place.path)
        return lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""

    def macro(self, place: Place) -> str:
        """The macro in whose definition the line stands, or ""."""
        lines, at = self.lines(place.path), place.line - 1
        while 0 < at < len(lines) and lines[at - 1].rstrip().endswith("\\"):
            at -= 1
        found = re.match(r"\s*#\s*define\s+(\w+)", lines[at]) if at < len(lines) else None
        return found[1] if found else ""

    def conditions(self, place: Place) -> list[str]:
        """The preprocessor branches around a line, outermost first: without a header's guard against itself."""
        around: list[str] = []
        lines = self.lines(place.path)
        for text in lines[: place.line - 1]:
            found = re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b", text)
            if found and found[1].startswith("if"):
                around.append(text)
            elif found and around:
                around[-1:] = [] if found[1] == "endif" else [f"{text} (after {around[-1].strip()})"]
        defined = {tuple(text.split()[1:]) for text in lines if text.startswith("#define")}
        return [" ".join(text.split()) for text in around if not _is_guard(text, defined)]


def _is_guard(text: str, defined: Collection[tuple[str, ...]]) -> bool:
    """``#ifndef X`` in a file that says ``#define X`` and no more."""
    return text.startswith("#ifndef") and tuple(text.split()[1:2]) in defined


# The findings


def spatch_places(output: str) -> dict[Place, str]:
    """Each line of the semantic patch's scripts: ``path:line:symbol``."""
    rows = [line.rsplit(":", 2) for line in output.splitlines() if line.count(":") >= 2]
    return {Place(path.removeprefix("./"), int(number)): symbol for path, number, symbol in rows}


def patcher_places(plan: Plan, names: frozenset[str], theirs: Mapping[Place, str]) -> dict[Place, str]:
    """The places of the findings whose symbol spatch was asked about too, or whose line it found all the same."""
    places = [(Place(finding["path"], finding["line"]), finding["symbol"]) for finding in plan["findings"]]
    return {place: symbol for place, symbol in places if symbol in names or place in theirs}


def asked_names() -> frozenset[str]:
    """The names in the sets of the semantic patch."""
    sets = re.findall(r"identifier what = \{([^}]*)\}", QUESTION.read_text("utf-8"))
    return frozenset(name for each in sets for name in re.findall(r"\w+", each))


def compare(plan: Plan, theirs: Mapping[Place, str], paths: Sequence[str], top: Path) -> None:
    names, sources = asked_names(), Sources(top)
    ours = patcher_places(plan, names, theirs)
    both = ours.keys() & theirs.keys()
    print(f"\nPlaces (path, line):  patcher {len(ours)}   spatch {len(theirs)}   both {len(both)}")
    unasked = Counter(
        finding["symbol"]
        for finding in plan["findings"]
        if finding["symbol"] not in names and Place(finding["path"], finding["line"]) not in ours
    )
    if unasked:
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(unasked.items()))
        print(f"Not compared, for {QUESTION.name} does not ask for them: {listed}")
    unread = _unread_by_spatch({place.path for place in ours.keys() - theirs.keys()} & set(paths), top)
    difference("patcher", ours, theirs, sources, lambda place: why_not_spatch(place, paths, sources, unread))
    difference("spatch", theirs, ours, sources, lambda place: why_not_patcher(place, plan, sources))


def why_not_spatch(place: Place, paths: Iterable[str], sources: Sources, unread: Mapping[str, frozenset[str]]) -> Why:
    if place.path not in paths:
        return Why(3, "spatch was not given this file: it is no C")
    if sources.line(place) in unread.get(place.path, frozenset()):
        return Why(2, "spatch could not parse this code")
    macro = sources.macro(place)
    if macro:
        return Why(1, f"in the definition of the macro {macro}")
    return Why(0, "spatch parsed this code and matched nothing here")


def why_not_patcher(place: Place, plan: Plan, sources: Sources) -> Why:
    for item in plan["coverage"]["text_only"]:
        if item["path"] == place.path:
            return Why(4, f"patcher read this file as text only: {item['reason']}")
    for region in plan["coverage"]["regions_skipped"]:
        if region["path"] == place.path and region["start"] <= place.line <= region["end"]:
            return Why(3, "patcher says in its coverage that it did not compile this region")
    macro = sources.macro(place)
    if macro:
        return Why(2, f"in the definition of the macro {macro}")
    around = sources.conditions(place)
    if around:
        return Why(1, f"under {around[-1]}, of which patcher's coverage says nothing")
    return Why(0, "patcher parsed this file and says nothing of this line")


def _unread_by_spatch(paths: Iterable[str], top: Path) -> dict[str, frozenset[str]]:
    """For each file the lines, as text, of the definitions that spatch gave up on. Not part of what is timed."""
    return {path: _bad_lines(run(["spatch", "--parse-c", path], top, top.parent)) for path in paths}


def _bad_lines(done: Run) -> frozenset[str]:
    marked = re.findall(r"^(?:bad: |BAD:!!!!! )(.*)$", f"{done.output}\n{done.said}", re.MULTILINE)
    return frozenset(text.strip() for text in marked if text.strip())


# What is printed


def head(asked: argparse.Namespace, plan: Plan, files: int) -> None:
    tool = plan["tool"]
    print(f"{asked.tree}  {plan['tree']['version']}  {plan['tree']['commit'][:12] or 'no repository'}")
    print(f"patcher {tool['version']} with libclang {tool['libclang']}, scope {asked.scope}: {files} C files")
    print(f"{os.cpu_count()} processors, median of {asked.runs}\n")


def table(rows: Mapping[str, Cost], measure: Cost | None) -> None:
    print(f"{'':20} {'wall':>9} {'processor':>10} {'peak memory':>12}" + ("   wall against spatch" if measure else ""))
    for name, cost in rows.items():
        ratio = f"{cost.seconds / measure.seconds:12.2f} x" if measure else ""
        memory = f"{cost.peak / 2**20:8.0f} MiB"
        print(f"{name:20} {cost.seconds:7.2f} s {cost.processor:8.2f} s {memory} {ratio}".rstrip())
    print("\nPeak memory: the largest single process (each runs several).")
    if measure:
        print("The ratios are those of this run, on this machine: compare them with nothing else.")
        print(f"{' '.join(spatch_version().split()[:3])}, --no-includes (its usual way with a kernel), was handed the")
        print("files that patcher chose. Counted for patcher only: searching the tree for files and for derived")
        print("names, reading includes, giving verdicts. Not counted: writing out the files for spatch.")


def difference(
    who: str, mine: Mapping[Place, str], other: Mapping[Place, str], sources: Sources, explain: Explain
) -> None:
    """The places that only one side found, what cannot be explained first."""
    only = sorted((explain(place), place) for place in mine.keys() - other.keys())
    print(f"\nOnly {who}: {len(only)}" + (f", the first {SHOWN}:" if len(only) > SHOWN else ""))
    for why, place in only[:SHOWN]:
        print(f"  {place.path}:{place.line}: {mine[place]}: {why.text}\n      {sources.line(place)}")
    rest = Counter(why.text for why, _ in only[SHOWN:])
    for text, count in rest.most_common():
        print(f"  and {count} more: {text}")


if __name__ == "__main__":
    sys.exit(main())
