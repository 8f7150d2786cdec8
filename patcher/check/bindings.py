"""Device trees: touched bindings and boards, as ``dt_binding_check`` and ``CHECK_DTBS`` look at them, with dtschema.

A schema is checked against the meta-schemas, its example is compiled and checked against it. A board is compiled and
checked against the bindings of those devices that the touched file names. No program of the tree is run: dtschema, dtc
and cpp are, in the sandbox. Kbuild makes one schema of all bindings first, of which no other is needed for that.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from patcher.check.filecheck import CannotLook, message
from patcher.check.results import Message, Severity
from patcher.check.runner import Runner
from patcher.check.snapshot import Snapshot
from patcher.check.tools import program, tool

BINDINGS = "Documentation/devicetree/bindings"
_PREFIXES = "scripts/dtc/include-prefixes"
_SECONDS = 300.0
_MOST = 400
_BOARDS = 4
_AT_LEAST = "2024.2"  # those before need all schemas at once, or fail with some
_PROGRAMS = ("dt-doc-validate", "dt-extract-example", "dt-mk-schema", "dt-validate")
_REFERENCE = re.compile(r"\$ref:\s*['\"]?([^#'\"\s]+)")
_INCLUDE = re.compile(r"^\s*(?:#\s*include|/include/)\s*[<\"]([^>\"]+)[>\"]", re.MULTILINE)
_COMPATIBLE = re.compile(r"\bcompatible\s*=\s*([^;]+);")
_EXAMPLES = re.compile(r"^examples:", re.MULTILINE)
_NAMES = re.compile(r"(?:const:|-)\s+['\"]?([\w.,+-]+)")
_STRING = re.compile(r"\"([^\"]+)\"")
_LACKING = re.compile(r"fatal error: (\S+): No such file")
_UNRUN = re.compile(r"^== unrun (\S+) (\d+)$", re.MULTILINE)
_STAGE = re.compile(r"^== (\w+)$")
_DTC = re.compile(r"^(?P<error>Error: )?(?P<path>[^\s:]+):(?P<line>\d{1,9})\.[\d.-]+:? (?P<text>.*)$")
_BOARDS_OF = re.compile(r"arch/\w+/boot/dts/(?:.+/)?Makefile")
_LISTED = re.compile(r"(?<![^\s=])(?P<stem>[\w.,+/-]+)\.(?P<kind>dtbo?)(?!\S)")
_DTC_CHECK = re.compile(r"(?P<what>Warning|ERROR) \((?P<name>\w+)\): (?P<text>.*)$")
_WITHIN = re.compile(r" within \{'\$id': '(?P<id>[^'#]+)#?'.*$")  # all of a schema follows
_SCHEMA = re.compile(r"^\s+from schema \$id:")
_UNKNOWN = re.compile(r": b['\"].* is not of type 'object'")  # a property of which no schema that was read has the type
_NODE_LINE = re.compile(r"\.dtb?:(?: (?P<node>\S+):)? (?P<text>.*)$")

# $1: the file, $2: its bindings, then a directory of programs. What is not told apart by kbuild is not here either.
_SCRIPT = r"""
file=$1 bindings=$2 programs=$3
shift 3
made=$(mktemp -d -t patcher-dt.XXXXXX) && trap 'rm -rf "$made"' EXIT || exit
compile() {
    ran gcc -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp -Iinclude -I"$prefixes" -I"${file%/*}" \
        "$1" > "$made"/pre.dts &&
    ran dtc -@ -I dts -O dtb -i "${file%/*}" -Wno-avoid_unnecessary_addr_size -Wno-graph_child_address \
        -Wno-interrupt_provider -Wno-unique_unit_address -Wunique_unit_address_if_enabled \
        -o "$made"/out.dtb "$made"/pre.dts
}
ran() {
    "$@"
    status=$?
    [ $status -lt 126 ] || echo "== unrun ${1##*/} $status" >&2
    return $status
}
prefixes=scripts/dtc/include-prefixes
case $file in
*.yaml)
    echo "== document"
    ran "$programs"dt-doc-validate -u "$bindings" "$file"
    echo "== example"
    ran "$programs"dt-extract-example "$file" > "$made"/example.dts || exit
    [ -s "$made"/example.dts ] || exit 0
    compile "$made"/example.dts || exit 0
    limit=${file#"$bindings"/} ;;
*)
    echo "== board"
    compile "$file" || exit 0
    limit= ;;
esac
echo "== nodes"
[ $# -gt 0 ] || exit 0
ran "$programs"dt-mk-schema -j "$@" > "$made"/schema.json &&
ran "$programs"dt-validate ${limit:+-l "$limit"} -s "$made"/schema.json "$made"/out.dtb
"""
_MADE = re.compile(r"\S*/patcher-dt\.\w{6}/")  # another name each time, which nothing that is said may have


class Bindings:
    """Bindings (.yaml) and boards (.dts, and of a .dtsi some that include it)."""

    name = "dt"

    def __init__(self) -> None:
        found = {name: program([name]) for name in (*_PROGRAMS, "dtc", "gcc")}
        tools = {name: tool(name, command) for name, command in found.items() if command}
        self.version = " ".join(each.version for each in tools.values())
        advice = {"dtc": "Debian has it in device-tree-compiler", "gcc": "Debian has it in gcc"}
        lacking = next((name for name in found if name not in tools), "")
        self.missing = f"{lacking} is not installed: {advice.get(lacking, 'pip install dtschema')}" if lacking else ""
        if not lacking:
            doc = tools[_PROGRAMS[0]]
            self.missing, self._places = doc.missing or _old(doc.version), doc.places
            # Behind a link, as pipx makes them, the others need not be in its directory, nor that be in the sandbox.
            self._directory = f"{Path(doc.command).resolve().parent}/"

    def wants(self, path: str) -> bool:
        """Schemas of bindings, the sources of device trees, and Makefiles that list these."""
        return _is_schema(path) or path.endswith((".dts", ".dtsi")) or bool(_BOARDS_OF.fullmatch(path))

    def listing(self, gone: Sequence[str]) -> Sequence[str]:
        """The Makefiles beside device trees."""
        beside = (f"{posixpath.dirname(path)}/Makefile" for path in gone if path.endswith((".dts", ".dtso")))
        return tuple(path for path in dict.fromkeys(beside) if _BOARDS_OF.fullmatch(path))

    def needs(self, snapshot: Snapshot, path: str) -> tuple[str, ...]:
        """What it refers to and includes, and what that does; for a board, the schemas of its devices."""
        if _BOARDS_OF.fullmatch(path):
            sources = (each for _, _, *sources in _listed(snapshot, path) for each in sources)
            return tuple(each for each in sources if each in snapshot.entries)
        boards = _boards(snapshot, path) if path.endswith(".dtsi") else ()
        found = _closure(snapshot, [path, *boards])
        for schema in () if _is_schema(path) else _of_devices(snapshot, path):
            more = _closure(snapshot, [schema])
            if len(found | more) <= _MOST:  # one that lacks what it refers to cannot be asked
                found |= more
        prefixes = (each for each in snapshot.entries if each.startswith(f"{_PREFIXES}/"))
        return (*found, *prefixes)

    def look(self, place: Path, path: str, snapshot: Snapshot, runner: Runner) -> tuple[Message, ...]:
        """What is wrong with a schema and its example, with a board, or with what a Makefile lists."""
        if _BOARDS_OF.fullmatch(path):
            return tuple(_lacking(snapshot, path))
        files = [each for each in (str(file.relative_to(place)) for file in sorted(place.rglob("*"))) if "." in each]
        schemas = [each for each in files if _is_schema(each)]
        boards = [each for each in files if each.endswith(".dts")]
        looked = [path] if not path.endswith(".dtsi") else boards
        found: dict[Message, None] = {}
        for each in looked:
            argv = ["sh", "-c", _SCRIPT, "sh", each, BINDINGS, self._directory, *schemas]
            done = runner.run(
                argv, read=[place], write=[], cwd=place, seconds=_SECONDS, programs=self._places,
                env={"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
            output = _MADE.sub("/tmp/", done.stdout.decode("utf-8", "replace")).replace(f"{place}/", "")
            if done.reason or "Traceback (most recent call last)" in output:
                raise CannotLook(done.reason or f"dtschema: {output.strip().rpartition(chr(10))[2][:300]}")
            if unrun := _UNRUN.search(output):
                raise CannotLook(f"{unrun[1]} cannot be run, or was ended (status {unrun[2]})")
            lacking = _LACKING.search(output)
            if lacking and lacking[1] in snapshot.entries:
                raise CannotLook(f"{lacking[1]} was not looked for")
            found |= dict.fromkeys(_messages(output, each, snapshot))
        return tuple(found)


def _listed(snapshot: Snapshot, path: str) -> Iterator[tuple[int, str, str, str]]:
    """What a Makefile lists to be made of device trees: its line, its name, and the two files that it may be made of.
    Not what is put together of others."""
    text = snapshot.text(path)
    for number, line in enumerate(text.split("\n"), 1):
        for match in _LISTED.finditer(line.partition("#")[0]):
            if not re.search(rf"^{re.escape(match['stem'])}-dtbs\b", text, re.MULTILINE):
                place = f"{posixpath.dirname(path)}/{match['stem']}"
                overlay = f"{place}.dtso" if match["kind"] == "dtbo" else f"{place}.dts"
                yield number, f"{match['stem']}.{match['kind']}", overlay, f"{place}.dts"


def _lacking(snapshot: Snapshot, path: str) -> Iterator[Message]:
    for number, name, *sources in _listed(snapshot, path):
        if not any(each in snapshot.entries for each in sources):
            wanted = posixpath.relpath(sources[0], posixpath.dirname(path))
            yield message(snapshot, Severity.ERROR, path, number, f"it lists {name}, and there is no {wanted}")


def _old(version: str) -> str:
    """Why a dtschema of that version line is of no use, "" where it is."""
    found = re.match(r"[\d.]+", version)
    if found and _numbers(found[0]) >= _numbers(_AT_LEAST):
        return ""
    name = f"dtschema {found[0]} is too old" if found else "the version of dtschema is not known"
    return f"{name}, it takes {_AT_LEAST}: pip install dtschema"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part]


def _is_schema(path: str) -> bool:
    return path.startswith(f"{BINDINGS}/") and path.endswith(".yaml") and not posixpath.basename(path).startswith(".")


def _messages(output: str, path: str, snapshot: Snapshot) -> Iterator[Message]:
    """The messages of all stages: dtschema's are a line and what is indented below it, dtc's a line each."""
    joined: list[tuple[str, str]] = []
    stage = ""
    for line in output.splitlines():
        if match := _STAGE.match(line):
            stage = match[1]
        elif line[:1].isspace() and joined and stage in ("document", "nodes"):
            if not _SCHEMA.match(line):
                joined[-1] = (stage, f"{joined[-1][1]} {line.strip()}")
        elif line.strip():
            joined.append((stage, line.strip()))
    for stage, said in joined:
        line = _WITHIN.sub(r" within \g<id>", said)
        if match := _DTC.match(line):
            where = match["path"] if match["path"] in snapshot.entries else path
            number = int(match["line"]) if where == match["path"] else 0
            severity, text = Severity.ERROR if match["error"] else Severity.WARNING, match["text"]
            if check := _DTC_CHECK.match(text):
                severity = Severity.ERROR if check["what"] == "ERROR" else severity
                text = f"{check['text']} [{check['name']}]"
            yield message(snapshot, severity, where, number, text if where == match["path"] else f"the example: {text}")
        elif stage == "document" and line.startswith(f"{path}:"):
            yield message(snapshot, Severity.ERROR, path, *_numbered(line.removeprefix(f"{path}:").strip()))
        elif stage == "nodes" and (match := _NODE_LINE.search(line)) and not _UNKNOWN.search(line):
            node = f"{match['node']}: " if match["node"] else ""
            yield message(snapshot, Severity.ERROR, path, 0, f"{node}{match['text']}")
        elif (fatal := line.startswith("FATAL ERROR")) or ": error:" in line or ": fatal error:" in line:
            if fatal and any(_DTC.match(other) for _, other in joined):
                continue  # it follows from that
            yield message(snapshot, Severity.ERROR, path, 0, line)


def _numbered(text: str) -> tuple[int, str]:
    """What begins as ``12:5: text`` does, where YAML itself is wrong."""
    match = re.match(r"(\d{1,9}):(?:\d{1,9}:)? (.*)", text)
    return (int(match[1]), match[2]) if match else (0, text)


def _closure(snapshot: Snapshot, first: Sequence[str]) -> dict[str, None]:
    """The files, and what they refer to and include, however indirectly."""
    found: dict[str, None] = {}
    todo = list(first)
    while todo and len(found) <= _MOST:
        path = todo.pop()
        if path in found or path not in snapshot.entries:
            continue
        found[path] = None
        text = snapshot.text(path)
        if path.endswith(".yaml"):
            todo += (_schema(path, name) for name in _REFERENCE.findall(text))
        here = posixpath.dirname(path)
        for name in _INCLUDE.findall(text):
            arch, _, rest = name.partition("/")
            below = (f"{here}/{name}", f"include/{name}", f"arch/{arch}/boot/dts/{rest}")
            todo += (posixpath.normpath(each) for each in below)
    return found


def _schema(path: str, reference: str) -> str:
    name = reference.removeprefix("http://devicetree.org")
    if name.startswith("/schemas/"):
        return f"{BINDINGS}/{name.removeprefix('/schemas/')}"
    return posixpath.normpath(f"{posixpath.dirname(path)}/{name}")


def _of_devices(snapshot: Snapshot, path: str) -> list[str]:
    """The bindings of the devices that the file has, by the strings of ``compatible``."""
    names = {name for value in _COMPATIBLE.findall(snapshot.text(path)) for name in _STRING.findall(value)}
    naming = sorted(filter(_is_schema, snapshot.naming(names, [BINDINGS]))) if names else []
    return [each for each in naming if not names.isdisjoint(_NAMES.findall(_EXAMPLES.split(snapshot.text(each))[0]))]


def _boards(snapshot: Snapshot, path: str) -> tuple[str, ...]:
    """Some boards that include a file, however indirectly: the first by name."""
    found: set[str] = set()
    seen, todo = {path}, [path]
    while todo and len(found) < _BOARDS:
        names = [posixpath.basename(each) for each in todo]
        users = set(snapshot.naming(names, ["arch/*.dts", "arch/*.dtsi"])) - seen
        seen |= users
        found |= {each for each in users if each.endswith(".dts")}
        todo = [each for each in users if each.endswith(".dtsi")]
    return tuple(sorted(found)[:_BOARDS])
