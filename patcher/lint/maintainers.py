"""Whose rules hold for a path, by MAINTAINERS and by the kernel's handbooks."""

from __future__ import annotations

from collections.abc import Iterable

from patcher.lint.model import CannotTell, Profile
from patcher.tree.maintainers import Maintainers, Section

_DEFAULT, _TIP, _NETDEV, _KVM = Profile.DEFAULT, Profile.TIP, Profile.NETDEV, Profile.KVM
_PROFILE_DOCUMENTS = (
    ("maintainer-kvm-x86", _KVM), ("maintainer-tip", _TIP), ("maintainer-netdev", _NETDEV),
)  # fmt: skip
_PROFILE_TREES = (("/tip/tip.git", _TIP), ("/netdev/net.git", _NETDEV), ("/netdev/net-next.git", _NETDEV),
                  ("/davem/net", _NETDEV), ("/tip/linux-2.6-tip", _TIP), ("/x86/linux-2.6-x86", _TIP))  # fmt: skip
_NETDEV_LIST = "netdev@vger.kernel.org"
# For trees that say nothing, and for mail without a tree. The longest that fits decides.
_NO_HANDBOOK = (
    "arch/x86/crypto/", "arch/x86/hyperv/", "arch/x86/include/asm/crypto/", "arch/x86/include/asm/hyperv",
    "arch/x86/include/asm/mshyperv", "arch/x86/include/asm/xen/", "arch/x86/kernel/acpi/",
    "arch/x86/kernel/cpu/mshyperv", "arch/x86/kernel/cpu/vmware", "arch/x86/kernel/kvm", "arch/x86/net/",
    "arch/x86/pci/", "arch/x86/platform/efi/", "arch/x86/platform/geode/", "arch/x86/platform/intel",
    "arch/x86/platform/olpc/", "arch/x86/power/", "arch/x86/um/", "arch/x86/xen/",
    "drivers/net/can/", "drivers/net/wireless/", "drivers/net/ieee802154/", "include/linux/can/",
    "include/linux/netfilter", "include/linux/netfs",
    "include/net/9p/", "include/net/bluetooth/", "include/net/cfg80211", "include/net/cfg802154",
    "include/net/ieee80211", "include/net/mac80211", "include/net/netfilter/", "net/6lowpan/", "net/9p/",
    "net/batman-adv/", "net/bluetooth/", "net/can/", "net/mptcp/",
    "net/bpf/", "net/bridge/netfilter/", "net/ceph/", "net/ieee802154/", "net/ipv4/netfilter/", "net/ipv6/netfilter/",
    "net/mac80211/", "net/mac802154/", "net/netfilter/", "net/rfkill/", "net/sunrpc/", "net/wireless/",
)  # fmt: skip
_PROFILE_PATHS = (
    ("arch/x86/kvm/", _KVM), ("arch/x86/include/asm/kvm", _KVM), ("arch/x86/", _TIP), ("kernel/sched/", _TIP),
    ("kernel/locking/", _TIP), ("kernel/irq/", _TIP), ("kernel/time/", _TIP), ("kernel/events/", _TIP),
    ("net/", _NETDEV), ("drivers/net/", _NETDEV), ("include/net/", _NETDEV), ("include/linux/net", _NETDEV),
    *((start, _DEFAULT) for start in _NO_HANDBOOK),
)  # fmt: skip


def _named_profile(maintainers: Maintainers, path: str) -> Profile | None:
    """The profile that the most specific section with a handbook, a tree or a list names for a path, or None. What
    has a tree or a list of its own is not tip's; netdev has sub-trees, whose patches keep its rules."""
    for _, section in maintainers.of(path):
        if named := _profile_of(section):
            return named
        if section.trees or any("linux-kernel@" not in address for address in section.open_lists):
            return Profile.NETDEV if _path_profile(path) is Profile.NETDEV else Profile.DEFAULT
    return None


def _profile_of(section: Section) -> Profile | None:
    for part, profile in _PROFILE_DOCUMENTS:
        if any(part in document for document in section.documents):
            return profile
    for part, profile in _PROFILE_TREES:
        if any(part in tree for tree in section.trees):
            return profile
    return Profile.NETDEV if section.open_lists[:1] == (_NETDEV_LIST,) else None


def _path_profile(path: str) -> Profile | None:
    fitting = [(len(start), profile) for start, profile in _PROFILE_PATHS if path.startswith(start)]
    return max(fitting)[1] if fitting else None


def profile(paths: Iterable[str], maintainers: Maintainers | None) -> Profile:
    """The profile that holds for a patch: that of the most of its files. Documents, tests and MAINTAINERS count only
    where there is nothing else, headers that all share where there is no other code. In doubt, the default."""
    counted: dict[Profile, int] = {}
    named = list(paths)
    beside = ("Documentation/", "tools/testing/", "MAINTAINERS")
    code = [path for path in named if not path.startswith(beside)]
    sources = [path for path in code if not path.startswith("include/")]
    for path in sources or code or named:
        found = (_named_profile(maintainers, path) if maintainers else None) or _path_profile(path) or Profile.DEFAULT
        counted[found] = counted.get(found, 0) + 1
    if not counted:
        return Profile.DEFAULT
    most = max(counted.values())
    best = [name for name, count in counted.items() if count == most]
    return best[0] if len(best) == 1 and most * 2 > sum(counted.values()) else Profile.DEFAULT


def needed(maintainers: Maintainers | None) -> Maintainers:
    """MAINTAINERS, or raises CannotTell where the tree has none."""
    if maintainers is None:
        raise CannotTell("the tree has no MAINTAINERS file")
    return maintainers
