"""Whose rules hold for a path."""

from __future__ import annotations

import pytest

from patcher.lint.maintainers import profile
from patcher.tree.maintainers import Maintainers

TEXT = """List of maintainers

\tF: in the text above is no pattern

XEN HYPERVISOR INTERFACE
P:\tJeremy Fitzhardinge
M:\t"Jeremy, F." <jeremy@xensource.com>
R:\tReviewer <r@example.org>
L:\txen-devel@lists.xensource.com (moderated for non-subscribers)
L:\tprivate@example.org (subscribers-only)
S:\tSupported
F:\tarch/x86/xen/
F:\tdrivers/*/xen-*front.c
X:\tarch/x86/xen/vga.c
N:\txenbus

X86 ARCHITECTURE
M:\tI <i@example.org>
S:\tMaintained
P:\tDocumentation/process/maintainer-tip.rst
T:\tgit git://git.kernel.org/pub/scm/linux/kernel/git/tip/tip.git x86/core
F:\tarch/x86/

NETWORKING
M:\tD <d@example.org>
S:\tMaintained
T:\tgit git://git.kernel.org/pub/scm/linux/kernel/git/netdev/net.git
F:\tnet/
F:\tinclude/linux/in.h

HYPERV
L:\tlinux-hyperv@vger.kernel.org
S:\tSupported
T:\tgit git://git.kernel.org/pub/scm/linux/kernel/git/hyperv/linux.git
F:\tarch/x86/hyperv/
F:\tarch/x86/kernel/cpu/mshyperv.c
F:\tdrivers/hv/

MANA
L:\tlinux-hyperv@vger.kernel.org
L:\tnetdev@vger.kernel.org
S:\tSupported
F:\tdrivers/net/ethernet/microsoft/

INTEL ETHERNET
L:\tintel-wired-lan@lists.osuosl.org
T:\tgit git://git.kernel.org/pub/scm/linux/kernel/git/tnguy/next-queue.git
F:\tdrivers/net/ethernet/intel/

RDMA
L:\tlinux-rdma@vger.kernel.org
T:\tgit git://git.kernel.org/pub/scm/linux/kernel/git/rdma/rdma.git
F:\tdrivers/infiniband/

THE REST
M:\tLinus <l@example.org>
S:\tBuried alive in reporters
F:\t*
F:\t*/
"""


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
