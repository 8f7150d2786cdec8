"""What is shown of what rules say: in which order, what is said once, and what is hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patcher.lint import findings
from patcher.lint.ignore import Ignore, Ignores
from patcher.lint.model import Hit, Level, Location, Outcome
from patcher.lint.register import About
from patcher.lint.rules import shipped
from patcher.lint.run import Event, LookedAt, Raised
from patcher.mail.read import patches

Run = Callable[..., Any]
RULES = shipped()
MAIL = """From: A U Thor <author@example.org>
Subject: [PATCH] xen/mmu: drop the return value of xen_flush().

Nobody looks at it .  Teh teh value is dropped.

Signed-off-by: A U Thor <author@example.org>
---
diff --git a/mm/b.c b/mm/b.c
--- a/mm/b.c
+++ b/mm/b.c
@@ -1,2 +1,4 @@
 int x;
+int a;{blank}
+int f(void) { if(x) return 1; BUG(); }
 int y;
@@ -90,1 +92,2 @@
 int z;
+int zz;{blank}
diff --git a/arch/a.c b/arch/a.c
--- a/arch/a.c
+++ b/arch/a.c
@@ -7,1 +7,2 @@
 int x;
+	int teh;{blank}
""".replace("{blank}", " ")


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    file = tmp_path / "x.patch"
    file.write_text(MAIL)
    return file


def test_as_they_stand_in_the_mail(run: Run, mail: Path) -> None:
    """What is said of the message first, then file by file as the diff has them: in every form alike."""
    ran = run("lint", "--no-tree", "--strict", "--format", "json", mail)
    found = json.loads(ran.stdout)["findings"]
    places = [(each["path"], each["line"], each["column"]) for each in found]
    files = [str(mail), "mm/b.c", "arch/a.c"]
    assert list(dict.fromkeys(path for path, _, _ in places)) == files, places
    assert places == sorted(places, key=lambda each: (files.index(each[0]), each[1:]))
    rules = [each["rule"] for each in found]
    assert len(set(rules)) > 3 and rules.count("trailing-space") == 2, rules
    for form in ("text", "terse", "b4", "sarif", "junit", "codequality", "html"):
        text = run("lint", "--no-tree", "--strict", "--format", form, mail).stdout
        at = -1
        for each in found if form not in ("junit", "sarif") else ():
            following = text.find(each["rule"], at + 1)
            assert following > at, (form, each)
            at = following
    results = json.loads(run("lint", "--no-tree", "--strict", "--format", "sarif", mail).stdout)["runs"][0]["results"]
    assert [each["ruleId"] for each in results] == rules


def test_notes_that_are_hidden_are_counted(run: Run, mail: Path) -> None:
    every = json.loads(run("lint", "--no-tree", "--strict", "--format", "json", mail).stdout)
    some = json.loads(run("lint", "--no-tree", "--format", "json", mail).stdout)
    notes = every["summary"]["note"]
    assert notes > 1
    assert (every["summary"]["hidden_notes"], some["summary"]["hidden_notes"]) == (0, notes)
    said = f"; {notes} notes hidden (--strict shows them)"
    assert run("lint", "--no-tree", mail).stdout.splitlines()[-1].endswith(said)
    assert said in run("lint", "--no-tree", "--format", "html", mail).stdout
    assert "notes hidden" not in run("lint", "--no-tree", "--strict", mail).stdout
    for form in ("terse", "b4"):
        assert "notes hidden" not in run("lint", "--no-tree", "--format", form, mail).stdout


def raised(rule: str, level: Level, line: int = 2, path: str = "mm/b.c") -> Raised:
    hit = Hit("said", Location(path, line, 1, 3, f"line {line}"), key=f"{line}")
    return Raised(rule, level, "", "", About.DIFF, PATCH, hit)


PATCH = next(patches(["x.patch"], fetched={"x.patch": MAIL.encode()}))
OURS, THEIRS = "operator-space", "checkpatch:SPACING"


def outcome(*said: Event, strict: bool = False, ignored: str = "", baseline: tuple[str, ...] = ()) -> Outcome:
    ignores = Ignores([Ignore(ignored, "why")] if ignored else [], [rule.id for rule in RULES])
    looked_at = LookedAt(PATCH, "default", None, ("mm/b.c",))
    return findings.outcome([looked_at, *said], RULES, ignores, baseline, strict=strict)


def shown(found: Outcome) -> list[tuple[str, int]]:
    return [(each.rule, each.line) for each in found.findings]


def test_what_is_not_shown_hides_nothing() -> None:
    """A note of ours, for which nobody asked, does not answer an error of checkpatch."""
    ours, theirs = raised(OURS, Level.NOTE), raised(THEIRS, Level.ERROR)
    for said in ((ours, theirs), (theirs, ours)):
        assert shown(outcome(*said)) == [(THEIRS, 2)]
        assert shown(outcome(*said, strict=True)) == [(OURS, 2)]
    addressed = (raised("recipients", Level.NOTE, path=""), raised("get_maintainer", Level.WARNING, path=""))
    assert shown(outcome(*addressed)) == [("get_maintainer", 2)]


def test_a_suppression_of_ours_answers_the_same_line() -> None:
    ours, theirs = raised(OURS, Level.NOTE), raised(THEIRS, Level.ERROR)
    elsewhere = raised(THEIRS, Level.ERROR, line=3)
    found = outcome(ours, theirs, elsewhere, strict=True, ignored=OURS)
    assert (shown(found), found.hidden) == ([(THEIRS, 3)], 1)


def test_what_the_baseline_has_is_not_new_under_another_name() -> None:
    """checkpatch's was left out when the baseline was made, as ours was said."""
    ours, theirs = raised(OURS, Level.WARNING), raised(THEIRS, Level.ERROR, line=3)
    before = outcome(ours, theirs)
    after = outcome(ours, theirs, baseline=tuple(each.fingerprint for each in before.findings))
    assert (shown(before), shown(after), after.hidden) == ([(OURS, 2)], [], 1)
