"""Make the pictures of the README, of the miniature tree: python docs/pictures.py. It takes what the tests take:
playwright and Chromium, a compiler, and a sandbox.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).with_name("pictures")
SERIES = "patcher/identity"
WIDTH, HEIGHT = 1280, 860  # pixels


def main() -> None:
    """Write docs/pictures/: a report as a browser shows it, and a P2M."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        tree, report = Path(scratch) / "linux", Path(scratch) / "report.html"
        _patcher("demo", "--keep", tree)
        options = ("--trust-tree", "--configs", "mini_defconfig,xen32_defconfig", "--no-prove")  # proofs take minutes
        _patcher("report", f"main..{SERIES}", "--tree", tree, *options, "-o", report)
        _photograph(report, PICTURES / "report.png")
        _patcher("p2m", "draw", "--tree", tree, "--rev", SERIES, "-o", PICTURES / "p2m.svg")


def _patcher(*args: str | Path) -> None:
    done = subprocess.run([sys.executable, "-m", "patcher", *map(str, args)], stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"patcher {args[0]} ended with {done.returncode}")


def _photograph(report: Path, picture: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(report.as_uri())
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
