"""What the head of a semantic patch says, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.cocci.script import load
from patcher.errors import InputError

HEAD = """\
// SPDX-License-Identifier: GPL-2.0-only
/// Use kmemdup rather than duplicating
/// its implementation. It is shorter.
///
//# This makes an effort to find
//# what is meant.
//
// Confidence: High
// Comments: not in loops
//   where it is slow
// Options: --no-includes -include_headers
// Requires: 1.0.0
"""
RULE = "@r@\nexpression E;\n@@\n- foo(E);\n+ bar(E);\n"


def written(place: Path, text: str | bytes, name: str = "a.cocci") -> Path:
    file = place / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_the_head_tells_what_and_how(tmp_path: Path) -> None:
    found = load(written(tmp_path, f"{HEAD}\nvirtual patch, context\nvirtual report\n\n{RULE}"))
    assert found.title == "Use kmemdup rather than duplicating its implementation"
    assert found.explain == "It is shorter.\n\nThis makes an effort to find\nwhat is meant."
    assert (found.fields["Confidence"], found.fields["Comments"]) == ("High", "not in loops where it is slow")
    assert found.options == ("--no-includes", "--include-headers")
    assert found.headers
    assert found.modes == ("patch", "context", "report")
    assert found.defined == ("-D", "patch")
    assert found.rules.startswith("virtual patch") and found.rules.endswith("bar(E);")


def test_a_semantic_patch_needs_neither_head_nor_modes(tmp_path: Path) -> None:
    found = load(written(tmp_path, RULE))
    assert (found.title, found.explain, found.fields, found.options, found.modes) == ("", "", {}, (), ())
    assert found.defined == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no semantic patch: it has no rule"),
        ("hello\n", "is no semantic patch"),
        (b"@r@\n\xff", "is not in UTF-8"),
        (f"virtual report\nvirtual org\n{RULE}", "changes nothing: its modes are report, org"),
        (f"// Options: --in-place\n{RULE}", "asks for the option '--in-place'"),
        (f"// Options: --opt-c /etc/passwd\n{RULE}", "asks for the option '--opt-c'"),
        (f"// Options: -I /etc\n{RULE}", "asks for the option '-I /etc'"),
        (f"// Options: -I ../..\n{RULE}", "outside of the tree"),
        (f"// Options: --max-width\n{RULE}", "asks for the option '--max-width'"),
        (f"// Options: 'x\n{RULE}", "its options cannot be read"),
        (f'#include "/etc/passwd"\n{RULE}', "what a semantic patch includes must lie beside it"),
        (f'using "../secret.iso"\n{RULE}', "what a semantic patch includes must lie beside it"),
        (f'#include "gone.cocci"\n{RULE}', "cannot read"),
        (f'#include "link.cocci"\n{RULE}', "leads out"),
    ],
)  # fmt: skip
def test_what_is_none_or_reaches_out_is_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    own = tmp_path / "own"
    own.mkdir()
    written(tmp_path, RULE, "outside.cocci")
    (own / "link.cocci").symlink_to("../outside.cocci")
    with pytest.raises(InputError, match=told):
        load(written(own, text))


def test_what_lies_beside_is_taken_along_but_not_what_a_rule_matches(tmp_path: Path) -> None:
    written(tmp_path, '#include "more.cocci"\n', "common.cocci")
    written(tmp_path, "// nothing\n", "more.cocci")
    found = load(written(tmp_path, f'#include "common.cocci"\n{RULE}\n@@\n@@\n#include "gone.h"\n'))
    assert found.beside == {"common.cocci": b'#include "more.cocci"\n', "more.cocci": b"// nothing\n"}
