"""What became of each use that `patcher plan` names, commit by commit of a series: the table of a page in docs/.

    python bench/uses.py --tree DIR --range A..B --series NAME [-o PAGE]

Each commit is planned, and the JSON of one plan compared with that of the one before: a use that is there no more went
with the step that the plan calls present from there on. Run by hand, as `docs/iomap.md` was made. The table is printed,
or put into PAGE, from its heading "## Use by use" to the end. Exit codes: 0 made, 1 a redundant use is left, 2 the call
or its input is wrong.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HEADING = "## Use by use"
Plan = dict[str, Any]

# What shows that a step takes away nothing that is needed; and, by its rule, that a use has to stay.
SHOWN = {
    "plain-writes": "no PTE is different",
    "foreign-by-lookup": "9-modify, 9-foreign",
    "past-the-end": "9-unmarked, 9-device",
    "passed-through": "9-unmarked, 9-isa",
    "built-from-mfns": "9-modify, 10-mapped",
    "ioremap": "9-identity, 9-unmarked",
    "pci-mmap": "9-identity, 9-unmarked",
    "vm-page-prot": "9-identity, 9-unmarked",
    "agp-prot": "9-identity, 9-ram",
    "ttm-prot": "9-identity, 9-ram",
    "kept-mappings": "10-mapped",
    "made-by-lookup": "9-unmarked, 9-old",
    "no-flag": "9-identity, 9-stray, 9-old",
    "no-definition": "no user is left, and no PTE has the bit",
}
STAYS = {"vm-io-foreign": "10-own"}


class Wrong(Exception):
    """The call or its input is wrong; the message is one line."""


class Use(NamedTuple):
    """A finding of the first plan, and the step that it went with, "" where it stays."""

    path: str
    line: int
    symbol: str
    rule: str
    verdict: str
    why: str
    step: str


def followed(plans: Sequence[Plan]) -> Iterator[Use]:
    """The uses of the first of these plans that are more than unrelated, and where each of them went.

    A use is the same in the next plan where path, function and symbol are, and the source line; where that has changed,
    the next one in their order.
    """
    here: list[tuple[Plan, Plan | None]] = [(each, each) for each in plans[0]["findings"]]
    steps = {id(each): "" for each in plans[0]["findings"]}
    for before, after in itertools.pairwise(plans):
        step = " and ".join(sorted(_present(after) - _present(before))) or "?"
        left = list(after["findings"])
        found: dict[int, Plan] = {}
        for same in (("path", "function", "symbol", "snippet"), ("path", "function", "symbol")):
            for first, now in here:
                if now is not None and id(first) not in found:
                    match = next((each for each in left if all(each[key] == now[key] for key in same)), None)
                    if match:
                        left.remove(match)
                        found[id(first)] = match
        for first, now in here:
            if now is not None and id(first) not in found:
                steps[id(first)] = step
        here = [(first, found.get(id(first))) for first, _ in here]
    for first, _ in here:
        if first["verdict"] != "unrelated":
            yield Use(
                first["path"], first["line"], first["symbol"], first["rule"], first["verdict"], first["why"],
                steps[id(first)],
            )  # fmt: skip


def table(plans: Sequence[Plan]) -> str:
    """The section of the page: what goes, what stays, and why."""
    uses = list(dict.fromkeys(followed(plans)))
    release = plans[0]["tree"]["version"]
    lines = [
        f"{HEADING}, on {release}", "",
        "What `plan` finds, the step that removes it, and the property that shows the removal right. Before:",
        f"{_counts(plans[0])}. After: {_counts(plans[-1])}.", "",
        "| where | use | verdict | step | shown by |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for use in uses:
        if use.step:
            end = f"{use.step} | {SHOWN.get(use.step, '?')}"
        elif use.verdict == "plumbing":
            continue
        else:
            end = f"stays: {use.why.replace('|', chr(92) + '|')} | {STAYS.get(use.rule, 'no property')}"
        lines.append(f"| {use.path}:{use.line} | `{use.symbol}` [{use.rule}] | {use.verdict} | {end} |")
    kept = sum(not use.step and use.verdict == "plumbing" for use in uses)
    lines += ["", f"The {kept} places of plumbing that stay are the P2M's own."]
    return "\n".join(lines) + "\n"


def _present(plan: Plan) -> set[str]:
    return {step["slug"] for step in plan["steps"] if step["status"] == "present"}


def _counts(plan: Plan) -> str:
    counts = Counter(each["verdict"] for each in plan["findings"])
    return ", ".join(f"{counts[name]} {name}" for name in ("redundant", "required", "plumbing"))


def _plan(tree: Path, rev: str, series: str) -> Plan:
    words = ["plan", "--tree", str(tree), "--rev", rev, "--series", series, "--format", "json", "--quiet"]
    done = subprocess.run([sys.executable, "-m", "patcher", *words], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise Wrong(done.stderr.strip() or f"patcher plan of {rev} says nothing")
    found: Plan = json.loads(done.stdout)
    return found


def _commits(tree: Path, span: str) -> list[str]:
    first = span.partition("..")[0]
    done = subprocess.run(
        ["git", "-C", str(tree), "rev-list", "--reverse", "--end-of-options", span],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or not done.stdout:
        raise Wrong(done.stderr.strip() or f"{span} has no commits")
    return [first, *done.stdout.split()]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument("--range", required=True, metavar="A..B")
    parser.add_argument("--series", default="iomap")
    parser.add_argument("-o", "--output", type=Path, metavar="PAGE")
    asked = parser.parse_args(arguments)
    try:
        plans = [_plan(asked.tree, rev, asked.series) for rev in _commits(asked.tree, asked.range)]
        text = table(plans)
        if asked.output:
            head, found, _ = asked.output.read_text().partition(f"\n{HEADING}")
            if not found:
                raise Wrong(f"{asked.output} has no heading '{HEADING}'")
            asked.output.write_text(f"{head}\n{text}")
        else:
            print(text, end="")
    except (Wrong, OSError) as error:
        print(f"uses: {error}", file=sys.stderr)
        return 2
    return int(any(each["verdict"] == "redundant" for each in plans[-1]["findings"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
