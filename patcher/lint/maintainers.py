"""MAINTAINERS: who looks after a path, which list it is discussed on, and whose rules hold."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from patcher.cache import Cache
from patcher.lint.model import CannotTell, Profile
from patcher.mail.decode import people
from patcher.model import Frozen
from patcher.pattern import NotAPattern, pattern

_ENTRY = re.compile(r"([A-Z]):\s*(.*\S)")
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


class Section(Frozen, frozen=True):
    """One entry of MAINTAINERS. All is as written there; lists are addresses in small letters."""

    title: str
    status: str
    files: tuple[str, ...]
    excluded: tuple[str, ...]
    names: tuple[str, ...]
    maintainers: tuple[str, ...]
    reviewers: tuple[str, ...]
    lists: tuple[str, ...]
    trees: tuple[str, ...]
    documents: tuple[str, ...]

    def fits(self, path: str) -> int:
        """How specific the section's best pattern for this path is: its parts (as get_maintainer.pl counts), 0 for
        none."""
        if any(_matches(pattern, path) for pattern in self.excluded):
            return 0
        depth = max((_depth(pattern) for pattern in self.files if _matches(pattern, path)), default=0)
        if not depth and any(_found(name, path) for name in self.names):
            return 1
        return depth


def _matches(pattern: str, path: str) -> bool:
    """``drivers/net/`` is all below it, ``*`` stands for anything but a slash."""
    if "*" not in pattern and "?" not in pattern:  # to compile thousands takes a second
        return path.startswith(pattern) and (pattern.endswith("/") or path[len(pattern) :][:1] in ("", "/"))
    return _compiled(pattern).match(path) is not None


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = "".join("[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
                    for part in re.split(r"([*?])", pattern))  # fmt: skip
    return re.compile(parts if pattern.endswith("/") else parts + r"(?:/.*)?\Z")


def _depth(pattern: str) -> int:
    return pattern.count("/") + (0 if pattern.endswith("/") else 1) + (1 if "*" not in pattern else 0)


def _found(name: str, path: str) -> bool:
    """Whether an ``N:`` fits. It is a regular expression of the tree; one that cannot be read fits nothing."""
    try:
        return pattern(name, "MAINTAINERS").search(path) is not None
    except NotAPattern:
        return False


_decoder = msgspec.msgpack.Decoder(tuple[Section, ...])


class Maintainers:
    """The sections of a MAINTAINERS file."""

    def __init__(self, text: str, cache: Cache | None = None) -> None:
        self._text = text
        self._cache = cache
        self._fitting: dict[str, tuple[tuple[int, Section], ...]] = {}

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All of them but THE REST, which is everybody's."""
        key = f"maintainers-1:{hashlib.sha256(self._text.encode('utf-8', 'surrogateescape')).hexdigest()}"
        if self._cache and (stored := self._cache.load(key, _decoder.decode)) is not None:
            return stored
        found = tuple(section for section in _sections(self._text) if section.title != "THE REST")
        if self._cache:
            self._cache.put(key, msgspec.msgpack.encode(found))
        return found

    @property
    def tells_files(self) -> bool:
        """Whether it says which files its entries are about, as it does since Linux 2.6.30."""
        return 2 * sum(bool(section.files or section.names) for section in self.sections) > len(self.sections)

    @cached_property
    def _by_start(self) -> dict[str, list[Section]]:
        """Sections by the first part of their patterns ("" where it has a wildcard): most need not be looked at."""
        found: dict[str, list[Section]] = {}
        for section in self.sections:
            starts = {pattern.split("/")[0] for pattern in section.files}
            starts = {"" if "*" in start or "?" in start else start for start in starts}
            for start in {""} if section.names else starts:
                found.setdefault(start, []).append(section)
        return found

    def of(self, path: str) -> tuple[tuple[int, Section], ...]:
        """The sections a path belongs to, the most specific first, with how specific they are."""
        if path not in self._fitting:
            candidates = [*self._by_start.get(path.split("/")[0], ()), *self._by_start.get("", ())]
            found = ((section.fits(path), section) for section in candidates)
            self._fitting[path] = tuple(sorted((each for each in found if each[0]), key=lambda each: -each[0]))
        return self._fitting[path]

    def profile(self, path: str) -> Profile | None:
        """The profile that the most specific section with a handbook, a tree or a list names for a path, or None. What
        has a tree or a list of its own is not tip's; netdev has sub-trees, whose patches keep its rules."""
        for _, section in self.of(path):
            if named := _profile_of(section):
                return named
            if section.trees or any("linux-kernel@" not in address for address in section.lists):
                return Profile.NETDEV if _path_profile(path) is Profile.NETDEV else Profile.DEFAULT
        return None


def addresses(values: Iterable[str]) -> tuple[str, ...]:
    """The addresses of people as MAINTAINERS has them, in small letters."""
    return tuple(person.address.lower() for value in values for person in people(value) if "@" in person.address)


def _profile_of(section: Section) -> Profile | None:
    for part, profile in _PROFILE_DOCUMENTS:
        if any(part in document for document in section.documents):
            return profile
    for part, profile in _PROFILE_TREES:
        if any(part in tree for tree in section.trees):
            return profile
    return Profile.NETDEV if section.lists[:1] == (_NETDEV_LIST,) else None


def _sections(text: str) -> Iterator[Section]:
    title, entries = "", []
    for line in [*text.split("\n"), "", "THE END"]:
        match = _ENTRY.match(line)
        if match:
            entries.append(match.groups())
        elif line and not line[0].isspace() and line.strip():
            if title and entries:
                yield _section(title, entries)
            title, entries = line.strip(), []
    return


def _section(title: str, entries: Sequence[tuple[str | None, ...]]) -> Section:
    def of(letter: str) -> tuple[str, ...]:
        return tuple(value for key, value in entries if key == letter and value)

    return Section(
        title=title,
        status=(of("S") or ("",))[0],
        files=of("F"),
        excluded=of("X"),
        names=of("N"),
        maintainers=of("M") or tuple(value for value in of("P") if "@" in value),
        reviewers=of("R"),
        lists=tuple(value.split()[0].lower() for value in of("L") if "@" in value and "subscribers-only" not in value),
        trees=of("T"),
        documents=tuple(value for value in of("P") if "@" not in value),
    )


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
        found = (maintainers.profile(path) if maintainers else None) or _path_profile(path) or Profile.DEFAULT
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
