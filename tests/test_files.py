"""No file is opened before it is known to be one, and no more is read than was agreed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from patience import not_stuck

from patcher import files
from patcher.errors import InputError


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content\n" * 100_000)
    assert files.read_file(tmp_path / "a") == b"content\n" * 100_000
    assert files.read_optional(tmp_path / "b") is None
    assert files.read_optional(tmp_path / "a") == b"content\n" * 100_000


@pytest.mark.parametrize("kind", ["fifo", "device", "endless", "directory", "socket", "nothing", "dangling", "loop"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "it"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(place))
    elif kind in ("dangling", "loop"):
        place.symlink_to(tmp_path / "none" if kind == "dangling" else place)
    elif kind != "nothing":
        place = Path("/dev/null" if kind == "device" else "/dev/zero")
    said = r"^cannot read \S+(?:: it is a \w+, not a file| \([A-Z][^()\n]*\)): the advice$"
    with not_stuck(), pytest.raises(InputError, match=said):
        files.read_file(place, advice="the advice")


@pytest.mark.parametrize("name", ["a\0b", "\udcff" * 300, "x" * 5000])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(InputError, match="cannot read"):
        files.read_file(Path(name))
    assert not files.present(Path(name))


def test_a_device_is_not_opened_even_for_a_look(tmp_path: Path) -> None:
    """To open some devices does something: the watchdog begins to count. Seen here with a FIFO whose writer waits."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(InputError, match="it is a FIFO"):
        files.read_file(fifo)
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(fifo)!r}, 'w')"])
    time.sleep(0.3)
    with pytest.raises(InputError, match="it is a FIFO"):
        files.read_file(fifo)
    assert writer.poll() is None  # still waits for a reader
    writer.kill()
    writer.wait()


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "tree-outside"
    (tree / "deep").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (tree / "deep" / "file").write_text("inside")
    (tree / "to-file").symlink_to("deep/file")
    (tree / "to-secret").symlink_to(outside / "secret")
    (tree / "to-outside").symlink_to("../tree-outside")
    (tmp_path / "to-tree").symlink_to(tree)
    assert files.read_file(tree / "to-file", below=tree) == b"inside"
    assert files.read_file(tmp_path / "to-tree" / "deep" / "file", below=tmp_path / "to-tree") == b"inside"
    assert files.read_file(Path("/etc/passwd"), below=Path("/"))
    for path in ("to-secret", "to-outside/secret", "../tree-outside/secret"):
        with pytest.raises(InputError, match="it leads out of"):
            files.read_file(tree / path, below=tree)
    assert files.read_file(tree / "to-secret") == b"secret"  # of the user's own naming


def test_the_size_is_bounded(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_bytes(b"x" * 1000)
    assert len(files.read_file(place, most=1000)) == 1000
    with pytest.raises(InputError, match="it has more than 999 bytes"):
        files.read_file(place, most=999)
    with place.open("wb") as sparse:
        sparse.truncate(2**40)
    with pytest.raises(InputError, match="it has more than 64 MiB"):
        files.read_file(place)
    with pytest.raises(InputError, match="it has more than 10 bytes"):
        files.read_file(Path("/proc/self/status"), most=10)  # says of itself that it is empty


def test_text_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"caf\xe9\n")
    with pytest.raises(InputError, match=r"a is not in UTF-8 \(invalid continuation byte at byte 3\)"):
        files.read_text(tmp_path / "a")


def test_a_pipe_that_the_user_named(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def write() -> None:
        time.sleep(0.1)
        with fifo.open("wb", buffering=0) as pipe:
            for part in (b"one ", b"two ", b"three"):
                time.sleep(0.1)
                pipe.write(part)

    writer = threading.Thread(target=write)
    writer.start()
    assert files.read_file(fifo, pipe=True) == b"one two three"
    writer.join()


def test_a_pipe_that_nobody_writes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WRITER_SECONDS", 0.2)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="nobody writes to this FIFO"):
        files.read_file(tmp_path / "fifo", pipe=True)


def test_a_pipe_that_is_opened_and_left(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Timer(0.2, lambda: fifo.open("wb").close())
    writer.start()
    assert files.read_file(fifo, pipe=True) == b""
    writer.join()


def test_a_pipe_that_never_ends(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = subprocess.Popen(["sh", "-c", f"exec cat /dev/zero > '{fifo}'"], stderr=subprocess.DEVNULL)
    with pytest.raises(InputError, match="it has more than 1 MiB"):
        files.read_file(fifo, most=2**20, pipe=True)
    writer.wait(10)


def test_the_files_below_a_directory(tmp_path: Path) -> None:
    for name in ("b.h", "a.h", "sub/c.h", "sub/d.c", ".git/e.h"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    os.mkfifo(tmp_path / "fifo.h")
    (tmp_path / "link.h").symlink_to("a.h")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = [file.relative_to(tmp_path).as_posix() for file in files.files_below(tmp_path, ".h")]
    assert found == ["a.h", "b.h", "sub/c.h"]
    assert len(list(files.files_below(tmp_path / "sub", below=tmp_path))) == 2
    with pytest.raises(InputError, match="leads out of"):
        list(files.files_below(tmp_path / "loop", below=tmp_path / "sub"))
    with pytest.raises(InputError, match="holds more than 5 files"):
        list(files.files_below(tmp_path, most=5))
    with pytest.raises(InputError, match=r"cannot read .*none"):
        list(files.files_below(tmp_path / "none"))


def test_standard_input_may_be_closed() -> None:
    program = "from patcher import files; print(files.standard_input().read())"
    for shell, said in (("<&-", "it is closed"), ("< /dev/null", "b''"), ("<<< text", r"b'text\n'")):
        command = ["bash", "-c", f'"$0" -c "$1" {shell}', sys.executable, program]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert said in done.stdout + done.stderr


def test_a_file_that_waits() -> None:
    """Some of /proc call themselves regular files, and wait: the kernel's log does, whose readers take from it."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
    stream = files._Bounded(reader, "/proc/kmsg", 100, "", pipe=False, wait=False)
    with stream, pytest.raises(InputError, match="cannot read /proc/kmsg: it waits for something"):
        stream.read(1)
    os.close(writer)


def test_what_cannot_be_read_though_it_is_a_file() -> None:
    with pytest.raises(InputError, match="cannot read /proc/self/mem"):
        files.read_file(Path("/proc/self/mem"))
