"""A step that changes several files as patches and as series of their own, on the miniature tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from generate.test_apply import state
from generate.test_mailing import TODAY

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
MESSAGE = """{prefix} say so

{functions} of {driver} {nfunctions:says|say} so in {files}.
"""
ENTRIES = """
GRANT TABLES
M:\tGrant <grant@example.org>
L:\tgrants@example.org
T:\tgit git://example.org/pub/greg/grants.git
F:\tarch/x86/xen/grant-table.c
"""
EDITS = (("init_memory_mapping", "mapped >> PAGE_SHIFT"), ("map_pte_fn", "0"), ("xen_release_chunk", "0"))


@pytest.fixture
def tree(mini_repo: Path, git: Git) -> Path:
    with (mini_repo / "MAINTAINERS").open("a") as file:
        file.write(ENTRIES)
    git(mini_repo, "commit", "-qam", "base")
    return mini_repo


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A series of one step that changes three files."""
    place = tmp_path / "mine"
    (place / "say").mkdir(parents=True)
    (place / "series.toml").write_text(
        'rules = "identity"\nanchor = ["phys_to_machine_mapping", "p2m_top"]\nrequires = []\n[[step]]\nslug = "say"\n'
        'split = "driver"\ntargets = []\npresent = [[{ defines = ["nobody_has_this"] }]]\n'
    )
    (place / "cover.txt").write_text("{prefix} say so in {patches} places\n\nDrivers: {drivers}. Tree: {tree}.\n")
    (place / "say/message.txt").write_text(MESSAGE)
    (place / "say/edits.toml").write_text(
        "\n".join(
            f'[[edit]]\nwhy = "w"\nfunction = "{name}"\nstatement = "return {value};"\naction = "replace"\n'
            f'text = "return ({value});"\n'
            for name, value in EDITS
        )
    )
    return place


def test_a_patch_for_each_driver(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    code, _, err = run("apply", "--tree", tree, "--series-dir", own, "--branch", "x", "-o", tmp_path / "mails")
    assert (code, err) == (0, "")
    bodies = git(tree, "log", "--reverse", "--format=%s%n%b%x00", "HEAD..x").split("\0")[:-1]
    assert [body.strip().splitlines()[0] for body in bodies] == [
        f"x86: {name}: say so" for name in ("init", "grant-table", "setup")
    ]  # fmt: skip
    assert "\ninit_memory_mapping() of init says so in init.c.\n" in bodies[0]
    letter = (tmp_path / "mails/0000-cover-letter.patch").read_text()
    assert "Subject: [PATCH 0/3] x86: say so in 3 places" in letter
    assert "Drivers: init, grant-table and setup. Tree: several trees." in letter
    grants = (tmp_path / "mails/0002-x86-grant-table-say-so.patch").read_text()
    assert "\nTo: Grant <grant@example.org>" in grants
    assert "grants@example.org" not in (tmp_path / "mails/0001-x86-init-say-so.patch").read_text()


def test_a_series_for_each_tree(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    code, out, err = run("apply", "--tree", tree, "--series-dir", own, "--by-tree", "--b4", "-o", tmp_path / "mails",
                         env=TODAY)  # fmt: skip
    assert (code, err) == (0, "")
    names = ["mine-greg-grants", "mine-x86"]
    assert sorted(line.split(":")[0] for line in out.splitlines() if line.startswith("branch")) == [
        f"branch b4/{name}" for name in names
    ]
    assert sorted(place.name for place in (tmp_path / "mails").iterdir()) == names
    branches = git(tree, "for-each-ref", "--format=%(refname:short)", "refs/heads/b4").split()
    assert branches == [f"b4/{name}" for name in names]
    assert git(tree, "log", "-1", "--format=%s", f"b4/{names[1]}~2") == "x86: say so in 2 places"
    (mail,) = (tmp_path / "mails" / names[0]).iterdir()
    assert "\nSubject: [PATCH] x86: grant-table: say so\n" in mail.read_text()
    assert f"\nbase-commit: {git(tree, 'rev-parse', 'HEAD')}\nchange-id: " in mail.read_text()


def test_without_a_cover_letter_the_step_speaks_of_all(run: Run, tree: Path, own: Path, tmp_path: Path) -> None:
    (own / "cover.txt").unlink()
    code, _, err = run("apply", "--tree", tree, "--series-dir", own, "-o", tmp_path / "mails")
    assert (code, err) == (0, "")
    letter = (tmp_path / "mails/0000-cover-letter.patch").read_text()
    assert "Subject: [PATCH 0/3] x86: say so\n" in letter
    assert "init_memory_mapping(), map_pte_fn() and xen_release_chunk() of init," in letter


def test_plan_shows_no_template(run: Run, tree: Path, own: Path) -> None:
    out = run("plan", "--tree", tree, "--series-dir", own)[1]
    assert " say so  (say)" in out
    assert "{prefix}" not in out


def test_series_of_so_many_patches(run: Run, git: Git, tree: Path, own: Path) -> None:
    code, _, err = run("apply", "--tree", tree, "--series-dir", own, "--split", "file", "--limit", "2")
    assert (code, err) == (0, "")
    for name, count in (("mine-1", 2), ("mine-2", 1)):
        assert git(tree, "rev-list", "--count", f"HEAD..patcher/{name}") == str(count)


def test_all_of_them_or_none(run: Run, git: Git, tree: Path, own: Path, tmp_path: Path) -> None:
    git(tree, "branch", "x-mine-2/below")
    before = state(git, tree)
    code, out, err = run("apply", "--tree", tree, "--series-dir", own, "--limit", "2", "--branch", "x",
                         "-o", tmp_path / "mails")  # fmt: skip
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert state(git, tree) == before
    assert not (tmp_path / "mails").exists()


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("say/message.txt", "{prefix} x\n\n{other}\n", "step say, message.txt: there is nothing to fill in"),
        ("series.toml", 'split = "drivers"', "split"),
    ],
)
def test_series_that_are_wrong(run: Run, tree: Path, own: Path, file: str, text: str, told: str) -> None:
    place = own / file
    place.write_text(place.read_text().replace('split = "driver"', text) if "split" in text else text)
    code, out, err = run("apply", "--tree", tree, "--series-dir", own)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
