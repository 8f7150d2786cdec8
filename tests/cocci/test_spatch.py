"""The real spatch, in its sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.cocci import spatch
from patcher.cocci.script import SemanticPatch, load
from patcher.errors import InputError

if WHY := spatch.missing():
    pytest.skip(WHY, allow_module_level=True)

RULE = "@r@\nexpression E;\n@@\n- foo(E);\n+ bar(E);\n"
FILE = b"void f(void)\n{\n\tfoo(1);\n}\n"


def patch(place: Path, text: str) -> SemanticPatch:
    file = place / "a.cocci"
    file.write_text(text)
    return load(file, "a.cocci")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_files_are_changed_each_for_itself_and_remembered(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a/x.c": FILE, "b/x.c": FILE.replace(b"1", b"2"), "b/none.c": b"int x;\n", "odd name.c": FILE}
    asked = patch(tmp_path, RULE)
    assert spatch.words(asked) == ("foo",)
    found = spatch.transform(asked, files, {}, cache)
    assert found.changed == {path: files[path].replace(b"foo", b"bar") for path in ("a/x.c", "b/x.c")}
    assert found.unseen == {"odd name.c": "spatch cannot be given a file of such a name"}
    monkeypatch.setattr(spatch, "_transform", lambda *_: pytest.fail("it was remembered"))
    assert spatch.transform(asked, files, {}, cache) == found


def test_a_mode_decides_which_rules_are_tried(tmp_path: Path, cache: Cache) -> None:
    text = f"virtual patch\nvirtual report\n{RULE.replace('@r@', '@r depends on patch@')}"
    assert spatch.transform(patch(tmp_path, text), {"x.c": FILE}, {}, cache).changed
    text = text.replace("on patch@", "on report@")
    with pytest.raises(InputError, match=r"no rule of it would change anything in mode patch \(it has patch, report\)"):
        spatch.transform(patch(tmp_path, text), {"x.c": FILE}, {}, cache)


def test_types_come_from_headers_where_it_reads_them(tmp_path: Path, cache: Cache) -> None:
    text = "@@\nstruct s *P;\n@@\n- P->a\n+ P->b\n"
    code = b'#include "s.h"\nint f(void)\n{\n\treturn global->a;\n}\n'
    header = {"d/s.h": b"struct s { int a, b; };\nextern struct s *global;\n"}
    assert spatch.transform(patch(tmp_path, text), {"d/x.c": code}, header, cache).changed
    text = f"// Options: --no-includes\n{text}"
    assert not spatch.transform(patch(tmp_path, text), {"d/x.c": code}, {}, cache).changed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@r@\nexpression E;\n@@\n- foo(E\n+ bar(E);\n", r"^a\.cocci:6:1: spatch: .*parse error at the end"),
        ("@r depends on nosuch@\n@@\n- foo;\n", r"^a\.cocci:1:15: spatch: .*parse error near 'nosuch'"),
        ("@r@\nidentifier s.x;\n@@\n- foo(x);\n", r"^a\.cocci.*spatch: "),
        ("// Requires: 99.1\n" + RULE, r"requires spatch 99\.1, and here is"),
    ],
)  # fmt: skip
def test_what_spatch_cannot_read_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        spatch.words(patch(tmp_path, text))
    assert "\n" not in str(error.value)


SECRET = "secret-of-the-user"
SCRIPT = """\
@initialize:python@
@@
import os, socket
said = []
for name in ("%s", "/etc/passwd", os.path.expanduser("~/.ssh")):
    try:
        said.append(open(name).read() if os.path.isfile(name) else repr(os.listdir(name)))
    except OSError:
        said.append("closed")
for name in ("%s", "/work", "/home/x", "/etc/x"):
    try:
        open(name, "w").write("pwned")
        said.append("written")
    except OSError:
        said.append("closed")
try:
    socket.create_connection(("127.0.0.1", 22), 1)
    said.append("network")
except OSError:
    said.append("closed")

@r@
expression E;
position p;
@@
foo@p(E);

@script:python s@
p << r.p;
x;
@@
coccinelle.x = "_".join(word.strip().replace("-", "_")[:40] for word in said)

@@
expression E;
position r.p;
identifier s.x;
@@
- foo@p(E);
+ x(E);
"""


def test_a_script_sees_and_writes_nothing_outside(tmp_path: Path, cache: Cache) -> None:
    outside = tmp_path / "outside"
    outside.write_text(SECRET)
    found = spatch.transform(patch(tmp_path, SCRIPT % (outside, outside)), {"x.c": FILE}, {}, cache)
    assert found.changed["x.c"] == FILE.replace(b"foo", b"_".join([b"closed"] * 8))
    assert outside.read_text() == SECRET


@pytest.mark.parametrize("where", ["initialize", "script"])
def test_what_does_not_end_is_ended(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("PATCHER_SPATCH_SECONDS", "1")
    head = "@initialize:python@\n@@\nwhile True: pass\n\n"
    text = head + RULE if where == "initialize" else RULE + "\n@script:python@\nE << r.E;\n@@\nwhile True: pass\n"
    with pytest.raises(InputError, match=r"a\.cocci: spatch was ended at x\.c: it took longer than 3 s"):
        spatch.transform(patch(tmp_path, text), {"x.c": FILE}, {}, cache)


@pytest.mark.parametrize("left", ["os.symlink('/etc/passwd', 'y.c')", "os.mkfifo('y.c')", "os.mkdir('y.c')"])
def test_what_a_script_leaves_in_place_of_a_file_is_not_followed(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    monkeypatch.setenv("PATCHER_SPATCH_SECONDS", "1")
    text = f"{RULE}\n@script:python@\nE << r.E;\n@@\nimport os\nos.remove('y.c')\n{left}\n"
    with pytest.raises(InputError, match=r"^a\.cocci.*(at y\.c|was ended|exception)"):
        spatch.transform(patch(tmp_path, text), {"x.c": FILE, "y.c": b"int y;\n"}, {}, cache)
