"""What a report does in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from hostilehtml import HOSTILE, hostile
from playwright.sync_api import Browser, Page, expect

Open = Callable[..., Page]
FINDING, PATCH = ".f:not([hidden])", ".patch:not([hidden])"


def here(page: Page) -> str:
    """The id of what is marked as the place where one is; it has the focus, is in the address, and can be seen."""
    page.evaluate("async () => { for (let at = 0; at < 4; at++) await new Promise(requestAnimationFrame); }")
    (found,) = page.evaluate("[...document.querySelectorAll('.here')].map((each) => each.id)")
    assert page.evaluate("location.hash") == f"#{found}"
    assert page.evaluate("document.activeElement.id") == found
    assert page.evaluate(
        "(id) => { const at = document.getElementById(id).getBoundingClientRect();"
        " return at.height > 0 && at.bottom > 0 && at.top < innerHeight; }",
        found,
    )
    return str(found)


def said(page: Page, words: str) -> str:
    """What the page says of the filter, when these words are in it ("": when it says nothing), or it had many frames'
    time. Playwright's own waiting takes a minute where a page is large."""
    found = page.evaluate(
        "async (words) => { const said = document.getElementById('said');"
        " const done = () => words ? said.textContent.includes(words) : !said.textContent;"
        " for (let at = 0; at < 3000 && !done(); at++) await new Promise(requestAnimationFrame);"
        " return said.textContent; }",
        words,
    )
    assert words in found if words else not found
    return str(found)


def ids(page: Page, selector: str) -> list[str]:
    found = page.evaluate("(what) => [...document.querySelectorAll(what)].map((each) => each.id)", selector)
    assert isinstance(found, list)
    return found


def test_it_opens_by_itself_and_says_what_it_is(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file)
    assert page.url.startswith("file://")
    assert "FAIL" in page.title()
    text = page.inner_text("body")
    for word in ("2 patches", "xen: <i>identity</i> & all that", "What was not looked at", "boot"):
        assert word in text
    assert page.locator("#bar").is_visible()


def test_what_a_report_must_not_do_would_be_seen(chromium: Browser, watched: Any, tmp_path: Path) -> None:
    file = tmp_path / "wrong.html"
    policy = "<meta http-equiv='Content-Security-Policy' content=\"style-src 'none'\">"
    file.write_text(f"{policy}<p style='color: red'><img src='other.png'><script>alert(1); nothing.here;</script>")
    page = chromium.new_page()
    found = watched(page, file.as_uri())
    page.goto(file.as_uri())
    page.close()
    kinds = {each.partition(":")[0] for each in found.wrong}
    assert kinds == {"error", "request", "dialog"}
    assert any("Content Security Policy" in each for each in found.wrong)


@pytest.mark.parametrize("width", [380, 1600])
def test_it_is_as_wide_as_the_window(open_page: Open, report_file: Path, width: int) -> None:
    page = open_page(report_file, width=width)
    page.keyboard.press("u")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    wide = page.evaluate(
        "(width) => [...document.querySelectorAll('main *')].filter((each) => each.checkVisibility() &&"
        " !each.closest('.scroll, .sheet, pre, svg') && each.getBoundingClientRect().right > width + 1)"
        ".map((each) => each.outerHTML.slice(0, 200))",
        width,
    )
    assert wide == []


def documented(page: Page) -> set[str]:
    return set(page.eval_on_selector_all("#help kbd", "found => found.map((each) => each.textContent)"))


def test_the_keys(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file)
    press = page.keyboard.press
    findings, patches = ids(page, ".f"), ids(page, ".patch[id^=patch-]")
    assert len(findings) > 2
    assert len(patches) == 2
    for key in ("j", "j", "k", "k", "k"):
        press(key)
        assert here(page) in findings
    assert here(page) == findings[0]
    press("n")
    press("p")
    press("p")
    assert here(page) == patches[0]
    press("n")
    assert here(page) == patches[1]
    for state in (True, False):
        press("o")
        folds = page.locator(f"#{patches[1]} details")
        assert folds.count() > 0
        assert all(folds.nth(at).evaluate("each => each.open") is state for at in range(folds.count()))
    for key, state in (("u", True), ("f", False)):
        press(key)
        assert set(page.eval_on_selector_all("details", "found => found.map((each) => each.open)")) == {state}
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    press("t")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    press("y")
    assert f"#{patches[1]}" in page.locator("#said").inner_text()
    press("/")
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("jt")
    assert page.input_value("#words") == "jt"
    press("Escape")
    assert page.evaluate("document.activeElement.id") != "words"
    press("?")
    assert page.locator("#help").is_visible()
    assert documented(page) == {"j", "k", "n", "p", "o", "u", "f", "t", "y", "/", "Esc", "?"}
    press("Escape")
    assert not page.locator("#help").is_visible()


def test_the_keys_can_be_turned_off(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file)
    page.keyboard.press("?")
    page.uncheck("#single")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.locator(".here").count() == 0


def test_the_filter(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file)
    every = page.locator(FINDING).count()
    page.fill("#words", "quagmire")
    said(page, "1 of 2 patches")
    assert page.locator(f"#commits {PATCH}").count() == 1
    page.fill("#words", "no such words anywhere")
    said(page, "0 of 2 patches")
    assert page.locator(PATCH).count() == 0
    page.fill("#words", "")
    said(page, "")
    assert page.locator(f"#commits {PATCH}").count() == 2
    assert page.locator(FINDING).count() == every
    kinds = page.locator("#kinds input")
    for at in range(kinds.count()):
        kinds.nth(at).uncheck()
    assert page.locator(FINDING).count() == page.locator(PATCH).count() == 0
    kinds.first.check()
    assert page.locator(PATCH).count() + page.locator(FINDING).count() > 0


def test_a_link_to_a_finding_leads_there(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file)
    anchors = ids(page, ".f")
    for anchor in (anchors[0], anchors[-1]):
        assert here(open_page(report_file, anchor, again=page)) == anchor
    open_page(report_file, again=page)
    page.evaluate("(id) => { location.hash = id; }", anchors[-1])
    expect(page.locator(f"#{anchors[-1]}.here")).to_be_visible()
    assert here(page) == anchors[-1]


def test_without_javascript_all_is_there(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file, javascript=False)
    for name in ("#bar", "#slide", "dialog"):
        assert not page.locator(name).is_visible(), name
    for patch in page.locator(".patch").all():
        for fold in patch.locator("details.fold").all():
            assert not fold.locator(":scope > :not(summary)").first.is_visible()
            fold.locator("summary").click()
            assert fold.locator(":scope > :not(summary)").first.is_visible()
    assert "quagmire" in page.inner_text("main")
    page.get_by_role("radio").first.check()
    assert page.locator(".view:visible").count() == 1
    assert (
        "before" in page.locator(".view:visible figcaption").inner_text()
        or page.locator(".scene input").first.is_checked()
    )


def test_the_slider_goes_from_commit_to_commit(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file)
    slide, radios = page.locator("#slide"), page.locator(".scene input")
    assert (slide.input_value(), radios.count()) == ("2", 2)
    assert "leaves the P2M as patch 1 has it" in page.locator("#slid").inner_text()
    assert page.locator(".scene").last.locator(".change").inner_text().count("identity") > 1
    last = page.locator(".view:visible figcaption").inner_text()
    slide.focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".view:visible figcaption").inner_text() == last
    assert "Patch 1: xen: <i>identity</i>" in page.locator("#slid").inner_text()
    page.keyboard.press("ArrowLeft")
    assert radios.first.is_checked()
    assert page.locator(".view:visible").count() == 1
    assert page.locator(".view:visible figcaption").inner_text() != last
    radios.first.focus()
    page.keyboard.press("ArrowDown")
    assert slide.input_value() == "1"
    assert page.locator(".view:visible figcaption").inner_text() == last
    page.keyboard.press("n")  # keys work beside it
    assert here(page) == "patch-1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_anybodys_way(open_page: Open, report_file: Path, scheme: str) -> None:
    page = open_page(report_file, color_scheme=scheme)
    # All but the longest diffs, which are as the others, and take axe a minute.
    page.evaluate(
        "document.querySelectorAll('details').forEach((at) => { at.open = !at.querySelector('.d p:nth-child(150)'); })"
    )
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + +b, 0)")
    assert (shade > 600) is (scheme == "light")
    # What is far away is not laid out, and axe would take its place for one behind others.
    page.evaluate(
        "for (const each of document.querySelectorAll('.patch, .f, .d')) each.style.contentVisibility = 'visible'"
    )
    found = Axe().run(page)
    wrong = [(each["id"], each["nodes"][0]["html"][:300], each["nodes"][0].get("failureSummary"))
             for each in found.response["violations"] if each["impact"] in ("serious", "critical")]  # fmt: skip
    assert wrong == []


def test_on_paper_all_is_unfolded_and_light(open_page: Open, report_file: Path) -> None:
    page = open_page(report_file, color_scheme="dark")
    page.emulate_media(media="print")
    for name in ("#bar", ".contents", "#slide"):
        assert not page.locator(name).is_visible(), name
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".message").first.is_visible()
    assert page.locator(".view:visible").count() == 2  # before and after
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_nothing_moves_for_those_who_asked_for_that(open_page: Open, report_file: Path) -> None:
    calm = "getComputedStyle(document.documentElement).scrollBehavior"
    moving = (
        "[...document.querySelectorAll('*')].filter((each) => { const at = getComputedStyle(each);"
        " return parseFloat(at.transitionDuration) || parseFloat(at.animationDuration); }).length"
    )
    page = open_page(report_file, reduced_motion="reduce")
    assert page.evaluate(calm) == "auto"
    assert page.evaluate(moving) == 0


def test_300_patches_in_12_configurations_open_and_are_bounded(open_page: Open, large: Any) -> None:
    page = open_page(large.story_html(large.story(300, 12), large.TOOL))
    assert page.locator(".patch").count() == 300
    assert page.evaluate("document.getElementsByTagName('*').length") < 30_000
    assert page.locator(".view").count() <= 24
    assert "more pictures are not drawn here" in page.inner_text(".film .cut")
    page.keyboard.press("n")
    assert here(page) == "patch-1"
    page.fill("#words", "part7/")
    told = said(page, "of 300 patches")
    shown = page.locator(PATCH).count()
    assert 0 < shown < 300
    assert told.startswith(f"Shown: {shown} of 300 patches")
    for words, count in (("part_read_checked(part, REG_23, &value_7);", 1), ("data-n", 0), ("</noscript>", 0)):
        page.fill("#words", words)  # a diff that nobody has unfolded is looked through, and its markup is not
        said(page, f"Shown: {count} of 300 patches")
    fold = page.locator("#patch-7 details").last
    fold.evaluate("(each) => { each.open = true; }")
    page.wait_for_function("!document.querySelector('#patch-7 noscript')")
    assert fold.locator(".lines > p").count() == 3 * 55
    assert "&value_7" in fold.inner_text()
    assert page.locator("noscript.later").count() > 290


def test_a_diff_that_is_read_later_is_there_without_javascript(open_page: Open, large: Any) -> None:
    page = open_page(large.story_html(large.story(40, 1), large.TOOL), javascript=False)
    fold = page.locator("#patch-7 details").last
    fold.locator("summary").click()
    assert fold.locator(".lines > p").count() == 3 * 55
    assert fold.locator("ins").first.is_visible()


def skeleton(page: Page) -> list[str]:
    """The elements of a page, with the names of their attributes, but for the rows of diffs."""
    found = page.evaluate(
        "[...document.querySelectorAll('*')].filter((each) => !each.closest('.d')).map("
        "(each) => `${each.tagName} ${each.getAttributeNames().sort()}`)"
    )
    assert isinstance(found, list)
    return found


def test_what_means_harm_is_text(open_page: Open, large: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patcher.report.html.check._AT_ONCE", 0)  # what is read later, too
    told = large.story(10, 2, 1, 2)
    plain = open_page(large.story_html(hostile(told, " x"), large.TOOL))
    page = open_page(large.story_html(hostile(told), hostile(large.TOOL)))
    for each in (plain, page):
        each.keyboard.press("u")
        each.keyboard.press("j")
    assert skeleton(page) == skeleton(plain)
    assert page.locator("img, script:not(:last-of-type), iframe, object, [onerror]").count() == 0
    text = page.inner_text("main")
    assert "<script>alert(1)</script>" in text
    assert "{{ 7*7 }}" in text
    assert not set("\x1b\x9b\u202e\u2066\x00") & set(page.evaluate("document.documentElement.textContent"))
    page.fill("#words", HOSTILE[:40])
    said(page, "Shown")
