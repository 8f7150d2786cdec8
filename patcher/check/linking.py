"""What is said once objects are compiled: their symbols, and what the tree's own modpost says of modules and sections.

Nothing as large as the kernel is linked. A touched module is, of its objects; modpost then complains of every symbol
that is the kernel's, which ``undefined`` looks after instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from patcher.check.affected import source
from patcher.check.building import Build
from patcher.check.kbuild import Makefiles
from patcher.check.messages import ReadLines
from patcher.check.results import Message, Outcome, Severity, State, Symbols
from patcher.tree.gittree import Entry

LINKING = "modpost"  # the option of a message that is not of compiling
MOST_PARTS = 64
_KO = ".ko"
_NM = re.compile(r"^(?P<file>[^:]+): (?P<name>\S+) (?P<type>[A-Za-z?])(?: |$)")
_EXPORTED = re.compile(r"__(?:ksymtab|export_symbol)_(\w+)$")
_SAID = re.compile(r"^(?P<what>WARNING|ERROR|FATAL): (?:modpost: )?(?P<text>.*)$")
_LATER = re.compile(r"\" ?\[\S+\] undefined!|vmlinux|[Ss]ymvers|Symbol version dump|unresolved symbol")
_DESCRIPTION = "missing MODULE_DESCRIPTION"
_SECTION = re.compile(r"[Ss]ection mismatch")
_FIRST = re.compile(r"-> 0xf{6,}[0-9a-f]{1,2}(?= \(section: )")  # a reference is to what stands 4 bytes before
_OBJECT = re.compile(r"(?:^|[\s\[])(?P<stem>[\w./,+-]+?)(?:\.k?o)?(?=[:(\]\s]|$)")
_MODPOST = "scripts/mod/modpost"
# $1: modpost, $2: its option, then objects, which are copied, as it writes beside them.
_SCRIPT = """
top=$PWD modpost=$1 option=$2
shift 2
place=$(mktemp -d) && trap 'rm -rf "$place"' EXIT || exit
for file; do mkdir -p "$place/${file%/*}" && cp "$file" "$place/$file" || exit; done
cd "$place" && "$top/$modpost" "$option" -o "$place/symvers" "$@"
"""
# Undefined symbols are not looked at here, and a mismatch of sections, if it is an error, would be one of all modules.
_WARN_ONLY = ("KBUILD_MODPOST_WARN=1", "CONFIG_SECTION_MISMATCH_WARN_ONLY=y")


def is_module(target: str) -> bool:
    """Whether a target is a whole module."""
    return target.endswith(_KO)


def modules(makefiles: Makefiles, sources: Sequence[str]) -> Iterator[str]:
    """The modules that some sources are for, as targets. Not those of very many parts."""
    for path in sources:
        module = makefiles.module(path)
        if module and len(makefiles.parts(module)) <= MOST_PARTS:
            yield f"{module}{_KO}"


def make(build: Build, targets: Sequence[str], entries: Mapping[str, Entry], lines_of: ReadLines) -> dict[str, Outcome]:
    """Make objects and modules: target → outcome. A module of which an object is broken has none."""
    makefiles = build.makefiles(entries)
    objects = [target for target in targets if not is_module(target)]
    found = build.make(objects, entries, lines_of) if objects else {}
    built = [target for target, outcome in found.items() if outcome.state is State.BUILT]
    modules_of = {target: makefiles.module(source(target, entries) or target) for target in found}
    tables = _tables(build, built)
    for target in built:
        symbols = tables.get(target, Symbols(frozenset(), frozenset(), frozenset(), ""))
        found[target] = _with(found[target], (), symbols=_of(symbols, modules_of[target]))
    broken = {modules_of[target] for target in found if target not in built}
    whole = [each for each in targets if is_module(each) and each.removesuffix(_KO) not in broken]
    for target, said in _sections(build, [each for each in built if not modules_of[each]], entries).items():
        found[target] = _with(found[target], said, symbols=found[target].symbols)
    return found | _linked(build, whole, makefiles, entries)


def _of(symbols: Symbols, module: str) -> Symbols:
    return Symbols(symbols.defines, symbols.exports, symbols.uses, module)


def _with(outcome: Outcome, more: Sequence[Message], *, symbols: Symbols | None) -> Outcome:
    return Outcome(
        outcome.target, outcome.state, outcome.reason, (*outcome.messages, *more), outcome.needs, symbols
    )  # fmt: skip


def _tables(build: Build, targets: Sequence[str]) -> dict[str, Symbols]:
    if not targets:
        return {}
    done = build.run([build.binutil("nm"), "-p", "-A", "--format=posix", *targets])
    found: dict[str, tuple[set[str], set[str], set[str]]] = {target: (set(), set(), set()) for target in targets}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if (match := _NM.match(line)) and match["file"] in found:
            defines, exports, uses = found[match["file"]]
            if exported := _EXPORTED.match(match["name"]):
                exports.add(exported[1])
            elif match["type"] == "U":
                uses.add(match["name"])
            elif match["type"].isupper():
                defines.add(match["name"])
    return {target: Symbols(frozenset(a), frozenset(b), frozenset(c), "") for target, (a, b, c) in found.items()}


def _sections(build: Build, targets: Sequence[str], entries: Mapping[str, Entry]) -> dict[str, list[Message]]:
    """What modpost says of the sections in objects of the kernel itself, each looked at alone."""
    found: dict[str, list[Message]] = {}
    for stem, message in _asked(build, "-w", {each.removesuffix(".o"): source(each, entries) for each in targets}):
        if _SECTION.search(message.message):
            found.setdefault(f"{stem}.o", []).append(message)
    return found


def _asked(build: Build, option: str, stems: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    """What modpost says of some objects, each looked at alone; nothing, where it does not know the option."""
    if stems and build.is_file(_MODPOST):
        objects = [f"{stem}.o" for stem in stems]
        yield from _messages(build.run(["sh", "-c", _SCRIPT, "sh", _MODPOST, option, *objects]).stdout, stems)


def _linked(
    build: Build, targets: Sequence[str], makefiles: Makefiles, entries: Mapping[str, Entry]
) -> dict[str, Outcome]:
    """The modules, each linked of its objects."""
    if not targets:
        return {}
    for target in targets:
        build.forget(target)
    result = build.link(["-k", *_WARN_ONLY, *targets])
    stems = [target.removesuffix(_KO) for target in targets]
    said: dict[str, list[Message]] = {stem: [] for stem in stems}
    for stem, message in _messages(result.stdout, dict(zip(stems, targets, strict=True))):
        said[stem].append(message)
    for stem, message in _asked(build, "-W", {each: f"{each}{_KO}" for each in stems if build.is_file(f"{each}{_KO}")}):
        if message.message.startswith(_DESCRIPTION) and message not in said[stem]:
            said[stem].append(message)
    found = {}
    for stem, target in zip(stems, targets, strict=True):
        needs = {path for part in makefiles.parts(stem) for path in build.needs(part, entries)}
        bad = next((each for each in said[stem] if each.severity is Severity.ERROR), None)
        if bad is not None:
            state, reason = State.FAILED, bad.message
        elif build.is_file(target):
            state, reason = State.BUILT, ""
        else:
            output = result.stdout.decode("utf-8", "replace").strip()
            why = next((line for line in reversed(output.splitlines()) if "***" in line), output[-200:])
            state, reason = State.ERROR, result.reason or f"it was not linked ({why.strip()[:200]})"
        found[target] = Outcome(target, state, reason, tuple(said[stem]), tuple(sorted(needs)))
    if any(each.state is State.FAILED for each in found.values()):  # then modpost gives none of the others
        left = [target for target, each in found.items() if each.state is State.ERROR]
        found |= _linked(build, left, makefiles, entries)
    return found


def _messages(output: bytes, stems: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    """What modpost says of some objects, but for symbols that are not known to it, as nothing else is linked.
    ``stems``: their names without suffix → where it is told."""
    for line in output.decode("utf-8", "replace").splitlines():
        if not (match := _SAID.match(line)) or _LATER.search(match["text"]):
            continue
        stem = next((each["stem"] for each in _OBJECT.finditer(match["text"]) if each["stem"] in stems), "")
        if stem:
            error = match["what"] != "WARNING"
            severity = Severity.ERROR if error else Severity.WARNING
            text = _FIRST.sub("-> the first symbol", match["text"].strip())
            yield stem, Message(severity, stems[stem], 0, text, LINKING, "", "", "")
