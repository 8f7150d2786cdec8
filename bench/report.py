"""How fluent `patcher report` is in a browser: a series of 300 patches in 12 configurations beside one of 14.

    python bench/report.py [--patches N] [--configs N] [--keep DIR] [--runs N]

The stories are made of values, not of a kernel. For each: time to write the page, its size, elements, time until the
browser has read and laid it out, and of a filter and of a key, each until the next frame is drawn. What counts are the
ratios within one run. It needs Debian's chromium. Run by hand. Exit codes: 0 measured, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from patcher.check.results import Cell, Column, Finding, Kind, LeftOut, Report, Row, Status
from patcher.check.stages import Stage
from patcher.mail.model import Kind as MailKind
from patcher.mail.model import Patch, Person
from patcher.prove.picture import Kind as Held
from patcher.prove.picture import LeafRun, MidRun, Pages, Picture, Piece, Shared
from patcher.prove.pictures import Pictures, Shot
from patcher.prove.scenario import RAM
from patcher.report.html.story import story_html
from patcher.story.model import Story

TOOL = {"name": "patcher", "version": "0"}
BASE = "0" * 40
_WHOLE, _NOTHING = (Piece(0, 512, Held.RAM),), (Piece(0, 512, Held.MISSING),)


def story(patches: int, configs: int, files: int = 3, lines: int = 24) -> Story:
    """A series of so many patches, checked in so many configurations, with findings in every fifth. Each patch changes
    ``files`` files by ``lines`` lines, and every tenth one the P2M."""
    ids = [f"{number:040x}" for number in range(1, patches + 1)]
    return Story(
        name="v6.12..topic", place="linux", base=BASE, base_subject="Linux 6.12", tip=ids[-1], branch="topic",
        patches=tuple(_patch(number, commit, files, lines) for number, commit in enumerate(ids, 1)),
        report=_report(ids, configs), pictures=_pictures(ids), stages=(Stage("compile", 61.5), Stage("lint", 1.25)),
        commands=("patcher check v6.12..topic --trust-tree",),
    )  # fmt: skip


def _patch(number: int, commit: str, files: int, lines: int) -> Patch:
    diff = ""
    for file in range(files):
        name = f"drivers/net/part{number % 40}/file{file}.c"
        old = (f"-\treturn part_read(part, REG_{line}, value_{number});\n" for line in range(lines))
        new = (f"+\treturn part_read_checked(part, REG_{line}, &value_{number});\n" for line in range(lines))
        diff += f"diff --git a/{name} b/{name}\nindex 1111111..2222222 100644\n--- a/{name}\n+++ b/{name}\n"
        diff += f"@@ -{number},{lines + 6} +{number},{lines + 6} @@ static int probe_{number}(struct device *dev)\n"
        diff += (
            3 * " \tstruct part *part = dev_get_drvdata(dev);\n" + "".join((*old, *new)) + 3 * " \tpart_put(part);\n"
        )
    body = tuple(f"Line {line} of the reason for change {number}, as long as such lines are." for line in range(12))
    summary = f"net: part{number % 40}: have reads of register block {number} checked"
    author = Person("A U Thor", "author@example.org")
    return Patch(
        kind=MailKind.PATCH, label=f"{number}/n", commit=commit, subject=summary, summary=summary, author=author,
        sender=author, date="2026-11-28", body=(*body, "", "Signed-off-by: A U Thor <author@example.org>"),
        body_line=1, tags=(), below=(), diff=diff,
    )  # fmt: skip


def _report(ids: list[str], configs: int) -> Report:
    columns = tuple(Column(f"config-{number}", "gcc", f"config-{number}", "make defconfig", "gcc 12")
                    for number in range(1, configs + 1))  # fmt: skip
    rows, findings = [], []
    for number, commit in enumerate(ids, 1):
        own = [
            Finding(
                commit=number, check=columns[at % configs].check, kind=Kind.WARNING if at else Kind.ERROR,
                path=f"drivers/net/part{number % 40}/file{at % 3}.c", line=100 + at, function=f"probe_{number}",
                message=f"'value_{number}' is used uninitialized [-Wuninitialized]", source=f"\treturn value_{number};",
                configs=(columns[at % configs].check,), targets=("drivers/net/part.o",), until=0,
                fingerprint=f"{number:08x}{at:08x}",
            )
            for at in range(0 if number % 5 else 6)
        ]  # fmt: skip
        findings += own
        rows.append(
            Row(number, commit, f"net: part{number % 40}: have reads of register block {number} checked",
                tuple(_cell(number, at, column, bool(own)) for at, column in enumerate(columns)))
        )  # fmt: skip
    return Report(
        tree="linux", version="6.12", base=BASE, columns=columns, rows=tuple(rows), findings=tuple(findings),
        left_out=(LeftOut("arch/x86/a.c", "no configuration builds it"),), adjustments=(), notes=(),
    )  # fmt: skip


def _cell(number: int, at: int, column: Column, found: bool) -> Cell:
    status = Status.FAIL if found and not at else Status.WARN if found and at < 6 else Status.PASS
    status = Status.SKIP if (number + at) % 17 == 0 and status is Status.PASS else status
    return Cell(
        column.check, status, "nothing new" if status is Status.PASS else f"{status.value} of {column.check}", 3
    )


def _pictures(ids: list[str]) -> Pictures:
    """One more every tenth commit; of the last the balloon's region is longest."""
    found = tuple(_picture(number) for number in range(len(ids) // 10 + 1))
    shots = [Shot(BASE, "Linux 6.12", 0)]
    shots += [Shot(commit, f"net: change {number}", number // 10) for number, commit in enumerate(ids, 1)]
    return Pictures("x86_64", "values, no machine", tuple(shots), found)


def _picture(number: int) -> Picture:
    kinds = (Held.RAM, Held.IDENTITY)
    pieces = tuple(Piece(64 * each, 64, kinds[(each + number) % 2]) for each in range(8))
    leaves = tuple(LeafRun(at, 1, "", True, pieces) for at in range(12))
    own = MidRun(0, 1, "", (*leaves, LeafRun(12, 500, "", True, _WHOLE)))
    top = (own, MidRun(1, number + 1, "", (LeafRun(0, 512, "", True, _WHOLE),)),
           MidRun(number + 2, 510 - number, "p2m_mid_missing", ()))  # fmt: skip
    shared = (Shared("p2m_missing", "leaf", Held.MISSING, 0, ""),
              Shared("p2m_mid_missing", "mid", Held.MISSING, 510 - number, "p2m_missing"))  # fmt: skip
    pages = Pages(24 + number, 1000, number + 2, 12, 2, 7, 500, 600)
    return Picture("x86_64", 512, True, 1 << 20, 1 << 20, ((0, 1 << 32, RAM),), (1 << 20, (1 << 20) + 4096 * number),
                   top, shared, pages)  # fmt: skip


class Measured(NamedTuple):
    """Of one page: its bytes and elements, and milliseconds: of processor time to make it; until the browser has read
    it, has painted it first, and has loaded it; until a filter and a key are drawn."""

    size: int
    elements: int
    made: float
    parsed: float
    painted: float
    loaded: float
    filtered: float
    key: float


def measure(browser: Browser, file: Path, runs: int) -> Measured:
    """The medians of so many loads; ``made`` is left at 0."""
    found: list[tuple[float, ...]] = []
    elements = 0
    for _ in range(runs):
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(file.as_uri(), wait_until="load", timeout=120_000)
        timing = page.evaluate(
            """async () => {
              await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
              const [entry] = performance.getEntriesByType("navigation");
              const paint = performance.getEntriesByName("first-contentful-paint")[0];
              return [entry.domContentLoadedEventEnd, paint ? paint.startTime : 0, entry.loadEventEnd];
            }"""
        )
        elements = page.evaluate("document.getElementsByTagName('*').length")
        found.append((*timing, _filter(page), _key(page)))
        page.close()
    middle = [statistics.median(each) for each in zip(*found, strict=True)]
    return Measured(file.stat().st_size, elements, 0, *middle)


def _filter(page: Page) -> float:
    """A word that few patches have, until they alone are drawn."""
    return _until_drawn(page, """() => {
      const words = document.getElementById("words");
      words.value = "part7/";
      words.dispatchEvent(new Event("input", { bubbles: true }));
      words.dispatchEvent(new Event("change", { bubbles: true }));
    }""", "document.getElementById('said').textContent !== ''")  # fmt: skip


def _key(page: Page) -> float:
    """To the next finding."""
    return _until_drawn(
        page, "() => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))", "true"
    )


def _until_drawn(page: Page, act: str, done: str) -> float:
    found = page.evaluate(
        f"""async () => {{
          const frame = () => new Promise((next) => requestAnimationFrame(next));
          const start = performance.now();
          ({act})();
          while (!({done})) await frame();
          await frame(); await frame();
          return performance.now() - start;
        }}"""
    )
    return float(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patches", type=int, default=300)
    parser.add_argument("--configs", type=int, default=12)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the pages there")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None or args.patches < 1 or args.configs < 1:
        print("it needs chromium, and at least one patch and configuration", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        rows = []
        for patches in (min(14, args.patches), args.patches):
            told = story(patches, args.configs)
            start = time.process_time()
            text = story_html(told, TOOL)
            made = 1000 * (time.process_time() - start)
            file = (args.keep or Path(directory)) / f"report-{patches}.html"
            file.write_text(text, encoding="utf-8")
            rows.append(measure(browser, file, args.runs)._replace(made=made))
            print(f"{patches} x {args.configs}: {_line(rows[-1])}", flush=True)
        browser.close()
    ratios = ", ".join(
        f"{name} {new / max(old, 0.001):.1f}" for name, old, new in zip(Measured._fields, *rows, strict=True)
    )
    print(f"ratio: {ratios}")
    return 0


def _line(found: Measured) -> str:
    times = ", ".join(
        f"{name} {value:.0f} ms" for name, value in found._asdict().items() if name not in ("size", "elements")
    )
    return f"{found.size / 1e6:.2f} MB, {found.elements:,} elements, {times}"


if __name__ == "__main__":
    sys.exit(main())
