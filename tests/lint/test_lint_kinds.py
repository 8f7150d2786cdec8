"""Kinds of mail that lists are full of: what is a patch, who signs it, how its text is laid out, its version."""

from __future__ import annotations

import io

import pytest
from lint.everyrule import RULES

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.fix import fixed
from patcher.lint.model import Finding, Level
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.model import Kind, Patch
from patcher.mail.parse import parse

DIFF = """diff --git a/lib/x.c b/lib/x.c
--- a/lib/x.c
+++ b/lib/x.c
@@ -1,3 +1,4 @@
 int a;
+int b;
 int c;
 int d;
"""
P0 = "--- lib/x.c.orig\n+++ lib/x.c\n@@ -1,2 +1,3 @@\n int a;\n+int b;\n int c;\n"
MERGE = "diff --cc lib/x.c\n--- a/lib/x.c\n+++ b/lib/x.c\n@@@ -1,1 -1,1 +1,1 @@@\n  int a;\n"
CONTEXT = "*** a/lib/x.c\n--- b/lib/x.c\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n"
ADA = "Signed-off-by: Ada Example <ada@example.org>"
BEN = "Signed-off-by: Ben Example <ben@example.org>"
CO_BEN = "Co-developed-by: Ben Example <ben@example.org>"


def mail(
    subject: str = "[PATCH] lib: x: Add b", text: str = "It is needed.", tags: str = ADA, below: str = "",
    diff: str = DIFF, sender: str = "Ada Example <ada@example.org>", head: str = "",
) -> str:  # fmt: skip
    if "Message-ID" not in head:
        head += "Message-ID: <1@example.org>\n"
    return f"From: {sender}\nSubject: {subject}\n{head}\n{text}\n\n{tags}\n---\n{below}\n{diff}-- \n2.43.0\n"


def patches(*mails: str) -> list[Patch]:
    box = "".join(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{each}\n" for each in mails)
    return [parse(decode(raw), f"mail {at}") for at, raw in enumerate(split(io.BytesIO(box.encode()), "box"))]


def found(*mails: str, profile: str = "auto") -> list[Finding]:
    settings = Settings(strict=True, skip=frozenset({"base-missing"}), profile=profile)
    return list(lint_patches(patches(*mails), RULES, settings, Context(None, None), Cache()).findings)


def rules(*mails: str, profile: str = "auto") -> set[str]:
    return {finding.rule for finding in found(*mails, profile=profile)}


@pytest.mark.parametrize(
    ("mails", "kind"),
    [
        (mail('FAILED: patch "[PATCH] lib: x: Add b" failed to apply to 6.1-stable tree'), Kind.OTHER),
        (mail('patch "lib: x: Add b" added to char-misc-testing'), Kind.OTHER),
        (mail('Patch "lib: x: Add b" has been added to the 6.1-stable tree'), Kind.OTHER),
        (mail("[tip: x86/urgent] lib: x: Add b"), Kind.OTHER),
        (mail("[GIT PULL] lib: x for 6.9"), Kind.OTHER),
        (mail("[GIT PULL 01/12] lib: x: Add b"), Kind.PATCH),
        (mail("linux-next: manual merge of the x tree with the y tree"), Kind.OTHER),
        (mail("[pm:bleeding-edge 1/5] lib/x.c:1:1: error: expected identifier"), Kind.OTHER),
        (mail("[PATCH 0/2] lib: x", f"The following changes since commit {'1' * 40}:\n\n  Linux 6.8"), Kind.OTHER),
        (mail("lib: x: crash", "I see a crash. This helps:", tags=""), Kind.PATCH),
        (mail("lib: x: crash", "I see a crash. This helps:", tags="").replace("\n---\n", "\n"), Kind.OTHER),
        (mail("[PATCH] lib: x: Add b", "On Mon, Ben wrote:\n> It is needed.\n\nIs it?", tags="",
              head="In-Reply-To: <0@example.org>\n"), Kind.REPLY),
        (mail("[PATCH 1/2] lib: x: Add b", "> Does it help?\n\nIt does here.\n\nTested.\nIt is fine.\nAda", tags="",
              diff="", head="In-Reply-To: <0@example.org>\n").replace("\n---\n", "\n"), Kind.REPLY),
        (mail("[PATCH] lib: x: Add b", "Ben wrote:\n> It is needed.\n\nSo it is."), Kind.PATCH),
        (mail("[PATCH 0/2] lib: x", "An interdiff:", tags=""), Kind.COVER),
    ],
)  # fmt: skip
def test_what_is_a_patch(mails: str, kind: Kind) -> None:
    assert patches(mails)[0].kind is kind


@pytest.mark.parametrize(
    ("sender", "tags", "expected"),
    [
        ('"Example, Ada" <ada@example.org>', "Signed-off-by: Example, Ada <a@work.example.org>", {"sign-off-differs"}),
        ("Ada Exämple <ada@example.org>", "Signed-off-by: Ada Example <a@work.example.org>", {"sign-off-differs"}),
        ("Ada Exämple <ada@example.org>", "Signed-off-by: Ada Exaemple <a@work.example.org>", {"sign-off-differs"}),
        ("Łukasz Groß <l@example.org>", "Signed-off-by: Lukasz Gross <l2@work.example.org>", {"sign-off-differs"}),
        ("ada.example@mail.example.org", "Signed-off-by: Ada Example <ae@example.org>", {"sign-off-differs"}),
        ("aexample7@mail.example.org", "Signed-off-by: Ada Example <ae@example.org>", {"sign-off-differs"}),
        ("Ada <ada.e@a.example.org>", "Signed-off-by: A. Example <ada.e@b.example.org>", {"sign-off-differs"}),
        ("Cleo Other <cleo@example.org>", ADA, {"sign-off-author", "sign-off-last"}),
        ("Ada Example <ada@example.org>", f"{ADA}\n{BEN}", {"sign-off-last"}),
        ("Ada Example <ada@example.org>", f"{BEN}\n{ADA}", {"sign-off-order"}),
        ("Ada Example <ada@example.org>", f"{CO_BEN}\n{BEN}\n{ADA}", set()),
        ("Ben Example <ben@example.org>", f"{ADA}\n{BEN}", set()),
        ("Ada Example <ada@example.org>", f"{ADA}\nTested-by: Ben Example <ben@example.org>", {"tags-below-sign-off"}),
        ("Example <example.a@mail.example.org>", "Signed-off-by: Ada Example <example.ada@work.example.org>",
         {"sign-off-differs"}),
        ("ada <ada@example.org>", "Signed-off-by: ada <ada@example.org>", {"sign-off-name"}),
        ("Ada Example <ada@anthropic.com>", "Signed-off-by: Ada Example <ada@anthropic.com>", set()),
        ("Ada Example <ada@example.org>", f"Co-developed-by: Claude Opus 4.5 <noreply@anthropic.com>\n{ADA}",
         {"tool-sign-off"}),
        ("Ada Example <ada@example.org>", f"Reviewed-by: gemini-code-assist[bot] <x@example.org>\n{ADA}",
         {"tool-sign-off"}),
        ("Claude Example <claude@example.org>", "Signed-off-by: Claude Example <claude@example.org>", set()),
    ],
)  # fmt: skip
def test_who_signs(sender: str, tags: str, expected: set[str]) -> None:
    text = "It is needed."
    if sender.startswith("Ben"):
        text = "From: Ada Example <ada@example.org>\n\nIt is needed."
    assert rules(mail(tags=tags, sender=sender, text=text)) == expected


@pytest.mark.parametrize("sender", ["Ada Example via B4 Relay <devnull+ada.example.org@kernel.org>",
                                    "Ada Example via Example-list <example-list@example.org>"])  # fmt: skip
def test_a_service_sends_it(sender: str) -> None:
    assert rules(mail(sender=sender, text="From: Ada Example <ada@example.org>\n\nIt is needed.")) == set()


def test_a_file_of_format_patch_does_not_say_who_sends_it() -> None:
    text = mail(tags=f"{ADA}\n{BEN}", head="Date: Mon, 1 Jan 2024 10:00:00 +0000\n").replace(
        "Message-ID: <1@example.org>\n", ""
    )
    box = f"From {'1' * 40} Mon Sep 17 00:00:00 2001\n{text}"
    (patch,) = [parse(decode(raw), "x") for raw in split(io.BytesIO(box.encode()), "x.patch")]
    outcome = lint_patches([patch], RULES, Settings(strict=True), Context(None, None), Cache())
    assert "sign-off-last" not in {finding.rule for finding in outcome.findings}


def test_a_mail_of_a_stable_review() -> None:
    text = "6.1-stable review patch.  If anyone has any objections, please let me know.\n\n------------------\n\n"
    text += f"From: Ada Example <ada@example.org>\n\ncommit {'1' * 40} upstream.\n\nIt is needed."
    greg = "Signed-off-by: Greg Example <greg@example.org>"
    one = mail("[PATCH 6.1 01/20] lib: x: Add b", text, f"{ADA}\n{greg}", sender="Greg Example <greg@example.org>")
    (patch,) = patches(one)
    assert (patch.author.name, patch.body[0]) == ("Ada Example", f"commit {'1' * 40} upstream.")
    assert rules(one) == set()


def test_a_mail_of_a_stable_review_that_names_two_authors() -> None:
    """The file that is sent round had an author of its own in its text."""
    text = "5.15-stable review patch.  If anyone has any objections, please let me know.\n\n------------------\n\n"
    text += "From: Ben Example <ben@example.org>\n\nFrom: Ada Example <ada@example.org>\n\nIt is needed."
    assert patches(mail(text=text))[0].author.name == "Ada Example"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: "".join(f"\t{line}\n" for line in text.split("\n")), "indented"),
        (lambda text: "".join(f"> {line}\n" for line in text.split("\n")), "quoted"),
        (lambda text: text.replace("a/lib/", "lib/").replace("b/lib/", "lib/"), "-p0"),
        (lambda text: text.replace(DIFF, P0), "-p0"),
        (lambda text: text.replace(DIFF, MERGE), "merge"),
        (lambda text: text.replace(DIFF, CONTEXT), "context diff"),
    ],
)  # fmt: skip
def test_a_diff_that_cannot_be_applied(change: object, expected: str) -> None:
    head, _, text = mail().partition("\n\n")
    assert callable(change)
    (finding,) = [each for each in found(f"{head}\n\n{change(text)}") if each.level == "error"]
    assert finding.rule == "diff-form"
    assert expected in finding.message


@pytest.mark.parametrize("line", ["diff -u a b", "Index: of all", "--- Comment 1", "---"])
def test_a_line_that_cuts_the_message(line: str) -> None:
    assert "message-cut" in rules(mail(text=f"It is seen here:\n\n{line}\n\nand it is needed."))
    assert not {"message-cut", "sign-off-missing"} & rules(mail(text=f"It is seen here:\n\n  {line}\n\nIt is needed."))


def test_a_sign_off_below_the_message_is_none_of_it() -> None:
    """The message ends where it was meant to: its tags are misspelt."""
    assert rules(mail(tags="Singed-off-by: Ada Example <ada@example.org>", below=f"{ADA}\n")) == {"tag-name"}


@pytest.mark.parametrize(
    ("below", "told"),
    [
        ("", False),
        (" lib/x.c | 1 +\n 1 file changed, 1 insertion(+)\n", False),
        (" .../x.c | 12 +-\n x.png | Bin 0 -> 12 bytes\n 2 files changed, 1 insertion(+)\n", False),
        ("Cc: Ben Example <ben@example.org>\n", False),
        ("v2: sorted\n", True),
        ("- sorted the includes as Ben asked for\n", True),
        ("Range-diff against v1:\n1:  1 = 1:  2 lib: x: Add b\n", True),
    ],
)  # fmt: skip
def test_what_a_changelog_is(below: str, told: bool) -> None:
    assert ("changelog-missing" not in rules(mail("[PATCH v2] lib: x: Add b", below=below))) == told


def test_a_resend_has_no_changelog() -> None:
    assert rules(mail("[PATCH RESEND v2] lib: x: Add b")) == set()


def versions(*subjects: str, changed: bool = True) -> list[str]:
    return [
        mail(subject, below="v2: sorted\n", diff=DIFF.replace("int b;", f"int b_is_number_{at if changed else 0};"),
             head=f"Date: Mon, {at + 1} Jan 2024 10:00:00 +0000\nMessage-ID: <{at}@example.org>\n")
        for at, subject in enumerate(f"{each} lib: x: Add b" for each in subjects)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("subjects", "changed", "told"),
    [
        (("[PATCH v3]", "[PATCH v2]"), True, True),
        (("[PATCH]", "[PATCH]"), True, True),
        (("[PATCH]", "[PATCH]"), False, False),
        (("[PATCH]", "[PATCH v2]"), True, False),
        (("[RFC PATCH v2]", "[PATCH]"), True, False),
        (("[PATCH]", "[PATCH RESEND]"), True, False),
        (("[PATCH 5.10]", "[PATCH 5.15]"), True, False),
    ],
)
def test_versions(subjects: tuple[str, ...], changed: bool, told: bool) -> None:
    assert ("version-number" in rules(*versions(*subjects, changed=changed))) == told


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ('1234567890ab ("lib: x: strike #2, at last")', ""),
        ('1234567890ab ("lib: x: strike (BZ#24602)")', ""),
        ('1234567890ab ("Revert "lib: x: Add b"")', ""),
        ('1234567890ab ("lib: x: Add b") # 6.1', ""),
        ('1234567890ab("lib: x: Add b")', "a blank is missing"),
        ('1234567890ab ("lib: x: Add ...")', "the subject is cut"),
        ('1234567890ab (""lib: x: Add b")', "a quote too many"),
        ("1234567890ab ('lib: x: Add b')", "not in"),
    ],
)
def test_the_form_of_fixes(value: str, wrong: str) -> None:
    messages = [finding.message for finding in found(mail(tags=f"Fixes: {value}\n{ADA}"))]
    assert len(messages) == bool(wrong)
    assert all(wrong in message for message in messages)


@pytest.mark.parametrize("line", ['Fixed: 1234567890ab ("lib: x: Add b")', 'Fixes 1234567890ab ("lib: x: Add b")'])
def test_almost_fixes(line: str) -> None:
    assert rules(mail(tags=f"{line}\n{ADA}")) == {"fixes-form"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It came with 1234567890ab and is needed.", True),
        ('It came with 1234567890ab ("lib: x: Add b") and is needed.', True),
        ('It came with commit 1234567890ab ("lib: x: Add b").', False),
        ('It came with commits 1234567890ab ("lib: x: Add a") and\n2234567890ab ("lib: x: Add b").', False),
        ("U-Boot commit 1234567890ab1234567890ab1234567890ab1234 did it.", False),
        ('These are taken:\n\n1234567890ab ("lib: x: Add a")\n2234567890ab ("lib: x: Add b")', False),
        ("The UUID is 12345678-90ab-1234-5678-1234567890ab, the tree 1234567890ab.", False),
    ],
)
def test_an_id_in_the_text(text: str, told: bool) -> None:
    assert ("citation-form" in rules(mail(text=text))) == told


LONG = "that is longer than any line of a message should ever be, as all of them know"
KEPT = [
    f"Hardware name: Example Example Compute Engine/Example Engine, {LONG}",
    f"lib/x.c:12:5: error: the declaration of a variable {LONG}",
    f"warning: Function parameter or struct member b of x is not described, {LONG}",
    f'Since commit 1234567890ab ("lib: x: Add b"), the function is one {LONG}',
    f"make ARCH=arm64 with all of the options and targets {LONG}",
    f"[   12.345678] lib: x: the driver says something {LONG}",
]


@pytest.mark.parametrize("line", KEPT)
def test_what_is_not_wrapped(line: str) -> None:
    assert "body-wrap" not in rules(mail(text=f"It is seen here:\n\n{line}\n\nIt is needed."))


def test_a_sentence_is_wrapped() -> None:
    assert "body-wrap" in rules(mail(text=f"It is a sentence of words {LONG}."))


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("[Example-list] [PATCH v2 1/1] lib: x: Add b", (2, 1, ())),
        ("[example-list] [PATCH net 1/1] lib: x: Add b", (1, 1, ("net",))),
        ("[net-next] [PATCH v3] lib: x: Add b", (3, 0, ("net-next",))),
        ("[PATCH v3][net-next] lib: x: Add b", (3, 0, ("net-next",))),
        ("[lvc-project] [PATCH 5.10 1/1] lib: x: Add b", (1, 1, ("5.10",))),
    ],
)
def test_what_a_list_puts_before_it(subject: str, expected: tuple[int, int, tuple[str, ...]]) -> None:
    (patch,) = patches(mail(subject))
    prefix = patch.prefix
    assert (prefix.version, prefix.number, prefix.words, patch.summary) == (*expected, "lib: x: Add b")


FUNCTION = "int x(void)\n{{\n{}\n\n\treturn a;\n}}\n"


@pytest.mark.parametrize(
    ("declarations", "told"),
    [
        ("\tint a;\n\tstruct example *long_name;", True),
        ("\tstruct example *long_name;\n\tint a;", False),
        ("\tstruct x *a;\n\tstruct example *long_name = a->example;", False),
        ("\tint a; /* which is the answer that is given */\n\tlong abc;", True),
        ("\tint a; /* of the same length */\n\tint b;", False),
        ("\tunsigned long a = first_function(1,\n\t\t\t\t\t 2);\n\tint b;", False),
    ],
)
def test_reverse_christmas_trees(declarations: str, told: bool) -> None:
    lines = FUNCTION.format(declarations).rstrip("\n").split("\n")
    diff = f"diff --git a/net/x.c b/net/x.c\n--- a/net/x.c\n+++ b/net/x.c\n@@ -1,2 +1,{len(lines) + 2} @@\n int z;\n"
    diff += "".join(f"+{line}\n" for line in lines) + " int y;\n"
    assert ("reverse-xmas-tree" in rules(mail("[PATCH net-next] net: x: Add it", diff=diff))) == told
    assert "reverse-xmas-tree" not in rules(mail("[PATCH] lib: x: Add it", diff=diff.replace("net/", "lib/")))


def test_a_cover_letter_of_another_version() -> None:
    head = "Message-ID: <{0}@example.org>\nIn-Reply-To: <c@example.org>\n"
    cover = (
        "From: Ada Example <ada@example.org>\nSubject: [PATCH v2 0/2] lib: x\nMessage-ID: <c@example.org>\n\nBoth.\n"
    )
    both = [
        mail(f"[PATCH {at}/2] lib: x: Add {at}", head=head.format(at), diff=DIFF.replace("x.c", f"{at}.c"))
        for at in (1, 2)
    ]
    assert "cover-version" in rules(cover, *both)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is the the one.", True),
        ("The the one.", True),
        ("It is of the\nthe one.", True),
        ("On CAN can be relied.", False),
        ("It had had that that one.", False),
        ('It is "the the" one.', False),
    ],
)
def test_a_word_twice(text: str, told: bool) -> None:
    assert ("repeated-word" in rules(mail(text=text))) == told


@pytest.mark.parametrize(
    "line", ["Hello maintainers,", "Best regards,", "Please review this patch.", "Thanks", "Hi Ben"]
)
def test_a_letter(line: str) -> None:
    assert "body-letter" in rules(mail(text=f"{line}\n\nIt is needed."))


@pytest.mark.parametrize("line", ["The driver says hello to the device.", "Thanks to the new helper, it is short.",
                                  "Dear ImGui is not used here.", "Users review what they apply."])  # fmt: skip
def test_no_letter(line: str) -> None:
    assert "body-letter" not in rules(mail(text=f"{line}\n\nIt is needed."))


PARAGRAPH = (
    "It is a sentence of words that is longer than any line of a message should ever be, as all of them know\nit well."
)


def corrected(text: str, tags: str = ADA) -> tuple[str, ...]:
    (patch,) = patches(mail(text=text, tags=tags))
    outcome = lint_patches([patch], RULES, Settings(strict=True), Context(None, None), Cache())
    return fixed(patch, {finding.rule for finding in outcome.findings}, None).body


def test_a_paragraph_is_filled_anew() -> None:
    body = corrected(PARAGRAPH)
    assert max(map(len, body[:3])) <= 75
    assert " ".join(body).startswith(" ".join(PARAGRAPH.split()))


@pytest.mark.parametrize("line", [*KEPT, "- an item", "  indented", "$ make", "a  | b  | c", "It ends here:"])
def test_what_a_correction_leaves_alone(line: str) -> None:
    """Neither a paragraph with such a line, nor one beside it, is merged with anything."""
    assert line in corrected(f"{PARAGRAPH}\n{line}\nand goes on.")
    assert line in corrected(f"{PARAGRAPH}\n\n{line}\n{line}\n\nIt is needed.")


def test_nothing_is_corrected_that_was_not_reported() -> None:
    (patch,) = patches(mail(text=PARAGRAPH, tags=f"Reviewd-by: Ben Example <ben@example.org>\n{ADA}\n{ADA}"))
    assert fixed(patch, set(), None) is patch
    assert fixed(patch, {"tag-name"}, None).body[3].startswith("Reviewed-by:")
    assert fixed(patch, {"tag-name"}, None).body[:2] == patch.body[:2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The funciton is needed.", True),
        ("The firmwware is needed, and chaging it.", True),
        ("It charges `funciton` only.", False),
        ("The hugepages and watchdogs are needed.", False),
        ("It calls funciton_bar() there.", False),
    ],
)
def test_misspelt_words(text: str, said: bool) -> None:
    assert ("misspelt" in rules(mail(text=text))) is said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("//funciton name", True),
        ('\tpr_info("the funciton is\\n");', True),
        ("\tfunciton(a, b);", False),
        ("/* by Ben Funciton <b@c> */", False),
    ],
)
def test_misspelt_in_code(line: str, said: bool) -> None:
    assert ("misspelt" in rules(mail(diff=DIFF.replace("int b;", line)))) is said


def test_a_misspelt_word_that_the_code_has_is_its_name() -> None:
    diff = DIFF.replace("+int b;", "+/* the funciton */").replace(" int c;", " int funciton;")
    assert "misspelt" not in rules(mail(diff=diff))


def test_who_passes_a_patch_on_signs_again() -> None:
    assert "sign-off-duplicate" not in rules(mail(tags=f"{ADA}\n{BEN}\n{ADA}"))
    assert "sign-off-duplicate" in rules(mail(tags=f"{ADA}\nCc: Ben Example <ben@example.org>\n{ADA}"))


def test_a_fault_that_was_seen_has_a_commit_that_made_it() -> None:
    text = "It is seen with lockdep:\n\n WARNING: possible circular locking dependency detected\n\nUse another lock."
    assert "fixes-missing" in rules(mail(subject="[PATCH] lib: x: Take b first", text=text))
    assert "fixes-missing" not in rules(mail(subject="[PATCH] lib: x: Take b first", text="It is faster."))


def test_a_login_is_no_name() -> None:
    assert "sign-off-name" in rules(mail(text="From: ada_example <ada@example.org>\n\nIt is needed."))


def test_a_sentence_that_stands_there_twice() -> None:
    twice = "This makes it faster for all that use it. It is needed.\nThis makes it faster for all that use it."
    assert "repeated-word" in rules(mail(text=twice))
    assert "repeated-word" not in rules(
        mail(text="The log of one long read request:\n\n a\n\nThe log of one long read request:\n\n b")
    )


def test_a_fix_for_stable_alone_names_no_upstream_commit() -> None:
    text = "The backport left this out. Only linux-4.4.y has the fault."
    assert "backport-line" not in rules(mail(subject="[PATCH 4.4.y] lib: x: Add b", text=text))


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("lib: x: Unregister it in error path", "It is needed.", True),
        ("lib: x: Allow it while it is probed", "The lock causes a deadlock when it is probed again.", True),
        ("lib: x: Fix a deadlock warning", "It is needed.", True),
        ("lib: x: Skip the command", "Without this, it loses touch functionality.", True),
        ("lib: x: Fix a warning", "It is needed.", False),
        ("lib: x: Implement it", "Without it, that causes a crash of others.", False),
        ("lib: x: Add b", "This cannot fail.", False),
    ],
)
def test_a_fix_by_what_its_text_says(subject: str, text: str, expected: bool) -> None:
    assert ("fixes-missing" in rules(mail(f"[PATCH] {subject}", text))) == expected


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("lib: x: Added b", "It is needed.", True),
        ("lib: x: Adding b", "It is needed.", True),
        ("lib: x: Add b", "Adds what is needed.", True),
        ("lib: x: Add b", "This driver adds what is needed.", True),
        ("lib: x: Fixed-size b", "Use what is needed.", False),
        ("lib: x: Add b", "Address what is needed.", False),
    ],
)
def test_moods(subject: str, text: str, expected: bool) -> None:
    found_ = [finding for finding in found(mail(f"[PATCH] {subject}", text)) if finding.rule == "body-imperative"]
    assert [finding.level for finding in found_] == ([Level.NOTE] if expected else [])


def test_a_new_file_of_another_project_needs_no_licence_line() -> None:
    new = "diff --git a/{0} b/{0}\nnew file mode 100644\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+int a;\n"
    assert "spdx" in rules(mail(diff=new.format("lib/a.c")))
    assert "spdx" not in rules(mail(diff=new.format("src/a.c")))


def test_addresses_in_a_table_of_acpi_are_no_commits() -> None:
    text = "The method returns:\n\n\\\\_SB.PC00.ISUB Buffer 000000003fdc947b 001 Len 0C = 0A 00\n\nTake it."
    assert rules(mail(text=text)) == set()
    assert rules(mail(text="kernel: Write of size 12 at addr ffff888106d1f900 by task kworker\n\nTake it.")) == set()


def test_a_makefile_that_is_sorted_by_options() -> None:
    """dtb-$(CONFIG_…) are sorted by the option, whatever the objects are called."""
    diff = """diff --git a/lib/Makefile b/lib/Makefile
--- a/lib/Makefile
+++ b/lib/Makefile
@@ -1,3 +1,4 @@
 dtb-$(CONFIG_A) += z.dtb
 dtb-$(CONFIG_C) += y.dtb
{}
 dtb-$(CONFIG_E) += x.dtb
"""
    assert "sorted-lists" not in rules(mail(diff=diff.format("+dtb-$(CONFIG_D) += a.dtb")))


def test_help_of_one_line_is_short() -> None:
    diff = """diff --git a/lib/Kconfig b/lib/Kconfig
--- a/lib/Kconfig
+++ b/lib/Kconfig
@@ -1,2 +1,7 @@
 config A
+config B
+\tbool "B"
+\thelp
+\t  Say Y here to have B.
+
 config C
"""
    (finding,) = [each for each in found(mail(diff=diff)) if each.rule == "kconfig-help"]
    assert finding.level is Level.NOTE


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("ATTRIBUTE_GROUPS(foo);", False),
        ("\tMSM_FUNCTION(one, foo),", False),
        ("use(foo_attrs);", False),
        ("go();", True),
    ],
)
def test_a_table_that_a_macro_names_is_used(use: str, said: bool) -> None:
    lines = ["static struct attribute *foo_attrs[] = {", "\tNULL", "};", use]
    diff = "diff --git a/lib/y.c b/lib/y.c\nnew file mode 100644\n--- /dev/null\n+++ b/lib/y.c\n@@ -0,0 +1,4 @@\n"
    found_ = rules(mail(diff=diff + "".join(f"+{line}\n" for line in lines)))
    assert ("unused-variable" in found_) is said


@pytest.mark.parametrize(
    ("line", "said"),
    [("DEFINE_MUTEX(foo_lock);", True), ("int foo_count;", True), ("static int foo_count;", False),
     ("extern int foo_count;", False), ("\tint count;", False)],
)  # fmt: skip
def test_what_only_one_file_uses_is_static(line: str, said: bool) -> None:
    head = "diff --git a/drivers/y.c b/drivers/y.c\nnew file mode 100644\n"
    diff = f"{head}--- /dev/null\n+++ b/drivers/y.c\n@@ -0,0 +1 @@\n"
    assert ("not-static" in rules(mail(diff=f"{diff}+{line}\n"))) is said


@pytest.mark.parametrize(("calls", "said"), [(16, True), (6, False)])
def test_a_long_trace_is_cut(calls: int, said: bool) -> None:
    trace = "\n".join(f" foo_{at}+0x1/0x20" for at in range(calls))
    assert ("trace-long" in rules(mail(text=f"It stops:\n\n{trace}\n\nLook before."))) is said


def _new(path: str, text: str) -> str:
    lines = text.strip("\n").split("\n")
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)


_SCHEMA = """# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
%YAML 1.2
---
$id: http://devicetree.org/schemas/pwm/foo,bar.yaml#
$schema: http://devicetree.org/meta-schemas/core.yaml#

title: Foo PWM controller

maintainers:
  - A U Thor <author@example.org>
{before}
properties:
  compatible:
    const: foo,bar

  reg:
    maxItems: 1
{reg}
  "#pwm-cells":
    const: 3
{cells}
required:
  - compatible
  - reg

additionalProperties: false

examples:
  - |
    pwm@1000 {{
      compatible = "foo,bar";
      reg = <0x1000 0x100>;
      #pwm-cells = <3>;
    }};
"""
_REFERS = "\nallOf:\n  - $ref: pwm.yaml#\n"


def _said(before: str = _REFERS, reg: str = "", cells: str = "", change: tuple[str, str] = ("", "")) -> set[str]:
    text = _SCHEMA.format(before=before, reg=reg, cells=cells).replace(*change)
    findings = found(mail(diff=_new("Documentation/devicetree/bindings/pwm/foo,bar.yaml", text)))
    return {each.message for each in findings if each.rule.startswith(("binding", "dts"))}


def test_a_binding_as_it_should_be() -> None:
    assert not _said() - {"a new binding that is not under (GPL-2.0-only OR BSD-2-Clause)"}


@pytest.mark.parametrize(
    ("told", "arguments"),
    [
        ("no reference to pwm.yaml", {"before": ""}),
        ("the description of reg says what is known", {"reg": "    description: Base address and length of it\n"}),
        ("the description of #pwm-cells says what is known", {"cells": "    description: Should be 3.\n"}),
        ("the description speaks of software", {"before": f"\ndescription: It is used by Linux.\n{_REFERS}"}),
        ("items of reg repeat", {"reg": "    items:\n      - description: Address and size of a bank\n"}),
        ("maxItems of reg says what items says", {"reg": "    items:\n      - description: a bank\n"}),
        ("additionalProperties of a device is true", {"change": ("Properties: false", "Properties: true")}),
        ("no reference to pwm.yaml", {"before": "", "cells": "    description: See pwm.yaml.\n"}),
        ("the example shows a user", {"change": ('compatible = "foo,bar";', 'compatible = "foo,bar", "pwm-leds";')}),
        ("a device without an example", {"change": ("examples:", "x-none:")}),
        ("compatible is not the first property", {"change": ("properties:\n", "properties:\n  clocks: true\n\n")}),
        ("an empty line at the start of the example", {"change": ("  - |\n", "  - |\n\n")}),
        ("the space around =", {"change": ("compatible = ", "compatible= ")}),
        ("a label: Foo has capitals", {"change": ("    pwm@1000", "    Foo: pwm@1000")}),
        ("text of ", {"reg": f"    description: {'one bank of them all ' * 4}and more\n"}),
    ],
)
def test_a_binding(told: str, arguments: dict[str, object]) -> None:
    assert any(message.startswith(told) for message in _said(**arguments))  # type: ignore[arg-type]


def test_a_file_with_several_compatibles_has_the_vendor_in_its_name() -> None:
    enum = "enum:\n      - foo,a\n      - foo,b"
    text = _SCHEMA.format(before=_REFERS, reg="", cells="").replace("const: foo,bar", enum)
    for name, said in (("foo", True), ("foo,a", False)):
        path = f"Documentation/devicetree/bindings/pwm/{name}.yaml"
        findings = found(mail(diff=_new(path, text.replace("foo,bar.yaml", f"{name}.yaml"))))
        assert any(each.message.startswith("the file is not called") for each in findings) is said


def test_scissors_drop_the_letter_above() -> None:
    letter = "Hi All,\n\nI would like to.\n\n-- >8 --\nSubject: [PATCH] xen: foo: Add it\n\nIt is needed."
    assert not {"body-letter", "pasted-headers"} & rules(mail(text=letter))
    assert "body-letter" in rules(mail(text="Hi All,\n\nI would like to."))


@pytest.mark.parametrize(("lines", "said"), [(3, True), (2, False)])
def test_time_stamps_of_a_log(lines: int, said: bool) -> None:
    log = "\n".join(f"[   {at}.799719] foo: failed" for at in range(lines))
    assert ("trace-long" in rules(mail(text=f"It fails:\n\n{log}\n\nLook before."))) is said


def test_a_licence_in_full_beside_its_name() -> None:
    text = "// SPDX-License-Identifier: GPL-2.0\n/*\n * you can redistribute it and/or modify it\n */\nint a;"
    assert "spdx" in rules(mail(diff=_new("drivers/xen/y.c", text)))


@pytest.mark.parametrize(("blanks", "said"), [("\t    ", True), ("\t\t", False)])
def test_a_statement_stands_on_a_tab_stop(blanks: str, said: bool) -> None:
    text = f"int f(void)\n{{\n\tif (a ||\n\t    b)\n{blanks}return 0;\n}}"
    assert ("space-indent" in rules(mail(diff=_new("drivers/xen/y.c", text)))) is said


def test_what_is_only_added_to_is_not_used() -> None:
    text = "int f(void)\n{\n\tint flags = 0;\n\n\tflags |= 1;\n\n\treturn 0;\n}"
    assert "unused-variable" in rules(mail(diff=_new("drivers/xen/y.c", text)))


def test_who_sends_from_an_address_without_a_name_says_in_the_text_who_it_is() -> None:
    own = mail(text="From: Ada Example <ada@example.org>\n\nIt is needed.", sender="ada-lists@example.com")
    other = mail(text="From: Ada Example <ada@example.org>\n\nIt is needed.", sender="Ben Example <ben@example.org>")
    assert "sign-off-last" not in rules(own)
    assert "sign-off-last" in rules(other)


def test_a_patch_for_net_and_later_for_stable_is_no_backport() -> None:
    assert "backport-line" not in rules(mail(subject="[PATCH net,stable] lib: x: Add b"))
    assert "backport-line" in rules(mail(subject="[PATCH stable] lib: x: Add b"))


def test_the_id_of_a_report_is_no_commit() -> None:
    text = "The leak is that of report 099461f8558eb0a1f4f3; it is old."
    report = "Reported-by: syzbot+099461f8558eb0a1f4f3@syzkaller.appspotmail.com\n"
    assert "citation-form" not in rules(mail(text=text, tags=report + ADA))
    assert "citation-form" in rules(mail(text=text, tags=ADA))


def test_other_projects_have_no_subsystems() -> None:
    subject = "[PATCH] Test renaming onto an open file"
    assert "summary-no-subsystem" not in rules(mail(subject=subject, diff=DIFF.replace("lib/x.c", "nfs4.0/test.py")))
    assert "summary-no-subsystem" in rules(mail(subject=subject, diff=DIFF.replace("lib/x.c", "tools/test.py")))
    assert "summary-no-subsystem" in rules(mail(subject=subject))


@pytest.mark.parametrize(("below", "ends"), [
    ("V9 -> V10: rebased\nV8 -> V9: text", True), ("v15: rebased", False), ("v14: rebased", False),
    ("No change.", False),
])  # fmt: skip
def test_a_changelog_that_ends_versions_ago(below: str, ends: bool) -> None:
    messages = [each.message for each in found(mail(subject="[PATCH v16] lib: x: Add b", below=below))]
    assert ("the changelog ends at version 10" in messages) == ends


@pytest.mark.parametrize("text", [
    "The flag was supposed to be set there, since commit c2866763b402 (\"lib: y\").",
    "Then subsequent attempts to add a connection will fail.", "It reads false, leading to instability in suspend.",
])  # fmt: skip
def test_what_speaks_of_a_fault_says_since_when(text: str) -> None:
    assert "fixes-missing" in rules(mail(subject="[PATCH] lib: x: Set b", text=text))


@pytest.mark.parametrize(("path", "subject", "told"), [
    ("include/trace/perf.h", "trace: Add b", True), ("include/trace/perf.h", "tracing: Add b", False),
    ("drivers/usb/serial/x.c", "usb: gadget: Add b", True), ("drivers/usb/serial/x.c", "USB: serial: x: Add b", False),
    ("sound/soc/x.c", "ASoC: x: Add b", False), ("drivers/spi/x.c", "treewide: Add b", False),
])  # fmt: skip
def test_prefixes_by_the_files_alone(path: str, subject: str, told: bool) -> None:
    assert ("prefix-elsewhere" in rules(mail(f"[PATCH] {subject}", diff=DIFF.replace("lib/x.c", path)))) == told


@pytest.mark.parametrize(("line", "before", "told"), [
    ("static DEVICE_ATTR_RO(speed);", "", True), ("CONFIGFS_ATTR(opts_, speed);", "", True),
    ("static DEVICE_ATTR_RO(speed);", "static DEVICE_ATTR(speed, 0444, show, NULL);", False),
    ('x = device_property_read_bool(dev, "auto_discharge");', "", True),
    ('x = device_property_read_bool(dev, "wakeup-source");', "", False),
])  # fmt: skip
def test_new_attributes_and_properties_are_documented(line: str, before: str, told: bool) -> None:
    diff = (
        f"diff --git a/lib/x.c b/lib/x.c\n--- a/lib/x.c\n+++ b/lib/x.c\n@@ -1,{2 if before else 1} +1,2 @@\n int a;\n"
    )
    diff += (f"-{before}\n" if before else "") + f"+{line}\n"
    assert ("documentation" in rules(mail(diff=diff))) == told
    assert "documentation" not in rules(mail(subject="[PATCH 1/2] lib: x: Add b", diff=diff))


SCHEMA = """properties:
  compatible:
    items:
      - enum:
          - acme,abc123
          - acme,abc124

  phys:
    $ref: /schemas/types.yaml#/definitions/phandle-array
    maxItems: 2

  reset-gpio:
    maxItems: 1
    description: "Pin of the reset"

examples:
  - |
    abc123@10 {
            compatible = "acme,abc123";
            interrupts = <0 44 IRQ_TYPE_LEVEL_HIGH>;
    };
    i2c13 {
    };
"""


def test_a_binding_as_its_maintainers_do_not_want_it() -> None:
    lines = SCHEMA.splitlines()
    path = "Documentation/devicetree/bindings/usb/acme,abc.yaml"
    diff = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1,{len(lines) + 1} @@\n x: y\n"
    diff += "".join(f"+{line}\n" for line in lines)
    said = {each.message for each in found(mail("[PATCH] dt-bindings: usb: Add it", diff=diff))}
    for what in (
        "compatible has items for a single entry", "phys needs no type: all devices have it",
        "reset-gpio ends in -gpio", "quotes around plain text", "the node is called abc123, as its compatible",
        "a number in the name of the node i2c13", "a number where a flag has a name: GIC_SPI, GIC_PPI",
        "indentation: by 8 columns instead of 4",
    ):  # fmt: skip
        assert what in said


def test_a_prefix_without_files_is_that_of_none() -> None:
    assert "prefix-elsewhere" not in rules(mail("[PATCH] pci: drop it now", diff=""))


@pytest.mark.parametrize(
    ("path", "subject", "told"),
    [
        ("drivers/ufs/x.c", "scsi: ufs: Add b", False),
        ("drivers/gpu/drm/x/x.c", "gpu/drm: x: Add b", True),
        ("drivers/pci/x.c", "PCI: x: add it now", True),
        ("drivers/pci/x.c", "PCI: x: Add it now", False),
    ],
)
def test_prefixes_by_the_deepest_directory(path: str, subject: str, told: bool) -> None:
    said = rules(mail(f"[PATCH] {subject}", diff=DIFF.replace("lib/x.c", path)))
    assert ("prefix-elsewhere" in said) == told


SOURCE = """diff --git a/arch/arm64/boot/dts/x/x.dts b/arch/arm64/boot/dts/x/x.dts
--- a/arch/arm64/boot/dts/x/x.dts
+++ b/arch/arm64/boot/dts/x/x.dts
@@ -1,2 +1,{count} @@
 a;
{lines}
 b;
"""


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (('clock-names = "a", "b";', "clocks = <&c 1>, <&c 2>;"), "names stand before what they are of"),
        (('clock-names = "a","b";',), "no blank after a comma"),
        (("reg = <0x0  0x10>;",), "two blanks in a property"),
        (("reg = <0x0 0x10>,", "    <0x20 0x10>;"), "a line that does not go on below the first value"),
        (("reg = <0x0 0x10>,", "      <0x20 0x10>;"), ""),
        (("my_property = <1>;",), "a property with an underscore in its name"),
        (('dr_mode = "host";',), ""),
    ],
)
def test_properties_of_devicetrees_are_laid_out(lines: tuple[str, ...], told: str) -> None:
    diff = SOURCE.format(count=2 + len(lines), lines="\n".join(f"+\t{line}" for line in lines))
    said = [
        each.message for each in found(mail("[PATCH] arm64: dts: x: Add b", diff=diff)) if each.rule == "dts-layout"
    ]
    assert said == ([told] if told else [])


@pytest.mark.parametrize(
    ("below", "told"), [("v1 -> v2: it has a b", True), ("Changes in v1: none", False), ("It is of 2020.", False)]
)
def test_a_version_that_the_subject_does_not_have(below: str, told: bool) -> None:
    assert ("body-versions" in rules(mail(below=f"{below}\n"))) == told


@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [
        (
            "robot-report",
            {"subject": "[PATCH] lib: x: use kzalloc()", "tags": f"Reported-by: Some Robot <r@a.org>\n{ADA}"},
            {"subject": "[PATCH] lib: x: fix the leak", "tags": f"Reported-by: Some Robot <r@a.org>\n{ADA}"},
        ),
        (
            "reported-by",
            {"text": "There are several reports of hangs, and it is mended here."},
            {"text": "There are several reports of hangs: https://example.org/1 has one."},
        ),
        (
            "review-own",
            {"tags": f"Tested-by: Ada Example <ada@example.org>\n{ADA}"},
            {"tags": f"Tested-by: Ben Example <ben@example.org>\n{ADA}"},
        ),
        (
            "body-imperative",
            {"text": "The patch will remove the lock that nobody takes."},
            {"text": "This will be slower, and would introduce a race without the lock."},
        ),
        ("body-acronym", {"text": "The Uart runs at 50 MHz."}, {"text": "The UART runs at 50 MHz in an SoC."}),
        (
            "body-acronym",
            {"text": "Only what runs in el2 may read it."},
            {"text": "Only what runs in EL2 may read it."},
        ),
        (
            "prefix-elsewhere",
            {"subject": "[PATCH] Asoc: codecs: x: Add b"},
            {"subject": "[PATCH] ASoC: codecs: x: Add b"},
        ),
        (
            "prefix-elsewhere",
            {"subject": "[PATCH] btrfs: Drop a lock", "diff": DIFF.replace("lib/x.c", "fs/btrfs/x.c")},
            {"subject": "[PATCH] btrfs: drop a lock", "diff": DIFF.replace("lib/x.c", "fs/btrfs/x.c")},
        ),
        (
            "prefix-elsewhere",
            {
                "subject": "[PATCH] arm64: dts: ti: x: Add uart dts",
                "diff": DIFF.replace("lib/x.c", "arch/arm64/boot/dts/ti/x.dtsi"),
            },
            {
                "subject": "[PATCH] arm64: dts: ti: x: Add a uart",
                "diff": DIFF.replace("lib/x.c", "arch/arm64/boot/dts/ti/x.dtsi"),
            },
        ),
        (
            "one-change",
            {
                "diff": "".join(
                    DIFF.replace("lib/x.c", f"arch/arm/boot/dts/{name}.dts") for name in ("imx6q", "sun8i", "am3")
                )
            },
            {
                "diff": "".join(
                    DIFF.replace("lib/x.c", f"arch/arm/boot/dts/{name}.dts") for name in ("imx6q", "imx7", "im")
                )
            },
        ),
        (
            "one-change",
            {"diff": "".join(DIFF.replace("lib/x.c", f"drivers/{name}/x.c") for name in ("usb", "pwm", "rtc", "spi"))},
            {"diff": "".join(DIFF.replace("lib/x.c", f"drivers/{name}/x.c") for name in ("usb", "pwm", "rtc"))},
        ),
        (
            "name-misspelt",
            {"text": "It calls vring_vritqueue_add().", "diff": DIFF.replace("b;", "vring_virtqueue_add(b);")},
            {"text": "It calls vring_virtqueue_del().", "diff": DIFF.replace("b;", "vring_virtqueue_add(b);")},
        ),
        (
            "body-layout",
            {
                "text": "The clock that feeds the block is on all of the time,\nwhich costs power where nobody needs"
                " any of\nit, and so it is gated in the suspend path of it."
            },
            {"text": "The clock is on.\nThis costs power.\nIt is gated."},
        ),
        (
            "body-layout",
            {"text": "Describe the property that tells where registers\nof the reset block are."},
            {"text": "Describe the property.\nIt tells where registers are."},
        ),
        (
            "body-imperative",
            {"text": "It is needed.\n\nAdded the new registers of it."},
            {"text": "It is needed.\n\nAdd the new registers of it."},
        ),
        (
            "misspelt",
            {"text": "Make a blog group. A block group is there,\nand a block group is needed."},
            {"text": "Make a swap group. A block group is there,\nand a block group is needed."},
        ),
        (
            "misspelt",
            {"text": "Two changes:\n - take the lock so that M7 is in a seprate (1) one"},
            {"text": "Two changes:\n - seprate = x; y->z"},
        ),
        (
            "changelog-missing",
            {"subject": "[PATCH v2] lib: x: Add b", "below": "v2:\n - address review comments from Ben\n"},
            {"subject": "[PATCH v2] lib: x: Add b", "below": "v2:\n - take the lock, as Ben said\n"},
        ),
    ],
)
def test_what_reviewers_say_of_texts(rule: str, wrong: dict[str, str], right: dict[str, str]) -> None:
    assert rule in rules(mail(**wrong))
    assert rule not in rules(mail(**right))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("git bisect says:\n\n(bad) 519d81956ee2 Linux 5.15-rc6\n(good) 64570fbc14f8 Linux 5.15-rc5", False),
        ('It came with series 6c1f5146b214 ("Merge patch series x").', False),
        ("It came with 6c1f5146b214 in the end.", True),
    ],
)
def test_an_id_that_is_no_citation(text: str, told: bool) -> None:
    assert ("citation-form" in rules(mail(text=text))) == told


def test_subsystems_behind_commas() -> None:
    assert "summary-no-subsystem" not in rules(mail(subject="[PATCH] ACPI, APEI, Fix the bounds"))
    assert "summary-no-subsystem" in rules(mail(subject="[PATCH] Fix ACPI, APEI and the bounds"))


def test_brackets_of_somebody_between_those_of_the_patch() -> None:
    subject = "[RESEND][For 5.16][PATCH] ACPI: resources: Add one DMI match for an odd machine of theirs, too"
    assert not {"summary-length", "subject-no-patch"} & rules(mail(subject=subject))


def test_a_tag_that_is_to_go_needs_no_link() -> None:
    tags = f"Reported-by: Zeal Robot <zealci@example.org>\n{ADA}"
    told = rules(mail(subject="[PATCH] lib: x: Replace a with b", tags=tags))
    assert "robot-report" in told and "reported-by" not in told
    assert "reported-by" in rules(mail(tags=f"Reported-by: Ben Example <ben@example.org>\n{ADA}"))


def test_a_blank_line_is_no_fault() -> None:
    assert "fixes-missing" not in rules(mail(subject="[PATCH] lib: x: Fix missing blank line"))
