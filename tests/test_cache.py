from __future__ import annotations

import os
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import patcher
from patcher import cache as module
from patcher.cache import Cache, default_root
from patcher.errors import InputError


def values(place: Path) -> list[Path]:
    """The files that hold values."""
    return sorted(file for file in (place / "values").glob("??/*") if file.is_file())


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
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(patcher.__file__).parent.parent)}
    command = [sys.executable, "-W", "error", "-c", script, str(cache_dir)]
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(4)]
    said = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert not list(cache_dir.rglob("*.new"))


def test_whatever_byte_is_damaged_it_is_a_miss(cache_dir: Path, cache: Cache) -> None:
    cache.put("key", b"value")
    (file,) = values(cache_dir)
    good = file.read_bytes()
    for at in range(len(good)):
        file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert cache.get("key") is None
        file.write_bytes(good[:at])
        assert cache.get("key") is None
    file.write_bytes(good + b"more")
    assert cache.get("key") is None
    cache.put("key", b"new")
    assert cache.get("key") == b"new"


def test_a_value_under_another_key_is_a_miss(cache_dir: Path, cache: Cache) -> None:
    cache.put("one", b"same")
    (one,) = values(cache_dir)
    cache.put("two", b"other")
    (two,) = set(values(cache_dir)) - {one}
    two.write_bytes(one.read_bytes())
    assert cache.get("two") is None
    assert cache.get("one") == b"same"


@pytest.mark.parametrize("value", [b"\xc1", b"", b"\x93\x01", zlib.compress(b"x")[:-3]])
def test_what_cannot_be_decoded_is_a_miss(cache: Cache, value: bytes) -> None:
    cache.put("key", value)
    assert cache.load("key", msgspec.msgpack.Decoder(list[str]).decode) is None
    assert cache.load("key", lambda stored: zlib.decompress(stored).decode()) is None
    assert cache.load("other", bytes.decode) is None


@pytest.mark.parametrize("use", [lambda cache: cache.put("key", b"value"), lambda cache: cache.directory("part")])
def test_it_is_for_its_owner_alone(cache_dir: Path, cache: Cache, use: Callable[[Cache], object]) -> None:
    use(cache)
    assert stat.S_IMODE(cache_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("how", ["link", "writable", "foreign"])
def test_a_directory_that_others_could_write_to_is_not_used(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "cache"
    planted = Cache(tmp_path / "other")
    planted.put("key", b"planted")
    planted.close()
    (tmp_path / "other").rename(place)
    if how == "link":
        place.rename(tmp_path / "elsewhere")
        place.symlink_to("elsewhere")
    elif how == "writable":
        place.chmod(0o770)
    elif os.geteuid() == 0:
        os.chown(place, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    cache = Cache(place)
    assert cache.get("key") is None
    cache.put("key", b"own")
    assert cache.get("key") == b"own"
    own = cache.root
    assert own != place
    cache.close()
    assert not own.exists()
    again = Cache(place)
    assert again.get("key") is None
    again.close()
    said = capsys.readouterr().err
    reasons = {"link": "a symbolic link", "writable": "others may write to it", "foreign": "belongs to another user"}
    assert said.count("\n") == 1
    assert reasons[how] in said


@pytest.mark.parametrize("use", ["get", "put"])
def test_a_file_in_its_place(tmp_path: Path, use: str) -> None:
    (tmp_path / "cache").touch()
    cache = Cache(tmp_path / "cache")
    with pytest.raises(InputError, match=r"cannot use the cache .*PATCHER_CACHE_DIR") as raised:
        cache.get("x") if use == "get" else cache.put("x", b"")
    assert "\n" not in str(raised.value)
    cache.close()


@pytest.mark.parametrize("use", ["get", "put"])
def test_a_file_in_the_place_of_a_part(tmp_path: Path, use: str) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache" / "values").touch()
    cache = Cache(tmp_path / "cache")
    with pytest.raises(InputError, match="cannot use the cache"):
        cache.get("x") if use == "get" else cache.put("x", b"")
    cache.close()


def test_a_full_disk(cache: Cache, cache_dir: Path) -> None:
    cache.put("key", b"value")
    (file,) = values(cache_dir)
    file.unlink()
    file.mkdir()  # where a file must go: fails as a full disk does, with an OSError
    with pytest.raises(InputError, match="cannot use the cache"):
        cache.put("key", b"value")
    assert not list(cache_dir.rglob("*.new"))


def test_the_oldest_values_go(cache: Cache, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for age, key in enumerate(["newest", "newer", "old", "oldest"]):
        before = set(values(cache_dir))
        cache.put(key, bytes(50_000))
        (file,) = set(values(cache_dir)) - before
        os.utime(file, (10**9 - age, 10**9 - age))
    monkeypatch.setattr(module, "VALUES_BYTES", 130_000)
    cache.close()
    assert [key for key in ("newest", "newer", "old", "oldest") if cache.get(key)] == ["newest", "newer"]
    cache.put("one more", bytes(200_000))
    cache.close()  # it is not looked at all the time
    assert cache.get("one more")
