"""Whose rules hold for a path."""

from __future__ import annotations

import pytest
from maintainersfile import TEXT

from patcher.lint.maintainers import profile
from patcher.tree.maintainers import Maintainers


@pytest.fixture
def known() -> Maintainers:
    return Maintainers(TEXT)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["arch/x86/kernel/x.c"], "tip"),
        (["net/ipv4/tcp.c", "Documentation/networking/x.rst"], "netdev"),
        (["net/ipv4/tcp.c", "arch/x86/kernel/x.c"], "default"),
        (["arch/x86/kvm/mmu.c"], "tip"),
        (["fs/x.c"], "default"),
        (["arch/x86/xen/mmu.c"], "default"),
        (["arch/x86/hyperv/ivm.c", "arch/x86/hyperv/hv_init.c"], "default"),
        (["arch/x86/kernel/cpu/mshyperv.c"], "default"),
        (["drivers/infiniband/hw/x.c", "include/net/x.h", "include/net/y.h"], "default"),
        (["include/net/x.h"], "netdev"),
        (["drivers/net/ethernet/microsoft/mana/x.c", "include/net/mana/gdma.h"], "netdev"),
        (["drivers/net/ethernet/intel/ice/x.c"], "netdev"),
        ([], "default"),
    ],
)
def test_the_profile(known: Maintainers, paths: list[str], expected: str) -> None:
    assert profile(paths, known) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("arch/x86/kvm/mmu.c", "kvm"),
        ("arch/x86/mm/tlb.c", "tip"),
        ("drivers/net/x.c", "netdev"),
        ("net/wireless/x.c", "default"),
        ("arch/x86/hyperv/ivm.c", "default"),
        ("arch/x86/include/asm/mshyperv.h", "default"),
        ("net/bpf/test_run.c", "default"),
    ],
)
def test_the_profile_without_a_tree(path: str, expected: str) -> None:
    assert profile([path], None) == expected
