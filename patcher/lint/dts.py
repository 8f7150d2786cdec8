"""The text of a devicetree as nodes that know their lines: an example of a binding, a source, or a part of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression

# What has no end goes on to that of the text, or of its line: looked for once, not from each of its beginnings.
_COMMENT = expression(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_TOKEN = expression(
    r'&\{[^{}\s]*\}|"(?:[^"\\\n]|\\.)*+"?|<(?:[^<>{};]|&\{[^{}\s]*\})*>|\[[^\[\]{};]*\]'
    r"|^[ \t]*#[ \t]*(?:include|define|undef|if|else|endif)[^\n]*|[{};]",
    re.MULTILINE,
)
_HEAD = expression(r"(?P<labels>(?:\w+:\s*)*)(?P<name>&?[\w,.+#-]+|&\{[^}]*\}|/)(?:@(?P<unit>[\w,.+-]*))?\s*\Z")
_SPECIAL = expression(r"\s*/(?:dts-v1|plugin|delete-node|delete-property|memreserve|include|bits|omit-if-no-ref)\b")
_DEEP = 40


class Property:
    """A property of a node; ``value`` is as it is written, "" where it has none."""

    __slots__ = ("line", "name", "value")

    def __init__(self, name: str, value: str, line: int) -> None:
        self.name, self.value, self.line = name, value, line

    def groups(self) -> list[str]:
        """What stands in its angle brackets, one text for each pair."""
        return re.findall(r"<([^<>]*)>", self.value)

    def strings(self) -> list[str]:
        """Its strings."""
        return re.findall(r'"([^"]*)"', self.value)

    def cells(self) -> list[str]:
        """The cells of all its brackets; an expression in parentheses is one."""
        return [each for group in self.groups() for each in re.findall(r"\((?:[^()]|\([^()]*\))*\)|[^\s()]+", group)]


class Tree:
    """A node. ``line`` is that of its name, from 0; ``whole`` tells that its end is there, too."""

    __slots__ = ("children", "labels", "line", "name", "parent", "properties", "unit", "whole")

    def __init__(self, name: str, unit: str | None, line: int, parent: Tree | None) -> None:
        self.name, self.unit, self.line, self.parent = name, unit, line, parent
        self.labels: list[str] = []
        self.properties: dict[str, Property] = {}
        self.children: list[Tree] = []
        self.whole = False

    def first(self, name: str) -> str:
        """The first string of a property, "" where it has none."""
        return next(iter(self.properties[name].strings()), "") if name in self.properties else ""

    def below(self) -> Iterator[Tree]:
        """It and all nodes below it."""
        waiting = [self]
        while waiting:
            node = waiting.pop(0)
            yield node
            waiting = [*node.children, *waiting]


class Source:
    """A devicetree source: ``root`` has the nodes at its top, ``errors`` what dtc does not read, by line."""

    __slots__ = ("errors", "includes", "root", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = Tree("", None, 0, None)
        self.errors: list[tuple[int, str]] = []
        self.includes: list[str] = re.findall(
            r"^[ \t]*(?:#[ \t]*|/)include/?[ \t]*[<\"]([^>\"]+)[>\"]", text, re.MULTILINE
        )

    def nodes(self) -> Iterator[Tree]:
        """All nodes, the first first."""
        return (each for top in self.root.children for each in top.below())


def read(text: str, *, whole: bool = True) -> Source:
    """Read a source. Of a part (not ``whole``) the ends of nodes that began before it are no errors."""
    source = Source(text)
    plain = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    node = source.root
    statement = line = counted = 0  # where the statement begins; its line, up to which place lines are counted
    for match in _TOKEN.finditer(plain):
        token = match.group()
        if token.lstrip().startswith("#"):
            if not plain[statement : match.start()].strip():
                statement = match.end()
            continue
        if token not in ("{", "}", ";"):
            continue
        said = plain[statement : match.start()]
        start = statement + len(said) - len(said.lstrip())
        line, counted = line + plain.count("\n", counted, start), start
        said = re.sub(
            r"^[ \t]*#[ \t]*(?:if|else|endif|define|undef|include)[^\n]*", "", said, flags=re.MULTILINE
        ).strip()
        said = re.sub(r"\A(?:/omit-if-no-ref/|/bits/ \d+)\s*", "", said)
        statement = match.end()
        if token == "{":
            child = _opened(source, node, said, line)
            node.children.append(child)
            node = child
            if sum(1 for _ in _above(node)) > _DEEP:
                break
        elif token == "}":
            if said:
                source.errors.append((line, "no semicolon"))
            if node.parent is None:
                if whole:
                    source.errors.append((line, "a } without its {"))
            else:
                node.whole, node = True, node.parent
        elif said and not _SPECIAL.match(said):
            _property(source, node, said, line)
    if whole and node.parent is not None:
        source.errors.append((node.line, f"the node {node.name} has no end"))
    return source


def _above(node: Tree) -> Iterator[Tree]:
    while node.parent is not None:
        yield node
        node = node.parent


def _opened(source: Source, parent: Tree, said: str, line: int) -> Tree:
    match = _HEAD.match(said)
    if not match:
        last = said.split("\n")[-1].strip()
        match = _HEAD.match(last)
        if "=" in said or "}" in said:
            source.errors.append((line, "no semicolon"))
    node = Tree(match.group("name") if match else "", match.group("unit") if match else None, line, parent)
    node.labels = re.findall(r"\w+", match.group("labels")) if match else []
    return node


def _property(source: Source, node: Tree, said: str, line: int) -> None:
    name, sign, value = said.partition("=")
    name = re.sub(r"\A(?:\w+:\s*)+", "", name).strip()
    if "=" in _without_brackets(value) or "\n" in name:
        source.errors.append((line, "no semicolon"))
    if re.fullmatch(r"[\w,.+?#-]+", name):
        node.properties.setdefault(name, Property(name, value.strip() if sign else "", line))


def _without_brackets(value: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*+"?|<[^<>]*>|\[[^\[\]]*\]', " ", value)
