"""patcher lint with lei, and with Patchwork: what docs/mail-tools.md says, with the real programs where they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

Run = Callable[..., Any]
DOCS = Path(__file__).parents[2] / "docs" / "mail-tools.md"
SIGN = "Signed-off-by: A U Thor <author@example.org>"
IDS = {"two-1@example.org": 41, "two-2@example.org": 42}


def mail(number: int, summary: str, sign: str = SIGN) -> str:
    diff = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    return (
        "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A U Thor <author@example.org>\n"
        f"To: linux-kernel@vger.kernel.org\nSubject: [PATCH {number}/2] {summary}\n"
        f"Date: Tue, 21 Dec 2010 12:00:0{number} +0000\nMessage-ID: <two-{number}@example.org>\n"
        f"In-Reply-To: <two-0@example.org>\n\nIt is needed.\n\n>From me.\n\n{sign}\n---\n{diff}\n"
    )


BOX = mail(1, "xen: Add option 1.") + mail(2, "xen: Add option 2", SIGN.replace("Signed", "Singed"))


@pytest.fixture
def environment(tmp_path: Path, command_environment: dict[str, str]) -> dict[str, str]:
    """Where ``patcher`` is this one, and programs have a home of their own."""
    for name in ("bin", "home", "run"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "bin/patcher").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m patcher "$@"\n')
    (tmp_path / "bin/patcher").chmod(0o755)
    (tmp_path / "thread.mbox").write_text(BOX)
    return {
        **{name: value for name, value in command_environment.items() if not name.startswith("XDG_")},
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"), "no_proxy": "127.0.0.1",
    }  # fmt: skip


def test_lei(environment: dict[str, str], tmp_path: Path) -> None:
    """A search over mail of one's own, on standard input and packed in a file."""
    if not shutil.which("lei"):
        pytest.skip("lei is not installed")

    def shell(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    try:
        assert shell("lei import -F mboxrd thread.mbox").returncode == 0
        for _ in range(100):  # its daemon writes the index afterwards
            if shell("lei q -q -f mboxrd -t 's:option'").stdout:
                break
            time.sleep(0.1)
        ran = shell("lei q -f mboxrd -t 's:option' 2>/dev/null | patcher lint --format terse -")
        assert ran.returncode == 1, ran
        assert {re.sub(r".*\[", "[", line) for line in ran.stdout.splitlines()} == {"[summary-full-stop]", "[tag-name]"}
        packed = shell("lei q -q -t -o mboxrd:x.mbox.gz 's:option'; patcher lint --format terse x.mbox.gz")
        said = re.sub(r"x\.mbox\.gz:\d+:", "stdin:", packed.stdout)  # in what order the mails are, lei decides
        assert sorted(said.splitlines()) == sorted(re.sub(r"stdin:\d+:", "stdin:", ran.stdout).splitlines())
    finally:
        shell("lei daemon-kill")


@pytest.fixture
def patchwork() -> Iterator[tuple[str, list[tuple[int, dict[str, str]]]]]:
    """A server that answers as Patchwork's API does (docs/api/schemas), to whom has its token; and what it was sent."""
    sent: list[tuple[int, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlparse(self.path)
            found = IDS.get(parse_qs(asked.query)["msgid"][0]) if asked.path == "/api/patches/" else None
            self._answer(200, [{"id": found}] if found else [])

        def do_POST(self) -> None:
            check = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = re.fullmatch(r"/api/patches/(\d+)/checks/", self.path)
            if not path or self.headers["Authorization"] != "Token secret":
                return self._answer(403, {})
            if check["state"] not in ("pending", "success", "warning", "fail"):
                return self._answer(400, {})
            sent.append((int(path.group(1)), check))
            return self._answer(201, check)

        def _answer(self, code: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    server.server_close()
    serving.join()


def test_checks_are_posted_as_documented(
    environment: dict[str, str], patchwork: tuple[str, list[tuple[int, dict[str, str]]]], tmp_path: Path
) -> None:
    for program in ("curl", "jq"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    address, sent = patchwork
    section = DOCS.read_text().partition("\n## Patchwork\n")[2]
    found = re.search(r"((?:^    .*\n)+)", section, re.MULTILINE)
    assert found
    (tmp_path / "thread.mbox").write_text(BOX + mail(1, "xen: Say it").replace("two-1", "unknown-1"))
    done = subprocess.run(
        ["sh", "-c", textwrap.dedent(found.group(1))], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**environment, "PATCHWORK": address, "TOKEN": "secret"},
    )  # fmt: skip
    assert done.stderr == ""
    assert [(number, check["state"], check["context"]) for number, check in sent] == [
        (41, "warning", "patcher-lint"), (42, "fail", "patcher-lint"),
    ]  # fmt: skip
    assert all(0 < len(check["description"]) <= 255 for _, check in sent)
