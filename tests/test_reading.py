"""Nothing but ``patcher.files`` opens what comes from a tree, a build, the configuration or the user."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import patcher

PACKAGE = Path(patcher.__file__).parent
READERS = {"read_text", "read_bytes", "open", "fdopen", "rglob", "glob", "iterdir", "scandir", "walk", "listdir"}
MODULES = {"tomllib", "configparser", "glob", "fileinput", "pickle"}
# What these read is patcher's own: a file of the package, or one that it has just written itself.
OWN = {
    "boot/config.py": "the package",
    "boot/initramfs.py": "the package",
    "boot/run.py": "a temporary file of its own, and /proc",
    "boot/xen.py": "the names in /boot",
    "cache.py": "the cache, whose locks and size it looks after",
    "cluster": "files of its own and the package",
    "check": "its workspace, where builds write; see patcher.check.building for what it reads of it",
    "confine.py": "directories, to name them to the kernel, and a pipe of its own",
    "debug.py": "the log that it writes",
    "data.py": "the package",
    "entry.py": "/dev/null",
    "files.py": "everything",
    "generate/deliver.py": "the directory it writes to",
    "generate/mailing.py": "the mails that git has just written for it",
    "lint/checks/prefixes.py": "the package",
    "lint/rules.py": "the names in a folder of rules",
    "lint/spelling.py": "the package",
    "mail/decode.py": "the parts of a mail in memory",
    "processes.py": "/proc",
    "plan/remember.py": "the package",
    "prove": "its shim, and the programs it has built",
    "report/progress.py": "/dev/null",
    "report/topics.py": "the package",
    "rules/load.py": "the names in a folder of rules",
    "sandbox.py": "temporary files and pipes",
    "series/load.py": "the names of the package's series",
    "source": "exported files in the cache, and the package",
    "temporary.py": "temporary directories of its own",
    "tree/commit.py": "its temporary files",
    "tree/packs.py": "a clone of its own",
    "tree/profile.py": "the package",
    "cli/complete.py": "the names in the package's rules",
    "cli/rules.py": "the names in the package's rules",
}


def _reads(text: str) -> list[str]:
    """Calls in a module that open or list files, by name."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            if name in READERS and (isinstance(called, ast.Attribute) or name == "open"):
                found.append(f"line {node.lineno}: {ast.unparse(called)}")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            named = {alias.name.partition(".")[0] for alias in node.names} | {getattr(node, "module", None)}
            found += [f"line {node.lineno}: {name}" for name in MODULES & named]
    return found


def _trusted(module: Path) -> bool:
    relative = module.relative_to(PACKAGE)
    return relative.as_posix() in OWN or relative.parts[0] in OWN


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_are_opened_in_one_place(module: Path) -> None:
    if not _trusted(module):
        assert _reads(module.read_text()) == []


def test_a_reader_would_be_seen() -> None:
    for line in ("Path(x).read_text()", "open(x)", "os.open(x, 0)", "x.rglob('*')", "import tomllib", "Path(x).open()"):
        assert _reads(line), line
    assert not _reads("read_file(x); read_text(x); series.load(x)")


def test_no_exception_is_needed_any_more() -> None:
    for name in OWN:
        files = [PACKAGE / name] if name.endswith(".py") else sorted((PACKAGE / name).rglob("*.py"))
        assert any(_reads(file.read_text()) for file in files), name
