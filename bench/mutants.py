"""Has `patcher prove` teeth? Single-point mutants of a series' own C, each proved like the series itself.

    python bench/mutants.py --tree DIR --base A --rev B [--arch both] [--examples 60] [--only FILE:LINE] [-o FILE]

Mutated are the lines of C that B has and A has not (without --base: all of the files that hold the P2M), one point at a
time. A mutant is killed where a property that passes for B does not pass for it. Those that do not compile, or that
compile to the same code, are not counted. What survives is printed as a diff, for a person to judge. With --add the
smallest case that kills one goes into the corpus, from where it is played first, also for the mutants that follow.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.prove import corpus, toolchain
from patcher.prove.build import build
from patcher.prove.context import Context, void_of
from patcher.prove.find import places
from patcher.prove.program import Program
from patcher.prove.prove import Prover, Request, choose
from patcher.prove.run import Runner
from patcher.prove.search import search
from patcher.prove.verdict import Status
from patcher.source import lex
from patcher.tree.find import open_tree
from patcher.tree.overlay import PatchedTree

ARCHS = {"both": ("x86_64", "i386"), "x86_64": ("x86_64",), "i386": ("i386",)}
_SWAPS = (
    ("==", "!="), ("!=", "=="), ("<=", "<"), (">=", ">"), ("&&", "||"), ("||", "&&"),
    (r"(?<![<>=-])<(?![<=])", "<="), (r"(?<![<>=-])>(?![>=])", ">="), (r"(?<=\w )\+(?= \w| \()", "-"),
    (r"(?<=\) )\+(?= \w| \()", "-"), (r"(?<=\w )-(?= \w| \()", "+"), (r"(?<=\) )-(?= \w| \()", "+"),
    (r"(?<=\w )%(?= )", "/"), (r"(?<=\w )\*(?= \w| \()", "+"),
    (r"(?<![\w)] )[!~](?=[\w(])", ""), (r"(?<= )\|(?= )", "&"), (r"(?<=return )(?=\w+\(\w*\) \?)", "!"),
    (r"\+\+", "--"), (r"(?<!\w)1(?!\w)", "2"), (r"(?<!\w)0(?!\w)", "1"), (r"(?<!\w)2(?!\w)", "1"),
)  # fmt: skip
_WORDS = (
    ("p2m_identity", "p2m_missing"), ("p2m_missing", "p2m_identity"), ("p2m_mid_identity", "p2m_mid_missing"),
    ("p2m_mid_missing", "p2m_mid_identity"), ("p2m_mid_identity_mfn", "p2m_mid_missing_mfn"),
    ("p2m_mid_missing_mfn", "p2m_mid_identity_mfn"), ("IDENTITY_FRAME_BIT", "FOREIGN_FRAME_BIT"),
    ("INVALID_P2M_ENTRY", "0UL"), ("IDENTITY_FRAME", ""), ("PFN_UP", "PFN_DOWN"), ("PFN_DOWN", "PFN_UP"),
    ("true", "false"), ("false", "true"), ("min", "max"), ("max", "min"), ("min_t", "max_t"), ("max_t", "min_t"),
    ("E820_RAM", "E820_RESERVED"), ("E820_UNUSABLE", "E820_RESERVED"), ("continue", "break"), ("break", "continue"),
    ("topidx", "mididx"), ("mididx", "topidx"), ("start", "end"), ("end", "start"), ("pfn", "mfn"), ("mfn", "pfn"),
    ("leaf", "mid"), ("mid", "mid_mfn"), ("mid_mfn", "mid"), ("P2M_PER_PAGE", "(P2M_PER_PAGE - 1)"),
    ("MAX_P2M_PFN", "xen_max_p2m_pfn"), ("xen_initial_domain()", "1"), ("identity", "!identity"),
    ("set_phys_range_identity", "set_phys_range_missing"), ("set_phys_range_missing", "set_phys_range_identity"),
    ("BITS_PER_LONG", "(BITS_PER_LONG - 1)"),
)  # fmt: skip
_STATEMENT = re.compile(
    r"^\s*+(?!return\b|break\b|continue\b|goto\b|else\b|do\b|case\b|extern\b|static\b|#)[^;{}]*;\s*$"
)
_DECLARATION = re.compile(
    r"^\s*(?:const |unsigned |struct |bool |int |u64 |u32 |long |pte|void |extern |static )[^=(]*;"
)
_PROTOTYPE = re.compile(
    r"^\s*(?:unsigned|bool|int|void|long)[\w\s*]*\((?:\s*(?:unsigned|struct|void|u64|bool|int)\b[^()]*)\)?[;,]\s*$"
)
_CONDITION = re.compile(r"\b(if|while) \((.*)\)(?= \{$|$)")


class Mutant(NamedTuple):
    """One change: ``start`` and ``end`` are offsets in the file, ``kind`` what was done."""

    path: str
    line: int
    start: int
    end: int
    new: str
    kind: str


class Kill(NamedTuple):
    """The smallest case of a property that a mutant fails."""

    property: str
    bits: int
    case: msgspec.Struct


class Result(NamedTuple):
    """How a mutant came out: killed (by a property), survived, or stillborn (does not compile, or is the same code).
    ``kill``: what killed it, to be added to the corpus, where that is wanted."""

    mutant: Mutant
    outcome: str
    by: str
    before: str
    after: str
    kill: Kill | None = None


def mutants(path: str, text: str, lines: frozenset[int]) -> Iterator[Mutant]:
    """Every single-point mutant in these lines (from 1) of a file."""
    code = lex.code_only(text.encode()).decode("utf-8", "replace")
    offset = 0
    for number, (line, clean) in enumerate(zip(text.splitlines(True), code.splitlines(True), strict=True), 1):
        if number in lines and clean.strip() and "printk" not in clean:
            yield from _in_line(path, number, offset, line, clean)
        offset += len(line)


def _in_line(path: str, number: int, offset: int, line: str, clean: str) -> Iterator[Mutant]:
    if clean.lstrip().startswith(("#include", "extern", "EXPORT")) or _PROTOTYPE.match(clean):
        return
    seen = set()
    for pattern, new in _SWAPS:
        plain = re.escape(pattern) if pattern in ("==", "!=", "<=", ">=", "&&", "||") else pattern
        for match in re.finditer(plain, clean):
            yield Mutant(path, number, offset + match.start(), offset + match.end(), new, f"{match.group()} → {new}")
    for word, new in _WORDS:
        before = r"(?<![\w>.])" if word != "identity" else r"(?<![\w!])"
        for match in re.finditer(before + re.escape(word) + ("" if word.endswith(")") else r"(?!\w)"), clean):
            if (match.start(), new) not in seen:
                seen.add((match.start(), new))
                yield Mutant(path, number, offset + match.start(), offset + match.end(), new, f"{word} → {new}")
    condition = _CONDITION.search(clean.rstrip("\n"))
    if condition:
        start, end = offset + condition.start(2), offset + condition.end(2)
        yield Mutant(path, number, start, end, f"!({condition[2]})", "condition negated")
    if _STATEMENT.match(clean) and not _DECLARATION.match(clean):
        start = offset + len(clean) - len(clean.lstrip())
        yield Mutant(path, number, start, offset + len(clean.rstrip()), ";", "statement dropped")


def changed(tree: Path, base: str, rev: str) -> dict[str, frozenset[int]]:
    """The lines of C that ``rev`` adds to ``base``: path → line numbers."""
    text = subprocess.run(
        ["git", "-C", tree, "diff", "-U0", "--no-renames", base, rev, "--", "*.c", "*.h"],
        capture_output=True, text=True, check=True, errors="replace",
    ).stdout  # fmt: skip
    found: dict[str, set[int]] = {}
    path = ""
    for line in text.splitlines():
        if line.startswith("+++ b/"):
            path = line.removeprefix("+++ b/")
        elif match := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            first, count = int(match[1]), int(match[2] or 1)
            found.setdefault(path, set()).update(range(first, first + count))
    return {path: frozenset(lines) for path, lines in found.items()}


def _bodies(text: str, functions: Sequence[str]) -> frozenset[int]:
    """The lines of these functions, from their name to the closing brace in the first column."""
    found: set[int] = set()
    lines = text.splitlines()
    for name in functions:
        for first, line in enumerate(lines, 1):
            if re.match(rf"\w.*\b{re.escape(name)}\(", line):
                last = next((n for n in range(first, len(lines)) if lines[n].startswith("}")), first)
                found.update(range(first, last + 2))
    return frozenset(found)


def _known(
    tree: Path, rev: str | None, archs: tuple[str, ...], examples: int, names: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Of these properties, or of all, those that pass without a mutation: only they can kill."""
    cache = Cache()
    try:
        opened = open_tree(tree, rev)
        asked = Request(archs, examples, 0, names, shrink=False)
        proofs = {arch: Prover(asked, cache).proof(opened, arch) for arch in archs}
    finally:
        cache.close()
    return {arch: tuple(v.id for v in proof.verdicts if v.status is Status.PASS) for arch, proof in proofs.items()}


def _kill(program: Program, name: str, examples: int) -> Kill | None:
    """The smallest case of this property that does not hold, unless the corpus has it, or it is not claimed."""
    with Runner(program) as runner:
        context = Context(runner, void_of(runner, True), void_of(runner, False))
        (each,) = choose([name])
        failure = search(context, each, 0, examples) if each.claim(context)[0] else None
    return None if failure is None or failure.known else Kill(name, program.bits, failure.case)


def judge(job: tuple[Path, str | None, Mutant, dict[str, tuple[str, ...]], int, bool]) -> Result:
    """Build and prove one mutant."""
    place, rev, mutant, passing, examples, add = job
    tree = open_tree(place, rev)
    text = tree.read([mutant.path])[mutant.path].decode("utf-8", "replace")
    changed_text = text[: mutant.start] + mutant.new + text[mutant.end :]
    before = text.splitlines()[mutant.line - 1].strip()
    after = changed_text.splitlines()[mutant.line - 1].strip()
    overlay = PatchedTree(tree, {mutant.path: changed_text.encode()})
    same = 0
    with tempfile.TemporaryDirectory(prefix="mutant-") as home:
        cache, ours = Cache(Path(home)), Cache()
        try:
            for arch, names in passing.items():
                try:
                    program = build(overlay, arch, cache)
                except toolchain.CompilerError as error:
                    return Result(mutant, "stillborn", str(error), before, after)
                if _text(program.binary) == _text(build(tree, arch, ours).binary):
                    same += 1
                    continue
                proof = Prover(Request((arch,), examples, 0, names, shrink=False, stop=True), cache).proof(
                    overlay, arch
                )
                bad = next((v for v in proof.verdicts if v.status is not Status.PASS), None)
                if bad:
                    kill = _kill(program, bad.id, examples) if add else None
                    return Result(mutant, "killed", f"{bad.id} on {arch} ({bad.status.value})", before, after, kill)
        finally:
            cache.close()
            ours.close()
    if same == len(passing):
        return Result(mutant, "stillborn", "the same code", before, after)
    return Result(mutant, "survived", "", before, after)


def _text(binary: bytes) -> str:
    """The program's code: without debug information, whose line numbers say nothing of what runs."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(binary)
        file.flush()
        return toolchain.run(["objdump", "-d", "--no-show-raw-insn", file.name]).partition("\n\n")[2]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--base")
    parser.add_argument("--rev")
    parser.add_argument("--arch", choices=list(ARCHS), default="both")
    parser.add_argument("--examples", type=int, default=60)
    parser.add_argument("--every", type=int, default=1, help="take only every n-th mutant")
    parser.add_argument("--first", type=int, default=0, help="of these, begin with this one, counted from 0")
    parser.add_argument("--only", action="append", default=[], metavar="FILE:LINE", help="the mutants of these lines")
    parser.add_argument("--skip", action="append", default=[], metavar="FUNCTION", help="not this one: debugfs, say")
    parser.add_argument("--property", action="append", default=[], metavar="ID", help="try these, as in patcher prove")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--add", action="store_true", help="add what kills one to the corpus")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("-o", "--output", type=Path, help="all results, as JSON")
    asked = parser.parse_args(arguments)
    tree = open_tree(asked.tree, asked.rev)
    if asked.base:
        lines = changed(asked.tree, asked.base, asked.rev or "HEAD")
    else:
        texts = tree.read(places(tree).sources)
        lines = {path: frozenset(range(1, text.count(b"\n") + 2)) for path, text in texts.items()}
    texts = tree.read(lines)
    found = [
        mutant
        for path, text in sorted(texts.items())
        for mutant in mutants(path, text.decode("utf-8", "replace"), lines[path] - _bodies(text.decode(), asked.skip))
    ]
    if asked.only:
        found = [each for each in found if any(f"/{each.path}:{each.line}".endswith(f"/{one}") for one in asked.only)]
    found = found[asked.first :: asked.every]
    if asked.list:
        for mutant in found:
            print(f"{mutant.path}:{mutant.line}: {mutant.kind}")
        print(f"{len(found)} mutants")
        return 0
    started = time.monotonic()
    passing = _known(asked.tree, asked.rev, ARCHS[asked.arch], asked.examples, tuple(asked.property))
    print(f"{len(found)} mutants; passing without: {', '.join(f'{len(v)} on {k}' for k, v in passing.items())}")
    jobs = [(asked.tree, asked.rev, mutant, passing, asked.examples, asked.add) for mutant in found]
    results = []
    with ProcessPoolExecutor(asked.jobs) as pool:
        for result in pool.map(judge, jobs):
            results.append(result)
            if result.kill:
                name, bits, case = result.kill
                corpus.add(name, case, bits, f"mutant of the series: {result.mutant.kind}, {result.before}")
            if result.outcome == "survived":
                where = f"{result.mutant.path}:{result.mutant.line}"
                print(f"survived: {where} ({result.mutant.kind})\n  - {result.before}\n  + {result.after}", flush=True)
    counts = {name: sum(r.outcome == name for r in results) for name in ("killed", "survived", "stillborn")}
    alive = counts["killed"] + counts["survived"]
    took = f"{counts['stillborn']} stillborn; {time.monotonic() - started:.0f} s"
    print(f"{alive} mutants: {counts['killed']} killed, {counts['survived']} survived; {took}")
    if asked.output:
        told = [r._asdict() | {"mutant": r.mutant._asdict(), "kill": bool(r.kill)} for r in results]
        asked.output.write_text(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
