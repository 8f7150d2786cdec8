"""Mailboxes that are packed with gzip are read as they are; a damaged one, or a bomb, is one clear line."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.mail import packed, read

MAIL = "From: A <a@example.org>\nSubject: [PATCH {0}/2] xen: Do it {0}\n\nWhy.\n---\ndiff --git a/x b/x\n"
BOX = "".join(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{MAIL.format(number)}\n" for number in (1, 2)).encode()
PACKED = gzip.compress(BOX, mtime=0)  # else a test's name has the second it was collected in, another in each worker


def subjects(file: Path) -> list[str]:
    return [patch.summary for patch in read.patches((str(file),))]


def test_one_of_one_part_or_several(tmp_path: Path) -> None:
    """lei and public-inbox write a part for each mail."""
    (tmp_path / "t.mbox.gz").write_bytes(gzip.compress(BOX))
    (tmp_path / "no-name").write_bytes(gzip.compress(BOX[:100]) + gzip.compress(BOX[100:]))
    for name in ("t.mbox.gz", "no-name"):
        assert subjects(tmp_path / name) == ["xen: Do it 1", "xen: Do it 2"]
    (tmp_path / "no-name").unlink()
    assert read.files((str(tmp_path),)) == (str(tmp_path / "t.mbox.gz"),)


def test_a_pipe_that_gives_a_byte_at_a_time(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    content = gzip.compress(BOX)

    def write() -> None:
        with fifo.open("wb", buffering=0) as stream:
            for at in range(len(content)):
                stream.write(content[at : at + 1])

    writer = threading.Thread(target=write)
    writer.start()
    assert subjects(fifo) == ["xen: Do it 1", "xen: Do it 2"]
    writer.join()


@pytest.mark.parametrize(
    "content",
    [PACKED[:-12], b"\x1f\x8b", b"\x1f", b"\x1f\x8b" + b"x" * 50, PACKED[:20] + b"x" * 300],
)
def test_a_damaged_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.mbox.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"^cannot unpack .*x\.mbox\.gz: it is damaged"):
        subjects(tmp_path / "x.mbox.gz")


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed.unpacked, "__defaults__", (2**21,))
    (tmp_path / "x.mbox.gz").write_bytes(gzip.compress(b"x" * 2**22))
    with pytest.raises(InputError, match=r"^cannot unpack .*: it has more than 2 MiB"):
        subjects(tmp_path / "x.mbox.gz")
