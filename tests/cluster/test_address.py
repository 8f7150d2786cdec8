"""What --on takes, and what it takes to be there."""

from __future__ import annotations

import pytest

from patcher.cluster import address
from patcher.cluster.address import Where, parse
from patcher.errors import InputError


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "find_spec", lambda name: name)


def test_places() -> None:
    assert parse("tcp://host.example:8786") == Where(address="tcp://host.example:8786")
    assert parse("tls://[::1]:8786") == Where(address="tls://[::1]:8786")
    assert parse("local:4") == Where(local=4)
    assert parse("ssh:one, user@two") == Where(hosts=("one", "user@two"))


@pytest.mark.parametrize(
    "text",
    ["", "tcp", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:70000", "tcp://a:1/x", "http://a:1", "local:",
     "local:0", "local:-1", "local:257", "local:٣", "local:99999999999999999999", "ssh:", "ssh:a,,b", "ssh:-oProxy",
     "tcp://a\n:1"],
)  # fmt: skip
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(InputError, match=r"(?s)--on .*(write tcp://|give 1 to 256)"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "missing"), [("local:2", "distributed"), ("ssh:a", "distributed"), ("ssh:a", "asyncssh")]
)
def test_what_is_not_installed(text: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "find_spec", lambda name: None if name == missing else name)
    with pytest.raises(InputError, match=rf"{missing}, .*pip install 'patcher\[cluster\]'"):
        parse(text)
