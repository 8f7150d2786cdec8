"""What a use does with its symbol, read off the syntax tree around it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from patcher.model import How
from patcher.source.cursor import Cursor
from patcher.source.lex import arguments, flat
from patcher.source.walk import Node

_LABELS = (Cursor.CASE, Cursor.DEFAULT)
_BODIES = (Cursor.BLOCK, Cursor.IF, Cursor.WHILE, Cursor.DO, Cursor.FOR, Cursor.CASE, Cursor.DEFAULT, Cursor.SWITCH)
_NAME = re.compile(rb"[A-Za-z_]\w*")
_OPERATOR = re.compile(rb"(?:<<=|>>=|\|\||&&|==|!=|<=|>=|<<|>>|[-+*/%&|^]=|[-+*/%&|^<>=,?])\Z")
ASSERTS = re.compile(
    r"^(?:VM_|BUILD_)?(?:BUG|WARN)(?:_ON)?(?:_ONCE|_MSG|_ZERO|_NULL)*(?:_MM|_VMA|_PAGE)?$|^static_assert$|^ASSERT\w*$"
)
# Functions that change the flags of a vma (linux/mm.h, since 6.3): what becomes of what is passed, by its place.
FLAG_CALLS: Mapping[str, tuple[How | None, ...]] = {
    "vm_flags_init": (None, How.SET),
    "vm_flags_reset": (None, How.SET),
    "vm_flags_reset_once": (None, How.SET),
    "vm_flags_set": (None, How.SET),
    "vm_flags_clear": (None, How.CLEARED),
    "vm_flags_mod": (None, How.SET, How.CLEARED),
    "__vm_flags_mod": (None, How.SET, How.CLEARED),
}
_FOR = re.compile(rb"for\s*\(")
_HINTS = ("likely", "unlikely", "__builtin_expect")


class Syntax:
    """The nodes of one file with the questions that facts need answered.

    ``code`` is the file with comments blanked out, ``source`` the file itself; same offsets. ``named``
    is ``RawFile.named``.
    """

    def __init__(self, nodes: Sequence[Node], named: Mapping[int, int], code: bytes, source: bytes) -> None:
        self.nodes = nodes
        self._named = named
        self.code = code
        self.source = source
        self.children: list[list[int]] = [[] for _ in nodes]
        self._conditions: dict[int, tuple[str, ...]] = {}
        self._first: dict[tuple[int, int], int] = {}
        self._at: dict[int, list[int]] = {}
        for index, node in enumerate(nodes):
            if node.parent >= 0:
                self.children[node.parent].append(index)
            self._first.setdefault((node.start, node.end), index)
            self._at.setdefault(node.start, []).append(index)
        self._last = list(range(len(nodes)))
        for index in range(len(nodes) - 1, -1, -1):
            if (parent := nodes[index].parent) >= 0 and self._last[parent] < self._last[index]:
                self._last[parent] = self._last[index]
        self.tops = sorted((node.start, index) for index, node in enumerate(nodes) if node.parent < 0)
        self._starts = [start for start, _ in self.tops]

    def top(self, offset: int) -> int:
        """The declaration at file level that holds ``offset``, or -1."""
        at = bisect_right(self._starts, offset) - 1
        while at >= 0 and at >= bisect_right(self._starts, offset) - 3:  # a macro can declare several at one place
            index = self.tops[at][1]
            if offset < self.nodes[index].end:
                return index
            at -= 1
        return -1

    def node(self, start: int, end: int) -> int:
        """The outermost node that covers just these bytes, or -1."""
        return self._first.get((start, end), -1)

    def expanded(self, start: int) -> int:
        """The outermost node that a macro without arguments at ``start`` became, or -1.

        All that comes from the macro's body lies at the macro's name; what begins there and reaches further is an
        expression around it.
        """
        for index in self._at.get(start, ()):
            if all(self.nodes[below].start == start for below in range(index, self._last[index] + 1)):
                return index
        return -1

    def around(self, offset: int) -> int:
        """The innermost node that holds ``offset``, or -1."""
        index = self.top(offset)
        while index >= 0:
            inner = [
                child for child in self.children[index] if self.nodes[child].start <= offset < self.nodes[child].end
            ]
            if not inner:
                break
            index = inner[-1]
        return index

    def text(self, index: int) -> str:
        """The source of a node as one line."""
        return flat(self.source[self.nodes[index].start : self.nodes[index].end])

    def statement(self, index: int) -> int:
        """The statement a node belongs to; a condition belongs to its ``if`` or loop."""
        while (parent := self.nodes[index].parent) >= 0:
            kind = self.nodes[parent].kind
            if kind == Cursor.BLOCK or (kind in _BODIES and self._is_body(parent, index)):
                return index
            index = parent
        return index

    def _is_body(self, parent: int, index: int) -> bool:
        kind, children = self.nodes[parent].kind, self.children[parent]
        if kind == Cursor.IF:
            return index in children[1:]
        if kind in (Cursor.WHILE, Cursor.SWITCH, Cursor.FOR, Cursor.CASE, Cursor.DEFAULT):
            return index == children[-1]
        return kind == Cursor.DO and index == children[0]

    def conditions(self, index: int) -> tuple[str, ...]:
        """The conditions under which a node runs, outermost first."""
        above = []
        while index not in self._conditions and (parent := self.nodes[index].parent) >= 0:
            above.append((parent, index))
            index = parent
        found = self._conditions.setdefault(index, ())
        for parent, index in reversed(above):
            found = self._conditions[index] = (*found, *reversed(tuple(self._own_conditions(parent, index))))
        return found

    def _own_conditions(self, parent: int, index: int) -> Iterator[str]:
        """The conditions that a node has by its parent, innermost first."""
        kind, children = self.nodes[parent].kind, self.children[parent]
        if kind in (Cursor.IF, Cursor.CONDITIONAL) and index in children[1:]:
            text = self.text(children[0])
            yield text if index == children[1] else f"!({text})"
        elif kind == Cursor.WHILE and index == children[-1] and len(children) > 1:
            yield self.text(children[0])
        elif kind == Cursor.CASE and index == children[-1]:
            yield f"case {self.text(children[0])}"
        elif kind == Cursor.DEFAULT:
            yield "default"
        elif kind == Cursor.FOR and index == children[-1] and (text := self._loop_condition(parent)):
            yield text
        elif kind == Cursor.BLOCK:
            yield from self._labels(parent, index)

    def _labels(self, block: int, index: int) -> Iterator[str]:
        """The case that a statement of a switch's body belongs to: only the first statement is inside of it."""
        outer = self.nodes[block].parent
        if outer < 0 or self.nodes[outer].kind != Cursor.SWITCH or self.nodes[index].kind in _LABELS:
            return
        before = [child for child in self.children[block] if child < index]
        label = next((child for child in reversed(before) if self.nodes[child].kind in _LABELS), -1)
        while label >= 0 and self.nodes[label].kind in _LABELS:
            inner = self.children[label]
            yield "default" if self.nodes[label].kind == Cursor.DEFAULT else f"case {self.text(inner[0])}"
            label = inner[-1] if inner else -1

    def _loop_condition(self, index: int) -> str:
        """What stands between the semicolons of a ``for``."""
        start = self.nodes[index].start
        match = _FOR.match(self.code, start)
        if match is None:
            return ""
        _, end = arguments(self.code, self.source, match.end() - 1)
        parts = self.code[match.end() : end - 1].split(b";")
        return flat(parts[1]) if len(parts) == 3 else ""

    def operator(self, index: int) -> str:
        """The operator of a binary expression or assignment; "" where a macro hides it.

        Read backwards from the right operand: the end of a left operand that is a macro inside a macro's
        argument is the end of the outer macro.
        """
        children = self.children[index]
        if len(children) < 2:
            return ""
        right = self.nodes[children[1]].start
        before = self.code[max(0, right - 200) : right].rstrip()
        match = _OPERATOR.search(before)
        return match.group().decode() if match else ""

    def prefix(self, index: int) -> str:
        """The operator before the operand of a unary expression, or ""."""
        children = self.children[index]
        before = self.code[self.nodes[index].start : self.nodes[children[0]].start] if children else b""
        return before.strip().decode("ascii", "replace")[:1]

    def how(self, index: int) -> tuple[How, bool]:
        """What becomes of the value of a node, and whether the statement returns it."""
        negated = combined = tested = masked = False
        while (parent := self.nodes[index].parent) >= 0:
            kind = self.nodes[parent].kind
            first = self.children[parent][0] == index
            if kind == Cursor.UNARY:
                prefix = self.prefix(parent)
                negated ^= prefix == "~"
                tested |= prefix == "!"
            elif kind == Cursor.BINARY:
                operator = self.operator(parent)
                if operator in ("==", "!=", "<", ">", "<=", ">=", "&&", "||"):
                    return How.TESTED, self._returned(parent)
                if operator == "=":
                    return (How.READ if first else _assigned(negated, combined, masked)), False
                combined |= operator == "|"
                if operator == "&" and not self._has_variable(index):
                    masked, combined = True, False
            elif kind == Cursor.COMPOUND_ASSIGN:
                operator = self.operator(parent)
                if first or operator not in ("|=", "&=", "^="):
                    return How.READ, False
                if operator == "&=":
                    return (How.CLEARED if negated else How.MASKED), False
                return How.SET, False
            elif kind == Cursor.CALL:
                if first and self.nodes[index].start == self.nodes[parent].start:
                    return How.CALLED, self._returned(parent)
                if not self._is_hint(parent):
                    return _passed(negated, combined, masked), self._returned(parent)
            elif kind in (Cursor.COMPOUND_LITERAL, Cursor.INIT_LIST):
                if not (combined or masked):
                    return How.PASSED, self._returned(parent)
                return _assigned(negated, combined, masked), self._returned(parent)
            elif kind == Cursor.VARIABLE:
                return _assigned(negated, combined, masked), False
            elif kind == Cursor.RETURN:
                if tested or masked:
                    return (How.CLEARED if negated and not tested else How.TESTED), True
                return _passed(negated, combined, masked), True
            elif kind in (
                Cursor.IF,
                Cursor.WHILE,
                Cursor.DO,
                Cursor.FOR,
                Cursor.SWITCH,
                Cursor.CONDITIONAL,
                Cursor.CASE,
            ):
                condition = first if kind != Cursor.DO else self.children[parent][-1] == index
                if condition or kind == Cursor.FOR:
                    return How.TESTED, False
                if kind != Cursor.CONDITIONAL:
                    return How.READ, False
            elif kind in (Cursor.BLOCK, Cursor.FUNCTION):
                return How.READ, False
            index = parent
        return How.READ, False

    def target(self, index: int) -> str:
        """What the value of a node is assigned to, or ""."""
        while (parent := self.nodes[index].parent) >= 0:
            kind = self.nodes[parent].kind
            if kind == Cursor.COMPOUND_ASSIGN or (kind == Cursor.BINARY and self.operator(parent) == "="):
                first = self.children[parent][0]
                return "" if first == index else self.text(first)
            if kind == Cursor.VARIABLE:
                return self.declared_name(parent)
            if kind in (Cursor.BLOCK, Cursor.FUNCTION, Cursor.IF, Cursor.WHILE, Cursor.SWITCH):
                return ""
            index = parent
        return ""

    def declared_name(self, index: int) -> str:
        """The name that a variable or parameter node declares, or ""."""
        match = _NAME.match(self.code, self._named.get(index, len(self.code)))
        return match.group().decode() if match else ""

    def _has_variable(self, index: int) -> bool:
        """Whether an operand is a value, as opposed to a mask made of constants."""
        inside = range(index, self._last[index] + 1)
        return any(self.nodes[below].kind in (Cursor.REFERENCE, Cursor.MEMBER, Cursor.CALL) for below in inside)

    def _returned(self, index: int) -> bool:
        while (parent := self.nodes[index].parent) >= 0 and self.nodes[parent].kind != Cursor.BLOCK:
            if self.nodes[parent].kind == Cursor.RETURN:
                return True
            index = parent
        return False

    def _is_hint(self, index: int) -> bool:
        return self.text(index).startswith(_HINTS)


def _assigned(negated: bool, combined: bool, masked: bool) -> How:
    if masked:
        return How.CLEARED if negated else How.MASKED
    return How.MASKED if negated else How.SET


def _passed(negated: bool, combined: bool, masked: bool) -> How:
    if negated or masked:
        return How.CLEARED if negated else How.MASKED
    return How.SET if combined else How.PASSED
