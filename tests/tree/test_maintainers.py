"""MAINTAINERS, read as get_maintainer.pl reads it."""

from __future__ import annotations

import pytest

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
    ("path", "titles"),
    [
        ("arch/x86/xen/mmu.c", ["XEN HYPERVISOR INTERFACE", "X86 ARCHITECTURE"]),
        ("arch/x86/xen/vga.c", ["X86 ARCHITECTURE"]),
        ("drivers/video/xen-fbfront.c", ["XEN HYPERVISOR INTERFACE"]),
        ("drivers/video/sub/xen-fbfront.c", []),
        ("drivers/x/xenbus_probe.c", ["XEN HYPERVISOR INTERFACE"]),
        ("include/linux/in.h", ["NETWORKING"]),
        ("include/linux/in.hpp", ["NETWORKING"]),  # the script takes any end of the name
        ("include/linux/in.h/x", []),
        ("network/x.c", []),
    ],
)
def test_whose_a_path_is(known: Maintainers, path: str, titles: list[str]) -> None:
    assert [section.title for _, section in known.of(path)] == titles


def test_a_section(known: Maintainers) -> None:
    section = known.sections[0]
    assert section.open_lists == ("xen-devel@lists.xensource.com",)
    assert section.status == "Supported"


@pytest.mark.parametrize("text", ["", "\0", "X\n" * 3, "T\nF:\t[\nN:\t(\n", "T\nM:\t<<<\nF:\tx\n"])
def test_damage_is_survived(text: str) -> None:
    Maintainers(text).of("x/y.c")
