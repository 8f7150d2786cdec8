"""What TOML cannot say about a use: named questions, each a small function of the use and what is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from patcher.model import Call, How, Use
from patcher.rules.knowledge import Knowledge, Topic

_TO_FRAME = ("pfn_to_mfn", "pte_pfn_to_mfn", "phys_to_machine")
_FROM_FRAME = ("mfn_to_pfn", "pte_mfn_to_pfn", "mfn_to_local_pfn", "machine_to_phys")
# What makes a frame number, or a page, of the kernel's own memory.
_MEMORY_MAKERS = (
    "virt_to_phys", "virt_to_pfn", "__pa", "__pa_symbol", "slow_virt_to_phys", "page_to_pfn", "page_to_phys",
    "vmalloc_to_pfn", "vmalloc_to_page",
)  # fmt: skip
_OF_MEMORY = re.compile(rf"\b(?:{'|'.join(_MEMORY_MAKERS)})\s*\(")
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")
_OF_DEVICE = re.compile(
    r"\b(?:pci_resource_start|vm_pgoff|smem_start|mmio_start)\b|->(?:start|phys|base_phys|aper_base)\b"
)
_PAGE_CALLS = frozenset(
    ("vm_insert_page", "vm_insert_pages", "vm_map_pages", "remap_vmalloc_range", "vmalloc_to_page", "dma_mmap_coherent",
     "dma_common_mmap", "dma_mmap_attrs", "alloc_page", "get_page")
)  # fmt: skip


class Asked(NamedTuple):
    """A use, the topic it belongs to, all topics of the group, and all that is known."""

    use: Use
    topic: Topic
    topics: dict[str, Topic]
    knowledge: Knowledge

    @property
    def reach(self) -> frozenset[str]:
        return self.knowledge.reach(self.use.span.path, self.use.function)


def foreign_mapper(asked: Asked) -> bool:
    """The function changes page tables on behalf of a domain it is told: the frames are that domain's, not ours."""
    return (asked.use.span.path, asked.use.function) in asked.knowledge.foreign_mappers


def tree_maps_foreign(asked: Asked) -> bool:
    """Somewhere the flag is set for another domain's frames."""
    uses = asked.knowledge.uses_of(asked.topic.carriers)
    return any(use.how is How.SET and (use.span.path, use.function) in asked.knowledge.foreign_mappers for use in uses)


def calls_foreign_mapper(asked: Asked) -> bool:
    """The file in which the function stands goes on to a function that maps another domain's frames."""
    mappers = {name for _, name in asked.knowledge.foreign_mappers}
    calls = asked.knowledge.calls_of(asked.use.span.path)
    return not mappers.isdisjoint(calls)


def deals_in_foreign(asked: Asked) -> bool:
    """The function maps another domain's frames, or its file goes on to a function that does."""
    return foreign_mapper(asked) or calls_foreign_mapper(asked)


def in_helper(asked: Asked) -> bool:
    """The use is the work of a function that exists only for the flag."""
    return asked.use.function in asked.topic.helpers


def maps_memory(asked: Asked) -> bool:
    """The function, or an operation it installs, maps pages of the kernel, or frames computed from its memory."""
    return maps_pages(asked) or any(_is_memory(asked, call) for call in _mapping_calls(asked))


def makes_pte(asked: Asked) -> bool:
    """The function leads a frame number through the P2M: PFN to MFN."""
    return not asked.reach.isdisjoint(_TO_FRAME)


def reads_pte(asked: Asked) -> bool:
    """The function leads a frame number back: MFN to PFN."""
    return not asked.reach.isdisjoint(_FROM_FRAME)


def maps_device(asked: Asked) -> bool:
    """The function, or an operation it installs, maps frames into user space that are no memory of the kernel's."""
    return any(not _is_memory(asked, call) or _is_device(asked, call) for call in _mapping_calls(asked))


def _mapping_calls(asked: Asked) -> Iterator[Call]:
    """The calls of mapping functions that the function comes to within its file."""
    path, wanted = asked.use.span.path, asked.topics["mapping"].subject.calls
    for name in (asked.use.function, *asked.reach):
        yield from (call for call in asked.knowledge.calls_in(path, name) if call.callee in wanted)


def _origins(asked: Asked, call: Call) -> tuple[str, ...]:
    """What the frame that a call maps is made of. It is the third argument of every mapping function; where there
    are fewer, the vma says it (``vm_pgoff``)."""
    frame = call.args[2] if len(call.args) > 2 else "vma->vm_pgoff"
    return asked.knowledge.origins(asked.use.span.path, call.function, frame, lambda text: _of_memory(asked, text))


def _of_memory(asked: Asked, text: str) -> bool:
    """Whether an expression computes a frame from a kernel address or a page, itself or in a function of the file."""
    if _OF_MEMORY.search(text):
        return True
    path, knowledge = asked.use.span.path, asked.knowledge
    called = (name for name in _CALLED.findall(text) if knowledge.within(path, name))
    return any(not knowledge.reach(path, name).isdisjoint(_MEMORY_MAKERS) for name in called)


def _is_memory(asked: Asked, call: Call) -> bool:
    return any(_of_memory(asked, text) for text in _origins(asked, call))


def _is_device(asked: Asked, call: Call) -> bool:
    return any(_OF_DEVICE.search(text) for text in _origins(asked, call) if not _of_memory(asked, text))


def built_from_frame(asked: Asked) -> bool:
    """What the flag goes into becomes a PTE by mfn_pte(), which takes a machine frame and asks no P2M."""
    use = asked.use
    values = asked.knowledge.origins(use.span.path, use.function, use.target) if use.target else ()
    return use.callee == "mfn_pte" or any("mfn_pte(" in text for text in values)


def maps_pages(asked: Asked) -> bool:
    """The function, or an operation it installs, maps the kernel's own pages."""
    return not asked.reach.isdisjoint(_PAGE_CALLS)


def frame_of_memory(asked: Asked) -> bool:
    """The frame that the call maps comes from a kernel address or a page, followed through the function's variables."""
    call = asked.knowledge.call(asked.use)
    return call is not None and _is_memory(asked, call)


def frame_of_both(asked: Asked) -> bool:
    """The frame comes from a kernel address or a page on one path, and from something else (a bus address, an offset
    of the vma) on another."""
    call = asked.knowledge.call(asked.use)
    return call is not None and _is_memory(asked, call) and _is_device(asked, call)


def sets_vm_io(asked: Asked) -> bool:
    """The function, or one that installs it as an operation, sets VM_IO itself."""
    setters = _setters(asked.knowledge.uses_of(asked.topics["vm-io"].carriers), asked.use.span.path)
    function = asked.use.function
    return function in setters or any(
        function in asked.knowledge.reach(asked.use.span.path, setter) for setter in setters
    )


def _setters(uses: Iterable[Use], path: str) -> set[str]:
    return {use.function for use in uses if use.span.path == path and use.how is How.SET and use.function}


def gets_vm_io(asked: Asked) -> bool:
    """The core function that is called sets VM_IO for its callers."""
    flags, calls = asked.topics["vm-io"].carriers, frozenset(asked.topics["mapping"].subject.calls)
    return asked.use.symbol in asked.knowledge.marking(flags, calls)


def is_core(asked: Asked) -> bool:
    """The use stands inside one of the mapping functions themselves, or in what one of them is made of."""
    calls, path, function = asked.topics["mapping"].subject.calls, asked.use.span.path, asked.use.function
    return function in calls or any(
        function in asked.knowledge.reach(path, name) for name in calls if asked.knowledge.within(path, name)
    )


Matcher = Callable[[Asked], bool]

MATCHERS: dict[str, Matcher] = {
    matcher.__name__.replace("_", "-"): matcher
    for matcher in (
        built_from_frame,
        calls_foreign_mapper,
        deals_in_foreign,
        foreign_mapper,
        frame_of_both,
        frame_of_memory,
        gets_vm_io,
        in_helper,
        is_core,
        makes_pte,
        maps_device,
        maps_memory,
        maps_pages,
        reads_pte,
        sets_vm_io,
        tree_maps_foreign,
    )
}
