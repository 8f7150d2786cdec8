"""From what the probes of one boot saw to a verdict on each."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping, Sequence

from patcher.boot import console
from patcher.boot.console import Answers, Console
from patcher.boot.machine import BARE
from patcher.boot.results import Seen
from patcher.boot.run import Boot, End
from patcher.check.results import Status

LARGE, SMALL, NONE = "large", "small", "none"  # the ramdisk
_LAST = 12  # lines of a console that are shown
_PLACES = ("mmap", "read", "fork")
_OF_A_PANIC = re.compile(r"Kernel panic|Hardware Dom\d+ crashed")
_UNREAD = "ff" * 64  # what a bus answers where nothing is
Pages = Mapping[tuple[str, str], Answers]


def pages(read: Console) -> Pages:
    """What the probes of /dev/mem saw: by the way and the place."""
    return {
        (str(each.says["probe"]), str(each.says["name"])): each
        for each in read.answers
        if each.says["probe"] in _PLACES
    }


def judge(boot: Boot, read: Console, where: str, ramdisk: str, bare: Pages | None) -> tuple[Seen, ...]:
    """The verdict of each probe. ``bare``: what bare metal reads at the same places, None where that is not known."""
    if ramdisk == NONE:
        return (_without(boot, read),)
    found = [_booted(boot, read)]
    found.append(_messages(read.messages))
    by_probe: dict[str, list[Answers]] = {}
    for each in read.answers:
        by_probe.setdefault(str(each.says["probe"]), []).append(each)
    found += _e820(by_probe.get("e820", []))
    for (way, place), each in pages(read).items():
        other = None if where == BARE or bare is None else bare.get((way, place))
        found.append(_page(each, f"{way} {place}", where, other, bare is not None))
    found += _layout(by_probe.get("layout", []))
    found += _balloon(by_probe.get("balloon", []))
    found += [_foreign(each) for each in by_probe.get("foreign", [])]
    found += [_memory(each) for each in by_probe.get("memory", [])]
    found += _script(by_probe.get("script", []))
    found += _kunit(read.messages)
    return tuple(found)


def _int(each: Answers, key: str) -> int:
    value = each.says.get(key, 0)
    return value if isinstance(value, int) else 0


def _text(each: Answers, key: str) -> str:
    return str(each.says.get(key, ""))


def _tail(read: Console) -> tuple[str, ...]:
    return console.bad(read.messages)[:4] + read.messages[-_LAST:]


def _booted(boot: Boot, read: Console) -> Seen:
    """Whether the guest got to its first program, through all of its probes, and to its end."""
    got = [_text(each, "name") for each in read.answers if each.says["probe"] == "boot"]
    last = read.answers[-1] if read.answers else None
    if "end" in got and boot.end in (End.OVER, End.GONE):
        return Seen("boot", Status.PASS, "ended as it was told to")
    if not read.messages and not read.answers and boot.end is End.GONE:
        return Seen("boot", Status.ERROR, "QEMU ended at once", tuple(boot.errors.strip().splitlines()[:4]))
    why = boot.why or "it ended before it was told to"
    if last is None:
        return Seen("boot", Status.FAIL, f"the first program was not started: {why}", _tail(read))
    seen_last = f"{_text(last, 'probe')} {_text(last, 'name')}"
    if "end" in got:
        return Seen("boot", Status.FAIL, f"it could not be switched off: {why}", _tail(read))
    return Seen("boot", Status.FAIL, f"{why}; the last probe that came back was {seen_last}", _tail(read))


def _without(boot: Boot, read: Console) -> Seen:
    """Without a ramdisk there is nothing to start: the kernel has done its work when it looks for a root."""
    for line in read.messages:
        if "Unable to mount root fs" in line:
            others = [each for each in console.bad(read.messages) if not _OF_A_PANIC.search(each)]
            if not others:
                return Seen("boot", Status.PASS, "came to look for its root file system")
            return Seen("boot", Status.FAIL, "came to its root file system, with messages", tuple(others[:_LAST]))
    return Seen("boot", Status.FAIL, boot.why or "did not come to look for its root file system", _tail(read))


def _messages(messages: Sequence[str]) -> Seen:
    found = console.bad(messages)
    if not found:
        return Seen("messages", Status.PASS, "no warning, oops or bad page")
    return Seen("messages", Status.FAIL, f"{len(found)} that tell of a fault", found[:_LAST])


def _e820(found: Sequence[Answers]) -> Iterable[Seen]:
    lines = tuple(_text(each, "line") for each in found)
    if lines:
        ram = any("System RAM" in line for line in lines)
        yield Seen("e820", Status.PASS if ram else Status.FAIL, f"{len(lines)} regions in /proc/iomem", lines)


def _outcome(each: Answers) -> str:
    """How a look at a page ended, the same for the same end."""
    ended, stage, error = _text(each, "ended"), _text(each, "stage"), _int(each, "error")
    if ended == "done" and stage == "done":
        return "read"
    if ended == "done":
        return f"{stage} gives {errno.errorcode.get(error, error)}" if error else f"{stage} gives nothing"
    return f"{ended} in {stage}"


def _page(each: Answers, probe: str, where: str, other: Answers | None, known: bool) -> Seen:
    outcome, data = _outcome(each), _text(each, "data")
    at = _text(each, "at")
    lines = console.bad(each.before)
    if "killed" in outcome or "hung" in outcome:
        return Seen(probe, Status.FAIL, f"{at}: {outcome}", lines)
    if probe.startswith("fork ") and outcome == "read" and _int(each, "extra") != 1 << 8:
        return Seen(probe, Status.FAIL, f"{at}: another content after fork or mprotect", lines)
    if lines:
        return Seen(probe, Status.FAIL, f"{at}: {outcome}, with a message", lines)
    if where == BARE:
        return Seen(probe, Status.PASS, f"{at}: {outcome}{_short(data)}")
    if other is None:
        why = "there is no such place on bare metal" if known else "not compared with bare metal"
        worked = outcome == "read" and data != _UNREAD
        return Seen(probe, Status.PASS if worked else Status.SKIP, f"{at}: {outcome}{_short(data)}; {why}")
    if _text(other, "at") != at:
        return Seen(probe, Status.SKIP, f"{at}: on bare metal it is at {_text(other, 'at')}")
    if probe.startswith("read ") and outcome == "read" != _outcome(other):
        return Seen(probe, Status.SKIP, f"{at}: read{_short(data)}; on bare metal it ends before that")  # high_memory
    if (expected := _outcome(other)) != outcome:
        return Seen(probe, Status.FAIL, f"{at}: {outcome}; on bare metal: {expected}", lines)
    if data != _text(other, "data"):
        return Seen(probe, Status.FAIL, f"{at}: read{_short(data)}, on bare metal{_short(_text(other, 'data'))}")
    return Seen(probe, Status.PASS, f"{at}: {outcome}{_short(data)}, as on bare metal")


def _short(data: str) -> str:
    return f" {data[:16]}" if data else ""


def _layout(found: Sequence[Answers]) -> Iterable[Seen]:
    """The P2M before the balloon, and after it went to and fro."""
    at: dict[str, list[str]] = {}
    for each in found:
        at.setdefault(_text(each, "name"), []).append(_text(each, "line"))
    first = at.get("start") or at.get("before") or [""]
    if not any(first):
        if at:
            yield Seen("p2m", Status.SKIP, "there is no /sys/kernel/debug/xen/p2m")
        return
    ranges = [line for line in first if line and not line.startswith("#")]
    yield Seen("p2m", Status.PASS, f"{len(ranges)} ranges", tuple(first))
    before = [line for line in at.get("before", []) if not line.startswith("#")]
    for name in ("up", "back"):
        if before and name in at:
            after = [line for line in at[name] if not line.startswith("#")]
            # Beyond and back, the balloon takes other pages than it gave: the sums are to be the same then.
            fine = before == after if name == "up" else _sums(before) == _sums(after)
            detail = "as before the balloon" if fine else "another than before the balloon"
            differing = tuple(f"- {line}" for line in before if line not in after)
            differing += tuple(f"+ {line}" for line in after if line not in before)
            yield Seen(f"p2m after {name}", Status.PASS if fine else Status.FAIL, detail, differing[:_LAST])


def _sums(ranges: Sequence[str]) -> tuple[int, list[str]]:
    """The pages that are RAM, and all ranges of identity."""
    pages = 0
    for line in ranges:
        if match := re.fullmatch(r"([0-9a-f]{1,16}) ([0-9a-f]{1,16}) RAM", line):
            pages += int(match[2], 16) - int(match[1], 16)
    return pages, [line for line in ranges if line.endswith(" identity")]


def _balloon(found: Sequence[Answers]) -> Iterable[Seen]:
    for each in found:
        name = _text(each, "name")
        if name == "start":
            if _text(each, "ended") == "absent":
                yield Seen("balloon", Status.SKIP, "there is no balloon driver")
            continue
        wanted, current = _int(each, "wanted"), _int(each, "current")
        lines = console.bad(each.before)
        error = _int(each, "error")
        fine = not lines and not error and (current == wanted or name == "beyond")
        refused = f"; refused with {errno.errorcode.get(error, error)}" if error else ""
        detail = f"{current} kB, asked for {wanted} kB{refused}"
        yield Seen(f"balloon {name}", Status.PASS if fine else Status.FAIL, detail, lines)


def _foreign(each: Answers) -> Seen:
    if _text(each, "ended") == "absent":
        return Seen("foreign", Status.SKIP, "there is no privcmd")
    lines = console.bad(each.before)
    fine = _outcome(each) == "read" and not lines
    return Seen("foreign", Status.PASS if fine else Status.FAIL, f"Xen's frames: {_outcome(each)}", lines)


def _memory(each: Answers) -> Seen:
    name, size = _text(each, "name").rstrip(":"), _int(each, "kb")
    return Seen(f"memory {name}", Status.PASS if size > 0 else Status.FAIL, f"{size} kB")


def _script(found: Sequence[Answers]) -> Iterable[Seen]:
    """The user's probe: exit status 0 is PASS, 77 SKIP (as automake has it), anything else FAIL."""
    lines = tuple(_text(each, "line") for each in found if each.says["name"] == "line")
    for each in found:
        if each.says["name"] == "end":
            status, ended = _int(each, "status"), _text(each, "ended")
            if any("kernel too old" in line for line in lines):  # glibc's, in busybox
                yield Seen("script", Status.SKIP, "busybox does not run on this kernel: give a static program", lines)
                continue
            verdict = Status.PASS if ended == "done" else Status.SKIP if status == 77 else Status.FAIL
            what = "exit status" if ended in ("done", "exit") else f"{ended}, status"
            yield Seen("script", verdict, f"{what} {status}", lines[-_LAST:])


def _kunit(messages: Sequence[str]) -> Iterable[Seen]:
    """The suites of kunit, which report in the kernel's messages (KTAP: ``ok 1 name``, suites without indentation)."""
    plain = [console.without_time(line) for line in messages]
    failed = [line for line in plain if line.startswith("not ok ")]
    passed = [line for line in plain if line.startswith("ok ")]
    if failed or passed:
        verdict = Status.FAIL if failed else Status.PASS
        yield Seen("kunit", verdict, f"{len(passed)} suites ok, {len(failed)} not ok", tuple(failed[:_LAST]))
