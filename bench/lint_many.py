"""`patcher lint` on whole mailing lists: time and memory, and whether anything made it stumble.

    python bench/lint_many.py ARCHIVE... [--count N]

An archive is as for lint_lists.py. The newest N mails of each, whatever they are, become one mailbox, which one process
lints. Run by hand. Exit codes: 0 measured, 1 it ended in a traceback or with an error, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lint_lists import ROOT, contents, in_mailbox


def mailbox(archive: Path, count: int, file: Path) -> int:
    """Write the newest mails of an archive; how many there were."""
    listing: list[str | Path] = ["git", "-C", archive, "rev-list", f"--max-count={count}", "HEAD"]
    commits = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    with file.open("wb") as out:
        return sum(bool(out.write(in_mailbox(content))) for _, content in contents(archive, commits))


def lint(file: Path) -> str:
    """Lint a mailbox: one line of what it took. Raises SystemExit where it stumbled."""
    started = time.monotonic()
    command = [sys.executable, "-m", "patcher", "lint", "--no-tree", "--format", "json", str(file)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, env={**os.environ, "PYTHONPATH": str(ROOT)})
        _, status, used = os.wait4(process.pid, 0)
        errors.seek(0)
        told = errors.read().decode("utf-8", "replace")
        size = out.seek(0, os.SEEK_END)
    if os.waitstatus_to_exitcode(status) not in (0, 1) or "Traceback" in told:
        raise SystemExit(f"exit code {os.waitstatus_to_exitcode(status)}: {told[-2000:]}")
    return (
        f"{time.monotonic() - started:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of processor time, "
        f"{used.ru_maxrss / 1024:.0f} MiB at most, {size / 1e6:.0f} MB of findings"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives", type=Path, nargs="+", metavar="ARCHIVE")
    parser.add_argument("--count", type=int, default=20_000)
    args = parser.parse_args()
    for archive in args.archives:
        if not archive.is_dir():
            print(f"{archive} is no directory", file=sys.stderr)
            return 2
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "list.mbox")
            mails = mailbox(archive, args.count, file)
            print(f"{archive}: {mails} mails, {file.stat().st_size / 1e6:.0f} MB: {lint(file)}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
