"""What macros are worth, as a compiler computes it, however they are written."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.source import walk
from patcher.source.keys import digest
from patcher.source.parallel import make_constants
from patcher.source.prepare import Prepared, Workspace
from patcher.source.read import include_graph
from patcher.source.workers import Lost, Piece, run
from patcher.tree.config import Config
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree
from patcher.tree.makefiles import own_directories

_PREFIX = "patcher_equal_"
_decoder = msgspec.msgpack.Decoder(tuple[int, ...])


class Question(NamedTuple):
    """Whether the macro ``name`` has the value of the C expression ``value``; ``path`` is the file that defines it."""

    path: str
    name: str
    value: str


def unequal(
    tree: KernelTree, configs: Sequence[Config], questions: Sequence[Question], cache: Cache
) -> list[str | None]:  # fmt: skip
    """Of each question: the first configuration in which the answer is no, or "". What libclang cannot compute, and
    what is no constant, is not equal. None where libclang came to no end."""
    found = _answers(tree, configs, questions, cache) if questions else []
    if None in found:
        return [None] * len(questions)
    return [
        next((config.name for config, answers in zip(configs, found, strict=True) if answers and not answers[n]), "")
        for n in range(len(questions))
    ]


def _answers(
    tree: KernelTree, configs: Sequence[Config], questions: Sequence[Question], cache: Cache
) -> list[Sequence[int] | None]:
    """The answers in each configuration, all of them computed side by side."""
    paths = tuple(sorted({question.path for question in questions}))
    graphs = [include_graph(tree, config, paths, cache) for config in configs]
    keys = ["values:" + digest(_seen(*each, paths), questions) for each in zip(configs, graphs, strict=True)]
    found: list[Sequence[int] | None] = [cache.load(key, _decoder.decode) for key in keys]
    missing = [n for n, answers in enumerate(found) if answers is None]
    own = own_directories(tree, paths) if missing else {}
    with ExitStack() as stack:
        spaces: list[Workspace] = []
        for n in missing:
            beside = spaces[0] if spaces else None
            spaces.append(stack.enter_context(Workspace(tree, configs[n], graphs[n], own, cache, beside)))
        reached = [graphs[n].reach(paths) for n in missing]
        make_constants(spaces, [space.bring(each) for space, each in zip(spaces, reached, strict=True)])
        pieces = {}
        for n, space in zip(missing, spaces, strict=True):
            scratch = stack.enter_context(temporary.directory("values"))
            main = scratch / "values.c"
            main.write_text(_program(space.prepared.sources, questions))
            work = functools.partial(_compute, space.prepared, main, paths[0], len(questions))
            pieces[n] = Piece(work, (*space.prepared.readable, scratch))
        for n, done in run(pieces):
            if not isinstance(done, Lost):
                found[n] = _decoder.decode(done)
                cache.put(keys[n], done)
    return found


def _program(sources: Path, questions: Sequence[Question]) -> str:
    lines = [f'#include "{sources / path}"' for path in sorted({question.path for question in questions})]
    lines += [f"enum {{ {_PREFIX}{n} = ({each.name}) == ({each.value}) }};" for n, each in enumerate(questions)]
    return "\n".join(lines) + "\n"


def _compute(prepared: Prepared, main: Path, path: str, count: int) -> bytes:
    """Runs in a process of its own."""
    found = walk.enumerators(str(main), prepared.arguments(path), _PREFIX, bodies=False)
    return msgspec.msgpack.encode([found.get(str(number), 0) for number in range(count)])


def _seen(config: Config, includes: Includes, paths: Sequence[str]) -> object:
    reached = sorted(includes.reach([*paths, *config.forced]))
    blobs = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in reached]
    return (config.name, config.flags, config.forced, config.directories, blobs)
