"""YAML as a tree that knows its lines. It is read event by event, so that neither depth nor aliases cost anything."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

_DEEP = 60
_LONG = 300_000  # characters


class Kind(StrEnum):
    """What a node is."""

    MAP = "map"
    LIST = "list"
    TEXT = "text"


class NotYaml(Exception):
    """The text is no YAML: what is wrong, and in which line, from 0."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


class Node:
    """One value. ``line`` is where it begins, from 0; ``style`` is the quote or the ``|`` or ``>`` of a text, ``flow``
    tells that a list or map is written in brackets. An alias is an empty text."""

    __slots__ = ("entries", "flow", "items", "keys", "kind", "line", "style", "text")

    def __init__(self, kind: Kind, line: int, text: str = "", style: str = "", *, flow: bool = False) -> None:
        self.kind, self.line, self.text, self.style, self.flow = kind, line, text, style, flow
        self.items: list[Node] = []  # of a list
        self.entries: dict[str, Node] = {}  # of a map
        self.keys: dict[str, Node] = {}  # the keys of a map, as they are written

    def get(self, *path: str) -> Node:
        """What is below one key after the other; an empty text where it is not there."""
        node = self
        for each in path:
            node = node.entries.get(each, _NOTHING)
        return node

    def has(self, *names: str) -> bool:
        """Whether it is a map with one of these keys."""
        return any(each in self.entries for each in names)

    def at(self, key: str) -> int:
        """The line of a key."""
        return self.keys[key].line

    def texts(self) -> list[str]:
        """The texts of a list, or the text itself."""
        if self.kind is Kind.LIST:
            return [each.text for each in self.items if each.kind is Kind.TEXT]
        return [self.text] if self.text else []

    def below(self) -> Iterator[Node]:
        """It and all that is below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [*node.items, *node.entries.values()]


_NOTHING = Node(Kind.TEXT, 0)


def read(text: str) -> Node:
    """The first document of a text.

    Raises NotYaml where it is none, or where it is longer or deeper than any schema.
    """
    import yaml  # it takes its time, and few patches need it

    if len(text) > _LONG:
        raise NotYaml("too long", 0)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root: Node | None = None
    opened: list[Node] = []
    waiting: list[Node | None] = []  # the key whose value comes next, for each open map
    event: Any
    try:
        for event in yaml.parse(text, Loader=loader):
            name, line = type(event).__name__, event.start_mark.line
            if name in ("MappingEndEvent", "SequenceEndEvent"):
                opened.pop()
                waiting.pop()
                continue
            if name == "ScalarEvent":
                node = Node(Kind.TEXT, line, event.value, event.style or "")
            elif name == "AliasEvent":
                node = Node(Kind.TEXT, line)
            elif name in ("MappingStartEvent", "SequenceStartEvent"):
                kind = Kind.MAP if name.startswith("M") else Kind.LIST
                node = Node(kind, line, flow=bool(event.flow_style))
            elif name == "DocumentEndEvent":
                break
            else:
                continue
            if opened:
                _add(opened[-1], waiting, node)
            else:
                root = node
            if node.kind is not Kind.TEXT:
                if len(opened) >= _DEEP:
                    raise NotYaml("too deep", line)
                opened.append(node)
                waiting.append(None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(error.problem or "it is no YAML", mark.line if mark else 0) from None
    except (yaml.YAMLError, ValueError) as error:
        raise NotYaml(str(error).split("\n", 1)[0], 0) from None
    return root or _NOTHING


def _add(parent: Node, waiting: list[Node | None], node: Node) -> None:
    """Put a node below the one that is open."""
    if parent.kind is Kind.LIST:
        parent.items.append(node)
    elif waiting[-1] is None:
        waiting[-1] = node
    else:
        key = waiting[-1]
        waiting[-1] = None
        if key.text not in parent.entries:
            parent.entries[key.text], parent.keys[key.text] = node, key
