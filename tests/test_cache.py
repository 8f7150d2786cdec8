from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import patcher
from patcher import cache as module
from patcher.cache import Cache, default_root
from patcher.errors import InputError


def damage_pages(database: Path) -> None:
    """Leave the header of an SQLite file as it is, and nothing behind it."""
    content = database.read_bytes()
    database.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_root() == tmp_path / ".cache" / "patcher"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_root() == tmp_path / "xdg" / "patcher"
    monkeypatch.setenv("PATCHER_CACHE_DIR", str(tmp_path / "own"))
    assert default_root() == tmp_path / "own"


def test_nothing_is_made_before_it_is_used(cache_dir: Path) -> None:
    Cache(cache_dir).close()
    assert not cache_dir.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.binary(max_size=200))
def test_round_trip(cache: Cache, key: str, value: bytes) -> None:
    cache.put(key, value)
    assert cache.get(key) == value


def test_a_large_value(cache: Cache) -> None:
    cache.put("large", bytes(5 * 2**20))
    assert cache.get("large") == bytes(5 * 2**20)


def test_an_unknown_key(cache: Cache) -> None:
    assert cache.get("unknown") is None


def test_values_outlive_the_process(cache_dir: Path) -> None:
    first = Cache(cache_dir)
    first.put("key", b"value")
    first.close()
    second = Cache(cache_dir)
    assert second.get("key") == b"value"
    second.close()


def test_many_processes_at_once(cache_dir: Path) -> None:
    script = """
import sys
from pathlib import Path
from patcher.cache import Cache
cache = Cache(Path(sys.argv[1]))
for number in range(40):
    cache.put(f"both:{number}", b"%d" % number)
    assert cache.get(f"both:{number}") == b"%d" % number
    exported = cache.directory("export", "shared")
    exported.add(f"deep/{number}.h", b"%d" % number)
    assert (exported.root / f"deep/{number}.h").read_bytes() == b"%d" % number
    exported.close()
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(patcher.__file__).parent.parent)}
    command = [sys.executable, "-W", "error", "-c", script, cache_dir]
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert not list(cache_dir.rglob("*.new"))


@pytest.mark.parametrize("how", ["overwritten", "emptied", "pages"])
def test_a_damaged_database_is_replaced(cache_dir: Path, how: str) -> None:
    first = Cache(cache_dir)
    for number in range(200):
        first.put(f"key:{number}", b"value" * 100)
    first.close()
    database = cache_dir / "values" / "cache.db"
    for journal in database.parent.glob("cache.db-*"):
        journal.unlink()
    if how == "pages":
        damage_pages(database)
    else:
        database.write_bytes(b"this is no database" * 1000 if how == "overwritten" else b"")
    second = Cache(cache_dir)
    assert second.get("key:7") in (None, b"value" * 100)
    second.put("key:7", b"new")
    assert second.get("key:7") == b"new"
    second.close()


def test_a_lost_value_file_is_a_miss(cache_dir: Path, cache: Cache) -> None:
    cache.put("large", bytes(2**20))
    (stored,) = (cache_dir / "values").rglob("*.val")
    stored.unlink()
    assert cache.get("large") is None


@pytest.mark.parametrize("use", ["get", "put", "directory"])
def test_a_file_in_its_place(tmp_path: Path, use: str) -> None:
    (tmp_path / "cache").touch()
    cache = Cache(tmp_path / "cache")
    with pytest.raises(InputError, match=r"cannot use the cache .*PATCHER_CACHE_DIR") as raised:
        {
            "get": lambda: cache.get("x"),
            "put": lambda: cache.put("x", b""),
            "directory": lambda: cache.directory("a", "b"),
        }[use]()
    assert "\n" not in str(raised.value)
    cache.close()


@pytest.mark.parametrize("use", ["get", "directory"])
def test_a_file_in_the_place_of_a_part(tmp_path: Path, use: str) -> None:
    (tmp_path / "values").touch()
    (tmp_path / "export").touch()
    cache = Cache(tmp_path)
    with pytest.raises(InputError, match="cannot use the cache"):
        cache.get("x") if use == "get" else cache.directory("export", "key")
    cache.close()


def test_a_full_disk(cache: Cache) -> None:
    """Stood in for by a directory where a file must go, which fails as a full disk does: an OSError."""
    exported = cache.directory("export", "key")
    (exported.root / "mmu.c").mkdir()
    with pytest.raises(InputError, match="cannot use the cache"):
        exported.add("mmu.c", b"content")
    assert not list(exported.root.glob("*.new"))
    exported.close()


def test_exported_files(cache: Cache) -> None:
    exported = cache.directory("export", "key")
    assert not exported.has("arch/x86/xen/mmu.c")
    exported.add("arch/x86/xen/mmu.c", b"content")
    assert exported.has("arch/x86/xen/mmu.c")
    assert not exported.has("arch/x86/xen")
    assert (exported.root / "arch/x86/xen/mmu.c").read_bytes() == b"content"
    exported.close()
    again = cache.directory("export", "key")
    assert again.has("arch/x86/xen/mmu.c")
    again.close()


@pytest.mark.parametrize("path", ["/etc/passwd", "../out", "a/../../out", "a/..", ".."])
def test_no_path_leaves_the_directory(cache: Cache, cache_dir: Path, path: str) -> None:
    exported = cache.directory("export", "key")
    with pytest.raises(InputError, match="leaves the tree"):
        exported.add(path, b"evil")
    exported.close()
    assert [
        file for file in cache_dir.rglob("*") if file.is_file() and file.suffix != ".lock" and file.name != ".evicted"
    ] == []


def test_names_with_two_dots_in_them_are_fine(cache: Cache) -> None:
    exported = cache.directory("export", "key")
    exported.add("a..b/..c", b"fine")
    assert exported.has("a..b/..c")
    exported.close()


def test_the_longest_unused_go(cache: Cache, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXPORT_BYTES", 2500)
    for age, key in enumerate(["newest", "newer", "old", "oldest"]):
        exported = cache.directory("export", key)
        exported.add("file", bytes(1000))
        exported._lock.close()
        os.utime(cache_dir / "export" / f"{key}.lock", (10**9 - age, 10**9 - age))
    held = cache.directory("export", "oldest")  # in use, and so the youngest of all
    os.utime(cache_dir / "export" / "oldest.lock", (1, 1))
    (cache_dir / "export" / ".evicted").unlink(missing_ok=True)
    cache.directory("export", "newest").close()
    assert {key for key in ("newest", "newer", "old", "oldest") if (cache_dir / "export" / key).exists()} == {
        "newest", "newer", "oldest",
    }  # fmt: skip
    held.close()


def test_eviction_is_not_looked_at_all_the_time(cache: Cache, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.directory("export", "first").close()
    monkeypatch.setattr(module, "EXPORT_BYTES", 0)
    exported = cache.directory("export", "second")
    exported.add("file", b"x")
    exported.close()
    assert (cache_dir / "export" / "second" / "file").exists()
