"""--on ssh: by a real sshd on the loopback interface, with keys and a configuration of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.machines import wait_until

MAILS = sorted((Path(__file__).parent.parent / "lint" / "cases").glob("a*.patch"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose ssh knows the machines one and two, and nothing of the user's."""
    sshd = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if sshd is None:
        pytest.skip("sshd is not installed (openssh-server)")
    if importlib.util.find_spec("asyncssh") is None or importlib.util.find_spec("distributed") is None:
        pytest.skip("asyncssh or dask.distributed is not installed (patcher[cluster])")
    if os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        pytest.skip("sshd does not start without /run/sshd")
    home = tmp_path / "home"
    place = home / ".ssh"
    place.mkdir(parents=True, mode=0o700)
    for name in ("host", "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (place / "known").write_text(f"[127.0.0.1]:{port} {(place / 'host.pub').read_text()}")
    (place / "config").write_text(
        f"Host one two\nHostName 127.0.0.1\nPort {port}\nIdentityFile {place}/id\nUserKnownHostsFile {place}/known\n"
    )
    (place / "sshd").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nAuthorizedKeysFile {place}/id.pub\nPidFile none\n"
        f"StrictModes no\nUsePAM no\nPasswordAuthentication no\nSetEnv PATCHER_CACHE_DIR={tmp_path}/there\n"
    )
    server = subprocess.Popen([sshd, "-D", "-f", str(place / "sshd")], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _listens(port), asking=server)
        yield home
    finally:
        server.terminate()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_units_on_machines_that_ssh_reaches(home: Path, run: Callable[..., Any], tmp_path: Path) -> None:
    lint = ("lint", *MAILS, "--no-tree", "--format", "json")
    here = run(*lint)
    environment = {"HOME": str(home), "PATCHER_CACHE_DIR": str(tmp_path / "asking")}
    there = run(*lint, "--on", "ssh:one,two", env=environment, afresh=True)
    assert (there.code, there.stdout, there.stderr) == (here.code, here.stdout, "")
    assert list((tmp_path / "there").glob("cluster/worker-*")), "it was not done by those"

    # A machine whose key is not known.
    (home / ".ssh/known").write_text("")
    refused = run(*lint[:2], "--no-tree", "--on", "ssh:one", env=environment, afresh=True)
    assert (refused.code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("patcher: cannot start workers by ssh: Host key is not trusted")
    assert refused.stderr.count("\n") == 1
