"""``patcher apply --since`` and ``patcher status``: the next version of a series, on real repositories."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from generate.test_mailing import B4, TODAY, called, mails

from patcher import __version__
from patcher.generate.changelog import LONG_LINE, MOST_LINES, range_diff
from patcher.generate.earlier import Earlier
from patcher.report.status_json import SCHEMA

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
NAMES = ("alpha", "beta", "gamma", "kappa", "omega", "zeta")
REPORT = "Reported-by: Rep Orter <rep@example.org>"
REVIEW = "Reviewed-by: Rita Vieweŕ <rita@example.org>"
MESSAGE = """{prefix} return zero by its name

{functions} of {driver} {nfunctions:returns|return} it by a number.
"""


def driver(name: str, extra: str = "") -> str:
    return (
        f"int {name}_before(int x);\n{extra}\nint {name}_probe(int x)\n{{\n\tif (x)\n\t\treturn {name}_before(x);\n"
        f"\treturn 0x0;\n}}\n\nint {name}_behind(int x)\n{{\n\treturn x;\n}}\n"
    )


@pytest.fixture
def tree(mini_repo: Path, git: Git) -> Path:
    """The miniature tree with six drivers, each of its own maintainer."""
    place = mini_repo / "drivers/greek"
    place.mkdir()
    entries = []
    for name in NAMES:
        (place / f"{name}.c").write_text(driver(name))
        entries.append(f"\n{name.upper()} DRIVER\nM:\t{name} <{name}@example.org>\nF:\tdrivers/greek/{name}.c\n")
    with (mini_repo / "MAINTAINERS").open("a") as file:
        file.write("".join(entries))
    git(mini_repo, "add", "-A", "-f")
    git(mini_repo, "commit", "-qm", "drivers")
    return mini_repo


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A series of one step, a patch for each driver."""
    step = tmp_path / "zero/name"
    step.mkdir(parents=True)
    (tmp_path / "zero/series.toml").write_text('[[step]]\nslug = "name"\nsplit = "driver"\n')
    (tmp_path / "zero/cover.txt").write_text("{prefix} return zero by its name\n\nIn {patches} drivers.\n")
    (step / "message.txt").write_text(MESSAGE)
    (step / "edits.toml").write_text(
        '[[edit]]\nwhy = "a name"\nover = ["drivers/greek/*.c"]\nstatement = "return 0x0;"\naction = "replace"\n'
        'text = "return 0;"\n'
    )
    return tmp_path / "zero"


def sent(run: Run, tree: Path, own: Path, *options: str | Path) -> str:
    code, out, err = run("apply", "--tree", tree, "--series-dir", own, *options, env=TODAY)
    assert (code, err) == (0, "")
    return out


def taken(git: Git, tree: Path, branch: str) -> dict[str, str]:
    """Ten commits: three take patches as they were sent, one does a fourth otherwise, one is beside a fifth, five are
    of no interest. The ids of the four, by what they are about."""
    patches = git(tree, "log", "--reverse", "--format=%H", f"main..{branch}").split()[-len(NAMES) :]
    made = {}
    for number in range(10):
        name, commit = NAMES[min(number, 5)], patches[min(number, 5)]
        file = tree / f"drivers/greek/{name}.c"
        if number < 3:
            git(tree, "cherry-pick", "-x", commit)
        elif number == 3:
            file.write_text(file.read_text().replace("return 0x0;", "return 0x0 & 0;"))
            git(tree, "commit", "-qam", git(tree, "log", "-1", "--format=%s", commit))
        elif number == 4:
            file.write_text(file.read_text().replace("\tif (x)\n", "\tif (x > 1)\n"))
            git(tree, "commit", "-qam", f"greek: {name}: more than one")
        else:
            git(tree, "commit", "-q", "--allow-empty", "-m", f"other {number}")
        if number < 4:
            made[name] = git(tree, "rev-parse", "HEAD")
    return made


def reviewed(git: Git, tree: Path, branch: str) -> None:
    """Give the patches of a branch trailers, as ``b4 trailers -u`` does: the commits are written anew."""
    tip = git(tree, "rev-parse", f"{branch}~{len(NAMES)}")
    for commit in git(tree, "log", "--reverse", "--format=%H", f"{tip}..{branch}").split():
        message = git(tree, "log", "-1", "--format=%B", commit).rstrip("\n")
        text = f"{message}\n{REVIEW}\n{REPORT}\n"
        tip = git(tree, "commit-tree", f"{commit}^{{tree}}", "-p", tip, text=text)
    git(tree, "update-ref", f"refs/heads/{branch}", tip)


def test_half_of_it_has_landed(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    sent(run, tree, own, "--branch", "v1", "--signoff")
    old = git(tree, "rev-parse", "main")
    reviewed(git, tree, "v1")
    landed = taken(git, tree, "v1")
    out = sent(run, tree, own, "--since", "v1", "-o", tmp_path / "v2", "--branch", "v2")
    assert "version 2, since the one before: 4 landed, 2 needed" in out
    for name, by in zip(NAMES, ("the same change",) * 3 + ("subject and author",), strict=False):
        assert f"{name}: return zero by its name\n" + " " * 23 + f"commit {landed[name][:12]} ({by})" in out
    told = " ".join(out.split())
    assert "drivers/greek/omega.c: the lines around hunk 1 (int omega_probe(int x))" in told
    assert f"without {REVIEW}: it was said of the patch before" in told

    messages = git(tree, "log", "--reverse", "--format=%B%x00", "main..v2").split("\0")[:-1]
    assert [message.strip().splitlines()[0].split(": ")[-2] for message in messages] == ["omega", "greek"]
    assert REVIEW not in messages[0] and REPORT in messages[0]  # who reported it has reported it all the same
    assert messages[1].rstrip().endswith(f"Assisted-by: patcher:{__version__}\n{REVIEW}\n{REPORT}")
    assert "Signed-off-by" not in "".join(messages)

    letter, *patches = mails(tmp_path / "v2")
    assert letter["Subject"] == "[PATCH v2 0/2] greek: return zero by its name"
    assert not letter["In-Reply-To"]
    text = letter.get_content()
    flat = " ".join(text.split())
    assert f"Changes since v1: - Made anew on 2.6.37-mini ({git(tree, 'rev-parse', 'main')[:12]}); v1 was made" in flat
    assert f" on {old[:12]}. - Dropped" in flat
    for name in NAMES[:4]:
        told = f'commit {landed[name][:12]} ("greek: {name}: return zero by its name")'
        assert f"- Dropped, as it is in the tree: {told}" in flat
    assert '("greek: kappa: return zero by its name"), by its subject and author; look whether' in flat
    assert f"(int omega_probe(int x)). Without {REVIEW}, as that was said of the patch before." in flat
    assert f"- Unchanged: one patch, with {REVIEW}, {REPORT}." in flat
    span = out.split("compare: git range-diff ")[1].split("\n")[0].split()
    real = git(tree, "-c", "core.abbrev=12", "range-diff", "--no-color", *span).rstrip()
    assert f"\nRange-diff against v1:\n{real}\n" in text
    assert real.count("< -:") == 4
    assert [mail["Subject"].split("] ")[0] for mail in patches] == ["[PATCH v2 1/2", "[PATCH v2 2/2"]
    assert (tmp_path / "v2/v2-0000-cover-letter.patch").read_bytes().count(b"charset=UTF-8") == 1

    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", tree, clone)
    git(clone, "am", "-q", *sorted((tmp_path / "v2").iterdir())[1:])
    assert git(clone, "rev-parse", "HEAD^{tree}") == git(tree, "rev-parse", "v2^{tree}")
    code, out, _ = run("lint", "--strict", *sorted((tmp_path / "v2").iterdir()), cwd=tree)
    assert "changelog" not in out

    # status: of the same, with what was sent and without
    code, out, err = run("status", "--tree", tree, "--series-dir", own, "--since", "v1", "--format", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    rows = {row["title"].split(": ")[-2]: row for row in found["patches"]}
    assert {name: (row["state"], row["since"], row["commit"]) for name, row in rows.items()} == {
        **{name: ("landed", "", landed[name]) for name in NAMES[:4]},
        "omega": ("needed", "changed", ""), "greek": ("needed", "unchanged", ""),
    }  # fmt: skip
    assert (rows["omega"]["lost"], rows["greek"]["kept"]) == ([REVIEW], [REVIEW, REPORT])
    code, out, err = run("status", "--tree", tree, "--series-dir", own)
    assert (code, err) == (0, "")
    assert out.endswith("zero: 3 landed, 2 needed\n")  # the fourth does not say that the series made it
    assert f"commit {landed['alpha'][:12]} (the step in its message)" in out

    # all of it
    git(tree, "cherry-pick", "main..v2")
    out = sent(run, tree, own, "--since", "v1")
    assert out.startswith("zero: nothing to do, 2.6.37-mini has it: ")
    assert out.count("(the same change)") == 4
    out = run("status", "--tree", tree, "--series-dir", own, "--since", "main~2..main")[1]
    assert out.endswith("zero: 2 landed\n") and out.count("(the commit itself)") == 2


def test_mails_that_were_sent(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    sent(run, tree, own, "-o", tmp_path / "v1", "--subject-prefix", "PATCH net-next")
    first = mails(tmp_path / "v1")[0]
    (tmp_path / "v1.mbox").write_bytes(b"".join(file.read_bytes() for file in sorted((tmp_path / "v1").iterdir())))
    git(tree, "commit", "-q", "--allow-empty", "-m", "other")
    out = sent(run, tree, own, "--since", tmp_path / "v1.mbox", "-o", tmp_path / "v2")
    assert "6 needed" in out and "compare:" not in out
    file = tree / "drivers/greek/zeta.c"
    file.write_text(file.read_text().replace("return 0x0;", "return 1;"))
    git(tree, "commit", "-qam", "greek: zeta: something else")
    out = sent(run, tree, own, "--since", tmp_path / "v2", "-o", tmp_path / "v3")
    assert "the step changes nothing there any more" in out
    letter = mails(tmp_path / "v3")[0]
    text = letter.get_content()
    assert letter["Subject"].startswith("[PATCH v3 0/5] ")
    ids = [re.search(r"^change-id: (\S+)$", mail.get_content(), re.M) for mail in (first, letter)]
    assert ids[0] and ids[1] and ids[0].group(1) == ids[1].group(1)
    one = text.index("Changes since v1:\n")
    assert text.index("Changes since v2:\n") < one < text.index("Range-diff against v2:\n")
    assert f"- Link to v1: https://lore.kernel.org/r/{first['Message-ID'].strip('<>')}\n" in text[one:]
    assert '"greek: zeta: return zero by its name": the step changes nothing' in " ".join(text.split())
    code, _, err = run("apply", "--tree", tree, "--series-dir", own, "--since", tmp_path / "v2", "-v", "2", env=TODAY)
    assert (code, "-v 2 is not above v2" in err) == (2, True)


def test_several_series_have_one_before_each(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    sent(run, tree, own, "--limit", "3", "--branch", "v1", "-o", tmp_path / "v1")
    git(tree, "cherry-pick", "main..v1-zero-1")
    (tree / "drivers/greek/beta.c").write_text(driver("beta"))
    git(tree, "commit", "-qam", "beta is as it was")
    old = ("--since", tmp_path / "v1/zero-2", "--since", "main~4..v1-zero-1")
    out = sent(run, tree, own, "--limit", "3", "-v", "5", *old, "--branch", "v5", "-o", tmp_path / "v5", "--dry-run")
    assert "compare:" not in out  # there is nothing yet
    sent(run, tree, own, "--limit", "3", "-v", "5", *old, "--branch", "v5", "-o", tmp_path / "v5")
    one, two = (mails(tmp_path / "v5" / name) for name in ("zero-1", "zero-2"))
    assert one[0]["Subject"].startswith("[PATCH v5 0/3] ") and two[0]["Subject"].startswith("[PATCH v5] ")
    text = one[0].get_content()
    assert "Changes since v1:\n" in text  # of the mails, of which two are in it
    assert 'New: "' not in text and "Unchanged: 3 patches" in text
    assert "Unchanged: one patch." in two[0].get_content()


def test_a_branch_of_b4(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    for name, value in (("user.name", "A U Thor"), ("user.email", "author@example.org")):
        git(tree, "config", name, value)
    sent(run, tree, own, "--b4")
    reviewed(git, tree, "b4/zero")
    tracked = git(tree, "log", "-1", "--format=%B", "b4/zero~6")
    taken(git, tree, "b4/zero")
    sent(run, tree, own, "--since", "b4/zero", "--b4", "--force")
    git(tree, "switch", "-q", "b4/zero")
    shown = called(B4, "--no-interactive", "prep", "--show-info", cwd=tree, home=tmp_path)
    assert shown.returncode == 0, shown.stderr
    info = dict(line.split(": ", 1) for line in shown.stdout.splitlines() if ": " in line)
    assert (info["revision"], info["needs-editing"]) == ("2", "False")
    assert f'"change-id": "{info["change-id"]}"' in tracked
    letter = git(tree, "log", "-1", "--format=%B", "HEAD~2")
    assert "Changes since v1:\n" in letter and "Range-diff against v1:\n1: " in letter
    assert REVIEW in git(tree, "log", "-1", "--format=%B")


def test_of_one_patch_it_is_told_below_its_message(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    only = ("--", "drivers/greek/zeta.c")
    sent(run, tree, own, "--branch", "v1", *only)
    file = tree / "drivers/greek/zeta.c"
    file.write_text(file.read_text().replace("\tif (x)\n", f"\tif (x)\t/* \x1b[31m\u202e{'x' * 900} é */\n"))
    git(tree, "commit", "-qam", "greek: zeta: a remark")
    sent(run, tree, own, "--since", "v1", "--b4", "--base", "HEAD", "-o", tmp_path / "v2", "--branch", "v2", *only)
    (mail,) = mails(tmp_path / "v2")
    message, _, below = mail.get_content().partition("\n---\n")
    assert "Changes since" not in message
    notes, _, _ = below.partition("\n\n drivers/greek/zeta.c | ")
    assert notes.startswith("Changes since v1:\n") and "\nRange-diff against v1:\n1:  " in notes
    assert "\\x1b[31m\\u202e" in notes and "\x1b" not in notes and "\u202e" not in notes
    assert max(map(len, notes.splitlines())) <= LONG_LINE + 3
    git(tree, "am", "-q", *(tmp_path / "v2").iterdir())
    assert git(tree, "diff", "HEAD", "v2") == ""
    assert "Changes since v1" in git(tree, "log", "-1", "--format=%B", "v2~1")  # where b4 keeps it
    tagged = f"x\n\nbase-commit: {git(tree, 'rev-parse', 'v2~2')}\nchange-id: 20261128-x-0123456789ab\n"
    git(tree, "tag", "-a", "sent/zero-v7", "-m", tagged, "v2")  # as b4 keeps what it has sent
    out = sent(run, tree, own, "--since", "sent/zero-v7", "-o", tmp_path / "v8", "--rev", "main~1", *only)
    assert "version 8, since the one before: 1 needed" in out and "change-id: 20261128-x-0123456789ab" in out
    # undone again: it is in the tree, and needed all the same
    git(tree, "revert", "--no-edit", "HEAD")
    out = sent(run, tree, own, "--since", "main~2..v2", "--branch", "v3", *only)
    assert "(the same change), and the tree needs it again, or the rest of it" in " ".join(out.split())


def test_a_step_that_is_blocked_is_conflicting(run: Run, git: Git, mini_repo: Path) -> None:
    file = mini_repo / "arch/x86/xen/mmu.c"
    file.write_text(file.read_text().replace("alloc_p2m", "alloc_p2m_page_of"))
    git(mini_repo, "commit", "-qam", "renamed")
    code, out, err = run("status", "--tree", mini_repo, "--format", "json")
    assert (code, err) == (1, "")
    found = json.loads(out)
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    assert found["attention"] is True
    (row, *_) = (row for row in found["patches"] if row["state"] == "conflicting")
    assert row["step"] == "lost-race" and "alloc_p2m" in row["reason"]
    code, out, _ = run("status", "--tree", mini_repo)
    assert (code, "  conflicting  xen/mmu: use the page" in out) == (1, True)
    assert run("status", "--tree", mini_repo, "--fail-on", "error")[0] == 1  # it does not fit


def test_what_counts_of_status(run: Run, mini_repo: Path) -> None:
    """A needed patch does not, unless it is asked for."""
    for args, code in (((), 0), (("--fail-on", "error"), 0), (("--fail-on", "note"), 1)):
        assert run("status", "--tree", mini_repo, *args)[0] == code, args


def test_what_cannot_be_compared_is_told(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    (tmp_path / "bare.patch").write_text("From: A <a@b.org>\nSubject: [PATCH] x\n\ny\n---\n a | 1 +\n")
    (tmp_path / "far.patch").write_text(f"{(tmp_path / 'bare.patch').read_text()}\nbase-commit: {'1' * 40}\n")
    text = 'x\n\n--- b4-submit-tracking ---\n# x\n{"series": {"revision": "a", "history": 1}}\n'
    cover = git(tree, "commit-tree", "HEAD^{tree}", "-p", "HEAD", text=text)
    git(tree, "branch", "damaged", git(tree, "commit-tree", "HEAD~1^{tree}", "-p", cover, "-m", "x"))
    alone = git(tree, "commit-tree", "HEAD^{tree}", "-m", "x")
    for name, told in (
        ("nothing", "has no commit 'nothing'"), ("./nothing", "./nothing does not exist"),
        ("main...HEAD", "has no patch"),
        ("HEAD", "has all of 'HEAD', so it cannot be told where that began: give the range: BASE..HEAD"),
        ("HEAD..HEAD", "has no patch"), (str(tmp_path / "bare.patch"), "tells no base-commit"),
        (str(tmp_path / "far.patch"), "there is no commit 111111111111, the base-commit of"),
        ("damaged", "what b4 keeps in commit"), (alone, "have no commit in common"), ("", "'' does not exist"),
    ):  # fmt: skip
        code, out, err = run("apply", "--tree", tree, "--series-dir", own, "--since", name)
        assert (code, out, err.count("\n")) == (2, "", 1), name
        assert told in err
    code, _, err = run("status", "--tree", tree / "drivers", "--series-dir", own, "--since", "v1")
    assert (code, err.count("\n")) == (2, 1)


def test_a_range_diff_is_bounded_and_drives_no_terminal() -> None:
    told = b"1:  a ! 1:  b x\n" + b"    + \x1b]0;\xff" + b"y" * 2000 + b"\n" + b"    + z\rFrom x\n" * 1000
    lines = range_diff(told, Earlier("x", "", "", "", (), 1)).split("\n")
    assert lines[:2] == ["Range-diff against v1:", "1:  a ! 1:  b x"]
    assert lines[2].startswith("    + \\x1b]0;\\xffyy") and len(lines[2]) == LONG_LINE + 3
    assert lines[3] == "    + z\\x0dFrom x"
    assert len(lines) == MOST_LINES + 2 and lines[-1] == "[602 lines more]"
