"""Small mails of kinds that reviewers sent back, or took as they were: what is said of each, and nothing else.

They are in ``cases/``; all that is in them is invented.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lint.everyrule import RULES

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.model import Finding
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.read import patches

CASES = Path(__file__).parent / "cases"
NOTHING: tuple[str, ...] = ()
NO_DEVICETREE = "note devicetree-list: devicetree@vger.kernel.org is not on To"
EXPECTED = {
    "assisted-by-version.patch": ("warning assisted-by: Assisted-by: is not AGENT:MODEL",),
    "author-comma.patch": NOTHING,
    "backport-series-repairs.mbox": NOTHING,
    "binding-with-driver.patch": (
        "warning binding-apart: a binding together with",
        "note spdx: a new binding that is",
        NO_DEVICETREE,
    ),
    "changelog-missing-no-diffstat.patch": ("warning changelog-missing: version 3 does not say",),
    "changelog-missing-single.patch": ("warning changelog-missing: version 3 does not say",),
    "citation-acpica.patch": NOTHING,
    "cover-of-one.mbox": ("note cover-single: one patch needs no cover letter",),
    "eof-blank-line.patch": ("warning trailing-space: a blank line at the end of the file",),
    "fix-without-fixes.patch": ("note fixes-missing: a fix that does not say what it fixes",),
    "fixes-number-sign.patch": NOTHING,
    "fixes-quote-mark.patch": ('warning fixes-form: Fixes" is not Fixes:',),
    "letter.patch": ("warning body-letter: 'Hi Ben,' is of a letter", "note body-pronoun: 'I'"),
    "list-prefix-netdev.patch": ("warning netdev-tree: the subject does not say for which tree",),
    "list-prefix.patch": ("warning changelog-missing: version 2 does not say",),
    "message-cut-by-diff.patch": ("error message-cut: git am ends the message at the line 'diff -u old new",),
    "name-accent.patch": ("note sign-off-differs: the author is François Example",),
    "number-above-total.patch": ("note subject-numbers: patch 4 of only 3",),
    "pasted-headers.patch": ("warning pasted-headers: the head of a mail stands in the text",),
    "patch-indented.patch": ("error diff-form: its diff is indented", "warning changelog-missing: version 2"),
    "patch-without-diff.patch": ("warning diff-empty: [PATCH], but there is no diff",),
    "placeholder-mentioned.patch": NOTHING,
    "prefix-without-space.patch": ("warning summary-no-subsystem: a blank is missing after 'hwmon:'",),
    "reply-to-older-alone.patch": ("note reply-to-older: version 3 is a reply to another mail",),
    "sign-off-last-nameless.patch": NOTHING,
    "sign-off-last-own-from.patch": ("warning sign-off-last: Ada Example <ada@example.org> sends it, but Cleo",),
    "sign-off-last-own.patch": ("warning sign-off-last: Ada Example <ada@example.org> sends it, but Ben",),
    "spdx-yaml.patch": ("warning spdx: a new file without SPDX", NO_DEVICETREE),
    "tags-after-sign-off.patch": ("note tags-below-sign-off: Reviewed-by: stands below",),
    "tool-address-person.patch": NOTHING,
    "tool-co-developer.patch": ("error tool-sign-off: claude-4-sonnet is a tool",),
    "wrap-citation.patch": NOTHING,
    "wrap-stack-dump.patch": NOTHING,
    "xmas-tree.patch": ("warning reverse-xmas-tree: a declaration that is longer",),
}


def said(place: Path) -> list[str]:
    settings = Settings(strict=True, skip=frozenset({"base-missing"}))
    cache = Cache()
    try:
        outcome = lint_patches(patches([str(place)]), RULES, settings, Context(None, None), cache)
    finally:
        cache.close()
    return [_shown(finding) for finding in outcome.findings]


def _shown(finding: Finding) -> str:
    return f"{finding.level} {finding.rule}: {finding.message}"


def test_every_case_is_expected() -> None:
    assert {place.name for place in CASES.iterdir()} == EXPECTED.keys()


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_a_case(name: str, expected: tuple[str, ...], cache_dir: Path) -> None:
    found = said(CASES / name)
    assert len(found) == len(expected), found
    for text in expected:
        assert any(each.startswith(text) for each in found), found
