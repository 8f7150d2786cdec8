"""Kernels of commits, built in check's workspace: in the sandbox, out of tree, each from what the last one left."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from patcher import temporary
from patcher.boot.config import BootConfig, knows
from patcher.boot.failure import failure
from patcher.boot.model import ARCHES, BZIMAGE, FORMATS, VMLINUX, BuildError, Kernel
from patcher.cache import Cache
from patcher.check.adjust import OURS, Adjustments, adjustments
from patcher.check.building import Build, CannotBuild
from patcher.check.builds import Builds
from patcher.check.configuration import Configuration
from patcher.check.runner import Runner, must_trust
from patcher.check.snapshot import Snapshot
from patcher.check.specs import Spec
from patcher.check.store import Store, digest
from patcher.check.tools import tool
from patcher.check.workers import Progress
from patcher.check.workspace import Kept, disk_errors, place
from patcher.errors import InputError
from patcher.files import read_file
from patcher.tree.find import open_repository
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.subtree import at_top

IMAGE_BYTES = 256 * 2**20
_KEPT_BYTES = 2**30
_MADE_AT = {VMLINUX: VMLINUX, BZIMAGE: "arch/x86/boot/bzImage"}
_IMAGE, _CONFIG, _UNSET = "image", "config", "unset"
_WHEN = "Thu Jan  1 00:00:00 UTC 1970"
_unset_decoder = msgspec.json.Decoder(tuple[str, ...])


class Kernels:
    """Builds kernels as they are asked for, as a context manager. What it gives lies there until its end.

    Arguments:
        tree: the repository that the user named
        cache: where kernels are kept, by the content of all that went in
        trusted: whether the user lets the tree's build run
        sandboxed: whether it runs in the sandbox
        jobs: processes at once, 0 for as many as there are cores
        repository: where the commits are, if elsewhere: one that borrows the objects of the tree's
        progress: is told what is begun

    Raises InputError where the tree is not ``trusted``, is no repository, or there is no sandbox.
    """

    def __init__(
        self, tree: Path, cache: Cache, *, trusted: bool, sandboxed: bool = True, jobs: int = 0,
        repository: Repository | None = None, progress: Progress | None = None,
    ) -> None:  # fmt: skip
        must_trust(trusted)
        named = open_repository(tree)
        self._repository, self._identity = repository or named, named.identity
        self._jobs = jobs or len(os.sched_getaffinity(0))
        self._progress = progress
        self._store = Store(cache)
        self._cache = cache
        self._series: list[Snapshot] = []  # what was built, in that order; at first a base, perhaps of an earlier run
        self._texts: dict[str, str] = {}
        self._configurations: dict[tuple[str, str], Configuration] = {}
        self._builds = Builds(self._repository, self._series, Runner(sandboxed=sandboxed), cache)
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> Kernels:
        with self._closing as closing:
            directory = place(self._cache)
            with disk_errors(directory):
                self._given = closing.enter_context(temporary.directory("kernels", directory))
            self._kept = Kept(directory / "kernels", _KEPT_BYTES)
            closing.enter_context(self._builds)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.__exit__(kind, error, trace)

    def build(self, commit: str, arch: str, formats: Sequence[str], config: BootConfig) -> tuple[Kernel, ...]:
        """The kernels of a commit, in the order of ``formats``, from the cache or anew.

        Arguments:
            commit: a revision that stands for one commit
            arch: ``x86_64`` or ``i386``
            formats: of ``vmlinux`` and ``bzImage``
            config: what it is configured with

        Raises InputError where the call is wrong, or there is no room to work, and BuildError where the tree does not
        build.
        """
        for asked, known in (([arch], ARCHES), (formats, FORMATS)):
            for word in asked:
                if word not in known:
                    raise InputError(f"{word!r} cannot be booted", f"choose from {', '.join(known)}")
        found = self._repository.commit(commit)
        configuration = self._configuration(arch, config, found.id)
        linker = tool("ld").version
        keys = {form: configuration.key("kernel", linker, found.tree, form) for form in dict.fromkeys(formats)}
        missing = [form for form, key in keys.items() if not self._is_given(key)]
        if missing:
            self._make(found.id, configuration, config, {form: keys[form] for form in missing})
        return tuple(self._kernel(found.id, arch, form, keys[form], configuration) for form in formats)

    def _is_given(self, key: str) -> bool:
        return (self._given / key).is_dir() or self._kept.load(key, self._given / key)

    def _kernel(self, commit: str, arch: str, form: str, key: str, configuration: Configuration) -> Kernel:
        place = self._given / key
        unset = _unset_decoder.decode(read_file(place / _UNSET))
        notes = configuration.adjustments.notes
        return Kernel(commit, arch, place / _IMAGE, form, place / _CONFIG, notes, unset)

    def _configuration(self, arch: str, config: BootConfig, first: str) -> Configuration:
        """One for each architecture and configuration, with what the commit that was asked for first needs."""
        fragment = config.fragment(arch)
        if (arch, fragment) not in self._configurations:
            compiler = tool("gcc")
            if compiler.missing:
                raise InputError(compiler.missing, "install a compiler")
            at_top(GitTree(self._repository, first))
            snapshot = Snapshot(self._repository, self._texts, 0, first, "")
            adjusted = adjustments(compiler.compiler, snapshot.text, snapshot.entries, snapshot.naming, arch)
            self._configurations[arch, fragment] = Configuration(
                len(self._configurations), f"{arch} {config.title}", Spec(arch, arch, "allnoconfig", "", (), ()),
                compiler, _with(adjusted, fragment), self._jobs, self._identity,
            )  # fmt: skip
        return self._configurations[arch, fragment]

    def _make(self, commit: str, configuration: Configuration, config: BootConfig, keys: dict[str, str]) -> None:
        """Build what ``keys`` have a key for, by format, and keep it."""
        snapshot = self._next(commit, configuration)
        try:
            build = self._configured(snapshot, configuration)
            self._say(commit, configuration, "building")
            result = build.link(list(keys))
            if result.reason or result.code:
                why = result.reason and f"the build was ended: {result.reason}"
                raise failure(result.stdout.decode("utf-8", "replace"), build.places, why)
            text = build.read(".config")
            unset = config.unset(configuration.spec.arch, text, lambda name: knows(snapshot, name))
            for form, key in keys.items():
                self._give(key, build.content(_MADE_AT[form], IMAGE_BYTES), text, unset)
        except CannotBuild as error:
            raise BuildError(str(error)) from error
        if build.fresh and snapshot.number == 0:
            build.fresh = False
            self._builds.keep(configuration)
            self._store.put_text(configuration.key("boot base"), commit)

    def _next(self, commit: str, configuration: Configuration) -> Snapshot:
        """The commit as one of the series, where it gets a place at its end unless it has one."""
        if not self._series:
            base = self._store.text(configuration.key("boot base"))
            if base and base != commit and self._repository.has(base) and self._builds.kept(configuration, base):
                self._series.append(Snapshot(self._repository, self._texts, 0, base, ""))
        for snapshot in self._series:
            if snapshot.commit == commit:
                return snapshot
        parent = self._series[-1].commit if self._series else ""
        self._series.append(Snapshot(self._repository, self._texts, len(self._series), commit, parent))
        return self._series[-1]

    def _configured(self, snapshot: Snapshot, configuration: Configuration) -> Build:
        """The build directory, with the commit's sources and its ``.config``. Raises CannotBuild."""
        base = self._store.text(configuration.key("boot config", self._series[0].config_files))
        build = self._builds.get(configuration, snapshot, base or "")
        key = configuration.key("boot config", snapshot.config_files)
        text = self._store.text(key)
        if text is None:
            self._say(snapshot.commit, configuration, "configuring")
            self._store.put_text(key, build.configure(snapshot.entries, ())[0])
        else:
            build.set_config(text)
        return build

    def _give(self, key: str, image: bytes, config: str, unset: tuple[str, ...]) -> None:
        place = self._given / key
        with disk_errors(self._given):
            place.mkdir()
            (place / _IMAGE).write_bytes(image)
            (place / _CONFIG).write_text(config)
            (place / _UNSET).write_bytes(msgspec.json.encode(unset))
        self._kept.save(key, place)

    def _say(self, commit: str, configuration: Configuration, what: str) -> None:
        if self._progress:
            self._progress(f"{commit[:12]} {configuration.spec.arch} {what}", len(self._series) - 1, len(self._series))


def _with(adjusted: Adjustments, fragment: str) -> Adjustments:
    """The same, and Kconfig given what is asked for: in every call of make, since any may run Kconfig again. What one
    tree comes to does not depend on when it is built."""
    file = f"boot/{digest(fragment)[:16]}.config"
    more = (("KCONFIG_ALLCONFIG", f"{OURS}/{file}"), ("KBUILD_BUILD_VERSION", "1"), ("KBUILD_BUILD_TIMESTAMP", _WHEN))
    return adjusted._replace(variables=(*adjusted.variables, *more), files={**adjusted.files, file: fragment})
