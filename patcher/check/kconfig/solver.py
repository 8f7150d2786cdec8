"""Which symbols to set so that a configuration has what is wanted, asked of the Kconfig of one commit."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from patcher.check.kconfig.protocol import Answer, Load, Random, Reach, packed, receive
from patcher.check.store import Store, digest

_SECONDS = 300.0
_VERSION = 3  # of what answers are made with
_ROOT = str(Path(__file__).resolve().parents[3])
_MAIN = f"import sys; sys.path.insert(0, {_ROOT!r}); from patcher.check.kconfig.serve import main; main()"


class Solver:
    """The Kconfig of a commit for one architecture. A process reads it when something is first asked whose answer is
    not kept; as a context manager, it is ended. Several threads may ask.

    Arguments:
        load: what the process is to read
        content: a digest of that
        store: where answers are kept
    """

    def __init__(self, load: Callable[[], Load], content: str, store: Store) -> None:
        self._load, self._content, self._store = load, content, store
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def reach(self, config: str, goals: Sequence[tuple[str, str]]) -> Answer:
        """The symbols to set beside ``goals`` (symbol → value) in a configuration, the text of a ``.config``; or why
        there is no way."""
        return self._ask(Reach(config, tuple(goals)))

    def draw(self, seed: int) -> Answer:
        """The text of a ``.config`` drawn with a seed."""
        return self._ask(Random(seed))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, message: Reach | Random) -> Answer:
        key = digest("kconfig", _VERSION, self._content, msgspec.msgpack.encode(message))
        kept = self._store.text(key)
        if kept is not None:
            return msgspec.json.decode(kept, type=Answer)
        with self._lock:
            answer = self._sent(message)
        if not answer.unreadable:  # another time there may be more of it
            self._store.put_text(key, msgspec.json.encode(answer).decode())
        return answer

    def _sent(self, message: Reach | Random) -> Answer:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _MAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            loaded = self._exchanged(self._load())
            if loaded.unreadable:
                self._end()
                return loaded
        return self._exchanged(message)

    def _exchanged(self, message: Load | Reach | Random) -> Answer:
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        late = threading.Timer(_SECONDS, self._process.kill)
        late.start()
        try:
            self._process.stdin.write(packed(message))
            self._process.stdin.flush()
            answer = receive(self._process.stdout.read, Answer)
        except BrokenPipeError:
            answer = None
        finally:
            late.cancel()
        if isinstance(answer, Answer):
            return answer
        self._end()
        return Answer(unreadable="it takes too much time or memory")

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            self._process.wait()
            self._process = None
