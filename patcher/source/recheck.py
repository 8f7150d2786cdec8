"""What libclang says of the states that a series brings files to, in one configuration after the other."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Diagnostic, Severity
from patcher.source import walk
from patcher.source.keys import digest
from patcher.source.outline import Outline, Unreadable
from patcher.source.parallel import leads_out, make_constants, relative
from patcher.source.prepare import Prepared, Workspace
from patcher.source.read import include_graph
from patcher.source.unit import Progress
from patcher.source.workers import Lost, Piece, run
from patcher.tree.config import Config
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree, blob_id
from patcher.tree.makefiles import own_directories
from patcher.tree.overlay import PatchedTree

State = Mapping[str, bytes]
_PATIENCE = 5  # a unit is parsed once for each state
_Heard = tuple[Diagnostic, ...]  # of one state
_heard_decoder = msgspec.msgpack.Decoder(_Heard)
_answer_decoder = msgspec.msgpack.Decoder(tuple[_Heard, ...])


class News(NamedTuple):
    """A diagnostic that the state before did not have. ``state`` counts from 0."""

    state: int
    config: str
    unit: str
    diagnostic: Diagnostic


class _Job(NamedTuple):
    """A unit in a configuration. ``keys``: what is heard of it is stored under, for the tree itself and each state."""

    config: Config
    unit: str
    includes: Includes
    keys: tuple[str, ...]


def news(
    tree: KernelTree,
    configs: Sequence[Config],
    units: Sequence[str],
    states: Sequence[State],
    cache: Cache,
    progress: Progress | None = None,
) -> list[News]:
    """Every diagnostic that is new in a state, against the one before; ``states[0]`` against ``tree``.

    A state maps the paths that differ from ``tree`` to their content; ``units`` are the C files to parse. Diagnostics
    are compared by what they say and by the line they say it of, so a line that moved says nothing new. Raises
    InputError where a unit includes what is outside of the tree.
    """
    last = PatchedTree(tree, states[-1] if states else {})
    ids = [{path: blob_id(content) for path, content in state.items()} for state in states]
    jobs: list[_Job] = []
    for config in configs:
        includes = include_graph(last, config, units, cache)
        jobs += [_Job(config, unit, includes, _keys(config, unit, includes, tree, ids)) for unit in units]
    for job in jobs:
        if fatal := leads_out(job.includes, [job.unit]):
            raise InputError(f"{fatal.path} is {fatal.message}", "the tree is damaged or hostile")
    wanted = {key for job in jobs for key in job.keys}
    known = {key: found for key in wanted if (found := cache.load(key, _heard_decoder.decode)) is not None}
    pairs = [
        (job, {key: each for key, each in zip(job.keys, [{}, *states], strict=True) if key not in known})
        for job in jobs
    ]
    missing = [(job, new) for job, new in pairs if new]
    for heard in _parse(tree, missing, states, cache, progress) if missing else ():
        known |= heard
    new_ones = []
    for job in jobs:
        lines = [_by_content(known[key], state, tree) for key, state in zip(job.keys, [{}, *states], strict=True)]
        for number, (before, after) in enumerate(pairwise(lines)):
            new_ones += [News(number, job.config.name, job.unit, after[what]) for what in after if what not in before]
    return sorted(new_ones, key=lambda one: one.state)


def _by_content(heard: Sequence[Diagnostic], state: State, tree: KernelTree) -> dict[tuple[str, ...], Diagnostic]:
    found: dict[tuple[str, ...], Diagnostic] = {}
    texts = {**tree.read({item.path for item in heard if item.path}), **state}
    for item in heard:
        lines = texts.get(item.path, b"").splitlines()
        line = lines[item.line - 1].strip() if 0 < item.line <= len(lines) else b""
        times = 0
        while (what := (item.severity, item.path, item.message, line.decode("utf-8", "replace"), str(times))) in found:
            times += 1
        found[what] = item
    return found


def _keys(
    config: Config, unit: str, includes: Includes, tree: KernelTree, states: Sequence[Mapping[str, str]]
) -> tuple[str, ...]:
    """A key for the tree itself and for each of the ``states`` (path → blob), over all that libclang then reads."""
    reached = includes.reach([unit, *config.forced])
    changed = frozenset(path for state in states for path in state) & reached
    own: dict[str, str | bytes] = {
        path: includes.blobs.get(path) or includes.made.get(path, b"") for path in reached - changed
    }
    own |= dict.fromkeys(changed, "") | tree.blobs(changed)
    settings = (config.name, config.flags, config.forced, config.directories, config.per_file.get(unit, ()))
    moving = sorted(changed - {unit})  # in what does not move, libclang may skip the bodies of functions
    keys: dict[frozenset[tuple[str, str]], str] = {}
    found = []
    for state in [{}, *states]:
        own_changes = frozenset((path, blob) for path, blob in state.items() if path in changed)
        if own_changes not in keys:
            blobs = sorted((own | dict(own_changes)).items())
            keys[own_changes] = "recheck:" + digest(settings, unit, moving, blobs)
        found.append(keys[own_changes])
    return tuple(found)


def _parse(
    tree: KernelTree,
    jobs: Sequence[tuple[_Job, Mapping[str, State]]],
    states: Sequence[State],
    cache: Cache,
    progress: Progress | None,
) -> Iterator[dict[str, _Heard]]:
    """What is heard of each job in the states beside it, by key. ``states`` are all."""
    with ExitStack() as stack:
        spaces: dict[str, Workspace] = {}
        wanted: dict[str, list[tuple[str, str]]] = {}
        for (config, _, includes, _), _ in jobs:
            if config.name not in spaces:
                units = tuple(job.unit for job, _ in jobs if job.config.name == config.name)
                own = own_directories(tree, units)
                before = includes._replace(blobs=tree.blobs(includes.blobs))
                spaces[config.name] = stack.enter_context(Workspace(tree, config, before, own, cache))
                wanted[config.name] = spaces[config.name].bring(includes.reach(units))
        make_constants(list(spaces.values()), list(wanted.values()))
        scratch = stack.enter_context(temporary.directory("recheck"))  # processes may be killed
        pieces = {}
        for number, (job, new) in enumerate(jobs):
            place = scratch / str(number)
            place.mkdir()
            prepared = spaces[job.config.name].prepared
            texts = _Texts.of(tree, job, states, tuple(new.values()))
            work = functools.partial(_listen, prepared, job.unit, texts, place)
            pieces[number] = Piece(work, prepared.readable, (place,), _PATIENCE, job.unit)
        for done, (number, found) in enumerate(run(pieces), 1):
            if progress:
                progress("parsing the patched files", done, len(pieces))
            job, new = jobs[number]
            heard = _checked(found, len(new))
            for key, each in zip(new, heard, strict=False):
                cache.put(key, msgspec.msgpack.encode(each))
            yield dict(zip(new, heard or _crashed(found, job, new), strict=True))


def _checked(found: bytes | Lost, states: int) -> tuple[_Heard, ...]:
    """What was heard, as it came out of a process in which hostile files were read; () where that is nothing."""
    if isinstance(found, bytes):
        with suppress(msgspec.MsgspecError, ValueError):
            heard = _answer_decoder.decode(found)
            return heard if len(heard) == states else ()
    return ()


def _crashed(found: bytes | Lost, job: _Job, keys: Collection[str]) -> tuple[_Heard, ...]:
    """What stands for what was not heard: a "crash" in each state but the tree's own, so that it is new."""
    reason = found.reason if isinstance(found, Lost) else "libclang gave no answer"
    crash = (Diagnostic(Severity.CRASH, job.unit, 0, 0, reason),)
    return tuple(() if key == job.keys[0] else crash for key in keys)


class _Texts(NamedTuple):
    """A unit in the states to parse: its text, how much of its beginning is stable, the headers that changed."""

    states: tuple[tuple[bytes, int, dict[str, bytes]], ...]

    @classmethod
    def of(cls, tree: KernelTree, job: _Job, states: Sequence[State], parsed: Sequence[State]) -> _Texts:
        """``states`` are all that the series has, ``parsed`` those to parse."""
        unit, includes = job.unit, job.includes
        own = tree.read([unit]).get(unit, b"")
        reached = includes.reach([unit])
        moving = frozenset(path for state in states for path in state if path in reached and path != unit)
        found = []
        moves: dict[str, bool] = {}
        for state in parsed:
            text = state.get(unit, own)
            headers = {path: content for path, content in state.items() if path in moving}
            found.append((text, _stable(text, unit, includes, moving, moves), headers))
        return cls(tuple(found))


def _stable(text: bytes, unit: str, includes: Includes, moving: frozenset[str], moves: dict[str, bool]) -> int:
    """How many bytes at the beginning of a file include nothing that moves: whole lines, outside of conditionals.

    ``moves`` is what has been found out already: whether a file of the graph reaches one that moves.
    """
    end = 0
    for start, line_end, depth, name in _beginning(text):
        targets = [path for path in includes.edges.get(unit, ()) if path == name or path.endswith(f"/{name}")]
        if start < 0 or not targets:
            break
        for path in targets:
            if path not in moves:
                moves[path] = not moving.isdisjoint(includes.reach([path]))
        if any(moves[path] for path in targets):
            break
        if depth == 0:
            end = line_end
    return end


@functools.lru_cache(maxsize=256)
def _beginning(text: bytes) -> tuple[tuple[int, int, int, str], ...]:
    """The includes of a file: (start, end of the line, depth, name), the start -1 for one that stands behind code."""
    try:
        outline = Outline(text)
    except Unreadable:
        return ()
    code = outline.tokens[0].start if outline.tokens else len(text)
    return tuple(
        (
            include.start if include.start <= code else -1,
            outline.line_end(include.end),
            include.depth,
            include.name[1:-1].removeprefix("./"),
        )
        for include in outline.includes
    )


def _listen(prepared: Prepared, unit: str, texts: _Texts, scratch: Path) -> bytes:
    """What libclang says of the unit in each state, packed. Runs in a process of its own.

    ``scratch`` is a directory of the caller's for temporary files.
    """
    heard: list[_Heard] = []
    arguments = [argument for argument in prepared.arguments(unit) if argument != "-w"]
    session = walk.Session(str(prepared.sources / unit), [*arguments, "-Wall"], scratch)
    for text, stable, headers in texts.states:
        changed = {str(prepared.sources / path): content for path, content in headers.items()}
        heard.append(tuple(relative(item, prepared) for item in session.listen(text, stable, changed)))
    return msgspec.msgpack.encode(heard)
