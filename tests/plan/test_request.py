"""What the user may name: series and rules of their own, from any folder, and scopes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher import data

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A series of the user's own, with rules below its folder that have scopes of other names."""
    place = tmp_path / "elsewhere/mine"
    shutil.copytree(data.directory("patches") / "identity", place)
    shutil.copytree(data.directory("rules") / "identity", place / "judges")
    series, group = place / "series.toml", place / "judges/group.toml"
    text = series.read_text().replace('rules = "identity"', 'rules = "judges"')
    series.write_text(text[: text.index("[[requires]]")] + text[text.index("[[step]]") :])
    group.write_text(group.read_text().replace("xen = [", "guest = ["))
    return place


def test_rules_and_scopes_of_the_users_own_are_found_from_anywhere(run: Run, mini: Path, own: Path) -> None:
    code, out, err = run("plan", "--series-dir", own, "--tree", mini)
    assert err == "" and code in (0, 1)
    assert out.splitlines()[1].startswith("scope guest; ")
    code, out, err = run("plan", "--series-dir", own, "--rules", own / "judges", "--scope", "tree", "--tree", mini)
    assert err == "" and out.splitlines()[1].startswith("scope tree; ")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--scope", "xen"], "the rules of mine have no scope 'xen': choose one of: guest, tree"),
        (["--rules", "nowhere"], "nowhere holds no rules"),
        (["--series", "no-such"], "there is no series 'no-such'"),
        (["extra"], "names what it changes, so it cannot be kept to some paths"),
    ],
)
def test_what_is_not_there_is_told(run: Run, mini: Path, own: Path, options: list[str], told: str) -> None:
    folder = [] if "--series" in options else ["--series-dir", own]
    code, out, err = run("plan", *folder, "--tree", mini, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_rules_that_are_nowhere_are_told(run: Run, mini: Path, own: Path) -> None:
    shutil.rmtree(own / "judges")
    code, out, err = run("plan", "--series-dir", own, "--tree", mini)
    assert (code, out) == (2, "")
    assert f"the series mine asks for rules 'judges', and there are none: name a folder below its own ({own})" in err
