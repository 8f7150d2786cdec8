"""A semantic patch as it is written: its text, its head, its modes, and the files beside it that it is made of."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath

import msgspec

from patcher.errors import InputError
from patcher.files import SMALL, read_file

MODES = ("patch", "report", "context", "org")  # those of the kernel's own, in Documentation/dev-tools/coccinelle.rst
_FLAGS = frozenset({
    "--all-includes", "--allow-inconsistent-paths", "--c++", "--disable-worth-trying-opt", "--force-diff",
    "--ignore-unknown-options", "--include-headers", "--include-headers-for-types", "--keep-comments",
    "--linux-spacing", "--local-includes", "--no-includes", "--no-iso-limit", "--no-loops", "--no-safe-expressions",
    "--no-show-diff", "--no-type-checks", "--quiet", "--recursive-includes", "--relax-include-path", "--smpl-spacing",
    "--very-quiet",
})  # fmt: skip
_VALUED = frozenset({"--disable-iso", "--iso-limit", "--max-width", "-I"})
_VIRTUAL = re.compile(r"^[ \t]*virtual[ \t]+([\w \t,]+)", re.MULTILINE)
_FIELD = re.compile(r"//[ \t]*(\w[\w -]*):[ \t]*(.*)")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_BESIDE = re.compile(r'^[ \t]*(?:#[ \t]*include|using)[ \t]+"([^"\n]+)"', re.MULTILINE)
_RULES = re.compile(r"^@", re.MULTILINE)
_DEEP = 8  # files that include each other


class SemanticPatch(msgspec.Struct, frozen=True):
    """A semantic patch, and what its head says in the words of the kernel's ``scripts/coccinelle``.

    Attributes:
        name: what it is called in messages: the path that the user gave
        text: the file
        beside: the files that it includes or uses (``#include "…"``, ``using "…"``) by the name it uses
        title: the first sentence of its ``///`` lines, without a full stop; "" where there is none
        explain: the other ``///`` and ``//#`` lines
        fields: ``Confidence``, ``Comments``, ``Options``, ``Requires`` …, as they are written
        options: those for spatch, from ``Options``
        modes: its ``virtual`` identifiers
    """

    name: str
    text: bytes
    beside: dict[str, bytes]
    title: str
    explain: str
    fields: dict[str, str]
    options: tuple[str, ...]
    modes: tuple[str, ...]

    @property
    def headers(self) -> bool:
        """Whether headers are looked at for themselves."""
        return "--include-headers" in self.options

    @property
    def rules(self) -> str:
        """The text without its head."""
        lines = self.text.decode("utf-8", "replace").splitlines()
        first = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith("//")), 0)
        return "\n".join(lines[first:]).strip()

    @property
    def defined(self) -> tuple[str, ...]:
        """The mode to run it in: ``-D patch`` where it has modes."""
        return ("-D", "patch") if "patch" in self.modes else ()


def load(file: Path, name: str = "") -> SemanticPatch:
    """A semantic patch of a file; ``name`` is what to call it, if not by its path.

    Raises InputError where it cannot be read, only reports, or asks for what spatch is not to be asked.
    """
    name = name or str(file)
    content = read_file(file, most=SMALL, pipe=True)
    text = _decoded(content, name)
    title, explain, fields = _head(text)
    modes = tuple(word for names in _VIRTUAL.findall(_COMMENT.sub("", text)) for word in re.findall(r"\w+", names))
    if not _RULES.search(text):
        raise InputError(f"{name} is no semantic patch", "it has no rule: a line that begins with @")
    if "patch" not in modes and set(modes).intersection(MODES):
        raise InputError(
            f"{name} changes nothing: its modes are {', '.join(modes)}, and none of them is patch",
            f"to read its reports: spatch --sp-file {name} -D {modes[0]} FILE",
        )
    options = _options(fields.get("Options", ""), name)
    return SemanticPatch(name, content, _beside(file, text, name), title, explain, fields, options, modes)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not in UTF-8 ({error.reason} at byte {error.start})", "convert it") from error


def _head(text: str) -> tuple[str, str, dict[str, str]]:
    """Title, explanation and fields of the comments that the file begins with."""
    told: list[str] = []
    more: list[str] = []
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line.startswith("//"):
            break
        if line.startswith("///"):
            told.append(line[3:].strip())
        elif line.startswith("//#"):
            more.append(line[3:].strip())
        elif found := _FIELD.match(line):
            last = found.group(1).strip()
            fields[last] = f"{fields.get(last, '')} {found.group(2).strip()}".strip()
        elif last and line[2:].startswith(("  ", "\t")):
            fields[last] = f"{fields[last]} {line[2:].strip()}".strip()
        else:
            last = ""
    first, _, rest = "\n".join(told).strip().partition("\n\n")
    sentence = re.match(r"(.*?)(?:\.(?=\s|$)|$)(.*)", " ".join(first.split()), re.DOTALL)
    title, behind = (sentence.group(1), sentence.group(2)) if sentence else ("", "")
    parts = [behind.strip(), rest.strip(), "\n".join(more).strip()]
    return title.strip(), "\n\n".join(part for part in parts if part), fields


def _options(written: str, name: str) -> tuple[str, ...]:
    try:
        words = shlex.split(written)
    except ValueError as error:
        raise InputError(f"{name}: its options cannot be read ({error})", f"Options: {written}") from error
    found: list[str] = []
    rest = iter(words)
    for word in rest:
        option = re.sub(r"^-{1,2}(?=\w\w)", "--", word).replace("_", "-")
        value = next(rest, None) if option in _VALUED else ""
        if value is None or (option not in _FLAGS and option not in _VALUED) or value.startswith(("/", "-")):
            raise InputError(
                f"{name}: its head asks for the option {' '.join([word, value or '']).strip()!r}",
                f"spatch is given only {', '.join(sorted(_FLAGS | _VALUED))}; take it out of the line 'Options:'",
            )
        if ".." in PurePosixPath(value).parts:
            raise InputError(f"{name}: its head names {value!r}, which is outside of the tree", "name one in the tree")
        found += [option, value] if value else [option]
    return tuple(found)


def _beside(file: Path, text: str, name: str) -> dict[str, bytes]:
    """What it is made of besides: files of its own directory, and none from elsewhere."""
    found: dict[str, bytes] = {}
    todo = [(each, 0) for each in _named(text)]
    while todo:
        each, depth = todo.pop(0)
        if each in found:
            continue
        if each.startswith("/") or ".." in PurePosixPath(each).parts or depth > _DEEP:
            raise InputError(f"{name} includes {each!r}", "what a semantic patch includes must lie beside it")
        found[each] = read_file(file.parent / each, most=SMALL, below=file.parent, advice=f"{name} includes it")
        todo += [(one, depth + 1) for one in _named(found[each].decode("utf-8", "replace"))]
    return found


def _named(text: str) -> list[str]:
    """The files that are named above the first rule; below it, an #include is code to be matched."""
    rules = _RULES.search(text)
    return _BESIDE.findall(_COMMENT.sub("", text[: rules.start() if rules else len(text)]))
