"""Checks on the tree after a series: what it removed and is still used, what it added and nobody uses.

Candidates are found in the text of the touched files, which takes no time; only where there is one, the tree is
searched, and libclang asked about the files that are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.lazy import expression
from patcher.lint.code import Code, Function, read
from patcher.lint.job import ChangedTree
from patcher.lint.model import CannotTell, Hit, Level, Location
from patcher.lint.register import check
from patcher.tree.kernel import KernelTree

_C = ("*.c", "*.h", "*.S")
_MANY = 400
_CONFIG_USE = expression(r"\b(?:IS_(?:ENABLED|BUILTIN|MODULE|REACHABLE)\s*\(\s*)?CONFIG_([A-Z0-9_]+)\b")
_KCONFIG_USE = expression(r"^\s+(?:depends on|select|imply|visible if|default\s+\S+\s+if)\s+(.*)")
_SYMBOL = expression(r"\b[A-Z][A-Z0-9_]{2,}\b")
_ARCH = expression(r"arch/[^/]+/")
_ENTRY = frozenset(("main", "init_module", "cleanup_module", "start_kernel"))


class _Files:
    """The touched C files before and after, parsed once."""

    def __init__(self, job: ChangedTree) -> None:
        if len(job.touched) > _MANY:
            raise CannotTell(f"the series touches more than {_MANY} files")
        self.before = {path: read(content) for path, content in job.before.items() if path.endswith((".c", ".h"))}
        after = job.after.tree.read(path for path in job.touched if path.endswith((".c", ".h")))
        self.after = {path: read(content) for path, content in after.items()}


def _files(job: ChangedTree) -> _Files:
    if "files" not in job.memo:
        job.memo["files"] = _Files(job)
    found = job.memo["files"]
    assert isinstance(found, _Files)
    return found


def _others(job: ChangedTree, names: set[str]) -> dict[str, Code]:
    """The files after the series that hold one of the names, parsed."""
    paths = job.after.tree.search(sorted(names), _C)
    return {path: read(content) for path, content in job.after.tree.read(paths).items()}


def _location(path: str, code: Code, offset: int, name: str) -> Location:
    start = code.text.rfind(b"\n", 0, offset) + 1
    end = code.text.find(b"\n", offset)
    line = code.text[start : end if end >= 0 else len(code.text)].decode("utf-8", "surrogateescape")
    column = len(code.text[start:offset].decode("utf-8", "surrogateescape")) + 1
    return Location(path, code.line(offset), column, len(name), line[:400])


@check
def removed_used(job: ChangedTree) -> Iterator[Hit]:
    """A function whose definition the series removed, and that is still called."""
    files = _files(job)
    kept = {name for code in files.after.values() for name in code.defined | code.macros}
    gone = {
        function.name: (path, function)
        for path, code in files.before.items()
        for function in code.functions
        if function.defined and function.name not in kept
    }
    if not gone:
        return
    wide = {name for name, (path, function) in gone.items() if not function.static or path.endswith(".h")}
    others = {**files.after, **(_others(job, wide) if wide else {})}
    for name, (path, function) in gone.items():
        same = {user: code for user, code in others.items() if not _elsewhere(path, user)}
        if any(name in code.defined | code.macros for code in same.values()):
            continue  # another one of that name: whose is meant cannot be told from the text
        within = {path} if function.static and path.endswith(".c") else set(same)
        for user in sorted(within & set(others)):
            code = others[user]
            declared = {each.start for each in code.functions if each.name == name}
            named = [offset for offset in code.positions(name) if offset not in declared]
            used = [offset for offset in named if _is_call(code, offset, name)]
            if not used or (user != path and not function.static and _own(code, used[0], name)):
                continue
            certain = _calls(job.after.tree, job.cache, user, name)
            level = None if certain else Level.WARNING
            how = "" if certain else " (seen in the text; no configuration at hand compiles it)"
            what = f"{name}() of {path} is removed, and still called{how}"
            for offset in used:
                location = _location(user, code, offset, name)
                yield Hit(
                    what, location, level=level, key=f"{name} {user} {location.excerpt}", patch=job.at_fault(path)
                )


def _calls(tree: KernelTree, cache: Cache, path: str, name: str) -> bool:
    """Whether a shipped configuration compiles a call of the function in this file. False also where none can be read:
    an incomplete tree, another architecture, no libclang."""
    from patcher.source.read import include_graph, read_units
    from patcher.source.unit import Batch, Unit
    from patcher.tree import kconfig, profile
    from patcher.tree.config import from_profile

    if path.endswith(".S") or (path.startswith("arch/") and not path.startswith("arch/x86/")):
        return False
    try:
        config = from_profile(tree, profile.load(profile.DEFAULTS[0]), kconfig.read(tree))
        includes = include_graph(tree, config, [path], cache)
        facts = read_units(tree, [Batch(config, (Unit(path),), includes)], cache)
    except InputError:
        return False
    return any(call.callee == name for one in facts if one.path == path for call in one.calls)


def _elsewhere(path: str, user: str) -> bool:
    """Whether two files are of different architectures."""
    one, other = (_ARCH.match(each) for each in (path, user))
    return bool(one and other and one.group() != other.group())


def _is_call(code: Code, offset: int, name: str) -> bool:
    """Whether what follows is a call, and the name is no parameter, label or string."""
    following = code.text[offset + len(name) : offset + len(name) + 16].lstrip()
    line = code.text[code.text.rfind(b"\n", 0, offset) + 1 : offset]
    return following.startswith(b"(") and not line.lstrip().startswith(b"#")


def _own(code: Code, offset: int, name: str) -> bool:
    """Whether the name is something else in this file: a variable or a parameter of a function's type."""
    return bool(re.search(rb"\(\s*\*\s*" + name.encode() + rb"\s*\)", code.text))


@check
def added_unused(job: ChangedTree) -> Iterator[Hit]:
    """A function the series adds, and nothing in the tree names."""
    files = _files(job)
    old_names = {name for code in files.before.values() for name in code.defined}
    new: dict[str, tuple[str, Function]] = {
        function.name: (path, function)
        for path, code in files.after.items()
        for function in code.functions
        if function.defined and function.name not in old_names and not function.reached and function.name not in _ENTRY
    }
    new = {name: found for name, found in new.items() if not found[0].startswith(("tools/", "samples/", "scripts/"))}
    new = {name: found for name, found in new.items() if not _named(files.after, name, *found)}
    if not new:
        return
    wide = {name for name, (path, function) in new.items() if not function.static or path.endswith(".h")}
    others = {**files.after, **(_others(job, wide) if wide else {})}
    for name, (path, function) in new.items():
        if _named(others, name, path, function) or _pasted(files.after[path], name):
            continue
        code = files.after[path]
        level = Level.NOTE if path.endswith(".h") else None
        what = f"{name}() is added, and nothing uses it"
        location = _location(path, code, function.start, name)
        yield Hit(what, location, level=level, key=name, patch=job.at_fault(path))


def _named(files: dict[str, Code], name: str, path: str, function: Function) -> bool:
    """Whether one of the files names the function beside declaring or defining it; of a static one, its own file."""
    within = {path: files[path]} if function.static and path.endswith(".c") else files
    for code in within.values():
        declared = {each.start for each in code.functions if each.name == name}
        if any(offset not in declared for offset in code.positions(name)) or code.assembles(name):
            return True
    return False


def _pasted(code: Code, name: str) -> bool:
    """Whether a macro may make the name of its parts, as DEVICE_ATTR_RO(foo) does of foo_show."""
    parts = name.split("_")
    pieces = {"_".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}
    pieces = {piece for piece in pieces if len(piece) > 1 and piece != name}
    for match in re.finditer(rb"\b[A-Za-z_]\w*[ \t]*\(([^()]*)\)", code.text):
        words = {word.strip().decode("utf-8", "replace") for word in match.group(1).split(b",")}
        if words & pieces and code.text[: match.start()].rsplit(b"\n", 1)[-1].strip() in (b"", b"static"):
            called = match.group().split(b"(")[0].strip().decode()
            if called.isupper() or called in code.macros:
                return True
    return "##" in code.text.decode("utf-8", "replace")


@check
def prototype_changed(job: ChangedTree) -> Iterator[Hit]:
    """A function whose number of parameters the series changes in one place and not in another."""
    files = _files(job)
    old = {
        (path, each.name, each.defined): each.parameters
        for path, code in files.before.items()
        for each in code.functions
        if not each.static or path.endswith(".h")
    }
    changed = {
        each.name: (path, each)
        for path, code in files.after.items()
        for each in code.functions
        if (before := old.get((path, each.name, each.defined))) is not None and before != each.parameters
    }
    if not changed:
        return
    others = _others(job, set(changed))
    for name, (path, function) in changed.items():
        every = [(user, each) for user, code in others.items() for each in code.functions if each.name == name]
        definitions = [(user, each) for user, each in every if each.defined and user.endswith(".c")]
        if len(definitions) != 1:
            continue  # none, or one for each architecture
        for user, each in every:
            same_kind = each.defined == function.defined and user == path
            if user.endswith(".c") and not each.defined:
                continue  # a declaration of its own
            if each.parameters != function.parameters and not same_kind and not each.static:
                what = f"{name}() takes {function.parameters} parameters in {path}, and {each.parameters} here"
                location = _location(user, others[user], each.start, name)
                yield Hit(what, location, key=f"{name} {user}", patch=job.at_fault(path))


@check
def config_unknown(job: ChangedTree) -> Iterator[Hit]:
    """An option that no Kconfig file has."""
    asked: dict[str, tuple[str, int, str]] = {}
    for path, lines in job.added.items():
        before = job.before.get(path, b"")
        for number, text in lines:
            for name in _asked(path, text):
                if not _names(before, name):  # else it is not new here: moved, or indented
                    asked.setdefault(name, (path, number, text))
    if not asked:
        return
    tree = job.after.tree
    texts = tree.read(tree.search(sorted(asked), ("*Kconfig*",)))
    defined: set[str] = set()
    for content in texts.values():
        defined |= {match.decode() for match in re.findall(rb"^\s*(?:menu)?config\s+(\w+)", content, re.MULTILINE)}
    missing = {name for name in asked if name not in defined and name.removesuffix("_MODULE") not in defined}
    if not missing:
        return
    if not any(path.rpartition("/")[2].startswith("Kconfig") for path in tree.paths()):
        raise CannotTell("the tree has no Kconfig files")
    made = tree.read(
        tree.search([f"CONFIG_{name}" for name in sorted(missing)], ("*.h", "*.c", "*.S", "*Makefile*", "*Kbuild*"))
    )
    own = {
        match.decode()
        for content in made.values()
        for match in re.findall(
            rb"^[ \t]*(?:#[ \t]*define[ \t]+|export[ \t]+)?CONFIG_(\w+)[ \t]*(?::?=|[ \t]|$)", content, re.MULTILINE
        )
    }
    missing -= own
    for name in sorted(name for name in missing if name.removesuffix("_MODULE") not in missing - {name}):
        path, number, text = asked[name]
        column = text.find(name) + 1
        location = Location(path, number, column, len(name), text[:400])
        yield Hit(f"no Kconfig file has {name}", location, key=name, patch=job.at_fault(path))


def _names(content: bytes, option: str) -> bool:
    """Whether a file has an option, as a word or behind CONFIG_."""
    word = option.encode()
    return word in content and re.search(rb"(?<![A-Z0-9])" + word + rb"\b", content) is not None


def _asked(path: str, text: str) -> Iterator[str]:
    """The options that a line asks for."""
    file = path.rpartition("/")[2]
    if file.startswith("Kconfig"):
        if (match := _KCONFIG_USE.match(text)) and not match.group(1).startswith("$("):
            yield from _SYMBOL.findall(re.sub(r'"[^"]*"|#.*|\$\([^)]*\)', "", match.group(1)))
    elif path.endswith((".c", ".h", ".S", ".lds")) or file.startswith(("Makefile", "Kbuild")):
        code = (
            text.partition("#")[0]
            if file.startswith(("Makefile", "Kbuild"))
            else re.sub(r"/\*.*|//.*|^\s*\*.*|\"[^\"]*\"", "", text)
        )
        yield from _CONFIG_USE.findall(code)
