"""What the tests of lint share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]
SIGN = "Signed-off-by: A U Thor <author@example.org>"


@pytest.fixture
def series(mini_repo: Path, git: Git) -> Path:
    """A good series of two commits on a branch that follows main."""
    git(mini_repo, "checkout", "-q", "-b", "work", "--track", "main")
    for number in (1, 2):
        place = mini_repo / "drivers/xen/Kconfig"
        place.parent.mkdir(exist_ok=True)
        old = place.read_text() if place.exists() else "# SPDX-License-Identifier: GPL-2.0\n"
        place.write_text(f'{old}\nconfig XEN_NEW_{number}\n\tbool "New"\n\thelp\n\t  It is new.\n')
        makefile = place.with_name("Makefile")
        rules = makefile.read_text() if makefile.exists() else "# SPDX-License-Identifier: GPL-2.0\n"
        makefile.write_text(f"{rules}ccflags-$(CONFIG_XEN_NEW_{number}) += -DNEW_{number}\n")
        git(mini_repo, "add", "-A")
        git(mini_repo, "commit", "-q", "-m", f"xen: Add option {number}\n\nIt is needed.\n\n{SIGN}")
    return mini_repo
