"""What TOML cannot say about a use: named questions, each a small function of the use and what is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from patcher.model import How, Use
from patcher.rules.knowledge import Knowledge, Topic

_TO_FRAME = ("pfn_to_mfn", "pte_pfn_to_mfn", "phys_to_machine")
_FROM_FRAME = ("mfn_to_pfn", "pte_mfn_to_pfn", "mfn_to_local_pfn", "machine_to_phys")
_PAGETABLE_CALLS = ("HYPERVISOR_mmu_update", "MULTI_mmu_update", "HYPERVISOR_update_va_mapping_otherdomain")
_OF_MEMORY = re.compile(
    r"\b(?:virt_to_phys|virt_to_pfn|__pa|__pa_symbol|page_to_pfn|page_to_phys|vmalloc_to_pfn|slow_virt_to_phys)\s*\("
)
_OF_MEMORY_NAMES = frozenset(
    ("virt_to_phys", "virt_to_pfn", "__pa", "page_to_pfn", "page_to_phys", "vmalloc_to_pfn", "virt_to_page", "vmalloc_to_page")
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
    return _is_foreign_mapper(asked.knowledge, asked.use.span.path, asked.use.function)


def _is_foreign_mapper(knowledge: Knowledge, path: str, name: str) -> bool:
    function = knowledge.within(path, name)
    if function is None or not any(re.match(r"dom(?:id|ain)?$", param) for param in function.params):
        return False
    takes_range = any(re.match(r"g?[mp]fn|gfn|mfn", param) for param in function.params)
    return takes_range and not knowledge.reach(path, name).isdisjoint(_PAGETABLE_CALLS)


def tree_maps_foreign(asked: Asked) -> bool:
    """Somewhere the flag is set for another domain's frames."""
    uses = asked.knowledge.uses_of(asked.topic.carriers)
    return any(
        use.how is How.SET and _is_foreign_mapper(asked.knowledge, use.span.path, use.function) for use in uses if use.function
    )


def calls_foreign_mapper(asked: Asked) -> bool:
    """The function, or what it installs, goes on to a function that maps another domain's frames."""
    mappers = {
        name
        for name, definitions in asked.knowledge.definitions.items()
        for definition in definitions
        if not definition.declares and definition.params
        and _is_foreign_mapper(asked.knowledge, definition.span.path, name)
    }  # fmt: skip
    if asked.reach & mappers:
        return True
    return any(
        knows.intersection(mappers)
        for knows in (
            asked.knowledge.reach(facts.path, definition.name)
            for facts in asked.knowledge.files
            if facts.path == asked.use.span.path
            for definition in facts.definitions
            if definition.params and not definition.declares
        )
    )


def deals_in_foreign(asked: Asked) -> bool:
    """The function maps another domain's frames, or its file goes on to a function that does."""
    return foreign_mapper(asked) or calls_foreign_mapper(asked)


def in_helper(asked: Asked) -> bool:
    """The use is the work of a function that exists only for the flag."""
    return asked.use.function in asked.topic.helpers


def maps_memory(asked: Asked) -> bool:
    """The function, or an operation it installs, maps pages of the kernel, or frames computed from its memory."""
    return maps_pages(asked) or frame_of_memory_anywhere(asked)


def makes_pte(asked: Asked) -> bool:
    """The function leads a frame number through the P2M: PFN to MFN."""
    return not asked.reach.isdisjoint(_TO_FRAME)


def reads_pte(asked: Asked) -> bool:
    """The function leads a frame number back: MFN to PFN."""
    return not asked.reach.isdisjoint(_FROM_FRAME)


def maps_device(asked: Asked) -> bool:
    """The function, or an operation it installs, maps frames into user space, and they are no pages of the kernel."""
    return not asked.reach.isdisjoint(asked.topics["mapping"].subject.calls) and not frame_of_memory_anywhere(asked)


def maps_pages(asked: Asked) -> bool:
    """The function, or an operation it installs, maps the kernel's own pages."""
    return not asked.reach.isdisjoint(_PAGE_CALLS)


def frame_of_memory(asked: Asked) -> bool:
    """The frame that the call maps is computed from a kernel address or a page: it is RAM."""
    call = asked.knowledge.call(asked.use)
    return call is not None and any(_OF_MEMORY.search(argument) for argument in call.args)


def frame_of_memory_anywhere(asked: Asked) -> bool:
    """The function computes some frame from a kernel address or a page."""
    function = asked.knowledge.within(asked.use.span.path, asked.use.function)
    return function is not None and not _OF_MEMORY_NAMES.isdisjoint(function.mentions)


def sets_vm_io(asked: Asked) -> bool:
    """The function, or one that installs it as an operation, sets VM_IO itself."""
    setters = _setters(asked.knowledge.uses_of(asked.topics["vm-io"].carriers), asked.use.span.path)
    function = asked.use.function
    return function in setters or any(function in asked.knowledge.reach(asked.use.span.path, setter) for setter in setters)


def _setters(uses: Iterable[Use], path: str) -> set[str]:
    return {use.function for use in uses if use.span.path == path and use.how is How.SET and use.function}


def gets_vm_io(asked: Asked) -> bool:
    """The core function that is called sets VM_IO for its callers."""
    return asked.use.symbol in asked.knowledge.marking


def is_core(asked: Asked) -> bool:
    """The use stands inside one of the mapping functions themselves, or in a macro or helper that defines one."""
    calls = asked.topics["mapping"].subject.calls
    return asked.use.function in calls or f"{asked.use.function}".removeprefix("__") in calls


Matcher = Callable[[Asked], bool]

MATCHERS: dict[str, Matcher] = {
    matcher.__name__.replace("_", "-"): matcher
    for matcher in (
        calls_foreign_mapper,
        deals_in_foreign,
        foreign_mapper,
        frame_of_memory,
        frame_of_memory_anywhere,
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
