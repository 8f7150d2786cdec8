"""Who is written to, compared with the tree's own scripts/get_maintainer.pl --no-git-fallback, and the time of both.

    python bench/recipients.py TREE [--files N] [--patches N] [--seed N]

TREE is unpacked sources that have the script. Files are drawn at random, and patches: hunks of files, every other one
at a line that has a word of a `K:`. Perl runs the script once for each; of entries that are equally deep it asks the
first that its hash gives, so that what differs is tried again with other seeds of that hash. Time is that of the
processor, ours with the reading of MAINTAINERS in it, and without the start of Python.

Exit codes: 0 alike and at least 20 times as fast, 1 not so, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = "scripts/get_maintainer.pl"
SEEDS = 40  # of Perl's hash
FASTER = 20
LINES = 12  # of a hunk

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from patcher.tree.directory import DirectoryTree  # noqa: E402
from patcher.tree.mailmap import formatted  # noqa: E402
from patcher.tree.recipients import Recipients  # noqa: E402


def theirs(tree: Path, of: Sequence[str], seed: int) -> list[str]:
    command = ["perl", SCRIPT, "--no-git-fallback", *of]
    environment = {**os.environ, "PERL_HASH_SEED": str(seed), "PERL_PERTURB_KEYS": "2"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )[:-1]


def answers(tree: Path, files: Sequence[str]) -> dict[str, list[str]]:
    """Ours for paths in the tree, and for patches, whose paths are absolute."""
    known = Recipients(DirectoryTree(tree))
    found = {}
    for file in files:
        text = Path(file).read_text(errors="surrogateescape") if file.startswith("/") else ""
        found[file] = [
            f"{formatted(each.person)} ({each.roles})" for each in (known.of_patch(text) if text else
                                                                    known.of_paths([file]))
        ]  # fmt: skip
    return found


def drawn(tree: DirectoryTree, paths: Sequence[str], count: int, chosen: random.Random) -> Iterator[str]:
    """Patches, as text."""
    words = sorted(
        {
            word
            for section in Recipients(tree).maintainers.all_sections
            for keyword in section.keywords
            for word in re.findall(r"[A-Za-z_]{3,}", keyword.expression)
        }
    )
    while count:
        path = chosen.choice(paths)
        lines = (tree.root / path).read_text(errors="replace").split("\n")
        at = [number for number, line in enumerate(lines) if any(word in line for word in words)]
        if len(lines) < LINES or (count % 2 and not at) or not set(path) <= set(map(chr, range(33, 127))):
            continue
        start = max(0, (chosen.choice(at) if count % 2 else chosen.randrange(len(lines))) - LINES // 2)
        hunk = "\n".join(f"{' ' if number % 3 else chosen.choice('+-')}{line}" for number, line in
                         enumerate(lines[start : start + LINES]))  # fmt: skip
        about = chosen.choice(words) if count % 3 == 0 else "a change"
        count -= 1
        yield (
            f"Subject: [PATCH] test: {about}\n\nSome words on {about}.\n---\n {path} | 2 +-\n\n"
            f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -{start + 1},{LINES} +1,{LINES} @@\n{hunk}\n"
            "-- \n2\n"
        )


def used(who: int) -> float:
    import resource

    spent = resource.getrusage(who)
    return spent.ru_utime + spent.ru_stime


def compare(tree: Path, files: Sequence[str]) -> bool:
    import resource

    script = 0.0
    differing, tied = [], 0
    before = used(resource.RUSAGE_SELF)
    ours = answers(tree, files)
    spent = used(resource.RUSAGE_SELF) - before
    for file in files:
        of = [file] if file.startswith("/") else ["-f", file]
        before = used(resource.RUSAGE_CHILDREN)
        found = theirs(tree, of, 0)
        script += used(resource.RUSAGE_CHILDREN) - before
        if found != ours[file]:
            if any(theirs(tree, of, seed) == ours[file] for seed in range(1, SEEDS)):
                tied += 1
            else:
                differing.append(file)
                print(f"DIFFERS  {file}\n  theirs {found}\n  ours   {ours[file]}")
    print(f"{len(files)} answers: {len(files) - len(differing)} alike, {tied} of them with another seed of Perl's hash")
    print(f"get_maintainer.pl {script:.1f} s, ours {spent:.2f} s: {script / spent:.0f} times as fast")
    return not differing and script >= FASTER * spent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path, metavar="TREE")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--patches", type=int, default=100)
    parser.add_argument("--seed", type=int, default=16)
    asked = parser.parse_args()
    if not (asked.tree / SCRIPT).is_file():
        print(f"{asked.tree} has no {SCRIPT}", file=sys.stderr)
        return 2
    tree, chosen = DirectoryTree(asked.tree.resolve()), random.Random(asked.seed)
    paths = sorted(tree.paths())
    with tempfile.TemporaryDirectory() as place:
        patches = []
        for number, text in enumerate(drawn(tree, paths, asked.patches, chosen)):
            file = Path(place, f"{number}.patch")
            file.write_text(text)
            patches.append(str(file))
        return 0 if compare(tree.root, [*chosen.sample(paths, asked.files), *patches]) else 1


if __name__ == "__main__":
    sys.exit(main())
