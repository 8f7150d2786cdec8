"""The tree's own scripts, ``checkpatch.pl`` and ``get_maintainer.pl``: run in the sandbox, by the user's consent."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from patcher import sandbox, temporary
from patcher.files import read_file, read_optional
from patcher.lint import locations
from patcher.lint.model import Hit, Level, Location, Skipped
from patcher.mail.decode import people
from patcher.mail.diff import Diff
from patcher.mail.model import Patch
from patcher.mail.write import mail
from patcher.tree.kernel import KernelTree

CHECKPATCH, GET_MAINTAINER = "scripts/checkpatch.pl", "scripts/get_maintainer.pl"
_NEEDED = (CHECKPATCH, GET_MAINTAINER, "scripts/spelling.txt", "scripts/const_structs.checkpatch", "MAINTAINERS")
_TOP_FILES = ("COPYING", "CREDITS", "Kbuild", "Makefile", "README")
_TOP_DIRECTORIES = ("Documentation", "arch", "include", "drivers", "fs", "init", "ipc", "kernel", "lib", "scripts")
_SECONDS = 600
_SAID = re.compile(
    r"(?P<file>\d+)\.patch:(?P<line>\d+): (?P<level>ERROR|WARNING|CHECK):(?:(?P<type>[A-Z_0-9]+):)? ?(?P<text>.*)"
)
_DIED = re.compile(r"(?:syntax error|compilation errors|marked by <-- HERE|no longer supported|Can't locate|Unescaped)")
_LEVEL = {"ERROR": Level.ERROR, "WARNING": Level.WARNING, "CHECK": Level.NOTE}
Found = tuple[Patch, str, Level, Hit]


class BackEnds:
    """The scripts of one tree, copied to a directory of their own: the tree is neither shown to them nor written to.

    Arguments:
        tree: where the scripts are
        checkpatch: a checkpatch.pl to run instead of the tree's
        strict: whether its CHECKs are wanted
        maintainers: whether to run get_maintainer.pl

    ``skipped`` fills with what could not be run, and why.
    """

    def __init__(self, tree: KernelTree | None, checkpatch: Path | None, *, strict: bool, maintainers: bool) -> None:
        self.skipped: list[Skipped] = []
        self._strict = strict
        self._maintainers = maintainers
        self._stack = contextlib.ExitStack()
        self._top = self._stack.enter_context(temporary.directory("lint"))
        files = tree.read(_NEEDED) if tree is not None else {}
        for name in _TOP_DIRECTORIES:
            (self._top / name).mkdir()
        for name in _TOP_FILES:
            (self._top / name).touch()
        for name, content in files.items():
            (self._top / name).write_bytes(content)
        if checkpatch:
            self._copy(checkpatch)

    def _copy(self, checkpatch: Path) -> None:
        (self._top / CHECKPATCH).write_bytes(read_file(checkpatch, advice="name a checkpatch.pl"))
        for name in ("spelling.txt", "const_structs.checkpatch"):
            if (content := read_optional(checkpatch.with_name(name))) is not None:
                (self._top / "scripts" / name).write_bytes(content)

    def close(self) -> None:
        """Remove the copies."""
        self._stack.close()

    def __call__(self, patches: Sequence[tuple[Patch, Diff]]) -> Iterator[Found]:
        """What the scripts find in some patches: one process each for all of them."""
        why = sandbox.available()
        if why is not None:
            self._skip("checkpatch.pl", f"there is no sandbox to run it in: {why}")
            return
        with temporary.directory("lint") as directory:
            names = []
            for number, (patch, _) in enumerate(patches):
                file = directory / f"{number}.patch"
                file.write_bytes(mail(patch).encode("utf-8", "surrogateescape"))
                names.append(str(file))
            yield from self._checkpatch(patches, names, directory)
            if self._maintainers:
                yield from self._get_maintainer(patches, names, directory)

    def _checkpatch(
        self, patches: Sequence[tuple[Patch, Diff]], names: Sequence[str], directory: Path
    ) -> Iterator[Found]:
        if not (self._top / CHECKPATCH).is_file():
            self._skip("checkpatch.pl", "the tree has none; --checkpatch names another")
            return
        options = ["--no-tree", "--terse", "--no-summary", "--show-types", *(["--strict"] if self._strict else [])]
        script = str(self._top / CHECKPATCH)
        shown = (self._top, directory)
        ran = sandbox.run(["perl", script, *options, *names], read=shown, cwd=self._top, seconds=_SECONDS)
        if "Unknown option" in ran.stderr.decode("utf-8", "replace"):  # before Linux 3.9
            options.remove("--show-types")
            ran = sandbox.run(["perl", script, *options, *names], read=shown, cwd=self._top, seconds=_SECONDS)
        if not self._ran("checkpatch.pl", ran):
            return
        for line in ran.stdout.decode("utf-8", "surrogateescape").splitlines():
            match = _SAID.match(line[line.rfind("/", 0, line.find(".patch:")) + 1 :])
            if match and int(match.group("file")) < len(patches):
                patch, diff = patches[int(match.group("file"))]
                kind = match.group("type") or match.group("level")
                location = _placed(patch, diff, int(match.group("line")))
                yield patch, f"checkpatch:{kind}", _LEVEL[match.group("level")], Hit(match.group("text"), location)

    def _ran(self, script: str, ran: sandbox.Result) -> bool:
        """Whether a script ran to its end; a Perl that no longer understands it is told as that."""
        complaint = ran.stderr.decode("utf-8", "replace").strip().partition("\n")[0].replace(f"{self._top}/", "")
        if ran.reason:
            self._skip(script, f"it was ended: {ran.reason}")
        elif ran.code not in (0, 1) or (_DIED.search(complaint) and not ran.stdout):
            old = "is too old for today's Perl" if _DIED.search(complaint) else "failed"
            advice = "; --checkpatch names another" if script == "checkpatch.pl" else ""
            self._skip(script, f"the tree's own {old} ({complaint or f'exit status {ran.code}'}){advice}")
        else:
            return True
        return False

    def _get_maintainer(
        self, patches: Sequence[tuple[Patch, Diff]], names: Sequence[str], directory: Path
    ) -> Iterator[Found]:
        if not (self._top / GET_MAINTAINER).is_file():
            self._skip("get_maintainer.pl", "the tree has none")
            return
        addressed = [(patch, name) for (patch, _), name in zip(patches, names, strict=True) if patch.path and patch.to]
        if not addressed:
            self._skip("get_maintainer.pl", "the patches have no To: or Cc: yet")
            return
        loop = 'script=$1; shift; for each; do echo "== $each"; perl "$script" --nogit --nogit-fallback "$each"; done'
        command = ["sh", "-c", loop, "sh", str(self._top / GET_MAINTAINER), *(name for _, name in addressed)]
        ran = sandbox.run(command, read=(self._top, directory), cwd=self._top, seconds=_SECONDS)
        if not self._ran("get_maintainer.pl", ran):
            return
        blocks = ran.stdout.decode("utf-8", "replace").split("== ")[1:]
        for (patch, _), block in zip(addressed, blocks, strict=False):
            addressees = {person.address.lower() for person in (*patch.to, patch.sender, patch.author)}
            for line in block.splitlines()[1:]:
                who, _, role = line.partition(" (")
                named = people(who)
                address = named[0].address if named else who.strip()
                if "@" not in address or address.lower() in addressees or "linux-kernel@" in address:
                    continue
                wanted = role.startswith(("maintainer", "supporter", "open list", "moderated list"))
                level = Level.WARNING if wanted else Level.NOTE
                hit = Hit(
                    f"{address} is not on To: or Cc:",
                    locations.mail(patch),
                    f"add it ({role.rstrip(')')})",
                    key=address,
                )
                yield patch, "get_maintainer", level, hit

    def _skip(self, script: str, reason: str) -> None:
        if (skipped := Skipped(script, reason)) not in self.skipped:
            self.skipped.append(skipped)


def _placed(patch: Patch, diff: Diff, line: int) -> Location:
    """From a line of the mail we wrote to the place in the patch."""
    text = mail(patch)
    head = text[: text.index("\n\n") + 2].count("\n")
    begin = text.count("\n", 0, len(text) - len(_tail(text, patch)))
    index = line - 1 - begin  # in the diff
    if patch.diff and index >= 0:
        for file in diff.files:
            for each in (*file.added, *file.removed):
                if each.at == index:
                    return locations.file(file.path, each)
        inside = [file for file in diff.files if file.at <= index]
        return locations.file(inside[-1].path) if inside else locations.mail(patch)
    written = next((count for count in (0, 2) if _body_at(text, head + count, patch)), 0)
    number = line - 1 - head - written
    return locations.body(patch, number) if 0 <= number < len(patch.body) else locations.subject(patch)


def _tail(text: str, patch: Patch) -> str:
    """The diff at the end of the mail, with what follows it."""
    return text[text.rfind(patch.diff[:200]) :] if patch.diff else ""


def _body_at(text: str, line: int, patch: Patch) -> bool:
    lines = text.split("\n", line + 1)
    return bool(patch.body) and len(lines) > line and lines[line].removeprefix(">") == patch.body[0].removeprefix(">")
