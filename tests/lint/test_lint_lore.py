"""patcher lint lore:MESSAGE-ID: a thread that b4 fetches. The real b4, from a server on this machine."""

from __future__ import annotations

import gzip
import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from patcher.errors import InputError
from patcher.lint import lore

Run = Callable[..., Any]
Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"
ROOT = "20101221-two-v1-0@example.org"


def mail(number: int, summary: str) -> str:
    diff = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    reply = f"In-Reply-To: <{ROOT}>\nReferences: <{ROOT}>\n" if number else ""
    return (
        "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: A U Thor <author@example.org>\n"
        f"To: linux-kernel@vger.kernel.org\nSubject: [PATCH {number}/2] {summary}\n"
        f"Date: Tue, 21 Dec 2010 12:00:0{number} +0000\n{reply}"
        f"Message-ID: <{ROOT.replace('-0@', f'-{number}@')}>\n\nIt is needed.\n\n"
        f"{f'{SIGN}{chr(10)}---{chr(10)}{diff}' if number else ''}\n"
    )


BOX = mail(0, "xen: Two options") + mail(1, "xen: Add option 1") + mail(2, "xen: Add option 2.")


class Archive(NamedTuple):
    """The paths that were asked for, and the environment in which b4 asks."""

    asked: list[str]
    environment: dict[str, str]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A server that has one thread, as public-inbox hands it out, and the user's configuration of b4 that names it."""
    if importlib.util.find_spec("b4") is None:
        pytest.skip("b4 is not installed")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(unquote(self.path))
            found = asked[-1].endswith(f"/{ROOT}/t.mbox.gz")
            content = gzip.compress(BOX.encode()) if found else b"no"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    (tmp_path / "gitconfig").write_text(f'[b4]\n\tmidmask = "http://127.0.0.1:{server.server_port}/all/%s"\n')
    (tmp_path / "bin").mkdir()
    b4 = tmp_path / "bin/b4"
    paths = os.pathsep.join(filter(None, sys.path))
    b4.write_text(f'#!/bin/sh\nPYTHONPATH="{paths}" exec "{sys.executable}" -m b4.command "$@"\n')
    b4.chmod(0o755)
    environment = {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"), "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1",
        "XDG_DATA_HOME": str(tmp_path / "data"), "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    yield Archive(asked, environment)
    server.shutdown()
    server.server_close()
    serving.join()


def test_a_thread(run: Run, archive: Archive, tmp_path: Path) -> None:
    """By its Message-ID, and by its address; what a repository says of b4 does not count."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/.b4-config").write_text('[b4]\n\tmidmask = "http://127.0.0.1:1/all/%s"\n')
    ran = run("lint", "-q", f"lore:<{ROOT}>", cwd=tmp_path / "tree", env=archive.environment)
    assert (ran.code, ran.stderr) == (1, ""), ran
    assert "2 patches and 1 other mail in 1 series" in ran.stdout
    assert f"lore:{ROOT}:" in ran.stdout and "the summary ends with a full stop" in ran.unfolded
    address = f"https://lore.kernel.org/all/{ROOT}/T/#u"
    again = run("lint", "--format", "terse", address, cwd=tmp_path, env=archive.environment)
    assert again.stdout.startswith(f"lore:{ROOT}:") and again.stdout.count("\n") == 1
    assert archive.asked[0] == f"/all/{ROOT}/t.mbox.gz"


def test_a_thread_that_is_not_there(run: Run, archive: Archive) -> None:
    ran = run("lint", "lore:other@example.org", env=archive.environment)
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran
    assert ran.stderr.startswith("patcher: b4 does not get other@example.org (")
    assert archive.asked


def test_mail_that_was_sent_is_not_put_right(run: Run) -> None:
    ran = run("lint", "--fix", f"lore:{ROOT}")
    said = "patcher: --fix, and what cannot be written anew is named: name files of mail, or commits\n"
    assert (ran.code, ran.stderr) == (2, said)


def b4_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    (tmp_path / "b4").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "b4").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_without_b4(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"^lore:a@b needs b4, which is not installed: install it"):
        lore.fetched(("lore:a@b",))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (r"printf 'Looking up\nno \033[31mnetwork\n' >&2; exit 1", r"b4 does not get a@b \(no \\x1b\[31mnetwork\): "),
        ("exit 3", r"b4 does not get a@b \(exit status 3\): "),
        ("exit 0", r"b4 does not get a@b \(exit status 0\): "),
        ("exec cat /dev/zero", r"b4 was ended for a@b: it gave more than 1 MiB"),
        ("exec sleep 600", r"b4 was ended for a@b: it took longer than 1 s"),
    ],
)
def test_a_b4_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, said: str) -> None:
    b4_that(tmp_path, monkeypatch, script)
    monkeypatch.setattr(lore, "HUGE", 2**20)
    monkeypatch.setattr(lore, "SECONDS", 1.0 if "sleep" in script else 60.0)
    with pytest.raises(InputError, match=f"^{said}") as raised:
        lore.fetched(("lore:a@b",))
    assert "\n" not in str(raised.value)


def test_what_b4_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    b4_that(tmp_path, monkeypatch, 'pwd; echo "$@"')
    what, threads = lore.fetched(("lore:a+b/c=d%1@example.org", str(tmp_path)))
    assert what == ("lore:a+b/c=d%1@example.org", str(tmp_path))
    (said,) = threads.values()
    assert said == b"/\n--no-interactive --no-stdin mbox -o - -- a+b/c=d%1@example.org\n"


@pytest.mark.parametrize(
    "word",
    [
        "lore:", "lore:-o@example.org", "lore:--help", "lore:a b@example.org", "lore:a\n@b", "lore:a\x1b@b",
        "lore:a@b c", "lore:http://evil.example/all/a@b", "lore:a<b@c", "lore:a", "lore:a@", "lore:@b", "lore:ä@b",
        "lore:" + "a" * 300 + "@b", "https://evil.example/all/a@b/", "https://lore.kernel.org/all/", "http://x",
        "https://lore.kernel.org", "https://lore.kernel.org/all/-o@b/", "https://lore.kernel.org/all/%2Do@b/",
        "https://lore.kernel.org/all/a%0A@b/", "https://lore.kernel.org.evil.example/all/a@b/",
    ],
)  # fmt: skip
def test_what_is_no_message_id(word: str) -> None:
    assert lore.named(word)
    with pytest.raises(InputError) as raised:
        lore.message_id(word)
    assert "\n" not in str(raised.value) and "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lore:a@b", "a@b"),
        ("lore:<20250101.x+y$z/1@kernel.org>", "20250101.x+y$z/1@kernel.org"),
        ("https://lore.kernel.org/all/a@b/", "a@b"),
        ("https://lore.kernel.org/linux-mm/a%2Bc@b/t/#m1", "a+c@b"),
        ("https://lkml.kernel.org/r/a@b", "a@b"),
        ("https://patch.msgid.link/a@b", "a@b"),
    ],
)
def test_a_message_id(word: str, meant: str) -> None:
    assert lore.message_id(word) == meant


def test_a_file_of_that_name_is_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lore:a@b").write_text(BOX)
    assert "2 patches" in run("lint", "lore:a@b", cwd=tmp_path).stdout
    shutil.copy(tmp_path / "lore:a@b", tmp_path / "x.mbox")
    assert "2 patches" in run("lint", "x.mbox", cwd=tmp_path).stdout
