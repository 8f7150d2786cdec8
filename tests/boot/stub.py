"""Small machines for the tests: what a kernel would say is said by a few instructions of our own."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from patcher.boot import run

_TEXT = b"TEXT>"
_ROOM = 65536
needs_qemu = pytest.mark.skipif(run.missing() is not None, reason=str(run.missing()))


@functools.cache
def stub() -> bytes:
    """The kernel of ``stub.S``."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "stub"
        flags = ["-m32", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none,-Ttext-segment=0x100000"]
        source = Path(__file__).with_name("stub.S")
        subprocess.run(["gcc", *flags, "-Wl,-z,noexecstack", "-o", str(out), str(source)], check=True)
        return out.read_bytes()


def saying(text: str) -> bytes:
    """A kernel that says this."""
    content, raw = stub(), text.encode()
    assert len(raw) < _ROOM
    at = content.index(_TEXT) + len(_TEXT)
    return content[:at] + raw + content[at + len(raw) :]


def answer(number: int, probe: str, name: str, **values: str | int) -> str:
    """A line as the guest's program writes it."""
    body = json.dumps({"n": f"{number:x}", "probe": probe, "name": name, **values})
    total = 0
    for byte in body.encode():
        total = (total * 31 + byte) % 2**24
    return f"@patcher {body} {total:x}\n"


def page(number: int, way: str, place: str, data: str = "ed000001" * 16, **values: str | int) -> str:
    """A look at /dev/mem; by default one that came out well."""
    given: dict[str, str | int] = {"at": "0xfea00000", "ended": "done", "stage": "done", "error": 0, "data": data}
    if way == "fork":
        given["extra"] = 256
    return answer(number, way, place, **{**given, **values})
