"""Does `patcher` keep its promises against hostile input? A campaign of seeded cases on the miniature tree.

    python bench/hostile.py [--seed N] [--cases N] [--seconds S] [--only FAMILY] [--case N] [--jobs N] [--patience F]

Each case makes a place of its own (a tree, a repository, files, an environment) with something wrong in it, runs the
real command in a process, and looks at what came of it. Counted are: tracebacks; exit codes that are none of ours (70
among them); hangs, of more than 10 s beyond what the case may take; leaks, where the content of a file that lies
outside of the tree shows up in the output; and writes, where anything changed outside of the cache and of what the
command was told to write. The families are listed by --help. A case is told by its seed and number, and runs again
with --case. `--patience` multiplies the times on a busy machine.

Exit codes: 0 none of these, 1 something was found, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINIATURE = ROOT / "miniature"
COMMAND = (sys.executable, "-m", "patcher")
BEYOND = 10.0  # seconds more than a case may take
QUICK, PARSING, BUILDING = 10.0, 40.0, 90.0  # seconds that a command may take here, with nothing in the cache
CANARY = "canary-7c1e5d"  # what no output may have; each place has its own number behind it
OURS = (0, 1, 2)
_TRACEBACK = re.compile(rb"Traceback \(most recent call last\)|Exception ignored|Fatal Python error|Segmentation fault")
# An interrupt in the first moments meets Python's own start-up, which no program can change.
_START_UP = re.compile(rb'File "(?:<frozen [^"]*>|<string>|[^"]*/(?:re|enum|runpy|site|_distutils_hack)[^"]*)", line')
_FRAME = re.compile(rb'File "[^"]*", line')


@dataclass
class Case:
    """One run: what is called, in what environment, and how it may end."""

    argv: Sequence[str | bytes | Path]
    seconds: float = QUICK
    stdin: bytes | None = b""
    environment: dict[str, str | None] = field(default_factory=dict)
    cwd: Path | None = None
    closed: tuple[int, ...] = ()
    limits: dict[int, int] = field(default_factory=dict)
    signal_after: tuple[int, float] | None = None
    gone: bool = False
    may_write: tuple[Path, ...] = ()
    reader: str = "all"


class Place:
    """The files of one case. ``outside`` and ``home`` hold what must be neither shown nor changed."""

    def __init__(self, top: Path, number: int, repository: Path, cache: Path) -> None:
        self.top, self.canary, self._repository = top, f"{CANARY}-{number}", repository
        self.outside, self.home, self.temporary, self.work, self.cache = (
            top / "outside", top / "home", top / "tmp", top / "work", cache
        )  # fmt: skip
        for each in (self.outside, self.home / ".ssh", self.temporary, self.work):
            each.mkdir(parents=True)
        secret = f"#define SECRET_{self.canary.replace('-', '_')} {self.canary} VM_IO _PAGE_IOMAP\n{self.canary}\n"
        for file in (self.outside / "secret.h", self.outside / "secret.c", self.home / ".ssh" / "id_rsa"):
            file.write_text(secret)
        os.mkfifo(self.outside / "fifo.h")
        (self.home / ".gitconfig").write_text("[user]\n\tname = A U Thor\n\temail = author@example.org\n")

    def tree(self) -> Path:
        """Unpacked sources."""
        return self._copy(MINIATURE)

    def repository(self) -> Path:
        """A repository with three commits."""
        return self._copy(self._repository)

    def _copy(self, source: Path) -> Path:
        top = self.work / "linux"
        return top if top.exists() else Path(shutil.copytree(source, top, symlinks=True))

    def file(self, name: str, content: bytes) -> Path:
        found = self.work / name
        found.parent.mkdir(parents=True, exist_ok=True)
        found.write_bytes(content)
        return found


Family = Callable[[random.Random, Place], Case]
FAMILIES: dict[str, Family] = {}


def family(make: Family) -> Family:
    FAMILIES[make.__name__] = make
    return make


def put(rng: random.Random, place: Place, target: Path) -> None:
    """Something that is no file, or no file of the tree, under a name."""
    try:
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
    except OSError:
        return  # something above it is no directory any more
    kind = rng.choice(
        ["fifo", "device", "secret", "linked fifo", "loop", "directory", "huge", "empty", "noise", "zero"]
    )
    if kind == "fifo":
        os.mkfifo(target)
    elif kind == "huge":
        with target.open("wb") as sparse:
            sparse.truncate(2 ** rng.choice([33, 40]))
    elif kind == "directory":
        target.mkdir()
    elif kind in ("empty", "noise"):
        target.write_bytes(b"" if kind == "empty" else rng.randbytes(rng.choice([1, 1000, 1_000_000])))
    else:
        target.symlink_to({
            "device": "/dev/zero", "zero": "/proc/self/mem", "secret": str(place.outside / "secret.c"),
            "linked fifo": str(place.outside / "fifo.h"), "loop": target.name,
        }[kind])  # fmt: skip


def nasty_word(rng: random.Random) -> bytes:
    """What may stand where a revision, a path, a name or a number is expected."""
    return rng.choice([
        b"", b"-", b"--", b"-x", b"--upload-pack=touch /tmp/x", b"--output=x", b"--exec=x", b"-O", b"@", b"@{",
        b"@{-1}",
        b"@{u}", b"HEAD^{/x}", b"HEAD^{/(a+)+b}", b":/x", b":(glob)**", b":(attr:x)", b":!x", b":", b"..", b"...", b"^",
        b"^!", b"HEAD^!", b"HEAD^@", b"HEAD^999999999", b"HEAD~99999999999999999999", b"HEAD..HEAD", b"a..b..c",
        b"A..-B",
        b"x\ny", b"x\ry", b"\x1b]0;x\x07", b"\xff\xfe", b"\xed\xa0\x80", b"a" * 5000, b"a" * 120_000, b"/" * 5000,
        b"../" * 1000, b"/", b"/dev/zero", b"/dev/null", b"/dev/tty", b"/proc/self/mem", b"/proc/self/fd/0", b"/root",
        b"~", b"~x", b"*", b"[", b"%s%n", b"{}", b"{0}", b"$(x)", b"`x`", b"0", b"-1", b"99999999999999999999",
        b"9" * 5000, b"1e9", b"0x10", b"\xd9\xa1", b"nan", b"1,2", b",", b",,", b"a,b", b"i386:", b"x86_64:../x", b"+X",
        b"x86_64:+A=" + b"9" * 5000, b"refs/heads/x", b"main.lock", b"HEAD:Makefile", b"HEAD:", b"v1^{tree}", b"v1^{}",
    ])  # fmt: skip


def deep(rng: random.Random) -> bytes:
    """JSON that is too much for a reader."""
    return rng.choice([
        b"[" * rng.choice([10, 70, 1000, 200_000]), b'{"a":' * 100_000, b'{"schema": ' + b"9" * 5000 + b"}",
        b"1e999999",
        b'{"schema": 1, "findings": ' + b"[" * 5000 + b"]" * 5000 + b"}", b"null", b"\xff", b'"\\ud800"', b"[{}]",
        b"{}",
        b'{"schema": -1, "findings": [{"fingerprint": "\\u0000"}]}', b"[" + b"1," * 500_000 + b"1]", b"", b"\0" * 100,
        b'[{"directory": "", "file": "", "command": ""}]', b'[{"directory": "/", "file": "../../etc/passwd"}]',
        b'[{"directory": "\\u0000", "file": "\\u0000", "arguments": ["\\u0000"]}]', b'{"' + b"k" * 500_000 + b'": 1}',
    ])  # fmt: skip


def toml(rng: random.Random) -> bytes:
    """TOML that is too much for a reader."""
    return rng.choice([
        b"a = " + b"[" * rng.choice([10, 70, 5000]), b"a = " + b"{a = " * 2000, b".".join([b"a"] * 50_000) + b" = 1",
        b".".join([b'"a"'] * 20_000) + b" = 1", b"[" + b".".join([b"a"] * 50_000) + b"]", b"a = " + b"9" * 5000,
        b"order = 0x" + b"f" * 5000, b"a = 1_" + b"0_" * 5000 + b"0", b'"' + b"a" * 500_000 + b'" = 1', b"\xff\xfe",
        b"\0", b"a = nan", b"a = 9999-99-99", b"[[ignore]]\n" * 50_000, b'a = """', b"a = '''" + b"x" * 500_000,
        b'[[ignore]]\nrule = "*"\nreason = "x"\npath = "' + b"*a" * 3000 + b'b"\n', b"a.b = 1\na = 2", b"[a]\n[a]",
        b'ignore = [{rule = "\\u0000", reason = "\\u001b[2J"}]', b"trust-tree = true\n",
        b'trust-tree = ["~nobody/x", "~x"]',
    ])  # fmt: skip


EXPRESSIONS = (
    r"(a+)+b", r"(\\w+\\s?)*$", r"(?:(?:[a-z_]{1,100}){1,100}){1,100}0", r"(", r"\\\\", r"x{99999999999}",
    r"(((((" * 200,
    r"(?R)", r"(?P<a>x)(?P<a>y)", r"[[a]", r"(?:[A-Z_]?){500}[A-Z_]{500}0", "a" * 5000, r"(?<=a+)b",
)  # fmt: skip
TEMPLATES = (
    "{symbol:>2000000000}", "{symbol!r:>99999999}", "{0}", "{}", "{", "}", "{symbol.__class__}", "{x}",
    "{symbol}" * 5000,
    "{symbol[0]}", "%(symbol)s", "{symbol:{symbol}}", "{{{symbol}}}",
)  # fmt: skip


@family
def tree(rng: random.Random, place: Place) -> Case:
    """Something else where a tree has its files."""
    top = place.tree()
    names = [file.relative_to(MINIATURE).as_posix() for file in MINIATURE.rglob("*") if rng.random() < 0.5]
    likely = ("Makefile", "MAINTAINERS", "arch/x86/xen/mmu.c", "arch/x86/Kconfig", "arch/x86/include/asm/xen/page.h",
              "include/linux/mm.h", ".patcher.toml", ".git", "arch", "include", "new.c", "mm/\udcff.c", "mm/a\nb.c",
              "arch/x86/xen/" + "d/" * 100 + "x.c", "x" * 250 + ".h", ":(glob)x.c", "-x.c")  # fmt: skip
    for _ in range(rng.randint(1, 4)):
        put(rng, place, top / rng.choice([*likely, *names]))
    mail = place.file("x.patch", a_patch(rng, hostile=False))
    calls: list[list[str | Path]] = [
        ["plan", "--tree", top],
        ["plan", "--tree", top, "--scope", "tree"],
        ["lint", "--tree", top, mail],
        ["apply", "--dry-run", "--tree", top],
        ["p2m", "draw", "--tree", top],
    ]
    argv = rng.choice(calls)
    return Case(argv, PARSING)


@family
def includes(rng: random.Random, place: Place) -> Case:
    """A tree whose code reaches for files outside of it."""
    top = place.tree() if rng.random() < 0.5 else place.repository()
    target = str(rng.choice([place.outside / "secret.h", place.outside / "fifo.h", "/dev/zero", "/proc/self/environ"]))
    relative = os.path.relpath(target, top / "arch/x86/xen")
    line = rng.choice([
        '#include "{}"', "#include <{}>", '%:include "{}"', '#/**/include "{}"', '#\\\ninclude "{}"', '#import "{}"',
        '#include_next "{}"', '#define X "{}"\n#include X', '#pragma GCC dependency "{}"',
        '#if __has_include("{}")\n#endif',
        '__asm__(".incbin \\"{}\\"");', '#line 1 "{}"\n int;', '#include __FILE__\n#include "{}"', '??=include "{}"',
    ]).replace("{}", rng.choice([target, relative, "./" + relative]))  # fmt: skip
    name = rng.choice(["arch/x86/xen/mmu.c", "arch/x86/xen/setup.c", "arch/x86/include/asm/xen/page.h"])
    file = top / name
    file.write_text(f"{line}\n{file.read_text()}" if rng.random() < 0.7 else f"{file.read_text()}\n{line}\n")
    if (top / ".git").exists():
        git(top, "commit", "-qam", "x")
    argv: list[str | Path] = rng.choice([["plan", "--tree", top], ["plan", "-v", "--format", "json", "--tree", top],
                       ["apply", "--dry-run", "--tree", top]])  # fmt: skip
    return Case(argv, PARSING)


@family
def build(rng: random.Random, place: Place) -> Case:
    """A build directory with something else in it."""
    top = place.repository() if rng.random() < 0.5 else place.tree()
    where = top if rng.random() < 0.5 else place.work / "build"
    for name, content in (
        ("include/generated/autoconf.h", b"#define CONFIG_X86_64 1\n#define CONFIG_XEN 1\n#define CONFIG_HZ 250\n"),
        ("compile_commands.json", b"[]"), ("mm/.memory.o.cmd", b"cmd_mm/memory.o := gcc -c mm/memory.c\n"),
        ("include/generated/utsrelease.h", b'#define UTS_RELEASE "2.6.37"\n'),
    ):  # fmt: skip
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_bytes(content)
    kind = rng.randrange(4)
    if kind == 0:
        (where / "compile_commands.json").write_bytes(deep(rng))
    elif kind == 1:
        (where / "include/generated/autoconf.h").write_bytes(rng.choice([
            b"#define CONFIG_HZ 0\n", b"#define CONFIG_HZ " + b"9" * 5000, b"\0" * 1000, b"#define CONFIG_X " * 100_000,
            b'#include "' + str(place.outside / "secret.h").encode() + b'"\n', b"", b"\xff" * 1000,
        ]))  # fmt: skip
    elif kind == 2:
        (where / "mm/.memory.o.cmd").write_bytes(
            rng.choice([b"'", b"\0", b"x" * 10_000_000, b"cmd := " + b"'\\'" * 9999])
        )
    else:
        put(rng, place, where / rng.choice(["include/generated", "include/generated/autoconf.h",
        "compile_commands.json",
                                            "mm/.memory.o.cmd", "include/generated/x.h", "mm", "include"]))  # fmt: skip
    named: list[str | Path] = [] if where == top else ["--build", where]
    return Case(["plan", "--tree", top, *named, *(["--worktree"] if (top / ".git").exists() else [])], PARSING)


@family
def configuration(rng: random.Random, place: Place) -> Case:
    """TOML, JSON and what else a user's own files may hold."""
    kind = rng.randrange(9)
    mail = place.file("x.patch", a_patch(rng, hostile=False))
    if kind == 0:
        top = place.tree()
        (top / ".patcher.toml").write_bytes(toml(rng))
        return Case(["lint", "--tree", top, mail])
    if kind == 1:
        (place.home / ".config/patcher").mkdir(parents=True)
        (place.home / ".config/patcher/config.toml").write_bytes(toml(rng))
        return Case(["lint", "--tree", place.tree(), mail])
    if kind in (2, 3):
        rules = Path(shutil.copytree(ROOT / "rules" / "identity", place.work / "rules"))
        file = rng.choice([*rules.glob("iomap-*.toml"), rules / "group.toml"])
        text = file.read_text()
        if kind == 2:
            file.write_bytes(toml(rng)) if rng.random() < 0.7 else put(rng, place, file)
        elif rng.random() < 0.5:
            text = re.sub(r"^why = .*$", lambda _: f'why = "{rng.choice(TEMPLATES)}"', text, flags=re.M)
            file.write_text(text)
        else:
            key = rng.choice(["symbol", "function", "callee", "target", "path"])
            text = re.sub(r"^(subject = .*)$", rf"\1\n{key} = '@'", text, count=1, flags=re.M)
            file.write_text(text.replace("'@'", f'"{rng.choice(EXPRESSIONS)}"', 1))
        return rng.choice([Case(["rules", "test", rules], PARSING), Case(["rules", "list", "--rules", rules]),
                           Case(["plan", "--rules", rules, "--tree", place.tree()], PARSING)])  # fmt: skip
    if kind == 4:
        series = Path(shutil.copytree(ROOT / "patches" / "identity", place.work / "series"))
        target = rng.choice([file for file in series.rglob("*") if file.is_file()])
        target.write_bytes(toml(rng)) if rng.random() < 0.5 else put(rng, place, target)
        return rng.choice([Case(["series", "show", "x", "--series-dir", series]),
                           Case(["plan", "--series-dir", series, "--tree", place.tree()], PARSING)])  # fmt: skip
    if kind == 5:
        rules = place.work / "lint"
        shutil.copytree(ROOT / "rules" / "lint", rules)
        target = rng.choice(sorted(rules.glob("*.toml")))
        target.write_bytes(toml(rng)) if rng.random() < 0.5 else put(rng, place, target)
        return Case(["rules", "list", "--rules", rules])
    file = place.file("given", rng.choice([deep, toml])(rng))
    if rng.random() < 0.3:
        put(rng, place, file)
    if kind == 6:
        return Case(["lint", "--baseline", file, mail])
    if kind == 7:
        option = rng.choice(["--replay", "--e820"])
        return Case(["prove", option, file, "--property", "9-ram", "--examples", "1", "--tree", place.tree()], BUILDING)
    return Case(["check", "HEAD~1..HEAD", "--configs", f"x86_64:{file}", "--trust-tree", "--tree", place.repository()],
                BUILDING)  # fmt: skip


@family
def arguments(rng: random.Random, place: Place) -> Case:
    """Words of any shape where something else is expected."""
    top = place.repository() if rng.random() < 0.8 else place.tree()
    options = {
        "plan": ["--rev", "--series", "--series-dir", "--profile", "--build", "--scope", "--rules", "--format",
        "--tree"],
        "lint": ["--base", "--profile", "--only", "--skip", "--baseline", "--fix-to", "--checkpatch", "--tree", ""],
        "check": ["--series", "--base", "--configs", "--with", "-j", "--max-users", "--tree", ""],
        "prove": ["--range", "--arch", "--examples", "--seed", "--property", "--require", "--e820", "--replay",
        "--rev"],
        "apply": ["--series", "--series-dir", "--rev", "--branch", "--configs", "--tree", "--since"],
        "status": ["--series", "--series-dir", "--rev", "--format", "--tree", "--since"],
        "p2m draw": ["--arch", "--e820", "--nr-pages", "--rev"],
        "series show": ["--series-dir", ""], "rules explain": ["--rules", ""], "rules test": [""], "help": [""],
        "": [""],
    }  # fmt: skip
    command = rng.choice(list(options))
    argv: list[str | bytes | Path] = [*command.split()]
    if command in ("plan", "lint", "check", "prove", "apply", "status", "p2m draw"):
        argv += ["--tree", top]
    if command == "apply":
        argv.append("--dry-run")
    if command == "check":
        argv.append("--trust-tree")
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        option = rng.choice(options[command])
        argv += [option, nasty_word(rng)] if option else [nasty_word(rng)]
    return Case(argv, BUILDING, cwd=place.work)


def a_patch(rng: random.Random, *, hostile: bool = True) -> bytes:
    """A mail of git format-patch, perhaps with something wrong in it."""
    mail = (
        b"From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001\nFrom: A U Thor <author@example.org>\n"
        b"Date: Tue, 21 Dec 2010 12:00:00 +0000\nSubject: [PATCH 1/2] x86/xen: say what is so\n\nIt is so.\n\n"
        b"Signed-off-by: A U Thor <author@example.org>\n---\n mm/memory.c | 2 +-\n 1 file changed\n\n"
        b"diff --git a/mm/memory.c b/mm/memory.c\nindex 1111111..2222222 100644\n--- a/mm/memory.c\n+++ b/mm/memory.c\n"
        b"@@ -1,2 +1,2 @@\n a\n-b\n+c\n-- \n2.30.0\n\n"
    )
    if not hostile:
        return mail
    big = b"9" * rng.choice([20, 5000, 100_000])
    changes: list[tuple[bytes, bytes]] = [
        (b"-1,2", b"-" + big), (b"+1,2", b"+1," + big), (b"1/2", big + b"/" + big), (b"PATCH", b"PATCH v" + big),
        (b"21 Dec 2010", big + b" Dec " + big), (b"Date: ", b"Date: " + big), (b"100644", big), (b"b/mm/memory.c",
        b"b/../x"),
        (b"a/mm/memory.c", b'"a/\\377\\000"'), (b"1/2]", b"1/2" + b"]" * 10_000), (b"It is", b"It is" * 100_000),
        (b"Subject: ", b"Subject: =?utf-8?b?" + b"A" * 100_000 + b"?= "), (b"Signed-off-by",
        b"Fixes: " + big + b" (\"x"),
        (b"From: ", b"From: " + b"<" * 10_000), (b"Date:", b"Content-Type: multipart/mixed; boundary=x\nDate:"),
        (b"Date:", b"Content-Type: text/plain; charset=" + rng.choice([b"utf-7", b"x", b"idna", b"\xff", b"utf-16",
        b"zip"])
         + b"\nDate:"), (b"Date:", b"Content-Transfer-Encoding: " + rng.choice([b"base64", b"uuencode",
         b"x"]) + b"\nDate:"),
        (b"Date:", b"Content-Length: -" + big + b"\nDate:"), (b"\n", b"\r\n"), (b"\n", b"\r"), (b"a", b"\0"), (b"e",
        b"\xff"),
        (b"index ", b"rename from\nrename to\nindex "), (b"index ", b"similarity index " + big + b"%\nindex "),
        (b"index ", b"GIT binary patch\nliteral " + big + b"\nz" + b"x" * 1000 + b"\n\nindex "), (b"@@ ",
        b"@@ -,+ @@\n@@ "),
        (b"---\n", b"---\nPatcher-ignore: * x\nPatcher-ignore: " + b"a" * 10_000 + b"\n"), (b"diff --git",
        b"diff --git \n" * 9999),
        (b"References", b""), (b"Subject:", b"References: " + b"<a@b> " * 20_000 + b"\nSubject:"),
        (b" a\n", b" a\n" * 200_000), (b"x86/xen", b"\x1b[2J\x1b]0;x\x07"), (b"base", b""),
    ]  # fmt: skip
    for _ in range(rng.choice([1, 1, 2, 5])):
        old, new = rng.choice(changes)
        mail = (
            mail.replace(old, new, -1 if len(new) < 50 and rng.random() < 0.3 else 1) if len(mail) < 5_000_000 else mail
        )
    if rng.random() < 0.2:
        at = rng.randrange(len(mail))
        mail = mail[:at] + rng.randbytes(rng.choice([1, 50])) + mail[at + 1 :]
    if rng.random() < 0.2:
        mail += b"base-commit: " + rng.choice([b"0" * 40, b"f" * 64, big, b"HEAD", b"--x"]) + b"\n"
    return mail * rng.choice([1, 1, 2, 50]) if len(mail) < 100_000 else mail


@family
def mails(rng: random.Random, place: Place) -> Case:
    """Patches, mailboxes and directories of them, from files and from standard input."""
    content = a_patch(rng)
    tree: list[str | Path] = ["--tree", place.repository()] if rng.random() < 0.4 else []
    kind = rng.randrange(6)
    if kind == 0:
        return Case(["lint", *tree, "-"], PARSING, stdin=content)
    file = place.file("mails/x.patch", content)
    if kind == 1:
        put(rng, place, file if rng.random() < 0.5 else file.with_name("y.patch"))
        return Case(["lint", *tree, file if rng.random() < 0.3 else file.parent], PARSING)
    if kind == 2:
        fix = place.work / "fixed"
        return Case(["lint", *tree, "--fix", "--fix-to", fix, file], PARSING, may_write=(fix,))
    if kind == 3:
        top = place.repository()
        configs = rng.choice(["x86_64:mini_defconfig", "xen", "x"])
        return Case(["check", file, "--trust-tree", "--configs", configs, "--tree", top], BUILDING)
    form = rng.choice(["text", "json", "sarif", "junit", "terse", "b4"])
    return Case(["lint", *tree, "--format", form, "--strict", file], PARSING)


@family
def repositories(rng: random.Random, place: Place) -> Case:
    """A repository with something wrong in its objects, references or settings."""
    top = place.repository()
    inside = top / ".git"
    kind = rng.randrange(8)
    if kind == 0:
        put(rng, place, inside / rng.choice(["HEAD", "config", "index", "packed-refs", "objects", "refs", "info/grafts",
                                             "shallow", "commondir", "objects/info/alternates",
                                             "config.worktree"]))  # fmt: skip
    elif kind == 1:
        shutil.rmtree(inside)
        put(rng, place, inside)
    elif kind == 2:
        shutil.rmtree(inside)
        inside.write_bytes(
            b"gitdir: " + rng.choice([b"/", b"../" * 99, b"\0", b"x" * 9999, str(place.outside).encode()])
        )
    elif kind == 3:
        body = git(top, "cat-file", "commit", "HEAD")
        body = re.sub(r"> \d+ ", f"> {'9' * rng.choice([12, 20, 5000])} ", body)
        made = git(top, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", text=body)
        git(top, "update-ref", "refs/heads/main", made)
    elif kind == 4:
        (
            top / rng.choice(["a\nb.c", "\udcff.c", "-x", "arch/x86/xen/a\tb.c", "mm/\x1b[2J.c", "CON", "a\\b"])
        ).write_text("VM_IO\n")
        (top / "link.c").symlink_to(place.outside / "secret.c")
        git(top, "add", "-A")
        git(top, "commit", "-qm", rng.choice(["x", "x" * 100_000, "\x1b[2J", "a\n\n\n" * 1000]))
    elif kind == 5:
        with (inside / "config").open("a") as settings:
            settings.write(rng.choice([
                f"[core]\n\tfsmonitor = touch {place.outside}/run\n\tsshCommand = touch {place.outside}/run\n",
                f"[diff]\n\texternal = touch {place.outside}/run\n", f"[core]\n\tworktree = {place.outside}\n",
                "[core\n",
                f"[core]\n\tattributesFile = {place.outside}/fifo.h\n", "[core]\n\trepositoryformatversion = 99\n",
                f"[alias]\n\tlog = !touch {place.outside}/run\n", "[core]\n\tbigFileThreshold = x\n",
                f"[log]\n\tmailmap = true\n[mailmap]\n\tfile = {place.outside}/secret.c\n",
                f"[gpg]\n\tprogram = touch {place.outside}/run\n[log]\n\tshowSignature = true\n",
            ]))  # fmt: skip
    elif kind == 6:
        objects = [file for file in (inside / "objects").rglob("*") if file.is_file()]
        for damaged in rng.sample(objects, min(3, len(objects))):
            damaged.chmod(0o644)
            damaged.write_bytes(rng.randbytes(50)) if rng.random() < 0.5 else damaged.unlink()
    else:
        (top / ".gitattributes").write_text("* filter=x diff=x merge=x working-tree-encoding=UTF-99 export-ignore\n")
        (top / ".mailmap").symlink_to(place.outside / "fifo.h")
        git(top, "add", "-A")
        git(top, "commit", "-qm", "x")
    calls: list[list[str | Path]] = [
        ["lint", "HEAD~1..HEAD", "--tree", top],
        ["plan", "--tree", top],
        ["plan", "--worktree", "--tree", top],
        ["apply", "--dry-run", "--tree", top],
    ]
    argv = rng.choice(calls)
    return Case(argv, PARSING)


def any_command(rng: random.Random, place: Place) -> tuple[list[str | Path], float]:
    """A call with which nothing is wrong."""
    mail = place.file("x.patch", a_patch(rng, hostile=False))
    calls: list[tuple[list[str | Path], float]] = [
        (["lint", mail], QUICK), (["rules", "list"], QUICK), (["--version"], QUICK), (["help"], QUICK), (["profiles"],
        QUICK),
        (["series", "list"], QUICK), (["rules", "explain", "iomap-foreign"], QUICK), (["series", "show", "identity"],
        QUICK),
        (["plan", "--tree", place.repository()], PARSING), (["lint", "--tree", place.work / "none", mail], QUICK),
        (["lint", "HEAD~1..HEAD", "--tree", place.work / "linux"], PARSING), (["plan", "--tree", "/"], QUICK),
        (["plan", "--help"], QUICK),
    ]  # fmt: skip
    return rng.choice(calls)


@family
def signals(rng: random.Random, place: Place) -> Case:
    """An interrupt or an end at any moment, the first ones above all."""
    argv, seconds = any_command(rng, place)
    after = rng.choice([rng.uniform(0, 0.15), rng.uniform(0, 0.5), rng.uniform(0, 5)])
    return Case(argv, seconds, signal_after=(rng.choice([signal.SIGINT, signal.SIGINT, signal.SIGTERM]), after))


@family
def descriptors(rng: random.Random, place: Place) -> Case:
    """Standard streams that are closed, full or left, and few descriptors."""
    argv, seconds = any_command(rng, place)
    if rng.random() < 0.2:
        argv = ["lint", "-"]
    case = Case(argv, seconds)
    kind = rng.randrange(4)
    if kind == 0:
        case.closed = tuple(each for each in range(3) if rng.random() < 0.5)
    elif kind == 1:
        case.limits = {resource.RLIMIT_NOFILE: rng.randint(4, 24)}
    else:
        case.reader = rng.choice(["none", "some", "full"])
    return case


@family
def surroundings(rng: random.Random, place: Place) -> Case:
    """Homes, caches, directories for temporary files, locales and limits as nobody would want them."""
    argv, seconds = any_command(rng, place)
    case = Case(argv, seconds)
    none, file = str(place.work / "none"), str(place.file("a-file", b""))
    kind = rng.randrange(5)
    if kind == 0:
        case.environment = rng.choice([
            {"TMPDIR": none}, {"TMPDIR": "/proc/self"}, {"TMPDIR": file}, {"HOME": none, "PATCHER_CACHE_DIR": None},
            {"HOME": "/proc/self", "PATCHER_CACHE_DIR": None}, {"PATCHER_CACHE_DIR": "/proc/self/x"}, {"HOME": "x"},
            {"PATCHER_CACHE_DIR": file}, {"HOME": None, "PATCHER_CACHE_DIR": None}, {"PATCHER_CACHE_DIR": "/dev/full"},
            {"XDG_CONFIG_HOME": file}, {"XDG_CACHE_HOME": "relative", "PATCHER_CACHE_DIR": None}, {"HOME": ""},
            {"PATCHER_LIBCLANG": file}, {"PATCHER_LIBCLANG": "/dev/zero"}, {"PATH": ""}, {"PATH": none}, {"CC": none},
            {"SOURCE_DATE_EPOCH": "9" * 5000}, {"PATCHER_CACHE_DIR": "x" * 5000}, {"GIT_DIR": none}, {"PAGER": "x"},
        ])  # fmt: skip
        if "PATCHER_CACHE_DIR" in case.environment or "HOME" in case.environment:
            case.may_write = (place.home / ".cache", place.work)
    elif kind == 1:
        case.environment = {
            "LC_ALL": rng.choice(["C", "POSIX", "en_US.ISO-8859-1", "tr_TR.UTF-8", "xx", ""]),
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": rng.choice(["0", "1", None]), "PYTHONIOENCODING": rng.choice([None, "ascii", "latin-1",
            "utf-16"]),
            "COLUMNS": rng.choice([None, "1", "0", "-1", "x", "9" * 50]), "TERM": rng.choice(["dumb", "x", "xterm",
            None]),
        }  # fmt: skip
    elif kind == 2:
        case.gone = True
        case.argv = rng.choice([["plan"], ["lint"], argv, ["lint", "x.patch"], ["plan", "-o", "x"]])
    elif kind == 3:
        case.limits = {rng.choice([resource.RLIMIT_AS, resource.RLIMIT_DATA]): rng.randint(20, 600) * 2**20}
    else:
        case.limits = {resource.RLIMIT_FSIZE: rng.choice([0, 1000, 100_000])}
        case.environment = {"PATCHER_CACHE_DIR": str(place.work / "cache")}
        case.may_write = (place.work / "cache",)
    return case


def git(directory: Path, *args: str, text: str | None = None) -> str:
    """What git says. It may fail at what is wrong with the place already."""
    environment = {
        **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "A U Thor", "GIT_COMMITTER_NAME": "A U Thor",
        "GIT_AUTHOR_EMAIL": "author@example.org", "GIT_COMMITTER_EMAIL": "author@example.org",
    }  # fmt: skip
    done = subprocess.run(["git", "-c", "init.defaultBranch=main", "-C", directory, *args], input=text, check=False,
                          capture_output=True, text=True, errors="surrogateescape", env=environment)  # fmt: skip
    return done.stdout.strip()


def a_repository(top: Path) -> Path:
    """The miniature tree with two commits on top."""
    place = Path(shutil.copytree(MINIATURE, top / "repository", symlinks=True))
    git(place, "init", "-q")
    git(place, "add", "-A", "-f")
    git(place, "commit", "-qm", "The miniature tree")
    git(place, "tag", "v1")
    for number in range(2):
        with (place / "mm/memory.c").open("a") as file:
            file.write(f"\n/* {number} */\n")
        git(place, "commit", "-qam", f"mm: say {number}\n\nIt is so.\n\nSigned-off-by: A U Thor <author@example.org>")
    return place


class Ran:
    """How a case came out: the exit code, what was said, and how long it took."""

    def __init__(self, code: int, output: bytes, errors: bytes, seconds: float, ended: bool) -> None:
        self.code, self.output, self.errors, self.seconds, self.ended = code, output, errors, seconds, ended


def run(case: Case, place: Place, patience: float) -> Ran:
    environment: dict[str, str] = {
        "PATH": os.environ.get("PATH", ""), "HOME": str(place.home), "TMPDIR": str(place.temporary),
        "LC_ALL": "C.UTF-8",
        "PATCHER_CACHE_DIR": str(place.cache), "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(place.cache.with_name("python")),  # compiled once, and not in the checkout
    }  # fmt: skip
    for name, value in case.environment.items():
        environment.pop(name, None) if value is None else environment.update({name: value})
    cwd = case.cwd or place.work
    if case.gone:
        cwd = place.top / "gone"
        cwd.mkdir()

    def enter() -> None:
        if case.gone:
            cwd.rmdir()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for kind, most in case.limits.items():
            resource.setrlimit(kind, (most, most))
        for descriptor in case.closed:
            os.close(descriptor)

    begun = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as given:
        given.write(case.stdin or b"")
        given.seek(0)
        to = Path("/dev/full").open("wb") if case.reader == "full" else output  # noqa: SIM115
        process = subprocess.Popen(
            [*COMMAND, *case.argv], stdin=given, stdout=subprocess.PIPE if case.reader in ("none", "some") else to,
            stderr=errors, env=environment, cwd=cwd, start_new_session=True, preexec_fn=enter,
        )  # fmt: skip
        if process.stdout:
            if case.reader == "some":
                process.stdout.read(10)
            process.stdout.close()
        if case.signal_after:
            time.sleep(case.signal_after[1])
            process.send_signal(case.signal_after[0])
        ended = True
        try:
            process.wait((case.seconds + BEYOND) * patience)
        except subprocess.TimeoutExpired:
            ended = False
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.seek(0)
        errors.seek(0)
        return Ran(process.returncode, output.read(2**26), errors.read(2**22), time.monotonic() - begun, ended)


def snapshot(places: Sequence[Path], but: Sequence[Path]) -> dict[str, tuple[int, int, int]]:
    """What is there, with the sizes and times of files."""
    found = {}
    for top in places:
        for directory, names, files in os.walk(top):
            names[:] = [name for name in names if Path(directory, name) not in but]
            for name in [*names, *files]:
                state = os.lstat(os.path.join(directory, name))  # noqa: PTH118
                kind = stat.S_IFMT(state.st_mode)
                found[f"{directory}/{name}"] = (
                    (kind, 0, 0) if kind == stat.S_IFDIR else (kind, state.st_size, state.st_mtime_ns)
                )
    return found


def judged(case: Case, ran: Ran, place: Place, before: dict[str, tuple[int, int, int]], patience: float) -> list[str]:
    """What speaks against patcher, each as "kind: what"."""
    found = []
    if not ran.ended:
        found.append(f"hang: killed after {ran.seconds:.0f} s")
    if _TRACEBACK.search(ran.errors) or _TRACEBACK.search(ran.output):
        frames = len(_FRAME.findall(ran.errors))
        before_us = case.signal_after and case.signal_after[0] == signal.SIGINT and (
            b"Fatal Python error: init" in ran.errors or len(_START_UP.findall(ran.errors)) >= frames - 1
        )  # fmt: skip
        limited = case.limits and b"patcher" not in b"".join(re.findall(rb'File "([^"]*)"', ran.errors))
        kind = "start-up" if before_us or limited else "traceback"
        found.append(f"{kind}: {ran.errors.strip().splitlines()[-1][:300].decode('utf-8', 'replace')}")
    ours = {*OURS, *((130, 143, -2, -15) if case.signal_after else ())}
    if ran.ended and ran.code not in ours and not any(each.startswith("start-up") for each in found):
        found.append(f"exit: {ran.code}: {ran.errors.strip()[-300:].decode('utf-8', 'replace')}")
    if (
        ran.code == 2
        and not case.closed
        and case.reader != "full"
        and ran.errors.strip().count(b"\n")
        and b"Usage:" not in ran.errors
    ):
        found.append(f"exit: 2 with {ran.errors.count(chr(10).encode())} lines: {ran.errors[:300]!r}")
    if place.canary.encode() in ran.output + ran.errors:
        found.append("leak: a file outside of the tree is in the output")
    after = snapshot([place.top], [place.cache, *case.may_write])
    skipped = tuple(str(each) for each in case.may_write)
    changed = [
        name
        for name in {*before, *after}
        if before.get(name) != after.get(name) and not name.startswith(skipped or ("\0",))
    ]
    if changed and not (case.signal_after and ran.code in (-2, -15)):
        found.append(f"write: {', '.join(sorted(changed)[:3])}")
    return found


def one(number: int, asked: argparse.Namespace, top: Path, repository: Path) -> tuple[int, str, list[str], str]:
    rng = random.Random(f"{asked.seed}/{number}")
    names = asked.only or list(FAMILIES)
    name = names[number % len(names)]
    place = Place(top / f"case-{number}", number, repository, top / "cache" / str(number % 8))
    try:
        case = FAMILIES[name](rng, place)
        before = snapshot([place.top], [place.cache, *case.may_write])
        ran = run(case, place, asked.patience)
        found = judged(case, ran, place, before, asked.patience)
        shown = " ".join(os.fsdecode(word)[:80] if isinstance(word, bytes) else str(word)[-80:] for word in case.argv)
        if asked.case is not None:
            print(f"{case}\nexit {ran.code} after {ran.seconds:.1f} s\n{ran.output[-3000:]!r}")
            print(ran.errors.decode("utf-8", "replace"))
        return number, name, found, f"{shown!r} exit {ran.code}, {ran.seconds:.1f} s"
    finally:
        if asked.case is None:
            shutil.rmtree(place.top, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Families: " + ", ".join(FAMILIES))  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=3600, help="begin no case after this time")
    parser.add_argument("--only", action="append", choices=list(FAMILIES), help="only this family; may be repeated")
    parser.add_argument("--case", type=int, help="run this one, show all of it and keep its files")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--patience", type=float, default=1.0)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON, too")
    asked = parser.parse_args()
    begun = time.monotonic()
    top = Path(tempfile.mkdtemp(prefix="patcher-hostile-"))
    counts: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    try:
        repository = a_repository(top)
        numbers = [asked.case] if asked.case is not None else range(asked.cases)

        def guarded(number: int) -> tuple[int, str, list[str], str] | None:
            return None if time.monotonic() - begun > asked.seconds else one(number, asked, top, repository)

        with ThreadPoolExecutor(asked.jobs) as pool:
            for result in pool.map(guarded, numbers):
                if result is None:
                    continue
                number, name, found, shown = result
                ran[name] += 1
                counts.update({each.partition(":")[0] for each in found})
                for each in found:
                    print(f"case {number} ({name}): {each}\n    {shown}", flush=True)
    finally:
        if asked.case is None:
            shutil.rmtree(top, ignore_errors=True)
    print(f"{sum(ran.values())} cases, seed {asked.seed}, {time.monotonic() - begun:.0f} s: "
          + ", ".join(f"{name} {count}" for name, count in ran.items()))  # fmt: skip
    bars = {
        "tracebacks": "traceback",
        "wrong exit codes": "exit",
        "hangs": "hang",
        "leaks": "leak",
        "writes outside": "write",
    }
    print(", ".join(f"{counts[kind]} {words}" for words, kind in bars.items())
          + f"; {counts['start-up']} ended in Python's own start-up, before patcher began")  # fmt: skip
    if asked.json:
        print(json.dumps({words: counts[kind] for words, kind in bars.items()}))
    return 1 if any(counts[kind] for kind in bars.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
