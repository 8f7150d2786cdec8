"""Mails and branches that git send-email and b4 take as they are: with the real ones."""

from __future__ import annotations

import email
import email.policy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from generate.test_apply import STEPS, state

from patcher.errors import InputError
from patcher.generate.mailing import MOST_PEOPLE, Addressed, mailing, together
from patcher.mail.model import Person

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
B4 = Path(sys.executable).with_name("b4")
MAINTAINER, REVIEWER, LIST = "one@example.org", "two@example.org", "list@example.org"
ENTRY = f"""
MEMORY OF XEN
M:\tÉva, the One <{MAINTAINER}>
M:\tNobody <noreply@example.org>
R:\tTwo <{REVIEWER}>
L:\t{LIST}
S:\tSupported
N:\t(unread
F:\tarch/x86/xen/
"""


@pytest.fixture
def tree(mini_repo: Path, git: Git) -> Path:
    """The miniature tree with one local commit, and an identity; commits are of today, as b4 looks back a year."""
    with (mini_repo / "MAINTAINERS").open("a") as file:
        file.write(ENTRY)
    git(mini_repo, "commit", "-qam", "public")
    (mini_repo / "local").write_text("x\n")
    git(mini_repo, "add", "-f", "local")
    git(mini_repo, "commit", "-qm", "local")
    for name, value in (("user.name", "A U Thor"), ("user.email", "author@example.org")):
        git(mini_repo, "config", name, value)
    return mini_repo


NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
TODAY = {"GIT_AUTHOR_DATE": NOW, "GIT_COMMITTER_DATE": NOW}
OPTIONS = (
    "--rfc", "-v", "3", "--subject-prefix", "PATCH net-next", "--in-reply-to", "<id@example.net>", "--base", "HEAD~1",
    "--cc", "Ünï Code <cc@example.org>", "--to", "to@example.org", "--signoff",
)  # fmt: skip


def mails(place: Path) -> list[EmailMessage]:
    parsed = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in sorted(
        place.iterdir())]  # fmt: skip
    assert all(isinstance(each, EmailMessage) and not each.defects for each in parsed)
    return [each for each in parsed if isinstance(each, EmailMessage)]


def addresses(mail: EmailMessage, name: str) -> list[str]:
    return [each.addr_spec for each in mail[name].addresses]


def called(*command: str | Path, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """A program of the user's, without a network to go to."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**others, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "c"), "XDG_CACHE_HOME": str(home / "k"),
                   "GIT_CONFIG_NOSYSTEM": "1", "XDG_DATA_HOME": str(home / "d")}  # fmt: skip
    return subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_mails_for_git_send_email_and_b4(run: Run, git: Git, tree: Path, tmp_path: Path) -> None:
    before = state(git, tree)
    code, out, err = run("apply", "--tree", tree, "-o", tmp_path / "mails", "--branch", "x", *OPTIONS, env=TODAY)
    assert (code, err) == (0, "")
    assert state(git, tree)[1:] == before[1:]
    told = " ".join(out.split())
    assert "not written to: Nobody <noreply@example.org> (supporter:MEMORY OF XEN): nobody reads" in told
    assert "passed over: MAINTAINERS, N: of MEMORY OF XEN: no regular expression" in told

    letter, *patches = mails(tmp_path / "mails")
    assert letter["Subject"].startswith(f"[RFC PATCH net-next v3 00/{len(STEPS)}] xen: consider void entries")
    assert letter["In-Reply-To"] == letter["References"] == "<id@example.net>"
    text = letter.get_content()
    base, local = git(tree, "rev-parse", "HEAD~1"), git(tree, "show", "HEAD")
    found = subprocess.run(["git", "patch-id", "--stable"], input=local, capture_output=True, text=True, check=True)
    assert f"\nbase-commit: {base}\nchange-id: " in text
    assert f"\nprerequisite-patch-id: {found.stdout.split()[0]}\n" in text
    for number, patch in enumerate(patches, 1):
        assert patch["Subject"].startswith(f"[RFC PATCH net-next v3 {number:02}/{len(STEPS)}] ")
        assert patch["In-Reply-To"] == letter["Message-ID"]
        assert patch["References"].split() == ["<id@example.net>", letter["Message-ID"]]
    assert len({mail["Message-ID"] for mail in (letter, *patches)}) == len(STEPS) + 1

    first = patches[0]  # to arch/x86/xen/mmu.c alone
    assert addresses(first, "To")[0] == "to@example.org"
    assert {each.addr_spec: each.display_name for each in first["To"].addresses}[MAINTAINER] == "Éva, the One"
    assert {REVIEWER, LIST, "xen-devel@example.org", "cc@example.org"} <= set(addresses(first, "Cc"))
    mm = next(patch for patch in patches if "arch/x86/xen" not in patch.get_content())  # arch/x86/mm/init.c
    assert MAINTAINER not in addresses(mm, "To")
    assert set(addresses(letter, "To")) == {each for patch in patches for each in addresses(patch, "To")}

    # git am and b4 am
    files = sorted((tmp_path / "mails").iterdir())
    clone, wanted = tmp_path / "clone", git(tree, "rev-parse", "x^{tree}")
    git(tmp_path, "clone", "-q", tree, clone)
    git(clone, "am", "-q", *files[1:])
    assert git(clone, "rev-parse", "HEAD^{tree}") == wanted
    (tmp_path / "series.mbox").write_bytes(b"".join(file.read_bytes() for file in files))
    ran = called(B4, "--no-interactive", "am", "-m", tmp_path / "series.mbox", "-o", tmp_path / "am", "-C", "-n", "s",
                 cwd=clone, home=tmp_path)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert f"Total patches: {len(STEPS)}" in ran.stderr
    git(clone, "reset", "-q", "--hard", "origin/HEAD")
    git(clone, "am", "-q", tmp_path / "am/s.mbx")
    assert git(clone, "rev-parse", "HEAD^{tree}") == wanted

    if "send-email" not in subprocess.run(["git", "help", "-a"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("git send-email is not installed; it is in the Debian package git-email")
    sent = called(
        "git", "send-email", "--dry-run", "--confirm=never", "--suppress-cc=body", "--suppress-from",
        "--smtp-server=/bin/false", str(tmp_path / "mails"), cwd=tree, home=tmp_path,
    )  # fmt: skip
    assert sent.returncode == 0, sent.stderr
    parts = sent.stdout.split("Log says:\n")[1:]
    assert len(parts) == len(STEPS) + 1
    for part, mail in zip(parts, (letter, *patches), strict=True):
        command, _, rest = part.partition("\n")
        seen = email.message_from_string(rest, policy=email.policy.default)
        assert seen["Message-Id"] == mail["Message-ID"]
        assert seen["In-Reply-To"] == mail["In-Reply-To"]
        assert seen["References"].split() == mail["References"].split()
        assert set(command.split()[3:]) == {*addresses(mail, "To"), *addresses(mail, "Cc")}


def test_a_branch_for_b4(run: Run, git: Git, tree: Path, tmp_path: Path) -> None:
    before = state(git, tree)
    code, out, err = run("apply", "--tree", tree, "--b4", "-o", tmp_path / "mails", *OPTIONS, env=TODAY)
    assert (code, err) == (0, "")
    assert f"branch b4/identity: {len(STEPS)} patches" in out
    assert state(git, tree)[1:] == before[1:]
    assert git(tree, "rev-list", "--count", "HEAD..b4/identity") == str(len(STEPS) + 1)
    place = tmp_path / "worktree"
    git(tree, "worktree", "add", "-q", place, "b4/identity")
    git(tree, "config", "sendemail.smtpserver", "localhost")

    def b4(*args: str | Path) -> str:
        ran = called(B4, "--no-interactive", *args, cwd=place, home=tmp_path)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    info = dict(line.split(": ", 1) for line in b4("prep", "--show-info").splitlines() if ": " in line)
    assert info["prefixes"] == "RFC net-next"
    assert (info["revision"], info["needs-editing"], info["needs-recipients"]) == ("3", "False", "False")
    assert info["cover-subject"] == "xen: consider void entries in the P2M as 1-1 mapping"
    ours = mails(tmp_path / "mails")
    assert f"change-id: {info['change-id']}\n" in ours[0].get_content()

    b4("send", "--no-sign", "-o", tmp_path / "sent")
    sent = mails(tmp_path / "sent")
    assert len(sent) == len(ours)
    assert [mail["Subject"].split("] ")[1] for mail in sent] == [mail["Subject"].split("] ")[1] for mail in ours]
    assert {*addresses(ours[0], "To"), *addresses(ours[0], "Cc")} <= {*addresses(sent[0], "To"),
                                                                      *addresses(sent[0], "Cc")}  # fmt: skip
    for line in ours[0].get_content().splitlines():
        if line.startswith(("base-commit:", "change-id:", "prerequisite-patch-id:")):
            assert f"\n{line}\n" in sent[0].get_content()
    assert f"Would have sent {len(ours)} messages" in b4("send", "--no-sign", "--dry-run")

    reply = (
        f"From: Two <{REVIEWER}>\nDate: Thu, 26 Nov 2026 10:00:00 +0000\nMessage-ID: <re@example.org>\n"
        f"Subject: Re: {sent[1]['Subject']}\nIn-Reply-To: {sent[1]['Message-ID']}\n\n> x\n\n"
        f"Reviewed-by: Two <{REVIEWER}>\n"
    )
    with (tmp_path / "thread.mbox").open("w") as mbox:
        for mail in (*(file.read_text() for file in sorted((tmp_path / "sent").iterdir())), reply):
            mbox.write(f"From x@y Thu Nov 26 10:00:00 2026\n{mail}\n\n")
    b4("trailers", "-u", "-m", tmp_path / "thread.mbox", "-C")
    assert git(place, "log", "--format=%B", "HEAD~13^!").count(f"Reviewed-by: Two <{REVIEWER}>") == 1


def test_b4_checks_the_branch_with_checkpatch(run: Run, git: Git, tree: Path, tmp_path: Path) -> None:
    linux = os.environ.get("PATCHER_LINUX_6_12")
    if not linux or not shutil.which("perl"):
        pytest.skip("PATCHER_LINUX_6_12 names no sources of Linux 6.12, of which checkpatch.pl is, or there is no perl")
    names = ("scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch", "CREDITS")
    for name in names:
        (tree / name).parent.mkdir(exist_ok=True)
        shutil.copy(Path(linux, name), tree / name)
    for name in ("Documentation", "fs", "init", "ipc", "lib"):
        (tree / name / "x").parent.mkdir(exist_ok=True)
        (tree / name / "x").touch()
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-qm", "scripts")
    assert run("apply", "--tree", tree, "--b4", "--checkout", "--signoff", env=TODAY)[0] == 0
    ran = called(B4, "--no-interactive", "prep", "--check", cwd=tree, home=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "Error: 0" in ran.stderr
    assert ran.stderr.count("checkpatch.pl") >= 1


HOSTILE = (
    ("format.headers", "Bcc: evil@example.org\n"), ("format.to", "evil@example.org"), ("format.cc", "evil@example.org"),
    ("format.signatureFile", "/dev/zero"), ("format.thread", "deep"), ("format.attach", "x"), ("format.suffix", ".sh"),
    ("format.subjectPrefix", "EVIL"), ("format.coverLetter", "false"), ("format.outputDirectory", "/"),
    ("format.useAutoBase", "true"), ("format.pretty", "%H"), ("diff.external", "touch ran"), ("diff.context", "0"),
    ("diff.interHunkContext", "9"), ("diff.noprefix", "true"), ("diff.relative", "true"), ("core.pager", "touch ran"),
    ("i18n.logOutputEncoding", "UTF-16"), ("core.fsmonitor", "touch ran"), ("sendemail.toCmd", "touch ran"),
    ("b4.prep-perpatch-check-cmd", "touch ran"), ("core.abbrev", "4"), ("diff.x.textconv", "touch ran"),
    ("diff.x.command", "touch ran"), ("notes.displayRef", "refs/*"), ("diff.orderFile", "/dev/zero"),
)  # fmt: skip


def test_configuration_of_the_repository_changes_nothing(run: Run, git: Git, tree: Path, tmp_path: Path) -> None:
    dated = {"SOURCE_DATE_EPOCH": "1292932800"}
    assert run("apply", "--tree", tree, "-o", tmp_path / "one", env=dated)[0] == 0
    for name, value in HOSTILE:
        git(tree, "config", name, value)
    (tree / ".git/info/attributes").write_text("* diff=x\n")
    code, _, err = run("apply", "--tree", tree, "-o", tmp_path / "two", env=dated, cwd=tmp_path)
    assert (code, err) == (0, "")
    contents = [{file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "two")]
    assert contents[0] == contents[1]
    assert not [*tree.rglob("ran"), *tmp_path.glob("ran")]


def test_a_maintainers_file_that_is_hostile(run: Run, git: Git, tree: Path, tmp_path: Path) -> None:
    with (tree / "MAINTAINERS").open("a") as file:
        file.write("\nHOSTILE\nM:\tx@example.org\n" + "F:\tx\n" * 20_001)
    git(tree, "commit", "-qam", "hostile")
    before = state(git, tree)
    code, out, err = run("apply", "--tree", tree, "--b4", "-o", tmp_path / "new/mails", env=TODAY)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "has more than 20000 patterns" in err
    assert state(git, tree) == before
    assert not (tmp_path / "new/mails").exists()


def test_nothing_is_left_where_the_branch_cannot_be_made(run: Run, git: Git, tree: Path, tmp_path: Path) -> None:
    git(tree, "branch", "b4")  # no branch can be below it
    before = state(git, tree)
    code, out, err = run("apply", "--tree", tree, "--b4", "-o", tmp_path / "mails", env=TODAY)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert state(git, tree) == before
    assert not (tmp_path / "mails").exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--subject-prefix", "a\nBcc: x@y"], "cannot stand in the brackets"),
        (["--subject-prefix", "]"], "cannot stand in the brackets"),
        (["--in-reply-to", "nothing"], "is no message id"),
        (["--change-id", "a b"], "is no change-id"),
        (["--to", "nobody"], "that is no address"),
        (["--cc", "A <a@b.invalid>"], "nobody has an address there"),
        (["--base", "nothing", "-o", "x"], "has no commit 'nothing'"),
        (["--base", "side", "-o", "x"], "is no ancestor of"),
    ],
)
def test_options_that_are_wrong(run: Run, git: Git, mini_repo: Path, args: list[str], told: str) -> None:
    git(mini_repo, "branch", "side", git(mini_repo, "commit-tree", "HEAD^{tree}", "-m", "x"))
    code, out, err = run("apply", "--tree", mini_repo, *args)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


@pytest.mark.parametrize(
    ("name", "value", "when", "told"),
    [
        ("b4.prep-cover-strategy", "branch-description", "", "prep-cover-strategy"),
        ("user.email", "other@example.org", "", "looks for commits of other@example.org"),
        ("user.name", "x", "2010-12-21T12:00:00+0000", "of the last year"),
    ],
)
def test_what_b4_would_not_find(run: Run, git: Git, tree: Path, name: str, value: str, when: str, told: str) -> None:
    git(tree, "config", name, value)
    code, out, err = run("apply", "--tree", tree, "--b4", env={"GIT_COMMITTER_DATE": when or NOW})
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_letter_to_too_many_goes_to_the_lists() -> None:
    people = [Addressed((Person(f"P {at}", f"p{at}@example.org"),), (Person("", LIST),)) for at in range(MOST_PEOPLE)]
    assert together(people[:3]).to == tuple(each.to[0] for each in people[:3])
    assert together(people) == Addressed((), (Person("", LIST),))


def test_persons_that_are_named() -> None:
    found = mailing(to=["a@example.org", "B, C <b@example.org>"], rfc=True)
    assert found.to == (Person("", "a@example.org"), Person("B, C", "b@example.org"))
    assert found.prefix == "RFC PATCH"
    with pytest.raises(InputError, match="no address"):
        mailing(cc=["a@example.org\nBcc: b@example.org"])
