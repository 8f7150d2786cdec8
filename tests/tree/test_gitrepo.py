from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from realgit import object_file

from patcher.errors import InputError
from patcher.tree import command, objects
from patcher.tree.command import git_version
from patcher.tree.find import open_repository, open_tree
from patcher.tree.kernel import KernelTree, blob_id, version

Git = Callable[..., str]
MMU = "arch/x86/xen/mmu.c"
FLAG = ["_PAGE_IOMAP"]


def contents(tree: KernelTree) -> dict[str, bytes]:
    return tree.read(tree.paths())


def files_below(place: Path) -> dict[str, bytes]:
    return {file.relative_to(place).as_posix(): file.read_bytes() for file in place.rglob("*") if file.is_file()}


def state(place: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """All there is below a directory, with its times."""
    return {
        str(file.relative_to(place)): (
            file.lstat().st_mtime_ns, file.lstat().st_mode, file.lstat().st_ino,
            file.read_bytes() if file.is_file() else b"",
        )
        for file in [place, *place.rglob("*")]
    }  # fmt: skip


def test_git_version() -> None:
    assert git_version()[0].isdigit()


def test_a_commit_is_read_whole(mini: Path, mini_original: Path, git: Git) -> None:
    tree = open_tree(mini_original, None)
    assert contents(tree) == files_below(mini)
    assert tree.commit == git(mini_original, "rev-parse", "HEAD")
    assert (tree.key or "").startswith(git(mini_original, "rev-parse", "HEAD^{tree}"))
    assert version(tree) == "2.6.37-mini"


def test_blob_ids_are_gits(mini_original: Path, git: Git) -> None:
    tree = open_tree(mini_original, None)
    assert tree.blobs([MMU, "no/such.c"]) == {MMU: git(mini_original, "rev-parse", f"HEAD:{MMU}")}


def test_read_leaves_out_what_is_not_there(mini_original: Path) -> None:
    assert open_tree(mini_original, None).read(["no/such.c", "arch"]) == {}


def test_search_finds_whole_words_in_the_pathspecs(mini_original: Path) -> None:
    tree = open_tree(mini_original, None)
    assert MMU in tree.search(FLAG, ["arch/x86/*.c"])
    assert "arch/x86/include/asm/pgtable_types.h" not in tree.search(FLAG, ["arch/x86/*.c"])
    assert tree.search(["_PAGE_IOMA"], ["*"]) == ()


@pytest.mark.parametrize("revision", ["HEAD", "v2.6.37-mini", "main", "HEAD~0", "v2.6.37-mini^{commit}"])
def test_revisions(mini_original: Path, git: Git, revision: str) -> None:
    assert open_tree(mini_original, revision).commit == git(mini_original, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("revision", "told"), [("HEAD..HEAD", "is a range"), ("HEAD^{tree}", "is a tree"), ("HEAD:Makefile", "is a blob")]
)
def test_what_is_no_commit(mini_original: Path, revision: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        open_tree(mini_original, revision)


@pytest.mark.parametrize("revision", ["v2.6.38", "HEAD~9", "", "--all", "-h", "HEAD:Makefile", "HEAD HEAD", "a\nb"])
def test_bad_revision(mini_original: Path, revision: str) -> None:
    with pytest.raises(InputError, match=r"has no commit .*git log --oneline"):
        open_tree(mini_original, revision)


def test_an_annotated_tag_and_a_detached_head(mini_repo: Path, git: Git) -> None:
    first = git(mini_repo, "rev-parse", "HEAD")
    git(mini_repo, "tag", "-a", "-m", "annotated", "annotated")
    git(mini_repo, "commit", "-q", "--allow-empty", "-m", "second")
    git(mini_repo, "checkout", "-q", "--detach", first)
    assert open_tree(mini_repo, "annotated").commit == first
    assert open_tree(mini_repo, None).commit == first
    assert open_tree(mini_repo, "main").commit != first


def test_a_bare_clone(mini_original: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "-q", "--bare", mini_original, "bare.git")
    tree, original = open_tree(tmp_path / "bare.git", None), open_tree(mini_original, None)
    assert contents(tree) == contents(original)
    assert tree.search(FLAG, ["*"]) == original.search(FLAG, ["*"])
    assert tree.worktree is None


def test_a_subdirectory_stands_for_the_repository(mini_original: Path) -> None:
    tree, original = open_tree(mini_original / "arch" / "x86", None), open_tree(mini_original, None)
    assert tree.paths() == original.paths()
    assert tree.search(FLAG, ["arch/x86/*.c"]) == original.search(FLAG, ["arch/x86/*.c"])


def test_a_linked_worktree_has_a_head_of_its_own(mini_repo: Path, tmp_path: Path, git: Git) -> None:
    git(mini_repo, "worktree", "add", "-q", "-b", "topic", tmp_path / "linked")
    git(tmp_path / "linked", "rm", "-q", MMU)
    git(tmp_path / "linked", "commit", "-q", "-m", "no mmu.c")
    assert MMU not in open_tree(tmp_path / "linked", None).paths()
    assert MMU in open_tree(mini_repo, None).paths()


@pytest.mark.parametrize("name", ["with two spaces", "ünïcødé", "-dash", "quo'te\"s", "new\nline", ":colon"])
def test_odd_names_of_the_repository(mini_original: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(mini_original, tmp_path / name)
    tree, original = open_tree(tmp_path / name, None), open_tree(mini_original, None)
    assert contents(tree) == contents(original)
    assert tree.search(FLAG, ["*"]) == original.search(FLAG, ["*"])


@pytest.mark.parametrize(
    "setting",
    ["core.autocrlf=true", "submodule.recurse=true", "grep.column=true", "grep.lineNumber=true", "grep.fullName=true",
     "core.quotePath=true", "color.ui=always", "grep.patternType=perl", "grep.fallbackToNoIndex=false"],
)  # fmt: skip
def test_configuration_changes_nothing(mini_repo: Path, mini_original: Path, git: Git, setting: str) -> None:
    git(mini_repo, "config", *setting.split("="))
    git(mini_repo, "checkout", "-q", "-f", "HEAD")
    tree, original = open_tree(mini_repo, None), open_tree(mini_original, None)
    assert contents(tree) == contents(original)
    assert tree.search(FLAG, ["*"]) == original.search(FLAG, ["*"])


@pytest.mark.parametrize(
    "attribute", ["binary", "-text -diff", "text eol=crlf", "export-ignore", "working-tree-encoding=UTF-16"]
)
def test_attributes_hide_no_file(mini_repo: Path, mini_original: Path, attribute: str) -> None:
    (mini_repo / ".git" / "info").mkdir(exist_ok=True)
    (mini_repo / ".git" / "info" / "attributes").write_text(f"*.c {attribute}\n*.h {attribute}\n")
    tree, original = open_tree(mini_repo, None), open_tree(mini_original, None)
    assert contents(tree) == contents(original)
    assert tree.search(FLAG, ["*.[ch]"]) == original.search(FLAG, ["*.[ch]"])


def test_environment_of_a_hook_changes_nothing(
    mini_original: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git sets these while it runs a hook, for another repository than the one that is asked for."""
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / ".git" / "index"))
    assert MMU in open_tree(mini_original, None).paths()


def test_a_hostile_configuration_runs_nothing(mini_repo: Path, tmp_path: Path, git: Git) -> None:
    marker, script = tmp_path / "executed", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho \"$0 $@\" >>'{marker}'\ncat\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.gitProxy",
        "core.alternateRefsCommand", "alias.cat-file", "alias.ls-tree", "alias.grep", "alias.rev-parse", "pager.grep",
        "pager.ls-tree", "diff.evil.textconv", "diff.evil.command", "diff.external", "filter.evil.clean",
        "filter.evil.smudge", "filter.evil.process", "credential.helper", "gpg.program", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        git(mini_repo, "config", key, f"!{script}" if key.startswith(("alias", "credential")) else str(script))
    git(mini_repo, "config", "core.hooksPath", str(tmp_path / "hooks"))
    (tmp_path / "hooks").mkdir()
    for hook in ("post-checkout", "post-index-change", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(script, tmp_path / "hooks" / hook)
    (mini_repo / ".git" / "info").mkdir(exist_ok=True)
    (mini_repo / ".git" / "info" / "attributes").write_text("* diff=evil filter=evil\n")
    for worktree in (False, True):
        tree = open_tree(mini_repo, None, worktree=worktree)
        assert contents(tree)[MMU]
        assert tree.blobs([MMU])
        assert MMU in tree.search(FLAG, ["*"])
    with pytest.raises(InputError):
        open_tree(mini_repo, "no-such-revision")
    assert not marker.exists(), marker.read_text()


def test_replaced_objects_are_not_seen(mini_repo: Path, mini_original: Path, tmp_path: Path, git: Git) -> None:
    forged = tmp_path / "forged.c"
    forged.write_text("/* forged */\n")
    git(mini_repo, "replace", git(mini_repo, "rev-parse", f"HEAD:{MMU}"), git(mini_repo, "hash-object", "-w", forged))
    git(mini_repo, "replace", git(mini_repo, "rev-parse", "HEAD^{tree}"), git(mini_repo, "rev-parse", "HEAD:arch"))
    tree, original = open_tree(mini_repo, None), open_tree(mini_original, None)
    assert contents(tree) == contents(original)
    assert tree.search(FLAG, ["*"]) == original.search(FLAG, ["*"])


def test_grafts_are_not_seen(mini_repo: Path, git: Git) -> None:
    git(mini_repo, "commit", "-q", "--allow-empty", "-m", "second")
    first, second = git(mini_repo, "rev-parse", "HEAD^"), git(mini_repo, "rev-parse", "HEAD")
    (mini_repo / ".git" / "info").mkdir(exist_ok=True)
    (mini_repo / ".git" / "info" / "grafts").write_text(f"{second}\n")
    assert open_repository(mini_repo).run("rev-list", "HEAD").decode().split() == [second, first]


def test_a_forged_object_is_found(mini_repo: Path, git: Git) -> None:
    """git itself does not check that the content of an object is what its id says."""
    blob = git(mini_repo, "rev-parse", f"HEAD:{MMU}")
    forged = object_file(mini_repo, git(mini_repo, "hash-object", "-w", "--stdin", text="/* forged */\n"))
    place = object_file(mini_repo, blob)
    place.chmod(0o644)
    place.write_bytes(forged.read_bytes())
    with pytest.raises(InputError, match=blob):
        open_tree(mini_repo, None).read([MMU])


def test_a_key_is_for_one_repository_and_its_history(mini_repo: Path, mini_original: Path, git: Git) -> None:
    key = open_tree(mini_repo, None).key
    assert key != open_tree(mini_original, None).key
    assert key == open_tree(mini_repo, None).key
    (mini_repo / ".git" / "shallow").write_text(git(mini_repo, "rev-parse", "HEAD") + "\n")
    assert key != open_tree(mini_repo, None).key


def test_a_worktree_elsewhere_is_not_read(mini_repo: Path, mini_original: Path, git: Git) -> None:
    git(mini_repo, "config", "core.worktree", str(mini_original))
    (mini_repo / MMU).write_text("/* its own */\n")
    tree = open_tree(mini_repo, None, worktree=True)
    assert tree.read([MMU]) == {MMU: b"/* its own */\n"}
    assert open_tree(mini_repo, None).read([MMU]) == open_tree(mini_original, None).read([MMU])


def test_the_environment_names_no_program_and_no_configuration(
    mini_original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, script = tmp_path / "executed", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    for name in ("GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "GIT_PAGER"):
        monkeypatch.setenv(name, str(script))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'core.fsmonitor'='{script}'")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_REPLACE_REF_BASE", "refs/heads/")
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", str(tmp_path))
    tree = open_tree(mini_original, None)
    assert MMU in tree.search(FLAG, ["*"])
    assert not marker.exists()
    assert not (tmp_path / "trace").exists()


def test_a_partial_clone_fetches_nothing(mini_original: Path, tmp_path: Path, git: Git) -> None:
    marker, script = tmp_path / "executed", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    source = tmp_path / "source"
    shutil.copytree(mini_original, source)
    git(source, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{source}", "partial.git")
    partial = tmp_path / "partial.git"
    for url in (f"file://{source}", f"ext::{script}", f"ssh://host{source}"):
        git(partial, "config", "remote.origin.url", url)
        git(partial, "config", "remote.origin.uploadpack", str(script))
        git(partial, "config", "core.sshCommand", str(script))
        git(partial, "config", "protocol.allow", "always")
        with pytest.raises(InputError, match="partial"):
            open_tree(partial, None).read([MMU])
    assert not marker.exists()


@pytest.mark.parametrize("key", ["include.path", "includeIf.gitdir:/.path", "INCLUDEIF.onbranch:**.Path"])
@pytest.mark.parametrize("named", ["{}/outside", "{}/fifo", "~/x", "~nobody/x", "%(prefix)/x", "../../outside", "in"])
def test_a_configuration_that_includes_others(mini_repo: Path, tmp_path: Path, git: Git, key: str, named: str) -> None:
    """Nothing outside is read, and nothing is waited for: not in what is included by what is included, either."""
    (tmp_path / "outside").write_text("[core]\n\tabbrev = secret\n")
    os.mkfifo(tmp_path / "fifo")
    (mini_repo / ".git" / "in").symlink_to(tmp_path / "fifo")
    (mini_repo / ".git" / "first").write_text("")
    git(mini_repo, "config", "--file", mini_repo / ".git" / "first", key, named.format(tmp_path))
    git(mini_repo, "config", "include.path", "first")
    with pytest.raises(InputError, match=r"first includes .*, which leads out of the repository: include it from"):
        open_tree(mini_repo, None)


def test_a_configuration_that_includes_itself(mini_repo: Path, git: Git) -> None:
    git(mini_repo, "config", "include.path", "config")
    with pytest.raises(InputError, match="included by itself"):
        open_tree(mini_repo, None)


def test_a_configuration_may_include_a_file_of_the_repository(mini_repo: Path, git: Git) -> None:
    git(mini_repo, "config", "include.path", "../Makefile.config")
    assert open_tree(mini_repo, None).search(FLAG, ["*"])
    (mini_repo / "Makefile.config").write_text("[core]\n\tabbrev = 12\n")
    assert open_tree(mini_repo, None).search(FLAG, ["*"])


def test_a_directory_that_a_file_names_is_looked_at_first(mini_repo: Path, tmp_path: Path, git: Git) -> None:
    git(mini_repo, "worktree", "add", "-q", tmp_path / "linked")
    os.mkfifo(tmp_path / "fifo")
    (mini_repo / ".git" / "config").unlink()
    (mini_repo / ".git" / "config").symlink_to(tmp_path / "fifo")
    with pytest.raises(InputError, match="config is no file"):
        open_tree(tmp_path / "linked", None)


def test_git_is_not_waited_for(mini_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = open_repository(mini_repo)
    waiting = tmp_path / "git"
    waiting.write_text("#!/bin/sh\nexec sleep 100\n")
    waiting.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(InputError, match=r"git cannot read .*: it took longer than 0\.2 s"):
        repository.run("version", seconds=0.2)


def test_a_tree_that_lists_itself(mini_repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty-four objects stand for sixteen million files."""
    monkeypatch.setattr(command, "_ANSWER", 2**20)
    blob = git(mini_repo, "hash-object", "-w", "Makefile")
    tree = git(mini_repo, "mktree", text=f"100644 blob {blob}\tx.c\n")
    for _ in range(24):
        tree = git(mini_repo, "mktree", text=f"040000 tree {tree}\ta\n040000 tree {tree}\tb\n")
    commit = git(mini_repo, "commit-tree", "-m", "x", tree)
    with pytest.raises(InputError, match="it gave more than 1 MiB: the repository is too large, or hostile"):
        open_tree(mini_repo, commit).paths()


@pytest.mark.parametrize("packed", [False, True])
def test_an_object_of_gigabytes(mini_repo: Path, git: Git, packed: bool) -> None:
    """A few kilobytes hold it: it is neither read nor searched."""
    with (mini_repo / "arch/x86/xen/big.c").open("wb") as sparse:
        sparse.truncate(2**28 + 1)
    git(mini_repo, "config", "core.bigFileThreshold", "1")
    git(mini_repo, "add", "-A")
    git(mini_repo, "commit", "-qm", "x")
    (mini_repo / "arch/x86/xen/big.c").unlink()
    if packed:
        git(mini_repo, "repack", "-adq")
    tree = open_tree(mini_repo, None)
    with pytest.raises(InputError, match=f"has an object .* of {2**28 + 1} bytes: {2**26} is the most"):
        tree.read([MMU, "arch/x86/xen/big.c"])
    with pytest.raises(InputError, match="git cannot read"):
        tree.search(FLAG, ["*"])
    assert MMU in tree.read([MMU])


def test_many_large_objects(mini_repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_TOGETHER", 1000)
    with pytest.raises(InputError, match="bytes to be read at once: 1000 is the most"):
        contents(open_tree(mini_repo, None))


def test_the_repository_stays_as_it_was(mini_repo: Path, git: Git) -> None:
    (mini_repo / MMU).write_text("/* not committed */\n")
    (mini_repo / "staged.c").write_text("int staged;\n")
    git(mini_repo, "add", "staged.c")
    os.utime(mini_repo / "Makefile", (1, 1))  # makes git want to refresh its index
    before = state(mini_repo)
    for worktree in (False, True):
        tree = open_tree(mini_repo, None, worktree=worktree)
        contents(tree)
        tree.blobs([MMU])
        tree.search(FLAG, ["*"])
    assert state(mini_repo) == before


def test_the_worktree_is_read_only_when_asked(mini_repo: Path, mini_original: Path, git: Git) -> None:
    (mini_repo / MMU).write_text("/* not committed */\n")
    assert open_tree(mini_repo, None).read([MMU]) == open_tree(mini_original, None).read([MMU])
    uncommitted = open_tree(mini_repo, None, worktree=True)
    assert uncommitted.read([MMU]) == {MMU: b"/* not committed */\n"}
    assert uncommitted.commit == git(mini_original, "rev-parse", "HEAD")


def test_a_bare_repository_has_no_worktree(mini_original: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "-q", "--bare", mini_original, "bare.git")
    with pytest.raises(InputError, match="bare"):
        open_tree(tmp_path / "bare.git", None, worktree=True)


def test_no_commit_yet(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", "new")
    with pytest.raises(InputError, match="no commit yet"):
        open_tree(tmp_path / "new", None)
    assert open_tree(tmp_path / "new", None, worktree=True).commit == ""


def test_another_users_repository(mini_original: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(InputError, match=r"safe\.directory"):
        open_tree(mini_original, None)


def test_links_and_submodules_are_no_files(mini_repo: Path, git: Git) -> None:
    (mini_repo / "link.c").symlink_to("/etc/passwd")
    (mini_repo / "linked").symlink_to("arch")
    git(mini_repo, "add", "-f", "link.c", "linked")
    commit = git(mini_repo, "rev-parse", "HEAD")
    git(mini_repo, "update-index", "--add", "--cacheinfo", f"160000,{commit},module")
    git(mini_repo, "commit", "-q", "-m", "links")
    for worktree in (False, True):
        tree = open_tree(mini_repo, None, worktree=worktree)
        assert not {"link.c", "linked", "module", "linked/x86/xen/mmu.c"} & tree.paths().keys()
        assert tree.read(["link.c", "linked", "module"]) == {}
        assert not [path for path in tree.search([*FLAG, "root"], ["*"]) if path.startswith("link")]


def test_executable_files_are_files(mini_repo: Path, git: Git) -> None:
    git(mini_repo, "update-index", "--chmod=+x", MMU)
    git(mini_repo, "commit", "-q", "-m", "executable")
    assert MMU in open_tree(mini_repo, None).paths()


def test_names_that_are_not_utf_8(mini_repo: Path, git: Git) -> None:
    name = os.fsdecode(b"drivers/xen/na\xefve.c")
    content = b"/* J\xfcrgen */ unsigned long x = _PAGE_IOMAP;\n"
    (mini_repo / name).write_bytes(content)
    git(mini_repo, "add", "-A", "-f")
    git(mini_repo, "commit", "-q", "-m", "Latin-1")
    for worktree in (False, True):
        tree = open_tree(mini_repo, None, worktree=worktree)
        assert tree.read([name]) == {name: content}
        assert name in tree.search(FLAG, ["drivers/*.c"])


def test_a_sha256_repository(mini: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "new")
    shutil.copytree(mini, tmp_path / "new", dirs_exist_ok=True)
    git(tmp_path / "new", "add", "-A", "-f")
    git(tmp_path / "new", "commit", "-q", "-m", "sha256")
    assert contents(open_tree(tmp_path / "new", None)) == files_below(mini)
    assert len(open_tree(tmp_path / "new", None, worktree=True).commit) == 64


class TestShallow:
    @pytest.fixture
    def shallow(self, mini_repo: Path, tmp_path: Path, git: Git) -> Path:
        git(mini_repo, "commit", "-q", "--allow-empty", "-m", "second")
        git(tmp_path, "clone", "-q", "--depth=1", mini_repo.as_uri(), "shallow")
        return tmp_path / "shallow"

    def test_what_is_there_is_read(self, shallow: Path, mini: Path) -> None:
        assert contents(open_tree(shallow, None)) == files_below(mini)

    def test_what_is_not_there_says_why(self, shallow: Path) -> None:
        with pytest.raises(InputError, match=r"HEAD~1.*shallow"):
            open_tree(shallow, "HEAD~1")

    def test_also_in_a_linked_worktree(self, shallow: Path, tmp_path: Path, git: Git) -> None:
        git(shallow, "worktree", "add", "-q", "--detach", tmp_path / "linked")
        with pytest.raises(InputError, match=r"HEAD~1.*shallow"):
            open_tree(tmp_path / "linked", "HEAD~1")


class TestPartial:
    @pytest.fixture
    def partial(self, mini_repo: Path, tmp_path: Path, git: Git) -> Path:
        git(mini_repo, "config", "uploadpack.allowFilter", "true")
        git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", mini_repo.as_uri(), "partial.git")
        return tmp_path / "partial.git"

    @pytest.mark.parametrize("origin", ["there", "gone"])
    def test_it_is_said_and_nothing_is_fetched(self, partial: Path, mini_repo: Path, origin: str) -> None:
        if origin == "gone":
            shutil.rmtree(mini_repo)
        before = files_below(partial)
        tree = open_tree(partial, None)
        with pytest.raises(InputError, match="partial") as raised:
            tree.read(["Makefile"])
        assert "\n" not in str(raised.value)
        with pytest.raises(InputError, match="partial"):
            tree.search(FLAG, ["*"])
        assert files_below(partial) == before


class TestDamage:
    @pytest.fixture(params=["missing", "empty", "garbage", "truncated"])
    def damage(self, request: pytest.FixtureRequest) -> Callable[[Path], None]:
        def apply(file: Path) -> None:
            content = file.read_bytes()
            file.unlink()
            if request.param != "missing":
                rests = {"empty": b"", "garbage": b"x" * len(content), "truncated": content[: len(content) // 2]}
                file.write_bytes(rests[request.param])

        return apply

    def test_a_blob(self, mini_repo: Path, git: Git, damage: Callable[[Path], None]) -> None:
        damage(object_file(mini_repo, git(mini_repo, "rev-parse", f"HEAD:{MMU}")))
        tree = open_tree(mini_repo, None)
        assert tree.read(["Makefile"])
        with pytest.raises(InputError, match="git fsck") as raised:
            tree.read([MMU, "Makefile"])
        assert "\n" not in str(raised.value)

    def test_a_blob_is_not_silently_left_out_of_a_search(
        self, mini_repo: Path, git: Git, damage: Callable[[Path], None]
    ) -> None:
        damage(object_file(mini_repo, git(mini_repo, "rev-parse", f"HEAD:{MMU}")))
        with pytest.raises(InputError, match="git fsck"):
            open_tree(mini_repo, None).search(FLAG, ["*"])

    def test_a_tree(self, mini_repo: Path, git: Git, damage: Callable[[Path], None]) -> None:
        damage(object_file(mini_repo, git(mini_repo, "rev-parse", "HEAD:arch")))
        with pytest.raises(InputError, match="git fsck"):
            open_tree(mini_repo, None).paths()

    def test_a_commit(self, mini_repo: Path, git: Git, damage: Callable[[Path], None]) -> None:
        damage(object_file(mini_repo, git(mini_repo, "rev-parse", "HEAD")))
        with pytest.raises(InputError, match="git fsck"):
            open_tree(mini_repo, None)


def test_without_git(mini_original: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="git was not found"):
        open_tree(mini_original, None).paths()


def test_a_clone_without_a_checkout_matches_git_itself(mini_original: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "-q", "--no-checkout", mini_original, "clone")
    listed = subprocess.run(
        ["git", "-C", tmp_path / "clone", "ls-tree", "-r", "--name-only", "HEAD"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(open_tree(tmp_path / "clone", None).paths()) == sorted(listed.stdout.split())


def test_what_is_told_and_answered_is_more_than_pipes_hold(mini_repo: Path) -> None:
    repository = open_repository(mini_repo)
    content = os.urandom(2**20)
    assert repository.run("stripspace", stdin=b"x\n\n\n" * 2**18) == b"x\n\n" * (2**18 - 1) + b"x\n"
    assert repository.run("hash-object", "--stdin", stdin=content).decode().strip() == blob_id(content)
    assert repository.run("version", stdin=content).startswith(b"git version")  # it reads none of it


def test_a_name_does_not_forge_an_entry(mini_repo: Path, git: Git) -> None:
    """The name of a submodule that reads like the entry of a file."""
    blob, commit = git(mini_repo, "hash-object", "-w", "Makefile"), git(mini_repo, "rev-parse", "HEAD")
    name = f"x 100644 blob {blob}\tforged.c"
    tree = git(mini_repo, "mktree", "-z", text=f"160000 commit {commit}\t{name}\0" + f"100644 blob {blob}\tMakefile\0")
    assert list(open_tree(mini_repo, git(mini_repo, "commit-tree", "-m", "x", tree)).paths()) == ["Makefile"]
