from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patcher.errors import InputError
from patcher.tree.directory import DirectoryTree
from patcher.tree.kernel import blob_id, looks_like_kernel, version


@pytest.mark.parametrize(
    ("makefile", "wanted"),
    [
        ("VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 37\nEXTRAVERSION =\nNAME = Flesh-Eating Bats\n", "2.6.37"),
        ("VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 37\nEXTRAVERSION = -rc8\n", "2.6.37-rc8"),
        ("VERSION=6\nPATCHLEVEL=12\nSUBLEVEL=0\nEXTRAVERSION=\n", "6.12.0"),
        ("# SPDX\nVERSION\t= 6 # major\nPATCHLEVEL = 12\n", "6.12"),
    ],
)
def test_version(tmp_path: Path, makefile: str, wanted: str) -> None:
    (tmp_path / "Makefile").write_text(makefile)
    assert version(DirectoryTree(tmp_path)) == wanted


@pytest.mark.parametrize("makefile", ["", "VERSION = 1.2\nall:\n", "VERSION =\nPATCHLEVEL =\n", "\tVERSION = 2\n"])
def test_no_kernel(tmp_path: Path, makefile: str) -> None:
    (tmp_path / "Makefile").write_text(makefile)
    with pytest.raises(InputError, match="not a kernel tree"):
        version(DirectoryTree(tmp_path))


def test_the_miniature_looks_like_a_kernel(mini: Path) -> None:
    assert looks_like_kernel((mini / "Makefile").read_bytes())
    assert not looks_like_kernel((mini / "mm" / "Makefile").read_bytes())


@settings(max_examples=40)
@given(st.binary(max_size=300))
def test_blob_id_is_gits(content: bytes) -> None:
    done = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True)
    assert blob_id(content) == done.stdout.decode().strip()
