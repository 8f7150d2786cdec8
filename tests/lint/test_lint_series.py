"""What makes a series out of mails, and checks that need all of it; several versions, replies, threads."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from lint import everyrule

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.model import Outcome
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.parse import parse

FROM = "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
SIGN = "Signed-off-by: A <a@x.org>"
RULES = [rule for rule in everyrule.RULES if rule.about == "series"]


def mail(subject: str, id_: str = "", reply: str = "", file: str = "x", text: str = "Text.", below: str = "") -> str:
    head = f"From: A <a@x.org>\nSubject: {subject}\n" + (f"Message-ID: <{id_}>\n" if id_ else "")
    head += f"In-Reply-To: <{reply}>\nReferences: <{reply}>\n" if reply else ""
    diff = f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-a\n+b\n"
    if " 0/" in subject or subject.startswith("Re:"):
        return f"{head}\n{text}\n"
    return f"{head}\n{text}\n\n{SIGN}\n---\n{below}\n{diff}"


def lint(mails: Sequence[str]) -> Outcome:
    box = "\n".join(FROM + each for each in mails).encode()
    patches = (parse(decode(raw), f"mail {number}") for number, raw in enumerate(split(io.BytesIO(box), "box"), 1))
    settings = Settings(strict=True, skip=frozenset({"base-missing"}))
    return lint_patches(patches, RULES, settings, Context(None, None), Cache())


def rules(mails: Sequence[str]) -> list[str]:
    return [finding.rule for finding in lint(mails).findings]


def version(number: int, reply: str = "") -> list[str]:
    v = f" v{number}" if number > 1 else ""
    root = f"{number}.0@x"
    changes = f"Changes since v{number - 1}: better." if number > 1 else "It does."
    return [
        mail(f"[PATCH{v} 0/2] x: Two", root, reply, text=changes),
        mail(f"[PATCH{v} 1/2] x: One", f"{number}.1@x", root),
        mail(f"[PATCH{v} 2/2] x: Other", f"{number}.2@x", root, "y"),
    ]


def test_a_thread_with_versions_and_replies_in_between() -> None:
    first, second = version(1), version(2)
    answer = mail("Re: [PATCH 1/2] x: One", "r@x", "1.1@x", text="> diff --git a/x b/x\n\nNo.")
    outcome = lint([first[0], first[2], answer, first[1], second[1], second[0], second[2]])
    assert (outcome.patches, outcome.others, outcome.series) == (4, 3, 2)
    assert outcome.findings == ()


@pytest.mark.parametrize(
    ("mails", "rule"),
    [
        (version(1)[:2], "series-complete"),
        ([mail("[PATCH 1/2] x: One", "1.1@x"), mail("[PATCH 2/2] x: Two", "1.2@x", "1.1@x", "y")], "cover-missing"),
        ([*version(1), version(1)[2].replace("1.2@x", "1.3@x")], "series-complete"),
        ([*version(1), *version(2, reply="1.0@x")], "reply-to-older"),
        ([version(1)[0], version(1)[1], mail("[PATCH 2/2] x: One", "1.2@x", "1.0@x", "y")], "summary-repeated"),
        ([mail("[PATCH v2] x: One")], "changelog-missing"),
    ],
)
def test_what_is_wrong(mails: list[str], rule: str) -> None:
    assert rule in rules(mails)


def test_files_of_format_patch_have_no_ids_and_each_its_author() -> None:
    mails = [
        mail("[PATCH 0/2] x: Two"),
        mail("[PATCH 1/2] x: One").replace("A <a@x.org>", "B <b@x.org>"),
        mail("[PATCH 2/2] x: Other", file="y"),
    ]
    assert rules(mails) == []
    assert lint([*mails, *mails]).series == 2


def test_threaded_files_of_format_patch_are_one_series_though_each_has_its_author() -> None:
    ids = [f"{each}.1795407974.git.a@x.org" for each in ("cover", "1" * 40, "2" * 40)]
    mails = [
        mail("[PATCH 0/2] x: Two", ids[0]),
        mail("[PATCH 1/2] x: One", ids[1], ids[0]).replace("A <a@x.org>", "B <b@x.org>"),
        mail("[PATCH 2/2] x: Other", ids[2], ids[0], file="y"),
    ]
    assert (lint(mails).series, rules(mails)) == (1, [])


def test_one_patch_of_a_series_alone_is_no_incomplete_series() -> None:
    assert rules([mail("[PATCH 2/3] x: One", "1@x", "0@x")]) == []


def test_a_fix_of_its_own_series() -> None:
    first = (
        mail("[PATCH 1/2] x: One")
        .replace("+b\n", "+b\n")
        .replace("@@ -1 +1 @@\n-a\n+b\n", "@@ -1 +1,3 @@\n a\n+int some_name;\n+int another_name;\n")
    )
    fix = mail("[PATCH 2/2] x: Fix the names").replace(
        "@@ -1 +1 @@\n-a\n+b\n", "@@ -1,3 +1 @@\n a\n-int some_name;\n-int another_name;\n"
    )
    assert "repairs-earlier" in rules(
        [mail("[PATCH 0/2] x: Two"), first, fix.replace("@@ -1,3 +1 @@", "@@ -1,3 +1,1 @@")]
    )


def test_patches_whose_lines_go_again_are_told_in_their_order() -> None:
    """Whatever the hashes of the lines are, which are other ones in each process."""
    lines = [f"int the_name_of_number_{number};" for number in range(16)]
    old = "@@ -1 +1 @@\n-a\n+b\n"
    adding = [
        mail(f"[PATCH {part + 1}/5] x: Add {part}").replace(
            old, "@@ -1 +1,5 @@\n a\n" + "".join(f"+{line}\n" for line in lines[4 * part : 4 * part + 4])
        )
        for part in range(4)
    ]
    removing = mail("[PATCH 5/5] x: Drop all").replace(
        old, "@@ -1,17 +1 @@\n a\n" + "".join(f"-{line}\n" for line in reversed(lines))
    )
    found = lint([mail("[PATCH 0/5] x: Five"), *adding, removing]).findings
    assert [each.message for each in found if each.rule == "file-churn"] == [
        "16 of its 16 removed lines were added by mail 2, mail 3, mail 4"
    ]


def test_memory_of_many_mails_is_small() -> None:
    """A brief of a patch keeps no diff."""
    import tracemalloc

    body = "@@ -1 +1 @@\n-a\n+b\n".join(f"diff --git a/{n} b/{n}\n--- a/{n}\n+++ b/{n}\n" for n in range(10))
    one = FROM + mail("[PATCH] x: One").partition("diff --git")[0] + body + "@@ -1 +1 @@\n-a\n+b\n\n"
    count = 400
    stream = io.BytesIO(b"".join(one.replace("x: One", f"x: One {n}").encode() for n in range(count)))
    tracemalloc.start()
    patches = (parse(decode(raw), f"mail {number}") for number, raw in enumerate(split(stream, "box"), 1))
    outcome = lint_patches(patches, RULES, Settings(), Context(None, None), Cache())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.patches == count
    assert peak < 12 * 2**20


def test_a_binding_behind_drivers_is_a_note() -> None:
    binding = mail(
        "[PATCH 2/2] dt-bindings: leds: Add foo", "1.2@x", "1.0@x", "Documentation/devicetree/bindings/foo.yaml"
    )
    binding = binding.replace("+b\n", "+const: example,foo\n")
    driver = mail("[PATCH 1/2] leds: Add foo", "1.1@x", "1.0@x", "drivers/leds/foo.c")
    cover = mail("[PATCH 0/2] leds: Add foo", "1.0@x")
    (finding,) = lint([cover, driver, binding]).findings
    assert (finding.rule, finding.level) == ("binding-order", "note")
    first = [binding.replace("2/2", "1/2"), driver.replace("1/2", "2/2")]
    assert rules([cover, *first]) == []
