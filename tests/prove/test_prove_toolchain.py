"""What is told where a tool fails."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from patcher.prove import toolchain


def test_a_tool_that_fails_where_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler on a full disk may have no room for its own error either."""
    with pytest.raises(toolchain.CompilerError):
        toolchain.run(["false"])
    with pytest.raises(toolchain.CompilerError):
        toolchain.run_confined([["false"]], write=tmp_path)
    monkeypatch.setattr(toolchain, "_ROOM_BYTES", 2**62)
    for confined in (False, True):
        with pytest.raises(OSError, match="No space left") as told:
            toolchain.run_confined([["false"]], write=tmp_path) if confined else toolchain.run(["false"])
        assert told.value.errno == errno.ENOSPC
    assert toolchain.run(["true"]) == ""
