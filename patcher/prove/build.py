"""From a tree to a program: the tree's files, unchanged, compiled for user space and linked with the shim.

What is not the tree's letter: the headers a kernel build generates, the number at which the linear map starts
(64 bits: the kernel's half of the address space is not ours), and what shim/bridge.c supplies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from patcher import __version__, temporary
from patcher.cache import Cache
from patcher.prove import toolchain
from patcher.prove.find import LOOKUP, SETUP, Places, linear_map, places
from patcher.source.keys import digest
from patcher.source.prepare import Workspace, constants_header
from patcher.source.read import include_graph
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_profile, own_directories
from patcher.tree.includes import Includes
from patcher.tree.kernel import KernelTree

SHIM = Path(__file__).parent / "shim"
ARCHS = {"x86_64": 64, "i386": 32}
TREE = "/tree"  # where debug information says the sources are
PAGE_OFFSET = {64: "0x0000100000000000", 32: "0xc0000000"}
_STUBS, APART = 0x60000000, 0x10000  # where nothing is: a touch faults, and the address names the symbol
_STATICS = ("p2m_top", "p2m_missing", "p2m_mid_missing", "p2m_identity", "p2m_mid_identity", "p2m_top_mfn",
            "p2m_top_mfn_p", "p2m_mid_missing_mfn", "xen_make_pte", "xen_pte_val")  # fmt: skip
_COMMON = ("-fgnu89-inline", "-ffreestanding", "-fno-builtin", "-fno-pie", "-fno-pic", "-fno-stack-protector",
           "-fno-strict-aliasing", "-fno-common", "-fno-delete-null-pointer-checks", "-fno-strict-overflow",
           "-fno-asynchronous-unwind-tables", "-fno-omit-frame-pointer", "-fcf-protection=none",
           "-fno-optimize-sibling-calls", "-fno-ipa-sra", "-fno-ipa-cp", "-O1", "-g", "-w")  # fmt: skip
_WIDTH = {
    64: ("-m64", "-mno-red-zone", "-mno-sse", "-mno-mmx", "-mcmodel=small"),
    32: ("-m32", "-mregparm=3", "-freg-struct-return", "-march=i686", "-mno-sse", "-mno-mmx"),
}
# A compiler older than any tree: its header is there since 2.6.16, and nothing newer is wanted of ours.
_AS_GCC4 = ("-U__GNUC__", "-D__GNUC__=4", "-U__GNUC_MINOR__", "-D__GNUC_MINOR__=8")
_BRK = re.compile(r"^[0-9a-f]+ ([0-9a-f]+) \w (?:\.brk\.|__brk_reservation_(?!fn_))(\w+)$", re.MULTILINE)

_LOCKED = re.compile(r"^\s*([0-9a-f]+):\s(?:[0-9a-f]{2} )+\s*lock ", re.MULTILINE)


class Program(msgspec.Struct, frozen=True):
    """A program that plays scenarios against the code of one tree.

    Attributes:
        bits: its word size
        binary: its content
        brk: what the P2M's files reserve with RESERVE_BRK, by name, in bytes
        stubs: address → symbol that nothing supplies; its touch is a fault
        sources: the tree's C files in it
        locked: the addresses of the tree's locked instructions
        references: what setup.c's code calls and does not define
        shims: what is not the tree's own, one line each
        compiler: the compiler's version line
        profile: the configuration
    """

    bits: int
    binary: bytes
    brk: dict[str, int]
    stubs: dict[int, str]
    sources: tuple[str, ...]
    locked: tuple[int, ...]
    references: tuple[str, ...]
    shims: tuple[str, ...]
    compiler: str
    profile: str

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The binary as a file that can be run."""
        with temporary.directory("prove") as place:
            file = place / "prove"
            file.write_bytes(self.binary)
            file.chmod(0o700)
            yield file


def build(tree: KernelTree, arch: str, cache: Cache) -> Program:
    """The program for ``x86_64`` or ``i386``, from the cache where these files were built before.

    Raises InputError where the tree has no P2M, and CompilerError where its code does not compile.
    """
    found = places(tree)
    config = from_profile(tree, _profile(arch), kconfig.read(tree))
    includes = include_graph(tree, config, _roots(tree, found), cache)
    reached = sorted(includes.reach([*_roots(tree, found), *config.forced]))
    contents = [(path, includes.blobs.get(path) or includes.made.get(path, b"")) for path in reached]
    key = "prove:" + digest(toolchain.identity(), _self(), config.flags, config.forced, found.sources, contents)
    stored = cache.get(key)
    if stored is not None:
        return msgspec.msgpack.decode(stored, type=Program)
    program = _build(tree, found, config, includes, cache)
    cache.put(key, msgspec.msgpack.encode(program))
    return program


def _self() -> str:
    state = hashlib.sha256(__version__.encode())
    for file in sorted([*SHIM.iterdir(), Path(__file__), Path(__file__).with_name("find.py")]):
        state.update(file.read_bytes())
    return state.hexdigest()


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


def _roots(tree: KernelTree, found: Places) -> list[str]:
    return [*found.sources, *(path for path in _BRIDGE_HEADERS if path in tree.paths())]


def _build(tree: KernelTree, found: Places, config: Config, includes: Includes, cache: Cache) -> Program:
    for path in sorted(includes.reach(_roots(tree, found)) & includes.outside.keys()):
        raise toolchain.CompilerError(f"{path} includes {includes.outside[path]!r}, which is outside of the tree")
    own = own_directories(tree, found.sources)
    with Workspace(tree, config, includes, own, cache) as space, temporary.directory("prove") as place:
        try:
            return _compile(tree, found, includes, space, place)
        except toolchain.CompilerError as error:
            said = str(error)
            for directory in (space.prepared.sources, space.prepared.headers, place, SHIM.parent):
                said = said.replace(f"{directory}/", "")
            raise toolchain.CompilerError(f"{said}{_other_tree(tree, found)}") from error


def _other_tree(tree: KernelTree, found: Places) -> str:
    """A hint, where the P2M is none that the shim was made for."""
    path = found.defined[LOOKUP]
    if re.search(rb"\bp2m_mid_missing\b", tree.read([path])[path]):
        return ""
    return f" ({path} has no p2m_mid_missing: not the tree of three levels that came with 2.6.37?)"


def _compile(tree: KernelTree, found: Places, includes: Includes, space: Workspace, work: Path) -> Program:
    config = space.prepared.config
    bits = ARCHS[config.arch]
    files = includes.reach(_roots(tree, found))
    for header, source in space.bring(files):
        space.add_header(header, constants_header(space.prepared, source))
    shims = [*_shadow(space.prepared.sources, work, files, bits)]
    flags = [*_COMMON, *_WIDTH[bits], *(_AS_GCC4 if _old(tree) else ())]
    objects = []
    for number, path in enumerate(found.sources):
        target = work / f"tree{number}.o"
        arguments = _plain(space.prepared.arguments(path), work)
        toolchain.run(
            ["gcc", *arguments, *flags, f"-ffile-prefix-map={space.prepared.sources}={TREE}", "-c",
             "-o", str(target), str(space.prepared.sources / path)]
        )  # fmt: skip
        toolchain.run(["objcopy", *(f"--globalize-symbol={name}" for name in _STATICS), str(target)])
        objects.append(target)
    bridge = _plain(space.prepared.arguments(found.sources[0]), work)
    for name in ("bridge.c", "driver.c", "entry.S"):
        target = work / f"{name}.o"
        arguments = bridge if name == "bridge.c" else []
        toolchain.run(
            ["gcc", *arguments, *flags, "-x", "assembler-with-cpp" if name.endswith(".S") else "c", f"-I{SHIM}",
             f"-DPROVE_PAGE_OFFSET={PAGE_OFFSET[bits]}UL", "-c", "-o", str(target), str(SHIM / name)]
        )  # fmt: skip
        toolchain.run(["objcopy", "--rename-section", ".text=shimtext", str(target)])
    return _link(work, objects, found, config, shims)


def _old(tree: KernelTree) -> bool:
    return "include/linux/compiler-gcc4.h" in tree.paths()


def _plain(arguments: list[str], work: Path) -> list[str]:
    """libclang's arguments as gcc takes them, with what is shadowed in front."""
    at = arguments.index("-target")
    arguments = arguments[:at] + arguments[at + 2 :]
    arguments = [each for each in arguments if not each.startswith("-ferror-limit")]
    first = next(index for index, each in enumerate(arguments) if each.startswith("-I"))
    shadow = [f"-I{work / 'shadow' / directory}" for directory in ("arch/x86/include", "include")]
    return [*arguments[:first], *shadow, *arguments[first:]]


def _shadow(sources: Path, work: Path, files: frozenset[str], bits: int) -> Iterator[str]:
    """Copies of the headers that say where the linear map begins, with a number that user space can map."""
    for path in sorted(files):
        if bits == 32 or not path.endswith(".h"):
            continue
        text = (sources / path).read_bytes() if (sources / path).is_file() else b""
        changed = linear_map(text, PAGE_OFFSET[bits]) if b"__PAGE_OFFSET" in text else None
        if changed:
            target = work / "shadow" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(changed)
            yield f"{path}: __PAGE_OFFSET is {PAGE_OFFSET[bits]}, where user space can map it"


def _link(work: Path, objects: list[Path], found: Places, config: Config, shims: list[str]) -> Program:
    bits = ARCHS[config.arch]
    shim = [work / f"{name}.o" for name in ("bridge.c", "driver.c", "entry.S")]
    lacking = _lacking(work, bits, objects, shim)
    stubs = {_STUBS + number * APART: name for number, name in enumerate(lacking)}
    assembly = "".join(f".globl {name}\n.set {name}, {address:#x}\n" for address, name in stubs.items())
    (work / "stubs.S").write_text(f'{assembly}.section .note.GNU-stack, "", @progbits\n')
    binary = work / "prove"
    toolchain.run([*_linker(bits, binary), *map(str, objects), *map(str, shim), str(work / "stubs.S")])
    own = objects[found.sources.index(found.defined[SETUP[0]])] if SETUP[0] in found.defined else None
    return Program(
        bits=bits,
        binary=binary.read_bytes(),
        brk={name: int(size, 16) for size, name in _BRK.findall(toolchain.run(["nm", "-S", *map(str, objects)]))},
        stubs=stubs,
        sources=found.sources,
        locked=tuple(int(each, 16) for each in _LOCKED.findall(toolchain.run(["objdump", "-d", str(binary)]))),
        references=tuple(sorted(_names(toolchain.run(["nm", "-u", str(own)])))) if own else (),
        shims=tuple(shims),
        compiler=toolchain.identity(),
        profile=config.name,
    )


def _linker(bits: int, target: Path, *options: str) -> list[str]:
    extra = ",".join(("--build-id=none", "-z,noexecstack", *options))
    return ["gcc", f"-m{bits}", "-nostdlib", "-static", "-no-pie", f"-Wl,{extra}", "-o", str(target)]


def _lacking(work: Path, bits: int, objects: list[Path], shim: list[Path]) -> list[str]:
    """The symbols that nothing supplies. The linker is asked, since it makes some itself: ``__start_SECTION``,
    ``__stop_SECTION``, ``_end`` and their like. What only the shim wants, weakly, is told by its absence."""
    tried = work / "unresolved"
    toolchain.run([*_linker(bits, tried, "--unresolved-symbols=ignore-all"), *map(str, [*objects, *shim])])
    made = _names(toolchain.run(["nm", "--defined-only", str(tried)]))
    wanted = _names(toolchain.run(["nm", "-u", *map(str, [*objects, *shim])]))
    weak = _weak(toolchain.run(["nm", "-u", *map(str, shim)]))
    return sorted(wanted - made - weak)


def _names(listing: str) -> set[str]:
    return {line.split()[-1] for line in listing.splitlines() if line.strip() and not line.endswith(":")}


def _weak(listing: str) -> set[str]:
    return {line.split()[-1] for line in listing.splitlines() if line.split()[:1] in (["w"], ["v"])}
