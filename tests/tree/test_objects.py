"""One git process that is asked for all objects: what it answers, and what becomes of it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from realgit import object_file

from patcher.errors import InputError
from patcher.tree import command
from patcher.tree.find import open_repository
from patcher.tree.kernel import blob_id
from patcher.tree.objects import Objects

Git = Callable[..., str]


@pytest.fixture
def objects(mini_repo: Path) -> Objects:
    return open_repository(mini_repo).objects


def pid(objects: Objects) -> int:
    assert objects._program is not None
    return objects._program._process.pid


def blobs(repo: Path, git: Git) -> dict[str, str]:
    rows = (line.split() for line in git(repo, "ls-tree", "-r", "HEAD").splitlines())
    return {row[2]: row[3] for row in rows}


def test_one_process_answers_all(objects: Objects, mini_repo: Path, git: Git) -> None:
    wanted = blobs(mini_repo, git)
    found = objects.blobs(wanted)
    assert {wanted[blob]: content for blob, content in found.items()} == {
        path: (mini_repo / path).read_bytes() for path in wanted.values()
    }
    first = pid(objects)
    (commit,) = objects.find(["HEAD"])
    assert (commit.id, commit.kind, pid(objects)) == (git(mini_repo, "rev-parse", "HEAD"), "commit", first)


def test_an_object_that_came_later_is_found(objects: Objects, mini_repo: Path, git: Git) -> None:
    assert objects.find(["later"])[0].kind == "missing"
    first = pid(objects)
    blob = git(mini_repo, "hash-object", "-w", "--stdin", text="later\n")
    assert (objects.blobs({blob: "x"}), pid(objects)) == ({blob: b"later\n"}, first)


@pytest.mark.parametrize("name", ["", "no such", "a\nHEAD", "a\0b", "x" * 5000, "-h", "--all", "HEAD..HEAD", "\udcff"])
def test_a_name_of_nothing_leaves_the_others_alone(objects: Objects, mini_repo: Path, git: Git, name: str) -> None:
    missing, head = objects.find([name, "HEAD"])
    assert missing == ("", "missing", b"")
    assert head.id == git(mini_repo, "rev-parse", "HEAD")


def test_a_short_id_of_several(objects: Objects, mini_repo: Path, git: Git) -> None:
    seen: dict[str, int] = {}
    number = next(each for each in count() if seen.setdefault(blob_id(b"%d\n" % each)[:4], each) != each)
    short = blob_id(b"%d\n" % number)[:4]
    for each in (number, seen[short]):
        git(mini_repo, "hash-object", "-w", "--stdin", text=f"{each}\n")
    assert [found.kind for found in objects.find([short, "HEAD"])] == ["ambiguous", "commit"]


def test_more_is_asked_and_answered_than_pipes_hold(objects: Objects) -> None:
    assert len(objects.find(["HEAD^{tree}", "x" * 900] * 500)) == 1000


def test_after_a_failure_another_process_answers(objects: Objects, mini_repo: Path, git: Git) -> None:
    blob = git(mini_repo, "rev-parse", "HEAD:Makefile")
    place = object_file(mini_repo, blob)
    content = place.read_bytes()
    place.chmod(0o644)
    place.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="git fsck"):
        objects.blobs({blob: "Makefile"})
    place.write_bytes(content)
    assert objects.blobs({blob: "Makefile"})[blob] == (mini_repo / "Makefile").read_bytes()


def test_it_is_not_waited_for(mini_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = tmp_path / "git"
    waiting.write_text("#!/bin/sh\nexec sleep 100\n")
    waiting.chmod(0o755)
    objects = open_repository(mini_repo).objects
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(command, "SECONDS", 0.2)
    with pytest.raises(InputError, match=r"git cannot read .*: it took longer than 0\.2 s"):
        objects.find(["HEAD"])


def test_the_process_ends_with_its_repository(mini_repo: Path) -> None:
    repository = open_repository(mini_repo)
    repository.resolve("HEAD")
    process = pid(repository.objects)
    del repository
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_threads_share_it(objects: Objects, mini_repo: Path, git: Git) -> None:
    wanted = blobs(mini_repo, git)
    expected = objects.blobs(wanted)
    found: list[bool] = []

    def read() -> None:
        found.extend(objects.blobs(wanted) == expected for _ in range(5))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [True] * 20
