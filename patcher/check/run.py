"""The check itself: commit after commit, each in all configurations at once."""

from __future__ import annotations

import itertools
import posixpath
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from patcher.cache import Cache
from patcher.check import affected as affect
from patcher.check import ccache
from patcher.check.adjust import Adjustments, Tool, adjustments, tool
from patcher.check.at import At, Sources
from patcher.check.building import Build, CannotBuild
from patcher.check.judge import Findings, Standing
from patcher.check.kbuild import Makefiles
from patcher.check.results import Cell, Column, LeftOut, Message, Outcome, Report, Row, Status
from patcher.check.runner import Runner
from patcher.check.specs import Spec, symbols
from patcher.check.store import Store, digest
from patcher.check.workspace import Workspace
from patcher.processes import end_children
from patcher.tree import content as git
from patcher.tree.gitrepo import GitTree, Repository
from patcher.tree.kernel import version
from patcher.tree.revisions import Commit

Progress = Callable[[str, int, int], None]
_AT_ONCE = 24
_HELPS = (("WERROR", "n"),)


class Request(NamedTuple):
    """What to check.

    ``commits`` follow each other, oldest first, in ``repository``; ``base`` is what the first stands on. ``specs`` are
    the configurations; where there are none, they are chosen from what the series changes. ``tools`` are names of
    compilers and checkers. ``jobs``: processes at once. ``most``: how many users of touched headers are compiled for a
    commit in a configuration. ``sandboxed``: whether the tree's programs run in the sandbox. ``where`` names the tree
    for people.
    """

    repository: Repository
    base: str
    commits: tuple[Commit, ...]
    specs: tuple[Spec, ...]
    tools: tuple[str, ...]
    jobs: int
    most: int
    sandboxed: bool
    where: str


class _Lane:
    """One configuration of one tool, on its way through the series."""

    def __init__(self, number: int, name: str, spec: Spec, tool: Tool, findings: Findings) -> None:
        self.number, self.name, self.spec, self.tool = number, name, spec, tool
        self.arch = "x86" if spec.arch in ("", "i386", "x86_64") else spec.arch
        self.broken = tool.missing
        self.configs: dict[int, str] = {}
        self.stuck: dict[int, str] = {}  # commits that cannot be configured, though their parent can
        self.needs: tuple[str, ...] = ()  # of what is prepared for every object
        self.build: Build | None = None
        self.set = ""
        self.wanted: dict[int, tuple[str, ...]] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.standing = Standing(spec.name, tool.name, findings)
        self.cells: list[Cell] = []


class Checker:
    """One run, as a context manager: what stays behind is only what is kept for later runs.

    Raises InputError where there is no sandbox, or no room to work.
    """

    def __init__(self, request: Request, cache: Cache, progress: Progress | None = None) -> None:
        self._request = request
        self._cache = cache
        self._store = Store(cache)
        self._progress = progress
        self._lock = threading.Lock()
        self._runner = Runner(sandboxed=request.sandboxed)
        self._sources = Sources(request.repository)
        self._space: Workspace | None = None
        self._brought = -1
        self._cached = ccache.usable()
        self._compiled: Path | None = None
        self._adjusted: dict[str, Adjustments] = {}
        self._findings = Findings()
        self._left: list[LeftOut] = []
        self._done = 0
        self._counting = threading.Lock()
        self._at_work = 0
        self._ended = False
        self._numbers = itertools.count()
        self._at = [At(request.repository, self._sources, 0, request.base, "")]
        for number, commit in enumerate(request.commits, 1):
            self._at.append(At(request.repository, self._sources, number, commit.id, self._at[-1].commit))
        self._tools = {name: tool(name) for name in request.tools}
        self._lanes = self._lanes_of(request.specs)

    def _lanes_of(self, specs: Sequence[Spec]) -> list[_Lane]:
        pairs = [(spec, name) for spec in specs for name in self._tools]
        several = len(self._tools) > 1
        return [
            _Lane(next(self._numbers), f"{spec.name} {name}" if several else spec.name, spec, self._tools[name],
                  self._findings)
            for spec, name in pairs
        ]  # fmt: skip

    def __enter__(self) -> Checker:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._runner.end()
        if self._space is not None:
            self._space.close(wait=kind is None)

    def run(self) -> Report:
        """Check every commit in every configuration."""
        told = version(GitTree(self._request.repository, self._request.base))
        pool = ThreadPoolExecutor(self._request.jobs)
        try:
            if not self._lanes:
                self._auto()
            for at in self._at:
                if not at.number or at.config_files != self._at[at.number - 1].config_files:
                    self._each(pool, self._configure, at)
                else:
                    for lane in self._lanes:
                        lane.configs[at.number] = lane.configs.get(at.number - 1, "")
                        if at.number - 1 in lane.stuck:
                            lane.stuck[at.number] = lane.stuck[at.number - 1]
            self._choose()
            for at in self._at:
                self._each(pool, self._compile, at)
                for lane in self._lanes:
                    self._judge(lane, at)
        except BaseException as error:
            self._end(pool, everything=not isinstance(error, Exception))
            raise
        pool.shutdown()
        return self._report(told)

    def _end(self, pool: ThreadPoolExecutor, *, everything: bool) -> None:
        """End all that is under way, also what a thread begins just now. ``everything``: the process is to end, too, so
        that no git or cp is waited for."""
        pool.shutdown(wait=False, cancel_futures=True)
        self._ended = True
        while True:
            self._runner.end()
            if everything:
                end_children()
            with self._counting:
                if not self._at_work:
                    return
            time.sleep(0.02)

    def _each(self, pool: ThreadPoolExecutor, work: Callable[[_Lane, At], None], at: At) -> None:
        def counted(lane: _Lane) -> None:
            with self._counting:
                if self._ended:
                    return
                self._at_work += 1
            try:
                work(lane, at)
            finally:
                with self._counting:
                    self._at_work -= 1

        for future in [pool.submit(counted, lane) for lane in self._lanes if not lane.broken]:
            future.result()

    def _say(self, at: At, what: str) -> None:
        if self._progress:
            total = sum(len(targets) for lane in self._lanes for targets in lane.wanted.values())
            with self._lock:
                self._progress(f"commit {at.number}/{len(self._at) - 1} {what}", self._done, max(total, 1))

    # Configurations

    def _auto(self) -> None:
        """Choose configurations from what the series changes."""
        from patcher.check.auto import choose

        first = next(iter(self._tools.values()))
        last = self._at[-1]

        def configure(spec: Spec) -> str | None:
            lane = _Lane(next(self._numbers), spec.name, spec, first, self._findings)
            if not first.missing:
                self._configure(lane, last)
            return lane.configs.get(last.number)

        lines = {at.number: git.lines(self._request.repository, at.parent, at.commit) for at in self._at[1:]}
        chosen = choose(self._at, lines, configure)
        self._left += chosen.left_out
        self._lanes = self._lanes_of(chosen.specs)

    def _adjustments(self, name: Tool) -> Adjustments:
        """What the tool's compiler needs; a checker goes with gcc."""
        command = "gcc" if name.name == "sparse" else name.command
        with self._lock:
            if command not in self._adjusted:
                self._adjusted[command] = adjustments(command, self._at[0].text, self._at[0].entries)
            return self._adjusted[command]

    def _key(self, lane: _Lane, at: At, *more: object) -> str:
        adjusted = self._adjustments(lane.tool)
        spec = (lane.spec.arch, lane.spec.base, lane.spec.text, lane.spec.changes, lane.spec.helps)
        repository = self._request.repository.identity  # what an id of git's stands for is its word alone
        return digest(5, repository, spec, lane.tool, adjusted.variables, sorted(adjusted.files.items()), *more)

    def _configure(self, lane: _Lane, at: At) -> None:
        """Have ``lane.configs`` for a commit, and for the base also what is prepared; else it is broken."""
        self._say(at, f"{lane.name} configuring")
        key = self._key(lane, at, "config", at.config_files)
        text = self._store.text(key)
        needs = self._store.text(self._key(lane, at, "needs", at.commit)) if not at.number else ""
        if text is not None and needs is not None:
            lane.configs[at.number] = text
            lane.needs = tuple(needs.split("\0")) if needs else lane.needs
            return
        try:
            build = self._building(lane, at)
            if text is None:
                text = build.configure(at.entries, _HELPS)
                self._store.put_text(key, text)
            else:
                build.set_config(text)
            lane.set = text
            lane.configs[at.number] = text
            if not at.number:
                self._prepare(lane, at, build)
        except CannotBuild as error:
            if at.number and at.number - 1 in lane.configs:
                lane.stuck[at.number] = str(error)
                lane.configs[at.number] = lane.configs[at.number - 1]
            else:
                lane.broken = str(error)

    def _prepare(self, lane: _Lane, at: At, build: Build) -> None:
        assert self._space is not None
        kept = self._key(lane, at, "prepared", str(self._space.root), self._cached, at.commit)
        lane.needs = build.prepare(at.entries)
        self._store.put_text(self._key(lane, at, "needs", at.commit), "\0".join(lane.needs))
        self._space.kept.save(kept, build.directory)

    def _building(self, lane: _Lane, at: At) -> Build:
        """The lane's build directory, with the sources of the commit brought."""
        with self._lock:
            if self._space is None:
                self._space = Workspace(self._cache)
                self._bring(self._space, self._at[0])
            if self._brought != at.number:
                self._bring(self._space, at)
        if lane.build is None:
            self._space.put_ours(self._adjustments(lane.tool).files)
            build = Build(
                self._space, self._runner, lane.number, lane.spec, lane.tool, self._adjustments(lane.tool),
                max(1, self._request.jobs // max(1, len(self._lanes))), self._cached,
            )  # fmt: skip
            base = self._at[0]
            kept = self._key(lane, base, "prepared", str(self._space.root), self._cached, base.commit)
            if self._space.kept.load(kept, build.directory):
                lane.set = lane.configs.get(0, "")
            else:
                build.create()
            lane.build = build
        lane.build.use(self._compiled)
        return lane.build

    def _bring(self, space: Workspace, at: At) -> None:
        space.bring(self._request.repository, at.exported)
        self._brought = at.number
        if self._cached:
            space.put_ours({ccache.NAMES: at.header_names})
            ran = dict.fromkeys(each.build_files for each in self._at[: at.number + 1])
            self._compiled = space.compiled(digest(*ran))

    # Which objects

    def _choose(self) -> None:
        """Decide for each commit and configuration what is compiled."""
        graphs: dict[str, affect.Graph] = {}
        for at in self._at[1:]:
            sources, headers, makefiles, _ = affect.touched(at.changes)
            built_somewhere: set[str] = set()
            for lane in self._lanes:
                if lane.broken:
                    continue
                users: dict[str, int] = {}
                if headers:
                    if lane.arch not in graphs:
                        graphs[lane.arch] = self._graph(lane.arch)
                    users = graphs[lane.arch].users(headers)
                makefile = Makefiles(at.text, symbols(lane.configs[at.number]), lane.arch)
                beside = [
                    path
                    for directory in {posixpath.dirname(path) for path in makefiles}
                    for path in at.entries
                    if posixpath.dirname(path) == directory and path.endswith((".c", ".S"))
                ]
                own = list(dict.fromkeys([*sources, *beside]))
                candidates = [path for path in (*own, *users) if path in at.entries]
                built = {path: makefile.builds(path) for path in candidates}
                users = {path: steps for path, steps in users.items() if path in built}
                naming: frozenset[str] = frozenset()
                if sum(built[path] for path in users) > self._request.most:
                    words = affect.words(at.changed_text(headers))
                    naming = at.naming(words, [path for path in users if built[path]])
                chosen = affect.select(
                    [path for path in own if path in built], users, naming, built, self._request.most
                )
                built_somewhere.update(path for path in built if built[path])
                lane.wanted[at.number] = tuple(dict.fromkeys(affect.target(path) for path in chosen.sources))
                if lane.configs[at.number] != lane.configs[at.number - 1]:
                    self._left.append(
                        LeftOut(
                            f"what commit {at.number} does to the configuration {lane.name}",
                            "only the objects of files that it touches were compiled",
                        )
                    )
                if chosen.more:
                    self._left.append(
                        LeftOut(
                            f"{chosen.more} of {chosen.users} built files that include a header of commit {at.number}",
                            f"{lane.name}: those that name what changed came first, then the nearest (--max-users)",
                        )
                    )
            for path in sources:
                if path not in built_somewhere:
                    self._left.append(LeftOut(path, f"commit {at.number}: no configuration that was checked builds it"))
        for lane in self._lanes:
            union = dict.fromkeys(target for number in sorted(lane.wanted) for target in lane.wanted[number])
            for at in self._at[1:]:
                union.update(dict.fromkeys(affect.target(old) for old in at.renamed if old.endswith((".c", ".S"))))
            lane.wanted[0] = tuple(target for target in union if affect.source(target, self._at[0].entries))
            if lane.wanted[0] and not lane.broken:
                makefile = Makefiles(self._at[0].text, symbols(lane.configs[0]), lane.arch)
                lane.wanted[0] = tuple(
                    each for each in lane.wanted[0] if makefile.builds(affect.source(each, self._at[0].entries))
                )

    def _graph(self, arch: str) -> affect.Graph:
        base = self._at[0]
        key = digest("includes", base.commit, arch)
        kept = self._store.text(key)
        if kept is None:
            lines = base.include_lines(arch)
            self._store.put_text(key, "\n".join(f"{path}\0{line}" for path, line in lines))
        else:
            pairs = (line.partition("\0") for line in kept.split("\n"))
            lines = [(path, line) for path, _, line in pairs]
        known = set(base.entries)
        for at in self._at[1:]:
            known.update(change.path for change in at.changes if change.path)
            lines += at.changed_include_lines()
        return affect.Graph(known, lines, arch)

    # Building

    def _compile(self, lane: _Lane, at: At) -> None:
        """Have ``lane.outcomes`` for what a commit affects."""
        lane.outcomes = {}
        targets = [each for each in lane.wanted[at.number] if affect.source(each, at.entries)]
        first = {}
        for target in targets:
            needs = [(path, at.entries[path].blob if path in at.entries else "") for path in lane.needs]
            first[target] = self._key(lane, at, target, lane.configs[at.number], at.header_names, at.build_files, needs)
            if outcome := self._store.find(first[target], at.entries):
                lane.outcomes[target] = outcome
        left = [target for target in targets if target not in lane.outcomes]
        self._done += len(targets) - len(left)
        if not left or at.number in lane.stuck:
            return
        try:
            build = self._building(lane, at)
            if lane.set != lane.configs[at.number]:
                build.set_config(lane.configs[at.number])
                lane.set = lane.configs[at.number]
        except CannotBuild as error:
            lane.outcomes.update({target: Outcome(target, "error", str(error), (), ()) for target in left})
            return
        for start in range(0, len(left), _AT_ONCE):
            some = left[start : start + _AT_ONCE]
            self._say(at, f"{lane.name} {some[0]}")
            for target, outcome in build.make(some, at.entries, lambda path: at.text(path).split("\n")).items():
                lane.outcomes[target] = outcome
                if outcome.state in ("built", "failed") and outcome.needs:
                    self._store.put(first[target], at.entries, outcome)
            self._done += len(some)

    def _judge(self, lane: _Lane, at: At) -> None:
        if not at.number:
            lane.standing.begin(lane.outcomes)
            return
        if lane.broken:
            lane.cells.append(Cell(lane.name, Status.ERROR, lane.broken, 0))
            return
        if reason := lane.stuck.get(at.number):
            lane.cells.append(Cell(lane.name, Status.FAIL, reason, 0))
            if at.number - 1 not in lane.stuck:
                changed = next((each.path for each in at.changes if "Kconfig" in each.path), "Kconfig")
                said = Message("error", changed, 0, reason, "", "", "", "")
                self._findings.add(at.number, lane.tool.name, "error", said, lane.spec.name, ".config")
            return
        gone = [
            affect.target(each.old) for each in at.changes if each.status == "D" and each.old.endswith((".c", ".S"))
        ]
        status, detail = lane.standing.step(at.number, lane.outcomes, gone, at.renamed)
        count = len(lane.outcomes)
        passed = f"{count} objects, as its parent" if count else "nothing that it changes is built here: as its parent"
        lane.cells.append(Cell(lane.name, status, detail or passed, count))

    def _report(self, told: str) -> Report:
        rows = []
        for number, commit in enumerate(self._request.commits, 1):
            cells = [lane.cells[number - 1] for lane in self._lanes]
            if not any(cell.count or cell.status not in (Status.PASS,) for cell in cells):
                cells = [Cell(cell.check, Status.SKIP, "nothing that it changes is compiled", 0) for cell in cells]
            rows.append(Row(number, commit.id, commit.subject, tuple(cells)))
        return Report(
            tree=self._request.where,
            version=told,
            base=self._request.base,
            columns=tuple(
                Column(
                    lane.name,
                    lane.tool.name,
                    lane.spec.name,
                    lane.spec.made_of(),
                    lane.tool.version.rpartition(" (")[0],
                )
                for lane in self._lanes
            ),
            rows=tuple(rows),
            findings=self._findings.all(),
            left_out=tuple(self._left),
            adjustments=tuple(dict.fromkeys(line for each in self._adjusted.values() for line in each.told)),
            notes=self._runner.gaps(),
        )


def nothing(request: Request) -> Report:
    """The report where no patch made a commit: there was nothing to compile."""
    told = version(GitTree(request.repository, request.base))
    return Report(request.where, told, request.base, (), (), (), (), (), ())
