"""What tells who and where one is does not get into a bug report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from patcher.redact import redactor


@pytest.fixture(autouse=True)
def someone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/jane")
    monkeypatch.setenv("USER", "jane")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Jane Roe")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git -C /home/jane/src/secret/linux log", "git -C <tree> log"),
        ("/home/jane/src/secret/linux/mm/memory.c:7:", "<tree>/mm/memory.c:7:"),
        ("/home/jane/src/secret/linux-next/x", "~/…/x"),
        ("/home/jane/x.mbox", "~/x.mbox"),
        ("/home/jane/.cache/patcher/a/b", "~/…/b"),
        ("/home/janet/x", "<path>/x"),
        ("/srv/customer/acme/x.patch", "<path>/x.patch"),
        ("--tree=/srv/customer/linux", "--tree=<path>/linux"),
        ("'/srv/customer/linux': nothing", "'<path>/linux': nothing"),
        ("/usr/bin/gcc -I/usr/include/xen", "/usr/bin/gcc -I/usr/include/xen"),
        ("arch/x86/xen/mmu.c and a/b/c", "arch/x86/xen/mmu.c and a/b/c"),
        ("From: Joe Doe <joe@example.org>, x", "From: <person>, x"),
        ("joe.doe+lkml@mail.example.org wrote", "<mail> wrote"),
        ("Message-ID: <2024.1@example.org>", "Message-ID: <mail>"),
        ("HEAD@{1}..@{upstream} v6.12@x", "HEAD@{1}..@{upstream} v6.12@x"),
        ("https://joe:secret@git.example.org/x.git", "<url>"),
        ("Jane Roe signed; jane did; janet not", "<person> signed; <user> did; janet not"),
        ("git log --grep='xen: Drop the secret' --author=jane", "git log --grep=<text> --author=<text>"),
    ],
)  # fmt: skip
def test_what_is_left_out(text: str, expected: str) -> None:
    redacted = redactor({Path("/home/jane/src/secret/linux"): "<tree>"})
    assert redacted(text) == expected


def test_the_machine() -> None:
    host = os.uname().nodename
    assert redactor({})(f"at {host}") == "at <host>" or len(host) < 3 or host == "localhost"


def test_a_link_and_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "really").mkdir()
    (tmp_path / "link").symlink_to("really")
    redacted = redactor({tmp_path / "link": "<tree>"})
    assert redacted(f"{tmp_path}/link/x {tmp_path}/really/x") == "<tree>/x <tree>/x"


def test_the_root_directory_is_no_place_to_hide() -> None:
    assert redactor({Path("/"): "<tree>", Path(): "<here>"})("/usr/bin/x . y") == "/usr/bin/x . y"
