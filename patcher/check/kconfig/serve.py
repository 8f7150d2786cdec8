"""What runs in the process that reads a tree's Kconfig: it takes all rights from itself, then answers."""

from __future__ import annotations

import sys
import threading

import kconfiglib
import msgspec

from patcher import confine
from patcher.check.kconfig.model import Model
from patcher.check.kconfig.protocol import Answer, Load, Random, Reach, packed, receive
from patcher.check.kconfig.search import Search
from patcher.errors import InputError

_MEMORY_BYTES = 768 * 2**20  # Linux 6.12 takes 80 MiB, and the stack 256
_CPU_SECONDS = 60  # and 2 of these
_DEPTH, _STACK_BYTES = 20_000, 256 * 2**20
_LINE = 300


def main() -> None:
    """Answer what comes on standard input, until it ends."""
    failed = ""
    try:
        confine.limit(memory_bytes=_MEMORY_BYTES, file_bytes=0, cpu_seconds=_CPU_SECONDS)
        confine.shut(())
    except InputError as error:
        failed = str(error)
    sys.setrecursionlimit(_DEPTH)
    threading.stack_size(_STACK_BYTES)
    thread = threading.Thread(target=_answer_all, args=(failed,))
    thread.start()
    thread.join()


def _answer_all(failed: str) -> None:
    model: Model | None = None
    while (message := receive(sys.stdin.buffer.read, Load | Reach | Random)) is not None:
        answer = Answer(unreadable=failed)
        try:
            if not failed and isinstance(message, Load):
                model = Model(message.texts, message.arch, message.srcarch, message.version)
            elif not failed and model is not None:
                answer = _answer(model, message)
        except kconfiglib.KconfigError as error:
            answer = Answer(unreadable=_line(str(error)))
        except RecursionError:
            answer = Answer(unreadable="it is nested too deeply")
        except MemoryError:
            answer = Answer(unreadable="it wants too much memory")
        except Exception as error:  # noqa: BLE001 - a hostile file may bring kconfiglib to anything
            answer = Answer(unreadable=_line(f"kconfiglib cannot read it ({type(error).__name__}: {error})"))
        failed = answer.unreadable
        sys.stdout.buffer.write(packed(answer))
        sys.stdout.buffer.flush()


def _answer(model: Model, message: msgspec.Struct) -> Answer:
    if isinstance(message, Random):
        return Answer(text=model.draw(message.seed))
    assert isinstance(message, Reach)
    model.begin(message.config)
    changes, goal, why = Search(model).reach(message.goals)
    return Answer(tuple(sorted(changes.items())), _line(str(why)) if why else "", goal)


def _line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:_LINE]
