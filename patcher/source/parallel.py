"""Parsing in processes of their own: in parallel, and with bounds on what an untrusted file may take."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from multiprocessing import active_children, get_context
from pathlib import Path

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Diagnostic, FileFacts
from patcher.source import walk
from patcher.source.facts import facts
from patcher.source.prepare import Prepared, Workspace, constants_header
from patcher.source.unit import Batch, Progress, Unit
from patcher.tree.config import own_directories
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree

_MEMORY_BYTES = 3 * 2**30
_SECONDS = 120
_PR_SET_PDEATHSIG = 1  # prctl(2)
_HERE = Path(__file__).parent


def parse_all(
    tree: KernelTree, batches: Sequence[Batch], cache: Cache, progress: Progress | None
) -> Iterator[tuple[tuple[str, Unit], bytes]]:
    """Parse every unit, in as many processes as there are cores; (configuration, unit) with its packed facts as each
    is done. A unit on which its process dies gets a "crash" diagnostic instead."""
    with ExitStack() as stack:
        spaces = []
        for batch in batches:
            own = own_directories(tree, tuple(unit.main for unit in batch.units))
            spaces.append(stack.enter_context(Workspace(tree, batch.config, batch.includes, own, cache)))
        jobs = {
            (batch.config.name, unit): (space.prepared, unit)
            for batch, space in zip(batches, spaces, strict=True)
            for unit in batch.units
        }
        for batch in batches:
            for unit in batch.units:
                if refused := _refused(batch, unit):
                    del jobs[batch.config.name, unit]
                    yield (batch.config.name, unit), refused
        if not jobs:
            return
        left, done = dict(jobs), 0
        try:
            with pool(min(len(jobs), cores())) as workers, all_or_killed(workers):
                wanted = []
                for batch, space in zip(batches, spaces, strict=True):
                    files = (path for unit in batch.units for path in (unit.main, *unit.headers))
                    wanted.append(space.bring(batch.includes.reach(files)))
                make_constants(workers, spaces, wanted)
                futures = {workers.submit(parse, *job): name for name, job in jobs.items()}
                for future in as_completed(futures):
                    name = futures[future]
                    try:
                        packed = future.result()
                    except MemoryError:
                        packed = _crash(*jobs[name])
                    del left[name]
                    done += 1
                    if progress:
                        progress("parsing", done, len(jobs))
                    yield name, packed
        except BrokenProcessPool:
            for name, job in left.items():  # one of these killed its worker: each gets one of its own
                yield name, _alone(*job)


@contextmanager
def all_or_killed(workers: ProcessPoolExecutor) -> Iterator[None]:
    """Where the work is broken off, end the workers at once: the pool would wait for all that it was given."""
    try:
        yield
    except BaseException:
        workers.shutdown(wait=False, cancel_futures=True)
        for worker in active_children():
            worker.kill()
        raise


def _refused(batch: Batch, unit: Unit) -> bytes | None:
    """Facts that say why a unit is not parsed, or None."""
    fatal = leads_out(batch.includes, (unit.main, *unit.headers))
    if fatal is None:
        return None
    return msgspec.msgpack.encode([FileFacts(unit.main, batch.config.name, (), (), (), (), (), (fatal,), 1)])


def leads_out(includes: Includes, files: Sequence[str]) -> Diagnostic | None:
    """Why files are not to be parsed: libclang would read, or wait for, a file that is none of the tree's."""
    for path in sorted(includes.reach(files) & includes.outside.keys()):
        said = f"not parsed: it includes {includes.outside[path]!r}, which is outside of the tree"
        return Diagnostic("fatal", path, 0, 0, said)
    return None


def make_constants(
    workers: ProcessPoolExecutor, spaces: Sequence[Workspace], wanted: Sequence[Sequence[tuple[str, str]]]
) -> None:
    """Bounds before offsets, as one needs the other; all configurations side by side."""
    for each in zip_longest(*wanted):
        running = [
            (space, *pair, workers.submit(constants_header, space.prepared, pair[1]))
            for space, pair in zip(spaces, each, strict=True)
            if pair
        ]
        for space, path, source, future in running:
            try:
                space.add_header(path, future.result())
            except MemoryError as error:
                raise InputError(
                    f"{source} takes too much memory to parse", "the tree is damaged or hostile"
                ) from error


def _alone(prepared: Prepared, unit: Unit) -> bytes:
    try:
        with pool(1) as worker:
            return worker.submit(parse, prepared, unit).result()
    except (BrokenProcessPool, MemoryError):
        return _crash(prepared, unit)


def _crash(prepared: Prepared, unit: Unit) -> bytes:
    crash = Diagnostic("crash", unit.main, 0, 0, "libclang died, ran too long or wanted too much memory")
    return msgspec.msgpack.encode([FileFacts(unit.main, prepared.config.name, (), (), (), (), (), (crash,), 1)])


def cores() -> int:
    """How many processes can run at a time."""
    return len(os.sched_getaffinity(0))


def pool(workers: int) -> ProcessPoolExecutor:
    """A pool with its processes running. They are born with SIGINT blocked: Ctrl-C must not find them half made."""
    made = ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_limit)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        made.submit(os.getpid)  # the first work starts all of them
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    # The executor keeps a writing end of the pipe of results; with it open, a worker that dies in the middle of a
    # result leaves the executor's thread to wait for the rest for ever.
    made._result_queue._writer.close()  # type: ignore[attr-defined]  # private: there is no public way
    return made


def _limit() -> None:
    """An untrusted file may cost this process its life, but not the machine its memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # and so does its death
    for what, bound in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(what, (allowed, hard))


def take_time(seconds: int) -> None:
    """Let this worker process use so much CPU time from now on."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))


def parse(prepared: Prepared, unit: Unit) -> bytes:
    """Parse one unit; the facts of its files, packed. Runs in a worker process."""
    take_time(_SECONDS)
    places = {str(prepared.sources / path): path for path in (unit.main, *unit.headers)}
    main = str(prepared.sources / unit.main)
    try:
        raw = walk.read(main, prepared.arguments(unit.main), list(places))
    except InputError as error:
        fatal = Diagnostic("fatal", unit.main, 0, 0, str(error))
        return msgspec.msgpack.encode([FileFacts(unit.main, prepared.config.name, (), (), (), (), (), (fatal,), 1)])
    heard = (*raw.diagnostics, *_strays(prepared, raw.includes))
    said = tuple(relative(item, prepared) for item in heard if item.severity != "warning")
    found = []
    for place, path in places.items():
        if place in raw.files:
            source = (prepared.sources / path).read_bytes()
            own = said if path == unit.main else tuple(item for item in said if item.path == path)
            found.append(facts(path, prepared.config.name, source, raw.files[place], own, len(said)))
    return msgspec.msgpack.encode(found)


def _strays(prepared: Prepared, includes: Iterable[tuple[str, str, int]]) -> Iterator[Diagnostic]:
    """An error for each include that left the tree, however it was spelled."""
    own = tuple(f"{place}/" for place in (prepared.sources, prepared.headers, _HERE))
    for included, source, line in sorted(includes):
        if not os.path.normpath(included).startswith(own):
            yield Diagnostic("error", source, line, 0, f"{included!r} is outside of the tree")


def relative(item: Diagnostic, prepared: Prepared) -> Diagnostic:
    path = item.path
    for place in (prepared.sources, prepared.headers):
        path = path.removeprefix(f"{place}/")
    return Diagnostic(item.severity, path, item.line, item.column, item.message)
