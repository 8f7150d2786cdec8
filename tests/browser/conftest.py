"""Reports in a real browser: Debian's chromium, started once."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from realgit import run_git

from patcher.prove import toolchain

GOLDEN = Path(__file__).parents[1] / "generate" / "golden"
PATIENCE = 120_000  # ms, on a machine with much else to do
SUBJECT = "xen: <i>identity</i> & all that"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser. Its sandbox does not start as root, and nothing is shown but our own pages."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page, and all that it did besides being shown."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        self._heard: dict[Any, Callable[[Any], None]] = {
            "console": lambda said: self.wrong.append(f"{said.type}: {said.text}"),
            "pageerror": lambda error: self.wrong.append(f"error: {error}"),
            "dialog": self._dialog,
            "popup": lambda popup: self.wrong.append(f"popup: {popup.url}"),
            "request": lambda asked: self._request(asked.url, address),
        }
        for event, hear in self._heard.items():
            page.on(event, hear)

    def stop(self) -> None:
        """Listen no more."""
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)

    def _request(self, asked: str, address: str) -> None:
        if asked.partition("#")[0] != address:
            self.wrong.append(f"request: {asked}")

    def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def watched() -> type[Opened]:
    """For pages that do what a report must not."""
    return Opened


Open = Callable[..., Page]


@pytest.fixture(scope="session")
def idle(chromium: Browser) -> dict[bool, list[Page]]:
    """Pages that no test uses, without and with JavaScript: a new one is a new process, which takes longer than a
    report takes to load."""
    return {False: [], True: []}


def _leave(page: Page) -> None:
    """Make the page as a new one is."""
    if page.url.startswith("file:"):
        page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.emulate_media(media="null", color_scheme="null", reduced_motion="null")


@pytest.fixture
def open_page(chromium: Browser, idle: dict[bool, list[Page]], tmp_path: Path) -> Iterator[Open]:
    """``open_page(report, anchor="", width=…, again=None, javascript=True, **media)``: a page at a file or with a text,
    when it is loaded; ``again``: one that is open already, and leaves what it shows. In the end, none has written to
    the console, asked for anything but its file, or raised an error."""
    opened: dict[Page, tuple[Opened, bool]] = {}

    def leave(page: Page) -> bool:
        """Whether it had JavaScript."""
        watched, javascript = opened.pop(page)
        watched.stop()
        _leave(page)
        assert watched.wrong == []
        return javascript

    def call(
        report: Path | str, anchor: str = "", width: int = 1280, again: Page | None = None, javascript: bool = True,
        **media: Any,
    ) -> Page:  # fmt: skip
        if isinstance(report, str):
            file = tmp_path / f"report-{len(opened)}.html"
            file.write_text(report, encoding="utf-8", errors="backslashreplace")
        else:
            file = report
        if again:
            page, javascript = again, leave(again)
        elif idle[javascript]:
            page = idle[javascript].pop()
        else:
            page = chromium.new_page(java_script_enabled=javascript)
            page.set_default_timeout(PATIENCE)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(**media)
        opened[page] = Opened(page, file.as_uri()), javascript
        page.goto(f"{file.as_uri()}{anchor and '#'}{anchor}", wait_until="load")
        return page

    yield call
    for page in list(opened):
        idle[leave(page)].append(page)


@pytest.fixture(scope="session")
def report_file(mini_original: Path, tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Path:
    """The report of two commits on the miniature tree, as the command line writes it: one with the whole identity
    series, which lint has something to say of, and one that leaves the P2M alone. Workers share it."""
    if why := toolchain.missing(64):
        pytest.skip(why)
    place = shared_cache.parent / "browser"
    place.mkdir(exist_ok=True)
    file = place / "report.html"
    with (place / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            tree = tmp_path_factory.mktemp("browser") / "linux"
            shutil.copytree(mini_original, tree, symlinks=True)
            _commit_series(tree)
            made = file.with_suffix(".new")
            command = [
                sys.executable,
                "-m",
                "patcher",
                "report",
                "v2.6.37-mini..",
                "--tree",
                str(tree),
                "-o",
                str(made),
            ]
            environment = {**os.environ, "PATCHER_CACHE_DIR": str(shared_cache)}
            done = subprocess.run(
                [*command, "--examples", "1", "-o", str(made)],
                capture_output=True,
                text=True,
                env=environment,
                check=False,
            )
            assert done.returncode == 1, done.stderr
            made.replace(file)
    return file


def _commit_series(tree: Path) -> None:
    run_git(tree, "apply", *map(str, sorted(GOLDEN.glob("*.patch"))))
    run_git(tree, "add", "-A", "-f")
    run_git(tree, "commit", "-q", "-m", f"{SUBJECT}\n\nThis message has a word that no other has: quagmire.")
    (tree / "drivers/xen").mkdir(parents=True, exist_ok=True)
    (tree / "drivers/xen/other.c").write_text("int other;   \n")
    run_git(tree, "add", "-A", "-f")
    run_git(tree, "commit", "-q", "-m", "xen: another file\n\nIt is not compiled.")


@pytest.fixture(scope="session")
def large() -> ModuleType:
    """``bench/report.py``, which makes stories of any size."""
    spec = importlib.util.spec_from_file_location("bench_report", Path(__file__).parents[2] / "bench" / "report.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
