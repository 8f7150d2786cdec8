"""MAINTAINERS: who looks after a path, which list it is discussed on, and whose rules hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

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
# For trees that say nothing, and for mail without a tree. The longest that fits decides.
_PROFILE_PATHS = (
    ("arch/x86/kvm/", _KVM), ("arch/x86/include/asm/kvm", _KVM), ("arch/x86/", _TIP), ("kernel/sched/", _TIP),
    ("kernel/locking/", _TIP), ("kernel/irq/", _TIP), ("kernel/time/", _TIP), ("kernel/events/", _TIP),
    ("net/", _NETDEV), ("drivers/net/", _NETDEV), ("include/net/", _NETDEV), ("include/linux/net", _NETDEV),
    ("net/wireless/", _DEFAULT), ("net/mac80211/", _DEFAULT), ("drivers/net/wireless/", _DEFAULT),
    ("net/bluetooth/", _DEFAULT), ("include/net/bluetooth/", _DEFAULT), ("net/9p/", _DEFAULT),
    ("net/sunrpc/", _DEFAULT), ("net/ceph/", _DEFAULT), ("net/netfilter/", _DEFAULT),
    ("arch/x86/xen/", _DEFAULT), ("arch/x86/include/asm/xen/", _DEFAULT),
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


class Maintainers:
    """The sections of a MAINTAINERS file."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fitting: dict[str, tuple[tuple[int, Section], ...]] = {}

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All of them but THE REST, which is everybody's."""
        return tuple(section for section in _sections(self._text) if section.title != "THE REST")

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
        """The profile the most specific section that has one names for a path, or None."""
        others = [start for start, each in _PROFILE_PATHS if each is Profile.DEFAULT and path.startswith(start)]
        own = max(map(_depth, others), default=0)
        for depth, section in self.of(path):
            if named := _profile_of(section):
                return named if depth >= own else Profile.DEFAULT  # Xen's part of arch/x86 is not tip's
            if section.trees:
                return None if _path_profile(path) else Profile.DEFAULT
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
    return None


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
    """The profile that holds for a patch: that of the most of its files, documents and tests not counted where there
    are others. In doubt, the default."""
    counted: dict[Profile, int] = {}
    named = list(paths)
    code = [
        path for path in named if not path.startswith(("Documentation/", "tools/testing/")) and path != "MAINTAINERS"
    ]
    for path in code or named:
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
