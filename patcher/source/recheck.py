"""What libclang says of the states that a series brings files to, in one configuration after the other."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
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
from patcher.tree.config import Config, own_directories
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree, blob_id
from patcher.tree.overlay import PatchedTree

State = Mapping[str, bytes]
_PATIENCE = 5  # a unit is parsed once for each state
_Heard = tuple[tuple[Diagnostic, ...], ...]
_heard_decoder = msgspec.msgpack.Decoder(_Heard)


class News(NamedTuple):
    """A diagnostic that the state before did not have. ``state`` counts from 0."""

    state: int
    config: str
    unit: str
    diagnostic: Diagnostic


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
    jobs: dict[str, tuple[Config, str, Includes]] = {}
    known: dict[str, _Heard] = {}
    for config in configs:
        includes = include_graph(last, config, units, cache)
        for unit in units:
            key = _key(config, unit, includes, tree, states)
            jobs[key] = (config, unit, includes)
            if stored := cache.load(key, _heard_decoder.decode):
                known[key] = stored
    for _, unit, includes in jobs.values():
        if fatal := leads_out(includes, [unit]):
            raise InputError(f"{fatal.path} is {fatal.message}", "the tree is damaged or hostile")
    missing = {key: job for key, job in jobs.items() if key not in known}
    for key, heard in _parse(tree, missing, states, cache, progress) if missing else ():
        known[key] = heard
        if not any(item.severity == Severity.CRASH for each in heard for item in each):
            cache.put(key, msgspec.msgpack.encode(heard))
    found = []
    for key, (config, unit, _) in jobs.items():
        lines = [_by_content(each, state, tree) for each, state in zip(known[key], [{}, *states], strict=True)]
        for number, (before, after) in enumerate(pairwise(lines)):
            found += [News(number, config.name, unit, after[what]) for what in after if what not in before]
    return sorted(found, key=lambda one: one.state)


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


def _key(config: Config, unit: str, includes: Includes, tree: KernelTree, states: Sequence[State]) -> str:
    reached = sorted(includes.reach([unit, *config.forced]))
    blobs = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in reached]
    changed = sorted({path for state in states for path in state} & set(reached))
    before = [(path, blob) for path, blob in sorted(tree.blobs(changed).items())]
    contents = [[(path, blob_id(state[path])) for path in changed if path in state] for state in states]
    settings = (config.name, config.flags, config.forced, config.directories, config.per_file.get(unit, ()))
    return "recheck:" + digest(settings, unit, blobs, before, contents)


def _parse(
    tree: KernelTree,
    jobs: Mapping[str, tuple[Config, str, Includes]],
    states: Sequence[State],
    cache: Cache,
    progress: Progress | None,
) -> Iterator[tuple[str, _Heard]]:
    with ExitStack() as stack:
        spaces: dict[str, Workspace] = {}
        wanted: dict[str, list[tuple[str, str]]] = {}
        for config, _, includes in jobs.values():
            if config.name not in spaces:
                units = tuple(each for other, each, _ in jobs.values() if other.name == config.name)
                own = own_directories(tree, units)
                before = includes._replace(blobs=tree.blobs(includes.blobs))
                spaces[config.name] = stack.enter_context(Workspace(tree, config, before, own, cache))
                wanted[config.name] = spaces[config.name].bring(includes.reach(units))
        make_constants(list(spaces.values()), list(wanted.values()))
        scratch = stack.enter_context(temporary.directory("recheck"))  # processes may be killed
        pieces = {}
        for number, (key, (config, unit, includes)) in enumerate(jobs.items()):
            place = scratch / str(number)
            place.mkdir()
            prepared = spaces[config.name].prepared
            work = functools.partial(_listen, prepared, unit, _Texts.of(tree, unit, includes, states), place)
            pieces[key] = Piece(work, prepared.readable, (place,), _PATIENCE, unit)
        for done, (key, found) in enumerate(run(pieces), 1):
            if progress:
                progress("parsing the patched files", done, len(pieces))
            yield key, _checked(found, jobs[key][1], len(states))


def _checked(found: bytes | Lost, unit: str, states: int) -> _Heard:
    """What was heard, as it came out of a process in which hostile files were read; a "crash" where that is nothing."""
    if isinstance(found, bytes):
        try:
            heard = _heard_decoder.decode(found)
        except (msgspec.MsgspecError, ValueError):
            heard = ()
        if len(heard) == states + 1:
            return heard
    reason = found.reason if isinstance(found, Lost) else "libclang gave no answer"
    return ((), *(((Diagnostic(Severity.CRASH, unit, 0, 0, reason),),) * states))


class _Texts(NamedTuple):
    """A unit in all states, the tree's own first: its text, how much of its beginning is stable, changed headers."""

    states: tuple[tuple[bytes, int, dict[str, bytes]], ...]

    @classmethod
    def of(cls, tree: KernelTree, unit: str, includes: Includes, states: Sequence[State]) -> _Texts:
        own = tree.read([unit]).get(unit, b"")
        reached = includes.reach([unit])
        moving = frozenset(path for state in states for path in state if path in reached and path != unit)
        found = []
        moves: dict[str, bool] = {}
        for state in [{}, *states]:
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
    """What libclang says of the unit in the tree itself, and in each state, packed. Runs in a process of its own.

    ``scratch`` is a directory of the caller's for temporary files.
    """
    heard: list[tuple[Diagnostic, ...]] = []
    arguments = [argument for argument in prepared.arguments(unit) if argument != "-w"]
    before = None
    session = walk.Session(str(prepared.sources / unit), [*arguments, "-Wall"], scratch)
    for state in texts.states:
        if state != before:
            text, stable, headers = state
            changed = {str(prepared.sources / path): content for path, content in headers.items()}
            said = session.listen(text, stable, changed)
            heard.append(tuple(relative(item, prepared) for item in said))
        else:
            heard.append(heard[-1])
        before = state
    return msgspec.msgpack.encode(heard)
