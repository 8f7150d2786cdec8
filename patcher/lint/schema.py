"""The schemas of devicetree bindings that a patch creates, read as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from patcher.lint.bindings import BINDINGS
from patcher.lint.hunks import Shown, shown
from patcher.lint.yaml_tree import Kind, Node, NotYaml, read
from patcher.mail.diff import Diff, FileDiff, Line

_COMMON = ("properties", "patternProperties")
_NAMES_ITSELF = ("$id:", "$schema:")  # what has neither is a list, or no schema at all


class Schema(NamedTuple):
    """A new schema. ``root`` is a map without entries where it is no YAML; then ``error`` says why, and ``at`` where,
    from 0."""

    file: FileDiff
    lines: Sequence[Shown]
    root: Node
    error: str = ""
    at: int = 0

    @property
    def path(self) -> str:
        """Its path below the bindings."""
        return self.file.path.removeprefix(BINDINGS)

    @property
    def text(self) -> str:
        """The whole of it."""
        return "".join(f"{each.text}\n" for each in self.lines)

    def line(self, number: int) -> Line:
        """A line of it, from 0."""
        return self.lines[min(number, len(self.lines) - 1)].line

    @property
    def properties(self) -> Node:
        """What it says of the properties of the device."""
        return self.root.get("properties")

    @property
    def is_device(self) -> bool:
        """Whether it describes a device, not what others refer to."""
        return self.properties.has("compatible")

    def described(self) -> Iterator[tuple[str, Node, int, int]]:
        """Each property with what is said of it, its line, and how deep it is: 0 for those of the device itself."""
        waiting = [(self.root, 0)]
        while waiting:
            node, depth = waiting.pop(0)
            for key in _COMMON:
                for name, each in node.get(key).entries.items():
                    yield name, each, node.get(key).at(name), depth
                    waiting.append((each, depth + 1))

    def references(self) -> list[tuple[str, Node]]:
        """Other schemas that hold for the whole device, with where they are named."""
        every = [self.root, *self.root.get("allOf").items]
        return [(each.get("$ref").text, each.get("$ref")) for each in every if each.has("$ref")]

    def examples(self) -> Iterator[tuple[str, int]]:
        """Each example, with the line that it begins with."""
        for each in self.root.get("examples").items:
            if each.kind is Kind.TEXT:
                yield each.text, each.line + (1 if each.style in ("|", ">") else 0)


_known: WeakKeyDictionary[Diff, tuple[Schema, ...]] = WeakKeyDictionary()


def schemas(diff: Diff) -> tuple[Schema, ...]:
    """The schemas that a patch creates. They are kept as long as the diff, since many rules ask."""
    if diff not in _known:
        _known[diff] = tuple(_read(diff))
    return _known[diff]


def _read(diff: Diff) -> Iterator[Schema]:
    for file in diff.files:
        if not (file.created and file.path.startswith(BINDINGS) and file.path.endswith(".yaml")):
            continue
        lines = [each for hunk in shown(diff, file) for each in hunk]
        if not all(each.added for each in lines) or not any(each.text.startswith(_NAMES_ITSELF) for each in lines):
            continue
        nothing = Node(Kind.MAP, 0)
        try:
            root = read("".join(f"{each.text}\n" for each in lines))
        except NotYaml as error:
            yield Schema(file, lines, nothing, str(error), error.line)
        else:
            yield Schema(file, lines, root if root.kind is Kind.MAP else nothing)
