"""Real kernels, booted: minutes of the processor's, so only where it is asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from boot.stub import needs_qemu

from patcher.boot import xen

ASKED = pytest.mark.skipif(
    not os.environ.get("PATCHER_BOOT"), reason="PATCHER_BOOT is not set; a boot is half a minute"
)


@pytest.mark.slow
@ASKED
@needs_qemu
def test_linux_2_6_37(run: Callable[..., Any], linux_2_6_37: Any) -> None:
    """dom0 maps a page of the firmware's and a BAR with the series, and not without; it survives any ramdisk."""
    image = os.environ.get("PATCHER_XEN")
    if image is None and isinstance(found := xen.find(None), str):
        pytest.skip(found)
    named = ("--xen", image) if image else ()
    ran = run(
        "boot", "--series", "identity", "--base", linux_2_6_37.revision, "--tree", linux_2_6_37.path, "--trust-tree",
        "--format", "json", *named,
    )  # fmt: skip
    assert (ran.code, ran.stderr) == (0, "")
    rows = json.loads(ran.stdout)["rows"]
    dom0 = {each["probe"]: each for each in rows if (each["where"], each["ramdisk"]) == ("xen-dom0", "large")}
    for probe in ("mmap acpi.RSDT", "mmap bar.0000:00:02.0"):
        assert (dom0[probe]["base"]["status"], dom0[probe]["now"]["status"]) == ("FAIL", "PASS")
    for probe in ("p2m", "p2m after up", "p2m after back", "balloon down", "balloon up", "foreign"):
        assert dom0[probe]["now"]["status"] == "PASS"
    boots = [each["now"]["status"] for each in rows if each["probe"] == "boot"]
    assert boots == ["PASS"] * 4  # bare metal; dom0 with three ramdisks


@pytest.mark.slow
@ASKED
@needs_qemu
def test_linux_6_12(run: Callable[..., Any]) -> None:
    """A modern kernel, on bare metal and as dom0. Building it takes two cores a quarter of an hour."""
    tree = os.environ.get("PATCHER_LINUX_6_12_GIT")
    if not tree:
        pytest.skip("PATCHER_LINUX_6_12_GIT names no repository with a Linux 6.12")
    image = os.environ.get("PATCHER_XEN")
    if image is None and isinstance(found := xen.find(None), str):
        pytest.skip(found)
    ran = run("boot", "--rev", "HEAD", "--tree", tree, "--trust-tree", "--format", "json", "--xen", image or str(found))
    assert ran.stderr == ""
    boots = {(each["where"], each["ramdisk"]): each["now"] for each in json.loads(ran.stdout)["rows"]
             if each["probe"] == "boot"}  # fmt: skip
    assert {each["status"] for each in boots.values()} == {"PASS"} and len(boots) == 4
