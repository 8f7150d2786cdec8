"""What a proof leaves on disk when asked to: the programs, and each failing scenario in a file that can be replayed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.files import read_file
from patcher.formats import from_json
from patcher.prove.build import build
from patcher.prove.prove import Request
from patcher.prove.toolchain import CompilerError
from patcher.prove.verdict import CommitProof, Counterexample
from patcher.tree.kernel import KernelTree

_ADVICE = "--keep DIR stores scenarios"
_STEP = re.compile(
    r" - at `\$\.counterexample\.scenario\.steps\[(\d+)\][^`]*`\Z"
)  # where msgspec says that it is wrong


class Stored(msgspec.Struct, frozen=True):
    """A failing scenario: of which property, on which word size, and in which commit it was found."""

    schema: int
    arch: str
    property: str
    statement: str
    commit: str
    counterexample: Counterexample


def keep_all(
    directory: Path, commits: Sequence[CommitProof], trees: Mapping[str, KernelTree], request: Request, cache: Cache
) -> None:
    """Write ``COMMIT-ARCH`` (the program) and ``COMMIT-ARCH-PROPERTY.json`` below ``directory``.

    Raises InputError where that cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for commit in commits:
            for proof in commit.proofs:
                stem = f"{commit.commit[:12] or 'tree'}-{proof.arch}"
                _program(directory / stem, trees[commit.subject], proof.arch, cache)
                for verdict in proof.verdicts:
                    if verdict.counterexample:
                        stored = Stored(
                            1, proof.arch, verdict.id, verdict.statement, commit.commit, verdict.counterexample
                        )
                        text = msgspec.json.format(msgspec.json.encode(stored), indent=1)
                        (directory / f"{stem}-{verdict.id}.json").write_bytes(text + b"\n")
    except OSError as error:
        raise InputError(
            f"cannot write to {directory} ({error.strerror})", "name another directory with --keep"
        ) from error


def _program(file: Path, tree: KernelTree, arch: str, cache: Cache) -> None:
    try:
        file.write_bytes(build(tree, arch, cache).binary)
    except CompilerError:
        return  # the proof says so
    file.chmod(0o755)


def load(file: Path) -> Stored:
    """A stored scenario. Raises InputError where the file holds none."""
    content = read_file(file, pipe=True, advice=_ADVICE)
    try:
        found = from_json(content, Stored, f"{file} holds no scenario", _ADVICE)
    except InputError as error:
        if step := _STEP.search(str(error.__cause__)):
            what = f"step {step[1]} is no operation of ours, or has other numbers than it takes"
            raise InputError(f"{file} holds no scenario: {what}", _ADVICE) from error
        raise
    example = found.counterexample
    if not 0 <= example.step <= len(example.scenario.steps):
        raise InputError(f"{file} holds no scenario: it has no step {example.step}", _ADVICE)
    return found
