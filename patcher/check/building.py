"""One configuration of one tool: its build directory, made and used through the tree's own kbuild."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from patcher.check import ccache, messages, said
from patcher.check.adjust import OURS
from patcher.check.affected import is_source, source, sources_of
from patcher.check.configuration import Configuration
from patcher.check.kbuild import Makefiles
from patcher.check.results import Message, Outcome, Severity, State
from patcher.check.runner import Runner
from patcher.check.selects import Unmet, unmet
from patcher.check.specs import lines, symbols
from patcher.check.workspace import Workspace
from patcher.files import read_file
from patcher.sandbox import Result
from patcher.tree.gittree import LINK, Entry

_SECONDS = 1800.0
_FILE_BYTES = 64 * 2**20
_STOPPED = re.compile(r"\*\*\* \[(?:[^\]]*?: )?([^\]\s]+)\] (Error (\d{1,9})|[A-Z].*)$", re.MULTILINE)
_OF_MAKE = re.compile(r"\s*make(?:\[\d+\])?: |.*\*\*\*")
_SURROUNDINGS = re.compile(
    r"No space left on device|Disk quota exceeded|Killed signal|internal compiler error|virtual memory exhausted|"
    r"out of memory allocating|Cannot allocate memory|fork: |Resource temporarily unavailable|Too many open files|"
    r"unable to execute|Input/output error|ccache: error"
)
_CCACHE_FAILED = b"ccache: error"
_NO_RULE = re.compile(r"\*\*\* No rule to make target ['`‘]([^'’]+)['’]")
_IN_MAKEFILE = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d{1,9}): \*\*\* (?P<text>.+?)\.  Stop\.$", re.MULTILINE)
LACKING = "kbuild"  # the option of a message about what a Makefile lists
MAKING = "make"  # and of one about a Makefile that make cannot read
_NOT_THE_CODE = (126, 127, 134, 137, 139, 143)
_WORD = re.compile(r"[^\s\\:]+")
_ALONE = "head-y="  # kbuild before 6.1 makes all of the kernel for an object that stands in this variable
_ENVIRONMENT = {"LC_ALL": "C", "KBUILD_BUILD_USER": "patcher", "KBUILD_BUILD_HOST": "patcher"}


class CannotBuild(Exception):
    """The configuration cannot be built at all; the message is the reason."""


class Build:
    """The build directory of a configuration. ``config`` is the text of the ``.config`` that is in it, None for none;
    ``with_ccache`` says whether the compiler is called through ccache; ``fresh``, whether it began empty."""

    def __init__(
        self, workspace: Workspace, directory: Path, runner: Runner, configuration: Configuration, config: str | None,
        *, with_ccache: bool,
    ) -> None:  # fmt: skip
        self.directory = directory
        self.fresh = config is None
        self._spec, self._tool, self._configuration = configuration.spec, configuration.tool, configuration
        self._workspace = workspace
        self._runner = runner
        self._with_ccache = with_ccache
        self._config = config
        self._store: Path | None = None

    @property
    def places(self) -> tuple[Path, Path]:
        """The sources and the build directory."""
        return self._workspace.tree, self.directory

    def variables(self, *, plain: bool = False) -> list[str]:
        """The variables that make is given. ``plain``: without those of a checker."""
        tool = self._tool.plain or self._tool if plain else self._tool
        found = [f"O={self.directory}"]
        if self._spec.arch:
            found.append(f"ARCH={self._spec.arch}")
        compiler = f"{self._tool.compiler} {self._configuration.adjustments.flags}".strip()
        found += [f"{name}={value}" for name, value in tool.given]
        if self._with_ccache:
            found.append(f"CC=ccache {compiler}")
        elif compiler not in ("gcc", f"{dict(tool.given).get('CROSS_COMPILE')}gcc"):
            found.append(f"CC={compiler}")
        ours = str(self._workspace.ours)
        return [
            *found,
            *(f"{name}={value.replace(OURS, ours)}" for name, value in self._configuration.adjustments.variables),
        ]

    def use(self, store: Path | None) -> None:
        """From now on, have ccache keep what it compiled in ``store``."""
        self._store = store

    def configure(
        self, entries: Mapping[str, Entry], changes: Iterable[tuple[str, str]]
    ) -> tuple[str, tuple[Unmet, ...]]:
        """Make ``.config`` and return its text, and what Kconfig warns of. ``changes`` are wanted beside those of the
        spec; whether they came true is for others to see.

        Raises CannotBuild with the reason.
        """
        self._config = None
        if self._spec.base:
            self._must([self._spec.base], "it cannot be configured")
            text = self.read(".config")
        else:
            text = self._spec.text
        wanted = (*self._spec.helps, *changes, *self._spec.changes)
        names = {name for name, _ in wanted}
        kept = [line for line in text.splitlines() if not names.intersection(re.findall(r"\bCONFIG_(\w+)", line)[:1])]
        self.write(".config", "\n".join(kept) + "\n" + lines(wanted))
        kconfig, output = "scripts/kconfig/Makefile", ""
        if kconfig in entries:
            new = "olddefconfig" if "olddefconfig" in self._text(kconfig) else "oldconfig"
            output = self._must([new], "it cannot be configured", stdin=b"\n" * 20000)
        text = self.read(".config")
        self._config = text
        return text, unmet(output)

    def _text(self, path: str) -> str:
        file = self._workspace.tree / path
        return read_file(file, below=self._workspace.tree).decode("utf-8", "replace")

    def set_config(self, text: str) -> None:
        """Use this ``.config``. One that is there already is not written again: kbuild goes by its time."""
        if self._config != text:
            self.write(".config", text)
            self._config = text

    def prepare(self, entries: Mapping[str, Entry]) -> tuple[str, ...]:
        """Make what every object needs, and answer with the files of the tree that went in.

        Raises CannotBuild with the reason.
        """
        targets = ["prepare"]
        if "scripts/Makefile" in entries:
            targets.append("scripts")
        self._must(targets, "it cannot be prepared")
        needs: set[str] = set()
        for made in self._made_first():
            needs.update(self.needs(made, entries))
        return tuple(sorted(needs))

    def _made_first(self) -> list[str]:
        """What objects are made from that are made: of which constants are read, and where an architecture does so, the
        vDSO, of which addresses are."""
        own = self.directory / "arch" / self._configuration.arch / "kernel"
        vdso = own.glob("vdso*/*.o") if own.resolve() == own else ()
        found = (str(file.relative_to(self.directory)) for file in vdso)
        return ["kernel/bounds.s", f"arch/{self._configuration.arch}/kernel/asm-offsets.s", *sorted(found)]

    def link(self, targets: Sequence[str]) -> Result:
        """Make what is linked of objects, such as ``vmlinux``: how make ended, and what it and the compilers said."""
        result = self._run(targets, self.variables())
        if result.code and self._store is not None and _CCACHE_FAILED in result.stdout:
            result = self._run(targets, self.variables(), more={"CCACHE_DISABLE": "1"})
        return result

    def make(
        self, targets: Sequence[str], entries: Mapping[str, Entry], lines_of: messages.ReadLines
    ) -> dict[str, Outcome]:
        """Make objects, whether they are there or not: target → outcome. One that is a source is none."""
        wrong = [target for target in targets if is_source(target)]
        objects = [target for target in targets if target not in wrong]
        found = {target: self._listed_source(target, entries, lines_of) for target in wrong}
        found |= self._make(objects, entries, lines_of) if objects else {}
        again = [target for target, outcome in found.items() if outcome.state is State.ERROR]
        if again and self._store is not None:  # is it ccache that could not do its work?
            found.update(self._make(again, entries, lines_of, {"CCACHE_DISABLE": "1"}))
        return found

    def _make(
        self, targets: Sequence[str], entries: Mapping[str, Entry], lines_of: messages.ReadLines,
        more: Mapping[str, str] | None = None,
    ) -> dict[str, Outcome]:  # fmt: skip
        for target in targets:
            self.forget(target)
        result = self._run(["-k", *self._names(targets, entries)], [*self.variables(), _ALONE], more=more)
        output = result.stdout.decode("utf-8", "replace")
        checking = self._tool.checks
        chunks = said.chunks(output, checking, self._workspace.tree, self.directory)
        found = {}
        for target in targets:
            found[target] = self._outcome(target, result, output, chunks, checking, entries, lines_of)
        return found

    def _names(self, targets: Sequence[str], entries: Mapping[str, Entry]) -> list[str]:
        """What kbuild calls these objects."""
        makefiles = self.makefiles(entries)
        return [makefiles.name(source(target, entries) or target) or target for target in targets]

    def binutil(self, name: str) -> str:
        """The program of binutils that goes with the compiler."""
        return self._tool.binutil(name)

    def makefiles(self, entries: Mapping[str, Entry]) -> Makefiles:
        """The Makefiles of the sources, under the configuration that is set."""

        def text(path: str) -> str:
            return self._text(path) if path in entries and entries[path].mode != LINK else ""

        return Makefiles(text, symbols(self._config or ""), self._configuration.arch)

    def _outcome(
        self, target: str, result: Result, output: str, chunks: Mapping[str, str], checking: bool,
        entries: Mapping[str, Entry], lines_of: messages.ReadLines,
    ) -> Outcome:  # fmt: skip
        own = chunks.get(target, "")
        heard = self._parse(own, lines_of, target)
        there = self.is_file(target)
        if result.reason:
            return Outcome(target, State.ERROR, f"the build was ended: {result.reason}", (), ())
        if there and target in chunks:
            return Outcome(target, State.BUILT, "", heard, self.needs(target, entries))
        if there and checking:
            return Outcome(target, State.ERROR, "this tree's build does not run checkers (C=2)", (), ())
        stops = _STOPPED.findall(output)
        mine = [stop for stop in stops if said.same(stop[0], target)]
        strange = [stop for stop in mine or stops if not stop[2] or int(stop[2]) in _NOT_THE_CODE]
        around = _SURROUNDINGS.search(own or output)
        if around or strange:
            line = said.line_of(output, around.group()) if around else f"{strange[0][0]}: {strange[0][1]}"
            return Outcome(target, State.ERROR, self._shown(line), (), ())
        if mine and checking:  # no checker was come to
            heard = self._parse(chunks.get(f"{said.COMPILING}{target}", ""), lines_of, target) or heard
        errors = [message for message in heard if message.severity is Severity.ERROR]
        if errors and mine:
            return Outcome(target, State.FAILED, errors[0].message, heard, self.needs(target, entries))
        before = self._parse(chunks.get("", ""), lines_of)
        errors = [message for message in before if message.severity is Severity.ERROR and message.path in entries]
        if errors and stops:  # something that every object needs does not compile
            return Outcome(target, State.FAILED, errors[0].message, before, ())
        for stopped in (stop[0] for stop in stops if not mine):
            if wrong := self._of_the_build(os.path.normpath(stopped), chunks):
                return Outcome(target, State.FAILED, wrong.message, (wrong,), ())
        if wrong := self._in_makefile(output, entries, lines_of):
            return Outcome(target, State.FAILED, wrong.message, (wrong,), ())
        missing = _NO_RULE.findall(output)
        listed = (target, *sources_of(target))  # a source, where one was there before
        if not source(target, entries) and any(said.same(each, path) for each in missing for path in listed):
            return self._without_source(target, entries, lines_of)
        if missing:
            return Outcome(target, State.ERROR, f"kbuild has no rule to make {missing[0]}", (), ())
        line = next((text for text in reversed(own.splitlines()) if text.strip() and not _OF_MAKE.match(text)), "")
        if mine and line:
            message = Message(Severity.ERROR, f"{target.removesuffix('.o')}.c", 0, line.strip(), "", "", "", "")
            return Outcome(target, State.FAILED, line.strip(), (message,), ())
        last = self._shown(said.last(output)) or f"make ended with {result.code} and did not make it"
        return Outcome(target, State.ERROR, last, (), ())

    def _of_the_build(self, stopped: str, chunks: Mapping[str, str]) -> Message | None:
        """What the compiler says, of no line, of what kbuild compiles for itself with the flags of every object."""
        if not stopped.startswith("scripts/"):
            return None
        lines = (chunks.get(stopped) or chunks.get(f"{said.COMPILING}{stopped}", "")).splitlines()
        line = next((text.strip() for text in lines if ": error: " in text and not _OF_MAKE.match(text)), "")
        return Message(Severity.ERROR, f"{stopped.removesuffix('.o')}.c", 0, line, "", "", "", "") if line else None

    def _in_makefile(self, output: str, entries: Mapping[str, Entry], lines_of: messages.ReadLines) -> Message | None:
        """What make says of a Makefile of the tree that it cannot read."""
        for match in _IN_MAKEFILE.finditer(output):
            path, number = messages.inside(match["path"], self._workspace.tree, self.directory), int(match["line"])
            if path in entries:
                source = " ".join("".join(lines_of(path)[number - 1 : number]).split())
                return Message(Severity.ERROR, path, number, match["text"], MAKING, source, "", "")
        return None

    def _shown(self, line: str) -> str:
        """A line of output without the directories that are ours alone."""
        return line.replace(f"{self._workspace.tree}/", "").replace(f"{self.directory}/", "")

    def _without_source(self, target: str, entries: Mapping[str, Entry], lines_of: messages.ReadLines) -> Outcome:
        """A Makefile lists what the commit lacks."""
        wanted = sources_of(target)
        above, name = self._listing(target, entries)
        lacking = posixpath.relpath(wanted[-1 if target.endswith("/") else 0], above or ".")
        return self._wrongly_listed(target, f"it lists {name}, and there is no {lacking}", wanted, entries, lines_of)

    def _listed_source(self, target: str, entries: Mapping[str, Entry], lines_of: messages.ReadLines) -> Outcome:
        """A Makefile lists a source where an object belongs, which kbuild then makes nothing of."""
        name = self._listing(target, entries)[1]
        reason = f"it lists {name}, of which nothing is made: objects are listed, {posixpath.splitext(name)[0]}.o"
        return self._wrongly_listed(target, reason, (), entries, lines_of)

    def _listing(self, target: str, entries: Mapping[str, Entry]) -> tuple[str, str]:
        """The directory whose Makefile lists a target, and what it is called there."""
        above = self.makefiles(entries).lists(target) or posixpath.dirname(target.rstrip("/"))
        return above, posixpath.relpath(target, above or ".") + ("/" if target.endswith("/") else "")

    def _wrongly_listed(
        self, target: str, reason: str, needs: tuple[str, ...], entries: Mapping[str, Entry],
        lines_of: messages.ReadLines,
    ) -> Outcome:  # fmt: skip
        above, name = self._listing(target, entries)
        listing = source(f"{above}/", entries)
        listed = re.compile(rf"(?<![^\s=]){re.escape(name)}(?!\S)")
        number, line = next(((n, s) for n, s in enumerate(lines_of(listing), 1) if listed.search(s)), (0, ""))
        message = Message(Severity.ERROR, listing, number, reason, LACKING, line.strip(), "", "")
        return Outcome(target, State.FAILED, reason, (message,), (listing, *needs))

    def _parse(self, output: str, lines_of: messages.ReadLines, target: str = "") -> tuple[Message, ...]:
        return messages.parse(output, self._workspace.tree, self.directory, lines_of, target)

    def _must(self, targets: Sequence[str], what: str, *, stdin: bytes = b"") -> str:
        result = self._run(targets, self.variables(plain=True), stdin=stdin)
        if result.reason:
            raise CannotBuild(f"{what}: {result.reason}")
        output = result.stdout.decode("utf-8", "replace")
        if result.code:
            raise CannotBuild(f"{what}: {self._shown(said.of_kconfig(output) or said.first_error(output))}")
        return output

    def _run(
        self, targets: Sequence[str], variables: Sequence[str], *, stdin: bytes = b"",
        more: Mapping[str, str] | None = None,
    ) -> Result:  # fmt: skip
        count = self._configuration.jobs
        jobs = [f"-j{count}", "-Otarget"] if count > 1 else []
        cached = ccache.environment(self._store, self._workspace.ours, self._tool.beside) if self._store else {}
        argv = ["make", "--no-print-directory", *jobs, *variables, *targets]
        return self.run(argv, cwd=self._workspace.tree, env={**cached, **(more or {})}, stdin=stdin)

    def run(
        self, argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: bytes = b"",
    ) -> Result:  # fmt: skip
        """Run a program that may read the sources and write the build directory, in which it starts."""
        return self._runner.run(
            argv,
            read=[self._workspace.tree, self._workspace.ours],
            write=[self.directory, *([self._store] if self._store else [])],
            programs=self._tool.places,
            cwd=cwd or self.directory,
            env={**_ENVIRONMENT, **(env or {})},
            stdin=stdin,
            seconds=_SECONDS,
        )

    # What the build wrote is no more to be trusted than what it ran: no link in it is followed.

    def _place(self, path: str) -> Path | None:
        file = self.directory / path
        inside = file.parent.resolve() == Path(os.path.normpath(file.parent))
        return file if inside and file.parent.is_relative_to(self.directory) else None

    def is_file(self, path: str) -> bool:
        """Whether the build made that, and no link to something."""
        file = self._place(path)
        return file is not None and os.path.lexists(file) and stat.S_ISREG(file.lstat().st_mode)

    def forget(self, path: str) -> None:
        """Have what an earlier call made not be taken for what the next one makes."""
        file = self._place(path)
        if file is not None and not path.endswith("/"):
            file.unlink(missing_ok=True)

    def read(self, path: str) -> str:
        """The text of a file in the build directory. Raises CannotBuild where there is none."""
        return self.content(path, _FILE_BYTES).decode("utf-8", "replace")

    def content(self, path: str, most: int) -> bytes:
        """At most ``most`` bytes: a file of the build directory. Raises CannotBuild where there is none."""
        file = self._place(path)
        try:
            if file is None:
                raise OSError(0, "it lies behind a link")
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                state = os.fstat(descriptor)
                if not stat.S_ISREG(state.st_mode) or state.st_size > most:
                    raise OSError(0, f"it is no plain file of at most {most} bytes")
                return stream.read(most)
        except OSError as error:
            raise CannotBuild(f"the build left no usable {path} ({error.strerror})") from error

    def write(self, path: str, text: str) -> None:
        """Write a file into the build directory."""
        file = self._place(path)
        if file is None:
            raise CannotBuild(f"the build put a link where {path} belongs")
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)

    def needs(self, target: str, entries: Mapping[str, Entry]) -> tuple[str, ...]:
        """The files of the tree that an object was made from, as the compiler told kbuild."""
        directory, _, name = target.rpartition("/")
        found: set[str] = set()
        for file in (f".{name}.cmd", f".{name}.d"):
            try:
                text = self.read(f"{directory}/{file}" if directory else file)
            except CannotBuild:
                continue
            for word in _WORD.findall(text):
                if word.endswith((".h", ".c", ".S")) and "$" not in word:
                    path = messages.inside(word, self._workspace.tree, self.directory)
                    if path in entries:
                        found.add(path)
        return tuple(sorted(found))
