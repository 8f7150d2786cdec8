"""Who is written to, as scripts/get_maintainer.pl tells; and who must not be."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.mail.model import Person
from patcher.tree.directory import DirectoryTree
from patcher.tree.find import open_tree
from patcher.tree.mailmap import Mailmap, formatted, person
from patcher.tree.recipients import Kind, Recipient, Recipients, parted, touched

Git = Callable[..., str]
FILES = {
    "MAINTAINERS": """Text

DEVICE X
M:\tAda Lovelace <ada@old.example.org>
M:\tA. Nother (half time) <a.nother@example.org>, b@example.org
M:\tÉva Ö. Kis <eva@example.org>
R:\t"Reader, R." <reader@example.org>
L:\tlist@example.org
L:\tmoderated@example.org (moderated for non-subscribers)
L:\tclosed@example.org (subscribers-only)
S:\tOdd Fixes
F:\tdrivers/x/
X:\tdrivers/x/not.c

DRIVERS OF A KIND THAT HAVE A TITLE OF MORE THAN FIFTY CHARACTERS
M:\tGrace Hopper <grace@example.org>
M:\tada lovelace <ada@other.example.org>
L:\tLIST@example.org
S:\tOrphan
F:\tdrivers/
F:\tbindings/x.yaml

OVERLAYS
R:\tKay <kay@example.org>
L:\toverlays@example.org
S:\tObsolete
K:\tof_overlay

THE REST
M:\tLinus Torvalds <torvalds@linux-foundation.org>
L:\tlinux-kernel@vger.kernel.org
S:\tBuried alive in reporters
F:\t*
F:\t*/
""",
    ".mailmap": "# a comment\nAda King <ada@example.org> <ada@old.example.org>\n"
    "<kay@new.example.org> <kay@example.org>\n",
    ".get_maintainer.ignore": "Ignored One <ignored@example.org>\n",
    "drivers/x/a.c": "int a;\n",
    "drivers/x/not.c": "int n;\n",
    "bindings/x.yaml": "maintainers:\n  - Ada B. Lovelace <ada@example.org>\n  - Mr Binding, <binding@example.org>\n"
    '  - <bare@example.org>\n  - "Étienne Two, Jr." <etienne@example.org>\nx@y z@\n',
}
PATCH = """Subject: [PATCH] x: y

Text
{tags}
---
diff --git a/drivers/x/a.c b/drivers/x/a.c
--- a/drivers/x/a.c
+++ b/drivers/x/a.c
@@ -1,1 +1,1 @@
-int a;
+int {word};
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        file = tmp_path / "tree" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path / "tree"


def told(found: tuple[Recipient, ...]) -> list[str]:
    return [f"{formatted(each.person)} ({each.roles})" for each in found]


def test_files(tree: Path) -> None:
    known = Recipients(DirectoryTree(tree))
    assert told(known.of_paths(["drivers/x/a.c"])) == [
        "Ada King <ada@example.org> (odd fixer:DEVICE X)",
        '"A. Nother (half time)" <a.nother@example.org> (odd fixer:DEVICE X)',
        '"Éva Ö. Kis" <eva@example.org> (odd fixer:DEVICE X)',
        '"Reader, R." <reader@example.org> (reviewer:DEVICE X)',
        "Grace Hopper <grace@example.org> (orphan minder:DRIVERS OF A KIND THAT HAVE A TITLE OF MORE THA...)",
        "list@example.org (open list:DEVICE X)",
        "moderated@example.org (moderated list:DEVICE X)",
        "linux-kernel@vger.kernel.org (open list)",
    ]
    assert [each.person.address for each in known.of_paths(["drivers/x/not.c"])][:2] == [
        "grace@example.org", "ada@other.example.org",
    ]  # fmt: skip
    assert [each.kind for each in known.of_paths(["drivers/x/a.c"])][2:6] == [
        Kind.MAINTAINER, Kind.REVIEWER, Kind.MAINTAINER, Kind.LIST,
    ]  # fmt: skip


def test_a_binding_names_people_itself(tree: Path) -> None:
    found = Recipients(DirectoryTree(tree)).of_paths(["bindings/x.yaml"])
    assert [line for line in told(found) if "in file" in line] == [
        '"Ada B. Lovelace" <ada@example.org> (in file)',
        "Mr Binding <binding@example.org> (in file)",
        "bare@example.org (in file)",
        '"Two, Jr" <etienne@example.org> (in file)',
    ]


def test_a_patch_with_keywords(tree: Path) -> None:
    known = Recipients(DirectoryTree(tree))
    plain, keyed = (told(known.of_patch(PATCH.format(tags="", word=word))) for word in ("b", "of_overlay"))
    assert [line for line in keyed if line not in plain] == [
        "Kay <kay@new.example.org> (reviewer:OVERLAYS:Keyword:of_overlay)",
        "overlays@example.org (open list:OVERLAYS:Keyword:of_overlay)",
    ]


def test_what_a_patch_touches() -> None:
    text = " mode change 100644 => 100755 a/b\nrename from c\nrename to d\ndiff --git a/e b/f\n--- /dev/null\n+++ b/g\n"
    found = touched(f"Fixes: 0123456789ab (x)\n{text}+h\n@@ -1,2 +3,4 @@\n Fixes: 123456 y\n--- \n")
    assert found.paths == ("a/b", "c", "d", "dev/null", "e", "f", "g")
    assert found.fixes == ("0123456789ab",)
    assert found.hunks == ("+h", " Fixes: 123456 y", "--- ", "")


SIGNED = """x: y

Signed-off-by: Wrote It <wrote@example.org>
Signed-off-by: Ada Lovelace <ada@old.example.org>
Reviewed-by: Ignored One <ignored@example.org>
  Acked-by: Kernel Robot <robot@example.org>
Tested-by: Not Me <tested@example.org>
Signed-off-by: Linus Torvalds <torvalds@linux-foundation.org>
"""


@pytest.fixture
def history(tree: Path, git: Git) -> Path:
    git(tree, "init", "-q")
    git(tree, "add", "-A", "-f")
    git(tree, "-c", "user.name=x", "commit", "-q", "-m", SIGNED, "--author=Wrote It <wrote@example.org>")
    return tree


def test_those_who_signed_off_on_what_is_fixed(history: Path, git: Git) -> None:
    fixes = git(history, "rev-parse", "--short=12", "HEAD")
    patch = PATCH.format(tags=f'Fixes: {fixes} ("x: y")\nFixes: 123456789012 ("none")', word="b")
    found = Recipients(open_tree(history, None)).of_patch(patch)
    assert [line for line in told(found) if "blamed" in line] == [
        "Ada King <ada@example.org> (odd fixer:DEVICE X,blamed_fixes:1/1=100%)",
        "Wrote It <wrote@example.org> (blamed_fixes:1/1=100%)",
        "Kernel Robot <robot@example.org> (blamed_fixes:1/1=100%)",
    ]
    written, left = parted(found)
    assert [(each.recipient.person.address, each.reason) for each in left] == [
        ("robot@example.org", "that is a robot"),
    ]  # fmt: skip
    assert len(written) == len(found) - 1


@pytest.mark.parametrize("path", ["drivers/x/a.c", "drivers/x/not.c", "bindings/x.yaml", "patch"])
def test_the_script_says_the_same(history: Path, git: Git, tmp_path: Path, path: str) -> None:
    """With the real script, on the small tree."""
    place = os.environ.get("PATCHER_LINUX_6_12")
    if not place or not shutil.which("perl"):
        pytest.skip("PATCHER_LINUX_6_12 names no sources of Linux 6.12, or there is no perl")
    for name in ("COPYING", "CREDITS", "Kbuild", "Makefile", "README"):
        (history / name).touch()
    for name in ("Documentation", "arch", "include", "fs", "init", "ipc", "kernel", "lib", "scripts"):
        (history / name).mkdir()
    shutil.copy(Path(place, "scripts/get_maintainer.pl"), history / "scripts")
    git(history, "add", "-A")  # it asks whether the file is in version control
    known = Recipients(open_tree(history, None))
    of = ["-f", path]
    if path == "patch":
        fixes = git(history, "rev-parse", "--short=12", "HEAD")
        (tmp_path / "patch").write_text(PATCH.format(tags=f'Fixes: {fixes} ("x: y")', word="of_overlay"))
        of = [str(tmp_path / "patch")]
    ran = subprocess.run(
        ["perl", "scripts/get_maintainer.pl", "--no-git-fallback", *of], cwd=history, capture_output=True, text=True,
        check=True, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    ours = known.of_patch((tmp_path / "patch").read_text()) if path == "patch" else known.of_paths([path])
    assert sorted(told(ours)) == sorted(ran.stdout.splitlines())


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("A B <a@b>", "A B", "a@b"), ('"B, A" <a@b> (x)', "B, A", "a@b"), ("<a@b>", "", "a@b"), ("a@b x", "", "a@b"),
        ("nobody", "", ""), ('"A \\"B\\" C" <a@b>', 'A "B" C', "a@b"),
    ],
)  # fmt: skip
def test_persons(text: str, name: str, address: str) -> None:
    assert person(text) == Person(name, address)
    assert person(formatted(Person(name, address))) == Person(name, address)


def test_a_mailmap() -> None:
    lines = [
        "New Name <one@x>", "<two@new> <two@old>", "Three <three@new> <three@old>", "Four <four@new> Old <four@old>",
        "junk", "<>", "\0\udc80 <", "A <a@b> <c@d> <e@f>",
    ]  # fmt: skip
    mapped = Mailmap("\n".join(lines))
    for old, new in (
        (Person("Old", "one@x"), Person("New Name", "one@x")), (Person("T", "two@old"), Person("T", "two@new")),
        (Person("T", "three@old"), Person("Three", "three@new")),
        (Person("Old", "four@old"), Person("Four", "four@new")),
        (Person("Other", "four@old"), Person("Other", "four@old")),
    ):  # fmt: skip
        assert mapped(old) == new


@pytest.mark.parametrize(
    ("address", "kind", "reason"),
    [
        ("a@example.org", Kind.MAINTAINER, ""),
        ("a.b+c@sub.example.co.uk", Kind.BLAMED, ""),
        ("nobody", Kind.MAINTAINER, "that is no address"),
        ("a@host", Kind.BLAMED, "that is no address"),
        ("root@host.(none)", Kind.BLAMED, "that is no address"),
        ("a@b@example.org", Kind.BLAMED, "that is no address"),
        ("a@example.org\r\nBcc: x@example.org", Kind.MAINTAINER, "that is no address"),
        ("a@box.localdomain", Kind.BLAMED, "nobody has an address there"),
        ("a@example.invalid", Kind.MAINTAINER, "nobody has an address there"),
        ("noreply@example.org", Kind.MAINTAINER, "nobody reads what is sent there"),
        ("12+name@users.noreply.github.com", Kind.BLAMED, "nobody reads what is sent there"),
        ("do-not-reply@example.org", Kind.LIST, "nobody reads what is sent there"),
        ("tip-bot2@example.org", Kind.BLAMED, "that is a robot"),
        ("syzbot+0123@syzkaller.appspotmail.com", Kind.BLAMED, "that is a robot"),
        ("lkp@intel.com", Kind.BLAMED, "that is a robot"),
        ("talbot@example.org", Kind.BLAMED, ""),
        ("some-bot@example.org", Kind.MAINTAINER, ""),
    ],
)
def test_who_must_not_be_written_to(address: str, kind: Kind, reason: str) -> None:
    _, left = parted([Recipient(Person("A B", address), kind, "role")])
    assert [each.reason for each in left] == ([reason] if reason else [])


def test_hostile_texts_end(tree: Path) -> None:
    (tree / "bindings/x.yaml").write_text("a" * 200_000 + "@" * 50_000 + "a-" * 50_000 + "@" + "b" * 200_000)
    (tree / ".mailmap").write_text("A <a@b> " * 100_000 + "\n" + "<" * 500_000 + "\n" + "@" * 500_000)
    (tree / "MAINTAINERS").write_bytes(bytes(range(256)) * 1000 + b"\nX\nM:\t" + b"a@" * 100_000 + b",b@c" * 1000 +
                                       b"\nF:\tbindings/\n")  # fmt: skip
    Recipients(DirectoryTree(tree)).of_paths(["bindings/x.yaml"])
