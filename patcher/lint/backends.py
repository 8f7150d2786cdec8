"""The tree's own scripts, ``checkpatch.pl`` and ``get_maintainer.pl``: run in the sandbox, by the user's consent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from patcher import sandbox, temporary
from patcher.errors import InputError
from patcher.files import read_file, read_optional
from patcher.lazy import expression
from patcher.lint import locations, shown
from patcher.lint.model import Hit, Level, Location, Skipped
from patcher.mail.decode import people
from patcher.mail.diff import Diff
from patcher.mail.model import Patch
from patcher.mail.write import mail
from patcher.tree.kernel import KernelTree
from patcher.tree.maintainers import Maintainers

if TYPE_CHECKING:
    from patcher.tree.excerpt import Excerpt
    from patcher.tree.gitrepo import Repository

CHECKPATCH, GET_MAINTAINER = "scripts/checkpatch.pl", "scripts/get_maintainer.pl"
_SCRIPTS = (CHECKPATCH, GET_MAINTAINER, "scripts/spelling.txt", "scripts/const_structs.checkpatch")
_DATA = ("MAINTAINERS", "Documentation/feature-removal-schedule.txt")
_TOP_FILES = ("COPYING", "CREDITS", "Kbuild", "Makefile", "README")
_TOP_DIRECTORIES = ("Documentation", "arch", "include", "drivers", "fs", "init", "ipc", "kernel", "lib", "scripts")
_SECONDS = 600
_SAID = expression(
    r"(?P<file>\d+)\.patch:(?P<line>\d+): (?P<level>ERROR|WARNING|CHECK):(?:(?P<type>[A-Z_0-9]+):)? ?(?P<text>.*)"
)
_DIED = expression(r"(?:syntax error|compilation errors|marked by <-- HERE|no longer supported|Can't locate|Unescaped)")
_LEVEL = {"ERROR": Level.ERROR, "WARNING": Level.WARNING, "CHECK": Level.NOTE}
Found = tuple[Patch, str, Level, Hit]


class BackEnds:
    """The scripts of one tree, copied to a directory of their own with what they look up: some of the tree's files, and
    a repository that has the cited commits and nothing else. The tree itself is neither shown to them nor written to.

    Arguments:
        tree: the tree, if any
        repository: what it is of, if anything
        checkpatch: a checkpatch.pl to run instead of the tree's
        strict: whether its CHECKs are wanted
        trusted: whether the tree's own scripts may be run

    ``skipped`` fills with what could not be run, and why.
    """

    def __init__(
        self, tree: KernelTree | None, repository: Repository | None, checkpatch: Path | None, *, strict: bool,
        trusted: bool,
    ) -> None:  # fmt: skip
        self.skipped: list[Skipped] = []
        self._tree = tree
        self._strict = strict
        self._trusted = trusted
        self._stack = contextlib.ExitStack()
        self._top = self._stack.enter_context(temporary.directory("lint"))
        for name in _TOP_DIRECTORIES:
            (self._top / name).mkdir()
        for name in (*_TOP_FILES, "MAINTAINERS"):
            (self._top / name).touch()
        self._copied: dict[str, str] = {}
        self._excerpt: Excerpt | None = None
        self._get_maintainer_pl = b""
        if tree is not None:
            scripts = tree.read(_SCRIPTS) if trusted else {}
            self._get_maintainer_pl = scripts.pop(GET_MAINTAINER, b"")
            self._write({**scripts, **tree.read((*_TOP_FILES, *_DATA))})
            for name in {path.partition("/")[0] for path in tree.paths() if "/" in path}:
                with contextlib.suppress(OSError):  # a file has that name, or none can
                    (self._top / name).mkdir()
            if repository is not None:
                from patcher.tree.excerpt import Excerpt

                self._excerpt = Excerpt(repository, tree.commit, self._top)
        if checkpatch:
            self._copy(checkpatch)

    def _write(self, files: Mapping[str, bytes]) -> None:
        """Copy files of the tree."""
        for name, content in files.items():
            with contextlib.suppress(OSError):  # a name that cannot stand beside the others, or that no file can have
                (self._top / name).parent.mkdir(parents=True, exist_ok=True)
                (self._top / name).write_bytes(content)

    def _show(self, patches: Sequence[tuple[Patch, Diff]]) -> None:
        """Copy what checkpatch.pl will look up for some patches."""
        if self._tree is None:
            return
        names = {path for path in shown.wanted(patches) if not {".", "..", ".git"} & set(path.lower().split("/"))}
        if shown.BINDINGS in names:
            names |= {path for path in self._tree.paths() if path.startswith(shown.BINDINGS)}
        blobs = {path: blob for path, blob in self._tree.blobs(sorted(names)).items() if path not in self._copied}
        self._write(self._tree.read(path for path in blobs if path not in _SCRIPTS))
        self._copied |= blobs
        if self._excerpt:
            self._excerpt.add(shown.ids(patches))
            with contextlib.suppress(InputError):  # a name that git does not take
                self._excerpt.list(blobs)
        # checkpatch.pl runs get_maintainer.pl for each file, half a second each, to ask whether it is obsolete.
        script = self._top / GET_MAINTAINER
        script.unlink(missing_ok=True)
        if self._get_maintainer_pl and any(
            map(self._obsolete, {file.path for _, diff in patches for file in diff.files})
        ):
            script.write_bytes(self._get_maintainer_pl)

    @cached_property
    def _maintainers(self) -> Maintainers:
        return Maintainers(
            (read_optional(self._top / "MAINTAINERS", below=self._top) or b"").decode("utf-8", "replace")
        )

    def _obsolete(self, path: str) -> bool:
        return any("obsolete" in section.status.lower() for _, section in self._maintainers.of(path))

    @property
    def _environment(self) -> dict[str, str]:
        """git in the sandbox is another user there; what it is told it does not ask the owner of."""
        return {"GIT_DIR": str(self._excerpt.directory)} if self._excerpt else {}

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
            self._show(patches)
            yield from self._checkpatch(patches, names, directory)
            if self._trusted:
                yield from self._get_maintainer(patches, names, directory)

    def _checkpatch(
        self, patches: Sequence[tuple[Patch, Diff]], names: Sequence[str], directory: Path
    ) -> Iterator[Found]:
        if not (self._top / CHECKPATCH).is_file():
            self._skip("checkpatch.pl", "the tree has none; --checkpatch names another")
            return
        options = ["--terse", "--no-summary", "--show-types", *(["--strict"] if self._strict else [])]
        options += [] if self._tree is not None else ["--no-tree"]

        def run() -> sandbox.Result:
            command = ["perl", str(self._top / CHECKPATCH), *options, *names]
            read = (self._top, directory)
            return sandbox.run(command, read=read, cwd=self._top, env=self._environment, seconds=_SECONDS)

        ran = run()
        if "Unknown option" in ran.stderr.decode("utf-8", "replace"):  # before Linux 3.9
            options.remove("--show-types")
            ran = run()
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
        if not self._get_maintainer_pl:
            self._skip("get_maintainer.pl", "the tree has none")
            return
        (self._top / GET_MAINTAINER).write_bytes(self._get_maintainer_pl)
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
