"""The history of a git repository: commits looked up all at once, walks bounded and remembered."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from patcher.cache import Cache
from patcher.tree.gitrepo import Repository
from patcher.tree.history import Names, Resolved
from patcher.tree.objects import commit_of

_HEX = re.compile(r"[0-9a-f]{4,64}\Z")
# A walk reads some 100,000 commits a second. Linux has 40,000 (2010) to 80,000 (today) a year.
_TITLED_YEARS = 10
_TITLES = 200  # in one walk
_TITLE = 1000  # characters
_OWN_ROOT = "1da177e4c3f41524e886b7f1b8a0c1fc7321cac2"  # Linux-2.6.12-rc2; before it Linux was not in git
_WHOLE = 1000  # files: no kernel has so few, and no commit but an import adds so many to nothing
_subjects_decoder = msgspec.msgpack.Decoder(list[str])


class GitHistory:
    """The history of a git repository up to ``base`` (a full commit id). Answers go to the cache."""

    def __init__(self, repository: Repository, base: str, cache: Cache) -> None:
        self._repository = repository
        self._cache = cache
        self.base = base
        self._known: dict[str, Resolved] = {}
        self._ancestors: dict[str, bool] = {}
        self._titled: dict[str, str] = {}

    def look_up(self, names: Iterable[str]) -> Mapping[str, Resolved]:
        wanted = sorted({name for name in names if _HEX.match(name)} - self._known.keys())
        if wanted:
            if self.base not in self._known and self.base not in wanted:
                wanted.append(self.base)  # its time is asked for soon
            self._known.update(zip(wanted, self._read(wanted), strict=True))
            if missing := [name for name in wanted if self._known[name].names is Names.MISSING]:
                self._known.update(self._ambiguous(missing))
        return self._known

    def _ambiguous(self, names: Sequence[str]) -> Iterable[tuple[str, Resolved]]:
        """Those that are too short rather than unknown: git tells them apart only where no kind is asked for."""
        asked = "".join(f"{name}\n" for name in names).encode()
        output = self._repository.run("cat-file", "--batch-check", stdin=asked, status_only=True).decode()
        for name, line in zip(names, output.splitlines(), strict=True):
            if not line.endswith(" missing"):
                yield name, Resolved(Names.AMBIGUOUS if line.endswith(" ambiguous") else Names.OTHER)

    def _read(self, names: Sequence[str]) -> Iterable[Resolved]:
        for found in self._repository.objects.find([f"{name}^{{commit}}" for name in names]):
            if found.kind != "commit":
                yield Resolved(Names(found.kind) if found.kind in ("missing", "ambiguous") else Names.OTHER)
                continue
            commit = commit_of(found)
            yield Resolved(Names.COMMIT, commit.id, commit.subject, commit.time)

    def ancestors(self, commits: Iterable[str]) -> frozenset[str]:
        asked = frozenset(commits)
        unknown = sorted(asked - self._ancestors.keys())
        for commit in unknown:
            if (stored := self._cache.get(self._key("ancestor", commit))) is not None:
                self._ancestors[commit] = stored == b"1"
        unknown = [commit for commit in unknown if commit not in self._ancestors]
        if unknown:
            given = "".join(f"{commit}\n" for commit in [*unknown, f"^{self.base}"]).encode()
            outside = set(self._repository.run("rev-list", "--stdin", stdin=given).decode().split())
            for commit in unknown:
                self._ancestors[commit] = commit not in outside
                self._cache.put(self._key("ancestor", commit), b"0" if commit in outside else b"1")
        return frozenset(commit for commit in asked if self._ancestors[commit])

    def titled(self, subjects: Iterable[str]) -> Mapping[str, str]:
        asked = [subject for subject in dict.fromkeys(subjects) if subject not in self._titled]
        # What no commit can have as its subject is not for git's command line.
        self._titled.update((subject, "") for subject in asked if "\0" in subject or not 0 < len(subject) < _TITLE)
        asked = [subject for subject in asked if subject not in self._titled]
        for subject in asked:
            if (stored := self._cache.get(self._key("titled", subject))) is not None:
                self._titled[subject] = stored.decode()
        unknown = [subject for subject in asked if subject not in self._titled]
        for some in (unknown[at : at + _TITLES] for at in range(0, len(unknown), _TITLES)):
            since = self._time - _TITLED_YEARS * 366 * 86400
            given = [f"--grep={subject}" for subject in some]
            found = self._repository.run("log", "-F", f"--since={since}", *given, "--format=%H %s", self.base, "--")
            newest: dict[str, str] = {}
            for line in found.decode("utf-8", "replace").split("\n"):
                commit, _, title = line.partition(" ")
                newest.setdefault(title, commit)
            for subject in some:
                self._titled[subject] = newest.get(subject, "")
                self._cache.put(self._key("titled", subject), self._titled[subject].encode())
        return self._titled

    def imported(self) -> Resolved | None:
        if self.look_up([_OWN_ROOT])[_OWN_ROOT].names is Names.COMMIT:
            return None
        key = self._key("imported", "")
        root = (self._cache.get(key) or b"").decode()
        if not root:
            roots = self._repository.run("rev-list", "--first-parent", "--max-parents=0", self.base).decode().split()
            files = self._repository.run("ls-tree", "-r", "-z", "--name-only", roots[0]).count(b"\0") if roots else 0
            root = roots[0] if files >= _WHOLE else "none"
            self._cache.put(key, root.encode())
        return self.look_up([root])[root] if root != "none" else None

    def subjects(self, paths: Sequence[str], years: int = 1, most: int = 400) -> Mapping[str, Sequence[str]]:
        found: dict[str, Sequence[str]] = {}
        asked = "subjects" if (years, most) == (1, 400) else f"subjects-{years}-{most}"
        for path in paths:
            if (stored := self._cache.load(self._key(asked, path), _subjects_decoder.decode)) is not None:
                found[path] = stored
        found |= {path: () for path in paths if "\0" in path or len(path) > _TITLE}  # not for git's command line
        missing = [path for path in paths if path not in found]
        if missing:
            for path, subjects in self._walk(missing, years, most).items():
                found[path] = subjects
                self._cache.put(self._key(asked, path), msgspec.msgpack.encode(subjects))
        return found

    def _walk(self, paths: Sequence[str], years: int, most: int) -> dict[str, list[str]]:
        """One walk for all paths, over the last years before the base."""
        since = self._time - years * 366 * 86400
        literal = [f":(literal,top){path}" for path in paths]
        log = self._repository.run(
            "log", "--no-merges", "--no-renames", f"--since={since}", f"--max-count={most}", "--name-only",
            "-z", "--format=%x00%s", self.base, "--", *literal,
        ).decode("utf-8", "surrogateescape")  # fmt: skip
        found: defaultdict[str, list[str]] = defaultdict(list)
        for record in log.split("\0\0"):
            subject, _, names = record.lstrip("\0").partition("\0")
            touched = [name.lstrip("\n") for name in names.split("\0") if name.strip()]
            for path in paths:
                if any(name == path or name.startswith(f"{path.rstrip('/')}/") for name in touched):
                    found[path].append(subject)
        return {path: found[path] for path in paths}

    @cached_property
    def _time(self) -> int:
        """The committer's time of the base."""
        return self.look_up([self.base])[self.base].time

    def _key(self, what: str, name: str) -> str:
        return (
            f"{what}:"
            + hashlib.sha256(
                f"{self._repository.identity}\0{self.base}\0{name}".encode("utf-8", "surrogateescape")
            ).hexdigest()
        )
