"""What a patch must have for a rule to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from patcher.cache import Cache
from patcher.lint import pattern, register
from patcher.lint.context import Context
from patcher.lint.examples import mail, patches
from patcher.lint.gate import OPEN, Gate, Texts, either
from patcher.lint.job import Message, Series
from patcher.lint.model import Finding, Hit
from patcher.lint.rules import LintRule, shipped
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail import read
from patcher.mail.diff import Diff
from patcher.mail.model import Patch

CASES = Path(__file__).parent / "cases"
MAIL = """From: A U Thor <author@example.org>
Subject: [PATCH] xen: Drop it

Nobody USES it.
---
Below.

diff --git a/drivers/xen/x.c b/drivers/xen/x.c
--- a/drivers/xen/x.c
+++ b/drivers/xen/x.c
@@ -1,2 +1,2 @@
 int kept;
-int gone;
+int added;
"""


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        (OPEN, True),
        (Gate(files=(".dts", ".c")), True),
        (Gate(files=(".dts",)), False),
        (Gate(added=("int added", "nothing")), True),
        (Gate(added=("gone",)), False),
        (Gate(added=("kept",)), False),
        (Gate(message=("nobody uses",)), True),
        (Gate(message=("below",)), True),
        (Gate(message=("drop",)), True),
        (Gate(message=("added",)), False),
        (Gate(files=(".c",), added=("gone",)), False),
        (either([Gate(added=("gone",)), Gate(added=("added",))]), True),
        (either([Gate(added=("gone",)), Gate(files=(".c",))]), True),
        (either([Gate(added=("gone",)), Gate(added=("kept",))]), False),
    ],
)
def test_all_that_it_names_must_be_there(gate: Gate, passed: bool) -> None:
    (patch,) = patches(MAIL)
    assert gate.passes(Texts(patch, Diff(patch.diff))) is passed


def test_a_rule_with_a_gate_is_asked_of_what_passes_only() -> None:
    asked = []

    def check(job: Message) -> Iterator[Hit]:
        asked.append(job.patch.summary)
        yield from ()

    gate = Gate(message=("uses",))
    rule = msgspec.structs.replace(shipped()[0], about=register.About.MESSAGE, check=check, gate=gate, needs=())
    for text in (MAIL, MAIL.replace("USES", "needs").replace("Drop", "Keep")):
        _said([rule], list(patches(text)))
    assert asked == ["xen: Drop it"]


def test_a_pattern_has_the_gate_of_its_words() -> None:
    one, other = (pattern.Match(where=pattern.Where.ADDED, pattern=".", message=".", words=(word,)) for word in "ab")
    assert pattern.checks([one, other], "x.toml", trusted=True).gate == Gate(added=("a", "b"))
    free = msgspec.structs.replace(one, words=())
    assert pattern.checks([one, free], "x.toml", trusted=True).gate == OPEN
    prose = msgspec.structs.replace(one, where=pattern.Where.PROSE)
    assert pattern.checks([prose], "x.toml", trusted=True).gate == Gate(message=("a",))


def test_what_is_about_a_series_has_none() -> None:
    def of_series(job: Series) -> Iterator[Hit]:
        yield from ()

    with pytest.raises(TypeError, match="a series has no gate"):
        register.check(files=(".c",))(of_series)


def test_gates_are_shut_only_where_nothing_is_said() -> None:
    """Every rule is asked of every case, and of a tenth of the examples of all rules, with its gate and without."""
    rules = shipped(examples=True)
    examples = [example for rule in rules for example in rule.example]
    held = [patch for file in sorted(CASES.iterdir()) for patch in read.patches([str(file)])]
    held += [patch for example in examples[::10] for patch in patches(mail(example))]
    without = [msgspec.structs.replace(rule, gate=OPEN) for rule in rules]
    assert any(rule.gate != OPEN for rule in rules)
    assert _said(rules, held) == _said(without, held) != ()


def _said(rules: list[LintRule] | tuple[LintRule, ...], held: list[Patch]) -> tuple[Finding, ...]:
    cache = Cache()
    try:
        return lint_patches(held, rules, Settings(strict=True), Context(None, None), cache).findings
    finally:
        cache.close()
