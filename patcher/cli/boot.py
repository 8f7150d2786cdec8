"""``patcher boot``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from patcher.cli.booting import promised
from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, common, deliver, open_place, use_libclang, working
from patcher.cli.screen import style, width
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.boot.results import Promise, Report
    from patcher.cache import Cache
    from patcher.report.progress import Bar
    from patcher.tree.gitrepo import Repository
    from patcher.tree.objects import Commit

FORMATS = ("text", "json")
_SIZE = re.compile(r"(\d{1,7})([MG])")
_LEAST, _MOST = 128, 64 * 1024  # MiB of memory


def _mib(_context: click.Context, option: click.Parameter, text: str) -> int:
    """An amount of memory, such as 512M or 2G, in MiB."""
    match = _SIZE.fullmatch(text)
    size = int(match[1]) * (1024 if match[2] == "G" else 1) if match else 0
    if not _LEAST <= size <= _MOST:
        known = f"give {_LEAST}M to {_MOST // 1024}G, such as 512M or 2G"
        raise InputError(f"{option.opts[-1]}: {text!r} is no amount of memory for it", known)
    return size


@click.command(cls=Command)
@click.argument("what", required=False, metavar="[RANGE]")
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH,
    help="Kernel tree: a git repository (bare or not) or a worktree. Default: here.",
)  # fmt: skip
@click.option("--series", metavar="NAME", help="Boot the series of that name, generated for the tree; several: A,B.")
@click.option("--base", metavar="REV", help="What --series is put on. Default: HEAD.")
@click.option("--rev", metavar="REV", help="Boot this commit alone.")
@click.option("--against", metavar="REV", help="With --rev: compare with this commit.")
@click.option("--on", default="bare,xen-dom0", show_default=True, metavar="LIST", help="bare, xen-dom0, xen-domu.")
@click.option("--arch", default="x86_64", show_default=True, metavar="LIST", help="x86_64, i386.")
@click.option("--memory", callback=_mib, default="2G", metavar="SIZE", show_default=True, help="Of the machine.")
@click.option("--dom0-mem", "dom0", callback=_mib, default="512M", metavar="SIZE", show_default=True, help="Of dom0.")
@click.option("--xen", metavar="FILE", type=PATH, help="Xen's image. Default: the newest /boot/xen-*.gz.")
@click.option("--probe", metavar="FILE", type=PATH, help="A script or static program to run in the guest, too.")
@click.option("--config", "symbols", metavar="LIST", help="Symbols to set beside ours: SYMBOL, SYMBOL=VALUE.")
@click.option("--keep", metavar="DIR", type=PATH, help="Store kernels, configurations, consoles and commands there.")
@click.option("--trust-tree", is_flag=True, help="Allow the tree's build to run (in a sandbox).")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at once. Default: all cores.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@common
def boot(
    what: str | None, place: Path, series: str | None, base: str | None, rev: str | None, against: str | None, on: str,
    arch: str, memory: int, dom0: int, xen: Path | None, probe: Path | None, symbols: str | None, keep: Path | None,
    trust_tree: bool, jobs: int | None, form: str, output: Path | None, quiet: bool, verbose: bool,
    libclang: str | None,
) -> int:  # fmt: skip
    """Boot a kernel with and without a series, on bare metal and under Xen, and tell what differs.

    RANGE is A..B, or A for A..HEAD, or -3 for the last three commits: A and B are built and booted in QEMU, where
    probes look at the machine; what only B shows is bisected. Exit code 1 means that something fails which did not
    before, or was to be mended.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.boot import run, session
    from patcher.boot.boots import Options
    from patcher.boot.config import shipped
    from patcher.boot.kernel import Kernels
    from patcher.boot.machine import WHERE
    from patcher.boot.model import ARCHES
    from patcher.check.runner import must_trust
    from patcher.files import read_file

    must_trust(trust_tree)
    run.must_run()
    options = Options(
        _some(on, "--on", WHERE), _some(arch, "--arch", ARCHES), memory, dom0, xen, keep,
        read_file(probe) if probe else None,
    )  # fmt: skip
    if dom0 >= memory:
        raise InputError(f"--dom0-mem {dom0}M is all of the machine's memory, or more", "give --memory more")
    config = shipped().asking((symbols or "").split(",") if symbols else ())
    with working(quiet) as (cache, bar), _named(_Words(what, series, base, rev, against), place, cache, bar) as asked:
        building = Kernels(
            place, cache, trusted=trust_tree, jobs=jobs or 0, repository=asked.repository, progress=bar
        )  # fmt: skip
        with building as kernels:
            report = session.boot(
                str(place), asked.base, asked.commits, asked.promises, options,
                lambda commit, arch, formats: kernels.build(commit, arch, formats, config), bar,
            )  # fmt: skip
    deliver(_shown(report, form, output, verbose, quiet), output)
    from patcher.boot.results import passed

    return CLEAN if passed(report) else FOUND


class _Words(NamedTuple):
    """What the user named."""

    what: str | None
    series: str | None
    base: str | None
    rev: str | None
    against: str | None


class _Asked(NamedTuple):
    """Commits to boot, what they are compared with ("" for nothing), and what they are to change."""

    repository: Repository
    base: str
    commits: tuple[Commit, ...]
    promises: tuple[Promise, ...] = ()


@contextlib.contextmanager
def _named(words: _Words, place: Path, cache: Cache, bar: Bar | None) -> Iterator[_Asked]:
    from patcher import temporary
    from patcher.check import series as check
    from patcher.tree.find import open_repository

    repository = open_repository(place)
    if sum(each is not None for each in (words.what, words.series, words.rev)) > 1:
        raise InputError("a range, --series and --rev contradict each other", "give one of them")
    if words.against is not None and words.rev is None:
        raise InputError("--against goes with --rev", "of a range, its beginning is what the end is compared with")
    if words.base is not None and words.series is None:
        raise InputError("--base goes with --series", f"write {words.base}.. for a range")
    with temporary.directory("boot") as scratch:
        if words.series is not None:
            yield _generated(words.series, words.base, place, scratch, cache, bar)
        elif words.what is not None:
            found = check.named(repository, (words.what,), None, scratch)
            yield _Asked(found.repository, found.base, found.commits)
        else:
            commit = repository.commit(words.rev or "HEAD")
            base = repository.commit(words.against).id if words.against is not None else ""
            yield _Asked(repository, base, (commit,))


def _generated(
    names: str, base: str | None, place: Path, scratch: Path, cache: Cache, bar: Bar | None
) -> _Asked:  # fmt: skip
    from patcher.cli.asked import Named, requests
    from patcher.generate import pipeline

    asked = requests(Named(names, None))
    found, _ = pipeline.committed(open_place(place, base, False), asked, scratch, cache, bar)
    return _Asked(found.repository, found.base, found.commits, promised(asked))


def _some(text: str, option: str, known: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    for word in words:
        if word not in known:
            raise InputError(f"{option}: there is no {word!r}", f"choose from {', '.join(known)}")
    return words


def _shown(report: Report, form: str, output: Path | None, verbose: bool, quiet: bool) -> str:
    if form == "json":
        from patcher.about import tool
        from patcher.report.boot_json import boot_json

        return boot_json(report, tool())
    from patcher.report.boot_text import boot_text

    return boot_text(report, style(output), verbose=verbose, quiet=quiet, width=width(output))
