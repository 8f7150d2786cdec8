"""A MAINTAINERS of ours, with entries of each kind."""

from __future__ import annotations

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
