"""Mailboxes are divided while reading, whatever is in them."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.errors import InputError
from patcher.mail import mbox, read
from patcher.mail.mbox import split

FROM = b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"


def contents(data: bytes) -> list[bytes]:
    return [raw.content for raw in split(io.BytesIO(data), "x")]


def test_a_mailbox() -> None:
    mails = list(split(io.BytesIO(FROM + b"A: 1\n\na\n\n" + FROM + b"B: 2\n\nb\n"), "box"))
    assert [(mail.line, mail.content) for mail in mails] == [(2, b"A: 1\n\na\n\n"), (7, b"B: 2\n\nb\n")]
    assert mails[0].commit == "0123456789abcdef0123456789abcdef01234567"
    assert mails[0].path == "box"


@pytest.mark.parametrize(
    "line",
    [
        b"From konrad@example.org Tue Dec 21 16:37:10 2010\n",
        b"From konrad at example.org Tue Dec 21 16:37:10 2010\n",
        b"From konrad@example.org  Tue Dec  1 16:37 2010\n",
        b"From konrad@example.org Tue Dec 21 16:37:10 2010 +0100\n",
    ],
)
def test_every_way_to_write_the_from_line(line: bytes) -> None:
    assert contents(line + b"A: 1\n\na\n" + line + b"B: 2\n\nb\n") == [b"A: 1\n\na\n", b"B: 2\n\nb\n"]


def test_a_sentence_is_no_from_line() -> None:
    body = b"A: 1\n\nFrom here on it works.\nFrom Monday 2010 on, too.\n"
    assert contents(FROM + body) == [body]


def test_one_mail_is_not_divided() -> None:
    assert contents(b"A: 1\n\n" + FROM) == [b"A: 1\n\n" + FROM]


def test_escaped_lines() -> None:
    assert contents(FROM + b"A: 1\n\n>From me\n>>From you\n") == [b"A: 1\n\nFrom me\n>From you\n"]


def test_nothing() -> None:
    assert contents(b"") == []
    assert contents(b"\n\n") == []


def test_a_mail_that_is_too_large_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "MAIL_BYTES", 1000)
    first, second = split(io.BytesIO(FROM + b"A: 1\n\n" + b"x\n" * 5000 + FROM + b"B: 2\n\n"), "x")
    assert first.cut
    assert len(first.content) <= 1000
    assert (second.content, second.cut) == (b"B: 2\n\n", False)


def test_memory_is_bounded_by_one_mail(tmp_path: Path) -> None:
    """10 MB of mail, 1,000 patches."""
    box = tmp_path / "box"
    with box.open("wb") as stream:
        for _ in range(1000):
            stream.write(FROM + b"A: 1\n\n" + b"x" * 78 + (b"\n" + b"y" * 99) * 100 + b"\n")
    tracemalloc.start()
    with box.open("rb") as stream:
        count = sum(1 for _ in split(stream, "box"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 1000
    assert peak < 2 * 2**20


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_nothing_is_lost(parts: list[bytes]) -> None:
    """All that stands between From lines comes out, in order, but for the escapes."""
    bodies = [part.replace(b"From ", b"from ") for part in parts]
    data = b"".join(FROM + body + (b"" if body.endswith(b"\n") or not body else b"\n") for body in bodies)
    assert b"".join(contents(data)) == b"".join(
        body + (b"" if body.endswith(b"\n") or not body else b"\n") for body in bodies
    )


def test_files(tmp_path: Path) -> None:
    for name in ("0002-b.patch", "0001-a.patch", "0000-cover-letter.patch", "notes", "x.orig"):
        (tmp_path / name).touch()
    found = [Path(name).name for name in read.files([str(tmp_path)])]
    assert found == ["0000-cover-letter.patch", "0001-a.patch", "0002-b.patch"]


def test_a_maildir(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "cur" / "1:2,S").touch()
    assert [Path(name).name for name in read.files([str(tmp_path)])] == ["1:2,S"]


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read.files([str(tmp_path / "nothing")])
    with pytest.raises(InputError, match="holds no patches"):
        read.files([str(tmp_path)])


def test_labels_tell_mails_apart(tmp_path: Path) -> None:
    for directory, count in (("v1", 1), ("v2", 2)):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "a.patch").write_bytes((FROM + b"Subject: x\n\ny\n") * count)
    both = [f"{tmp_path}/v1/a.patch", f"{tmp_path}/v2/a.patch"]
    assert [patch.label for patch in read.patches(both)] == [both[0], f"{both[1]}:2", f"{both[1]}:6"]
    assert [patch.label for patch in read.patches(both[:1])] == ["a.patch"]
    assert [patch.label for patch in read.patches(both[1:])] == ["a.patch:2", "a.patch:6"]
