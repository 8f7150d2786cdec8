"""`patcher apply --cocci` and spatch alone, given the same semantic patches and the same files.

    python bench/cocci.py --tree DIR [--rev REV] [--only WORD]

Run by hand, on an idle machine. DIR is a kernel in git. For each of some semantic patches of the kernel's own: the
time of spatch alone, of `patcher plan` without and with what it remembers, and whether the files are what spatch alone
has left, byte for byte. Times are seconds by the clock: what runs in a sandbox is not counted to its parent.

Exit codes: 0 the same (or no spatch here: SKIP), 1 they differ, 2 the call or its input is wrong.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CASES = (
    ("scripts/coccinelle/api/string_choices.cocci", "drivers/usb/core"),
    ("scripts/coccinelle/api/device_attr_show.cocci", "drivers/scsi"),
    ("scripts/coccinelle/api/platform_get_irq.cocci", "drivers/memory"),
    ("scripts/coccinelle/free/ifnullfree.cocci", "drivers/usb/gadget"),
    ("scripts/coccinelle/api/memdup.cocci", "drivers/mtd"),
)


def main() -> int:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description="Compare patcher apply --cocci with spatch alone.")
    parser.add_argument("--tree", type=Path, required=True, help="a kernel in git")
    parser.add_argument("--rev", default="HEAD", help="revision (default: HEAD)")
    parser.add_argument("--only", default="", help="cases whose semantic patch has this word")
    asked = parser.parse_args()
    if not shutil.which("spatch"):
        print("SKIP  spatch is not installed; it is in the Debian package coccinelle")
        return 0
    same = True
    print(f"{'semantic patch':46} {'where':20} {'files':>5} {'spatch':>7} {'plan':>7} {'again':>7}  result")
    with tempfile.TemporaryDirectory(prefix="bench-cocci-") as scratch:
        for script, where in CASES:
            if asked.only in script:
                same &= case(asked.tree, asked.rev, script, where, Path(scratch))
    return 0 if same else 1


def case(tree: Path, rev: str, script: str, where: str, scratch: Path) -> bool:
    """One semantic patch; whether both come to the same."""
    name = Path(script).stem
    top = scratch / name
    top.mkdir()
    exported = subprocess.run(
        ["git", "-C", str(tree), "archive", rev, "--", where, script], capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(top)], input=exported.stdout, check=True)
    shutil.copytree(top, top.with_name(f"{name}-before"))
    head = (top / script).read_text().splitlines()
    options = next((shlex.split(line.partition(":")[2]) for line in head if line.startswith("// Options:")), [])
    # what coccicheck runs, but in place
    alone = ["spatch", "-D", "patch", "--very-quiet", "--cocci-file", script, *options, "--dir", where, "--in-place",
             "--no-show-diff", "--jobs", str(os.cpu_count() or 1), "--chunksize", "1"]  # fmt: skip
    cost = measured(alone, top, {})
    cache = {"PATCHER_CACHE_DIR": str(scratch / f"cache-{name}")}
    ours = [sys.executable, "-m", "patcher", "plan", "--cocci", str(top / script), "--tree", str(tree), "--rev", rev,
            "-q", "--", where]  # fmt: skip
    cold, warm = measured(ours, scratch, cache), measured(ours, scratch, cache)
    made = changes(tree, rev, top / script, where, cache)
    left = {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in sorted((top / where).rglob("*.[ch]"))
        if path.read_bytes() != (top.with_name(f"{name}-before") / path.relative_to(top)).read_bytes()
    }
    files = sum(1 for _ in (top / where).rglob("*.[ch]"))
    told = f"the same: {len(left)} files" if made == left else f"DIFFERENT: {sorted(made.items() ^ left.items())[0][0]}"
    print(f"{script:46} {where:20} {files:5} {cost:7.1f} {cold:7.1f} {warm:7.1f}  {told}", flush=True)
    return made == left


def changes(tree: Path, rev: str, script: Path, where: str, cache: dict[str, str]) -> dict[str, bytes]:
    """The files as the patch of ours leaves them."""
    os.environ.update(cache)
    from patcher.cache import Cache
    from patcher.plan.make import plan_and_patches
    from patcher.plan.session import of_semantic_patch
    from patcher.tree.find import open_tree

    planned = plan_and_patches(open_tree(tree, rev), of_semantic_patch(script, [where]), Cache())
    return {path: text for patch in planned.patches for path, text in patch.changes.items()}


def measured(command: Sequence[str], cwd: Path, more: dict[str, str]) -> float:
    """Run to the end: seconds by the clock."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} failed with {done.returncode}: {done.stderr.strip()[-300:]}")
    return time.monotonic() - start


if __name__ == "__main__":
    raise SystemExit(main())
