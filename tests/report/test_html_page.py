"""Every HTML report is well-formed, self-contained, and shows what is hostile as text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hostilehtml import HOSTILE, hostile

from patcher.check.results import Cell, Column, Finding, Kind, LeftOut, Report, Row, Status
from patcher.check.stages import Stage
from patcher.escape import UNSAFE
from patcher.lint.model import Default, Level, Outcome, Skipped
from patcher.lint.model import Finding as LintFinding
from patcher.mail.model import Kind as MailKind
from patcher.mail.model import Patch, Person
from patcher.model import Coverage, Plan, Remark, SkippedRegion, Step, StepStatus, Target, TextOnly, TreeInfo, Verdict
from patcher.model import Finding as Place
from patcher.model import Status as Fits
from patcher.prove.scenario import BOOT, Machine, Scenario
from patcher.prove.verdict import CommitProof, Counterexample, Proof
from patcher.prove.verdict import Status as Held
from patcher.prove.verdict import Verdict as Property
from patcher.report.html.check import check_html
from patcher.report.html.lint import lint_html
from patcher.report.html.plan import plan_html
from patcher.report.html.prove import prove_html, verdict
from patcher.report.html.story import story_html
from patcher.story.model import NotRun, Story

TOOL = {"name": "patcher", "version": "1", "libclang": "18"}
VOID = {"meta", "input", "img", "br", "hr", "link"}
DIFF = """diff --git a/mm/a.c b/mm/a.c
index 1111111..2222222 100644
--- a/mm/a.c
+++ b/mm/a.c
@@ -1,3 +1,3 @@ int f(void)
 int a;
-\treturn a_name(x) && y;
+\treturn x_name(x) && y;
 int b;
diff --git a/x.bin b/x.bin
new file mode 100644
index 0000000..2222222
Binary files /dev/null and b/x.bin differ
"""

PLACE = Place("r", Verdict.REQUIRED, "a.c", 3, 2, "f", "FLAG", "x |= FLAG;", "because", ("b.c:1: y",), "0" * 16,
              ("call",), ("f() in a.c",), (Remark.UNCHECKED,), "g")  # fmt: skip
PLAN = Plan(
    tree=TreeInfo("c" * 40, True, "2.6.37", "x86_64", "p", "shipped profile p"), series="identity", scope="xen",
    status=Fits.PARTLY,
    findings=(PLACE, msgspec.structs.replace(PLACE, verdict=Verdict.UNDECIDED, path="d.c")),
    steps=(Step("s", "title", StepStatus.NEEDED, "nothing defines x", (Target("a.c", "f", 1), Target("", "g", 0))),),
    coverage=Coverage(2, ("a.c",), ("p",), (TextOnly("b.S", "assembler"),), (SkippedRegion("a.c", 1, 2, "CONFIG_X"),),
                      ("c.c [p]: no",), "landlock"),
)  # fmt: skip
FOUND = Finding(
    commit=2, check="gcc", kind=Kind.WARNING, path="mm/a.c", line=7, function="f", message="'x' is unused [-Wunused]",
    source="int x;", configs=("one",), targets=("mm/a.o", "mm/b.o"), until=3, fingerprint="0123456789abcdef",
)  # fmt: skip
LINTED = msgspec.structs.replace(FOUND, check="lint", kind=Kind.ERROR, fingerprint="feedfeedfeedfeed", path="")
CHECKED = Report(
    tree="/tree", version="2.6.37", base="b" * 40,
    columns=(Column("one", "gcc", "one", "make defconfig", "gcc 12"), Column("lint", "patcher lint", "", "", "")),
    rows=tuple(
        Row(number, str(number) * 40, f"subject {number}", (Cell("one", status, f"why {number}", 1),
                                                           Cell("lint", Status.PASS, "nothing", 0)))
        for number, status in enumerate(Status, 1)
    ),
    findings=(FOUND, msgspec.structs.replace(FOUND, commit=3), LINTED), left_out=(LeftOut("file.c", "not built"),),
    adjustments=("-fno-pie: because",), notes=("a note",),
)  # fmt: skip
OUTCOME = Outcome(
    findings=(
        LintFinding("tag-order", Level.ERROR, "p.patch", "a summary", "p.patch", 3, 2, 4, "message", "fix it",
                    "process/x.rst", "0123456789", "feedfeedfeedfeed"),
        LintFinding("other", Level.NOTE, "q.patch", "another", "", 1, 0, 0, "message", "", "", "", "feedfeedfeedfeed"),
    ),
    skipped=(Skipped("spdx", "too old"), Skipped("suppression", "why", "q.patch")), patches=2, others=1, series=1,
    hidden=1, hidden_notes=2, profiles=("default",), looked_at="looked at /tree",
    defaults=(Default("only", "x", "/etc/git", True),),
)  # fmt: skip
BROKEN = Counterexample(Scenario(Machine(4, True, ((4, 16, 1),)), BOOT), 1, "identity", "missing", "mmu.c:12 (x)")


def proof(commit: str, state: Held) -> CommitProof:
    verdicts = (
        Property("1-entry", 1, "A PFN reads back", state, 3, "why", BROKEN if state is Held.FAIL else None),
        Property("2-ram", 2, "RAM is RAM", Held.ABSENT, 0, "not claimed"),
    )
    proofs = tuple(
        Proof(arch, bits, "", "gcc 12", "p", ("mmu.c",), ("shim",), "seccomp", 5, 0.5, 7, verdicts)
        for arch, bits in (("x86_64", 64), ("i386", 32))
    )
    return CommitProof(commit * 40, f"subject {commit}", proofs)


PROOFS = (proof("b", Held.PASS), proof("2", Held.FAIL), proof("3", Held.SKIP), proof("4", Held.ERROR))
STORY = Story(
    name="identity", place="linux", base="b" * 40, base_subject="Linux 2.6.37", tip="5" * 40, branch="patcher/identity",
    patches=tuple(
        Patch(kind=MailKind.PATCH, label="l", commit=str(number) * 40, subject="s", summary="s",
              author=Person("A U Thor", "a@example.org"), sender=Person("", ""), date="2010-12-21",
              body=("Some text", "", "Signed-off-by: A"), body_line=1, tags=(), below=("v2: x",), diff=DIFF)
        for number in range(1, 6)
    ),
    report=CHECKED, plans=(PLAN, msgspec.structs.replace(PLAN, series="iomap")), lint=OUTCOME, proofs=PROOFS,
    not_run=(NotRun("boot", "not asked for"),), stages=(Stage("lint", 1.25),), commands=("patcher lint a..b",),
)  # fmt: skip
PAGES: dict[str, tuple[Callable[[Any], str], Any]] = {
    "plan": (lambda value: plan_html(value, TOOL), PLAN),
    "check": (lambda value: check_html(value, TOOL), CHECKED),
    "lint": (lambda value: lint_html(value, TOOL), OUTCOME),
    "prove": (lambda value: prove_html(value, TOOL), PROOFS),
    "story": (lambda value: story_html(value, TOOL, ("git 2.39",)), STORY),
}


class Reader(HTMLParser):
    """The elements of a document, which must close as they open."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(document)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]] = self.texts.get(self._open[-1], "") + data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> tuple[Callable[[Any], str], Any]:
    return PAGES[request.param]


def test_it_is_well_formed_and_its_links_lead_somewhere(page: tuple[Callable[[Any], str], Any]) -> None:
    found = Reader(page[0](page[1]))
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(each["href"] and each["href"].startswith("#") for each in found.named("a"))
    assert {each["href"] for each in found.named("a")} <= {f"#{each}" for each in ids}
    labelled = {each for _, attributes in found.tags if (each := attributes.get("aria-labelledby"))}
    assert labelled <= set(ids)


def test_headings_and_tables_are_in_order(page: tuple[Callable[[Any], str], Any]) -> None:
    found = Reader(page[0](page[1]))
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(each.get("scope") in ("row", "col") for each in found.named("th"))
    assert [tag for tag, _ in found.tags if tag in ("header", "nav", "main", "footer")] == [
        "header", "nav", "main", "footer",
    ]  # fmt: skip
    assert found.named("html")[0]["lang"] == "en"


def test_nothing_is_let_in_but_what_is_in_it(page: tuple[Callable[[Any], str], Any]) -> None:
    text = page[0](page[1])
    found = Reader(text)
    (policy,) = [each["content"] for each in found.named("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy and policy.startswith("default-src 'none'; ")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inlined,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
        assert len(found.named(tag)) == 1
    assert "unsafe" not in policy
    assert "http:" not in policy and "https:" not in policy
    names = {name for _, attributes in found.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"style", "src", "srcset", "action"})


def test_what_is_hostile_is_only_text(page: tuple[Callable[[Any], str], Any]) -> None:
    render, value = page
    plain, text = Reader(render(value)), render(hostile(value))
    found = Reader(text)

    def shape(read: Reader) -> list[tuple[str, list[str]]]:
        return [(tag, list(attributes)) for tag, attributes in read.tags if tag not in ("mark", "ins", "del")]

    assert shape(found) == shape(plain)
    assert not UNSAFE.search(text)
    assert HOSTILE.partition("<!--")[0] in found.texts["bdi"] + found.texts.get("code", "")
    assert "\\u202e" in text
    assert "49" not in found.texts["title"]
    text.encode()


@pytest.mark.parametrize("size", [0, 1])
def test_pages_of_little(size: int) -> None:
    rows = CHECKED.rows[:size]
    Reader(check_html(msgspec.structs.replace(CHECKED, rows=rows, findings=(), left_out=()), TOOL))
    empty = msgspec.structs.replace(OUTCOME, findings=(), skipped=(), patches=size, others=0)
    assert ("no patch was found" in lint_html(empty, TOOL)) is (size == 0)
    Reader(plan_html(msgspec.structs.replace(PLAN, findings=(), steps=()), TOOL))
    Reader(prove_html(PROOFS[: size + 1], TOOL))


def test_the_same_finding_keeps_its_link() -> None:
    first = set(re.findall('id="(f-[^"]+)"', check_html(CHECKED, TOOL)))
    fewer = msgspec.structs.replace(CHECKED, findings=CHECKED.findings[:1])
    assert set(re.findall('id="(f-[^"]+)"', check_html(fewer, TOOL))) < first
    assert "f-0123456789abcdef" in first


def test_what_was_not_looked_at_is_told_where_it_is_seen() -> None:
    text = story_html(STORY, TOOL)
    assert text.index('id="not-looked-at"') < text.index('id="commits"')
    for each in ("not asked for", "not built", "too old", "assembler", "not claimed"):
        assert each in text, each


def test_a_diff_is_there_once_and_stays_small() -> None:
    """300 patches in 12 configurations: one row markup for all, and a cell is little more than its word."""
    columns = tuple(Column(f"config {at}", "gcc", f"config {at}", "make", "gcc") for at in range(12))
    cells = tuple(Cell(each.check, Status.PASS, "3 objects, as its parent", 3) for each in columns)
    many = msgspec.structs.replace(
        CHECKED, columns=columns, rows=tuple(Row(at, f"{at:040x}", f"subject {at}", cells) for at in range(1, 301)),
        findings=(), left_out=(),
    )  # fmt: skip
    one = Patch(**{name: getattr(STORY.patches[0], name) for name in Patch.__struct_fields__})
    patches = tuple(msgspec.structs.replace(one, commit=row.id) for row in many.rows)
    text = story_html(STORY._replace(report=many, patches=patches, plans=(), proofs=(), lint=None), TOOL)
    assert text.count("x_name") == 300
    assert len(text) < 1_200_000


def test_a_property_that_was_not_tried_is_no_pass() -> None:
    text = prove_html((proof("b", Held.PASS), proof("2", Held.ERROR), proof("3", Held.PASS)), TOOL)
    assert "1 subject 2: ERROR 1-entry: A PFN reads back" in text
    last = verdict((proof("b", Held.PASS), proof("2", Held.ERROR)))
    assert (last.word, verdict((proof("2", Held.ERROR), proof("b", Held.FAIL))).word) == ("ERROR", "FAIL")
