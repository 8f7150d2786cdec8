"""From a tree to a program: the tree's files, unchanged, compiled for user space and linked with the shim.

What is not the tree's letter: the headers a kernel build generates, the number at which the linear map starts
(64 bits: the kernel's half of the address space is not ours), and what shim/bridge.c supplies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.prove import elf, protocol, toolchain
from patcher.prove.compiled import Compiler, Source
from patcher.prove.elf import Elf
from patcher.prove.find import HIGH, LOOKUP, SETUP, Places, linear_map, places
from patcher.prove.link import COMMON, PAGE_OFFSET, SHIM, WIDTH, Shim, link, shim_key, shim_of
from patcher.prove.objects import SHIM_TEXT, check_objects
from patcher.prove.program import High, Program
from patcher.source.keys import digest
from patcher.source.parallel import make_constants
from patcher.source.prepare import BUILTIN, Workspace
from patcher.source.read import include_graph
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_profile
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree
from patcher.tree.makefiles import own_directories

ARCHS = {"x86_64": 64, "i386": 32}
TREE = "/tree"  # where debug information says the sources are
_STATICS = ("p2m_top", "p2m_missing", "p2m_mid_missing", "p2m_identity", "p2m_mid_identity", "p2m_top_mfn",
            "p2m_top_mfn_p", "p2m_mid_missing_mfn", "xen_make_pte", "xen_pte_val")  # fmt: skip
# A compiler older than any tree: its header is there since 2.6.16, and nothing newer is wanted of ours.
_AS_GCC4 = ("-U__GNUC__", "-D__GNUC__=4", "-U__GNUC_MINOR__", "-D__GNUC_MINOR__=8")
_BRK = re.compile(r"(?:\.brk\.|__brk_reservation_(?!fn_))(\w+)$")
_ASSIGNED = re.compile(rb"\b(\w+)\s*=\s*extend_brk\s*\(")
_BRIDGE, _HIGHMAP = "shim/bridge.c", "shim/highmap.c"
# Where the image ends is a number of the linker's. Here it is a variable, so that one program plays all layouts:
# "extern char _end[]" becomes "extern char (*prove_end)[]", and "_end" an array at the address that it holds.
_VARIABLE_END = "-D_end=(*prove_end)"


_program_decoder = msgspec.msgpack.Decoder(Program)


def build(tree: KernelTree, arch: str, cache: Cache) -> Program:
    """The program for ``x86_64`` or ``i386``, from the cache where these files were built before.

    Raises InputError where the tree has no P2M, and CompilerError where its code does not compile.
    """
    found = places(tree, ARCHS[arch])
    config = from_profile(tree, _profile(arch), kconfig.read(tree))
    roots = [*_roots(tree, found), *_high_root(found)]
    includes = include_graph(tree, config, roots, cache)
    reached = sorted(includes.reach([*roots, *config.forced]))
    contents = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in reached]
    key = "prove:" + digest(
        toolchain.identity(), shim_key(), config.flags, config.forced, found.sources, found.high, found.elsewhere,
        contents,
    )  # fmt: skip
    stored = cache.load(key, _program_decoder.decode)
    if stored is not None:
        return stored
    program = _build(tree, found, config, includes, cache)
    cache.put(key, msgspec.msgpack.encode(program))
    return program


def _profile(arch: str) -> profile.Profile:
    """An initial domain's configuration, so that one program can play both kinds of domain."""
    if arch == "x86_64":
        return profile.load("x86_64-xen-dom0")
    shipped = profile.load("i386-xen-domu")
    more = dict.fromkeys(("ACPI", "XEN_DOM0", "XEN_PRIVILEGED_GUEST"), "1")
    return msgspec.structs.replace(shipped, name="i386-xen-dom0", config={**shipped.config, **more})


_BRIDGE_HEADERS = ("arch/x86/include/asm/xen/page.h", "arch/x86/include/asm/xen/hypervisor.h",
                   "arch/x86/include/asm/xen/hypercall.h", "arch/x86/include/asm/e820.h", "arch/x86/include/asm/pat.h",
                   "arch/x86/include/asm/setup.h", "include/linux/gfp.h", "include/xen/features.h",
                   "include/xen/interface/memory.h", "include/xen/xen.h", "include/linux/errno.h")  # fmt: skip

# Of bridge.c and highmap.c: those that the tree's own files reach.
_MORE_HEADERS = ("include/xen/page.h", "include/linux/sched.h", "include/linux/mm.h", "include/linux/types.h",
                 "arch/x86/include/asm/pgtable.h")  # fmt: skip


def _high_root(found: Places) -> list[str]:
    return [found.high] if found.high else []


def _roots(tree: KernelTree, found: Places) -> list[str]:
    return [*found.sources, *_bridge_headers(tree)]


def _bridge_headers(tree: KernelTree) -> list[str]:
    return list(tree.blobs(_BRIDGE_HEADERS))


def _build(tree: KernelTree, found: Places, config: Config, includes: Includes, cache: Cache) -> Program:
    for path in sorted(includes.reach(_roots(tree, found)) & includes.outside.keys()):
        raise toolchain.CompilerError(f"{path} includes {includes.outside[path]!r}, which is outside of the tree")
    own = own_directories(tree, (*found.sources, *_high_root(found)))
    with Workspace(tree, config, includes, own, cache) as space, temporary.directory("prove") as directory:
        try:
            return _compile(tree, found, includes, space, directory, cache)
        except toolchain.CompilerError as error:
            message = _without_places(str(error), space, directory)
            raise toolchain.CompilerError(f"{_other_tree(tree, found)}{message}") from error


def _without_places(message: str, space: Workspace, work: Path) -> str:
    """What the compiler said, without the directories that it was made to work in."""
    for directory in (space.prepared.sources, space.prepared.headers, work, SHIM.parent):
        message = message.replace(f"{directory}/", "")
    return message


def _other_tree(tree: KernelTree, found: Places) -> str:
    """A hint to put before what the compiler said, where the P2M is none that the shim was made for."""
    why = another_p2m(tree, found)
    return f"{why}: " if why else ""


def another_p2m(tree: KernelTree, found: Places) -> str:
    """Why the P2M of a tree is none that the shim was made for, "" where it is one."""
    path = found.defined[LOOKUP]
    if re.search(rb"\bp2m_mid_missing\b", tree.read([path])[path]):
        return ""
    return f"{path} has no p2m_mid_missing, so that its P2M is not the tree of three levels that came with 2.6.37"


def _compile(
    tree: KernelTree, found: Places, includes: Includes, space: Workspace, work: Path, cache: Cache
) -> Program:
    config = space.prepared.config
    bits = ARCHS[config.arch]
    files = includes.reach([*_roots(tree, found), *_high_root(found)])
    make_constants([space], [space.bring(files)])
    shims = [*_shadow(space.prepared.sources, work / "shadow", files, bits)]
    flags = [*COMMON, *WIDTH[bits], *(_AS_GCC4 if _old(tree) else ())]
    places = {
        work: "/work",
        space.prepared.headers: "/made",
        space.prepared.sources: TREE,
        SHIM: "/shim",
    }  # the same code, the same bytes
    maps = [f"-ffile-prefix-map={directory}={name}" for directory, name in places.items()]
    ours = work / "ours"
    ours.mkdir()
    (ours / "protocol.h").write_text(protocol.header())
    key = digest(toolchain.identity(), shim_key(), sorted(files))  # their names: what __has_include() can see
    compiler = Compiler(space.prepared, includes, [SHIM, BUILTIN, ours], work / "shadow", work, key, cache)

    def of_tree(name: str, path: str, *more: str) -> bytes:
        arguments = [*_plain(space.prepared.arguments(path), work), *flags, *more, *maps]
        needs = includes.reach([path, *config.forced])
        return compiler.compiled(Source(name, space.prepared.sources / path, arguments, needs, _STATICS))

    def of_shim(name: str, path: str) -> bytes:
        """One that is compiled as a file of the tree is, and with its headers."""
        arguments = [*_plain(space.prepared.arguments(path), work), *flags, *maps, f"-I{SHIM}", f"-I{ours}"]
        needs = includes.reach([*_bridge_headers(tree), *_MORE_HEADERS, *config.forced])
        return compiler.compiled(Source(name, SHIM / f"{name}.c", arguments, needs))

    objects = {path: of_tree(f"tree{number}", path) for number, path in enumerate(found.sources)}
    objects[_BRIDGE] = of_shim("bridge", found.sources[0])
    shim = shim_of(bits, cache)
    others = _taken_by_others(tree.read(found.sources).values())
    high = _claims_high(found)
    if high.lacking or not high.claimed:
        return _link(work, objects, shim, found, config, shims, others, high)
    try:
        for path in sorted(includes.reach([found.high]) & includes.outside.keys()):
            raise toolchain.CompilerError(f"{path} includes {includes.outside[path]!r}, which is outside of the tree")
        clears = of_tree("high", found.high, _VARIABLE_END)
        more = {found.high: clears, _HIGHMAP: of_shim("highmap", found.high)}
        high = High(True, high.reason, _names_brk(clears, bits))
        return _link(work, {**objects, **more}, shim, found, config, shims, others, high)
    except toolchain.CompilerError as error:
        message = _without_places(str(error), space, work)
        high = High(True, high.reason, lacking=f"{found.high} cannot be made part of the program: {message}")
        return _link(work, objects, shim, found, config, shims, others, high)


def _claims_high(found: Places) -> High:
    """Before anything is compiled."""
    if found.elsewhere:
        reason = f"{found.elsewhere} clears PMDs behind the brk"
        return High(True, reason, lacking=f"{reason}, and only {HIGH}() is played")
    if found.high:
        return High(True, f"{HIGH}() is defined")
    return High(False, f"nothing under arch/x86 defines {HIGH}()")


def _names_brk(compiled: bytes, bits: int) -> bool:
    """Whether the object looks at the end of the brk."""
    return any(symbol.name == "_brk_end" and not symbol.defined for symbol in elf.parse(compiled, bits).symbols)


def _old(tree: KernelTree) -> bool:
    return bool(tree.blobs(["include/linux/compiler-gcc4.h"]))


def _plain(arguments: list[str], work: Path) -> list[str]:
    """libclang's arguments as gcc takes them, with what is shadowed in front."""
    at = arguments.index("-target")
    arguments = arguments[:at] + arguments[at + 2 :]
    arguments = [each for each in arguments if not each.startswith("-ferror-limit")]
    first = next(index for index, each in enumerate(arguments) if each.startswith("-I"))
    shadow = [f"-I{work / 'shadow' / directory}" for directory in ("arch/x86/include", "include")]
    return [*arguments[:first], *shadow, *arguments[first:]]


def _shadow(sources: Path, shadow: Path, files: frozenset[str], bits: int) -> Iterator[str]:
    """Copies of the headers that say where the linear map begins, with a number that user space can map."""
    shadow.mkdir()
    for path in sorted(files):
        if bits == 32 or not path.endswith(".h"):
            continue
        text = (sources / path).read_bytes() if (sources / path).is_file() else b""
        changed = linear_map(text, PAGE_OFFSET[bits]) if b"__PAGE_OFFSET" in text else None
        if changed:
            target = shadow / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(changed)
            yield f"{path}: __PAGE_OFFSET is {PAGE_OFFSET[bits]}, where user space can map it"


def _link(
    work: Path,
    objects: dict[str, bytes],
    shim: Shim,
    found: Places,
    config: Config,
    shims: list[str],
    others: frozenset[str],
    high: High,
) -> Program:
    bits = ARCHS[config.arch]
    owned = {name: "the shim" for name, weak in shim.exported.items() if not weak}
    parsed = check_objects(objects, owned, bits)
    directory = work / f"link{len(objects)}"
    directory.mkdir()
    files, rename = [], []
    for number, (path, content) in enumerate(objects.items()):
        files.append(f"{number}.o")
        (directory / files[-1]).write_bytes(content)
        if path in (_BRIDGE, _HIGHMAP):
            rename.append(["objcopy", f"--rename-section=.text={SHIM_TEXT}", files[-1]])
    binary, stubs, jumps = link(directory, files, parsed.values(), shim, bits, *rename)
    setup = parsed.get(found.defined.get(SETUP[0], ""))
    return Program(
        bits=bits,
        binary=binary,
        launcher=shim.launcher,
        brk=_reserved(parsed, others),
        stubs=stubs,
        sources=found.sources,
        jumps=jumps,
        references=tuple(sorted(each.name for each in setup.symbols if not each.defined)) if setup else (),
        shims=tuple(shims),
        compiler=toolchain.identity(),
        profile=config.name,
        high=high,
    )


def build_alone(source: Path, bits: int, work: Path, cache: Cache) -> Program:
    """A program of one C file of ours that stands for a tree and for what bridges it; linked and judged as any other.

    Arguments:
        source: the file
        bits: the word size
        work: an empty directory
        cache: for the shim

    Raises CompilerError where it is refused.
    """
    shim = shim_of(bits, cache)
    (work / "protocol.h").write_text(protocol.header())
    flags = [*COMMON, *WIDTH[bits], f"-I{SHIM}", "-I."]
    command = ["gcc", *flags, "-c", "-o", "known.o", str(source)]
    toolchain.run_confined([command], read=[source.parent, SHIM], write=work)
    owned = {name: "the shim" for name, weak in shim.exported.items() if not weak}
    parsed = check_objects({source.name: (work / "known.o").read_bytes()}, owned, bits)
    binary, stubs, jumps = link(work, ["known.o"], parsed.values(), shim, bits)
    return Program(
        bits,
        binary,
        shim.launcher,
        {"p2m": 3 * 4096},
        stubs,
        (),
        jumps,
        (),
        (),
        toolchain.identity(),
        "",
        High(False, "there is no tree"),
    )


def _reserved(objects: Mapping[str, Elf], others: frozenset[str]) -> dict[str, int]:
    """What the files reserve with RESERVE_BRK, by name, in bytes; without what ``others`` take."""
    return {
        match[1]: symbol.size
        for each in objects.values() for symbol in each.symbols
        if (match := _BRK.match(symbol.name)) and match[1] not in others
    }  # fmt: skip


def _taken_by_others(sources: Iterable[bytes]) -> frozenset[str]:
    """Reservations that are none of the P2M's, though in its files: what a variable of the same name is given of, such
    as ``level1_ident_pgt = extend_brk(…)``, and that does not have the P2M's name."""
    names = {name.decode() for text in sources for name in _ASSIGNED.findall(text)}
    return frozenset(name for name in names if not re.search("p2m|m2p", name))
