"""What a boot finds: the plain values between running and reporting."""

from __future__ import annotations

from patcher.check.results import Status
from patcher.model import Frozen


class Seen(Frozen, frozen=True):
    """How one probe came out in one boot. ``detail`` is for people; ``lines`` are those of the console that show it."""

    probe: str
    status: Status
    detail: str
    lines: tuple[str, ...] = ()


class Booted(Frozen, frozen=True):
    """One boot of a commit. ``where`` is ``bare`` or ``xen-dom0``, ``ramdisk`` its size: ``large``, ``small`` or
    ``none``. ``seconds`` are of the clock, ``processor`` what QEMU used, both 0 where nothing was booted; ``again`` is
    the command that repeats it, ``messages`` what kernel and Xen said."""

    commit: str
    arch: str
    where: str
    ramdisk: str
    seen: tuple[Seen, ...]
    seconds: float = 0
    processor: float = 0
    again: str = ""
    messages: tuple[str, ...] = ()


class Promise(Frozen, frozen=True):
    """What a series is to change: ``[[boot]]`` of its series.toml. ``probe`` comes out as ``base`` before the step
    ``since``, and as PASS from then on; ``on`` is where."""

    probe: str
    on: str
    base: Status
    since: str


class Row(Frozen, frozen=True):
    """One probe, on the base (None where there is none) and on the commit that is looked at. ``mark`` says what the two
    come to: "" for nothing, ``new``, ``as before``, ``mended``, ``promised``."""

    arch: str
    where: str
    ramdisk: str
    probe: str
    base: Seen | None
    now: Seen
    mark: str


class Began(Frozen, frozen=True):
    """The commit at which a probe began to fail."""

    arch: str
    where: str
    ramdisk: str
    probe: str
    commit: str
    subject: str


class Changed(Frozen, frozen=True):
    """What kernel and Xen say otherwise than on the base; times, addresses and numbers set aside."""

    arch: str
    where: str
    ramdisk: str
    new: tuple[str, ...]
    gone: tuple[str, ...]


class Report(Frozen, frozen=True):
    """All of it. ``base`` is "" where nothing is compared; ``seconds`` are of the clock, for building and booting."""

    tree: str
    base: str
    commit: str
    subject: str
    rows: tuple[Row, ...]
    began: tuple[Began, ...]
    changed: tuple[Changed, ...]
    boots: tuple[Booted, ...]
    adjustments: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float


FAULTS = (Status.FAIL, Status.ERROR)


def counts(row: Row) -> bool:
    """Whether a row speaks against the commit: what failed on the base as well does not, unless it was to be mended."""
    return row.mark == "promised" or (row.now.status in FAULTS and row.mark != "as before")


def passed(report: Report) -> bool:
    return not any(map(counts, report.rows))
