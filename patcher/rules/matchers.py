"""What TOML cannot say about a use: named questions, each a small function of the use and what is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from patcher.model import Call, How, Use
from patcher.rules.areas import Setting
from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.origins import Nature, Origin

_TO_FRAME = ("pfn_to_mfn", "pte_pfn_to_mfn", "phys_to_machine")
_FROM_FRAME = ("mfn_to_pfn", "pte_mfn_to_pfn", "mfn_to_local_pfn", "machine_to_phys")
_FRAME = 2  # of its arguments, most mapping functions take the frame as the third
_MAPS_PAGES = frozenset(
    ("vm_insert_page", "vm_insert_pages", "vm_map_pages", "vm_map_pages_zero", "remap_vmalloc_range",
     "remap_vmalloc_range_partial", "vmf_insert_page")
)  # fmt: skip
_GIVES_PAGE = re.compile(r"->\s*page\s*=(?!=)")


class Asked(NamedTuple):
    """A use, the topic it belongs to, all topics of the group, and all that is known."""

    use: Use
    topic: Topic
    topics: dict[str, Topic]
    knowledge: Knowledge

    @property
    def reach(self) -> frozenset[str]:
        return self.knowledge.reach(self.use.span.path, self.use.function)

    @property
    def unbuilt(self) -> str:
        """Why x86 never builds the place, "" where it may."""
        known, span = self.knowledge.unbuilt, self.use.span
        return known.get(span.path, "") or known.get(f"{span.path}:{span.start}", "")


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
    """What the function, or an operation it installs, maps is all the kernel's own memory."""
    frames = [_frame(asked, call) for call in _mapping_calls(asked)]
    return (bool(frames) or maps_pages(asked)) and all(_natures(each) == {Nature.MEMORY} for each in frames)


def makes_pte(asked: Asked) -> bool:
    """The function leads a frame number through the P2M: PFN to MFN."""
    return not asked.reach.isdisjoint(_TO_FRAME)


def reads_pte(asked: Asked) -> bool:
    """The function leads a frame number back: MFN to PFN."""
    return not asked.reach.isdisjoint(_FROM_FRAME)


def _mappers(asked: Asked) -> tuple[str, ...]:
    """The mapping functions, where the rules speak of such."""
    return asked.topics["mapping"].subject.calls if "mapping" in asked.topics else ()


def _mapping_calls(asked: Asked) -> Iterator[Call]:
    """The calls of mapping functions that the function comes to within its file."""
    path, wanted = asked.use.span.path, _mappers(asked)
    for name in (asked.use.function, *asked.reach):
        yield from (call for call in asked.knowledge.calls_in(path, name) if call.callee in wanted)


def _frame(asked: Asked, call: Call) -> frozenset[Origin]:
    """Where the frame that a call maps comes from; where no argument says it, the vma does (``vm_pgoff``)."""
    at = asked.topics["mapping"].subject.frame.get(call.callee, _FRAME)
    if 0 <= at < len(call.args):
        return _confined(asked, call, call.args[at]) or asked.knowledge.frame(
            call.span.path, call.span.start, call.args[at]
        )
    area = asked.knowledge.area(call.span.path, call.span.start, call.args)
    if not area:
        return frozenset({Origin(Nature.USER, "vm_pgoff", call.span.path, call.line)})
    return asked.knowledge.frame(call.span.path, call.span.start, f"{area}->vm_pgoff")


def _confined(asked: Asked, call: Call, frame: str) -> frozenset[Origin]:
    """Where the frame is a variable's, and the call stands under a test that this lies in a range: what begins the
    range, if that is known for a device's."""
    for condition in call.conditions:
        match = re.search(r"(?<![\w>.])(\w+)\s*>=\s*((?:[^&|<>=]|->)+?)\)*\s*&&\s*\(*\s*\1\s*<[^|]*\Z", condition)
        if match and not condition.startswith("!") and re.match(rf"\W*{match[1]}\W*(?:>>\s*PAGE_SHIFT\W*)?\Z", frame):
            start = match[2] + ")" * max(0, match[2].count("(") - match[2].count(")"))
            found = asked.knowledge.frame(call.span.path, call.span.start, start)
            if _natures(found) == {Nature.DEVICE}:
                return found
    return frozenset()


def _natures(origins: Iterable[Origin]) -> set[Nature]:
    return {each.nature for each in origins}


def built_from_frame(asked: Asked) -> bool:
    """What the flag goes into becomes a PTE by mfn_pte(), which takes a machine frame and asks no P2M."""
    use = asked.use
    values = asked.knowledge.origins(use.span.path, use.function, use.target) if use.target else ()
    return use.callee == "mfn_pte" or any("mfn_pte(" in text for text in values)


def maps_pages(asked: Asked) -> bool:
    """The function, or an operation it installs, maps the kernel's own pages."""
    return not asked.reach.isdisjoint(_MAPS_PAGES) or any(
        _GIVES_PAGE.search(each.body)
        for name in (asked.use.function, *asked.reach)
        if asked.knowledge.within(asked.use.span.path, name)
        for each in asked.knowledge.library.defined(name, asked.use.span.path)
    )


def origins(asked: Asked) -> frozenset[Origin]:
    """Where the frame comes from that a call of a mapping function maps; nothing for what is no such call."""
    call = asked.knowledge.call(asked.use)
    return _frame(asked, call) if call and asked.use.symbol in _mappers(asked) else frozenset()


def frame_of_memory(asked: Asked) -> bool:
    """The frame that the call maps comes from a kernel address or a page, and from nowhere else."""
    return _natures(origins(asked)) == {Nature.MEMORY}


def frame_of_device(asked: Asked) -> bool:
    """The frame that the call maps comes from a device's resource or a fixed address, and from nowhere else."""
    return _natures(origins(asked)) == {Nature.DEVICE}


def frame_of_bus(asked: Asked) -> bool:
    """The frame that the call maps comes from a bus address that the DMA API gave, and from nowhere else."""
    return _natures(origins(asked)) == {Nature.BUS}


def frame_of_address(asked: Asked) -> bool:
    """The frame that the call maps is all PFNs: of a device, of the kernel's memory, or what somebody names."""
    found = _natures(origins(asked))
    return bool(found) and found <= {Nature.DEVICE, Nature.MEMORY, Nature.USER, Nature.SETTING}


def setting(asked: Asked) -> Setting | None:
    """What is known of the use where it sets a flag on a vma; None for others."""
    topic = asked.topic
    if asked.use.how is not How.SET or not topic.subject.area or asked.use.symbol not in topic.carriers:
        return None
    return asked.knowledge.setting(topic.carriers, asked.use)


def repeats_a_call(asked: Asked) -> bool:
    """On every path that succeeds, a function that is called sets the flag as well."""
    return (found := setting(asked)) is not None and found.repeats is True


def sets_alone(asked: Asked) -> bool:
    """There is a path that succeeds and on which nothing else sets the flag."""
    return (found := setting(asked)) is not None and found.repeats is False


def never_built(asked: Asked) -> bool:
    """x86 never builds the file, or never compiles the place."""
    return asked.unbuilt != ""


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
    return asked.knowledge.sets_flag(asked.topics["vm-io"].carriers, asked.use.symbol, asked.use.span.path)


def is_core(asked: Asked) -> bool:
    """The use stands inside one of the mapping functions themselves, or in what one of them is made of."""
    calls, path, function = _mappers(asked), asked.use.span.path, asked.use.function
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
        frame_of_address,
        frame_of_bus,
        frame_of_device,
        frame_of_memory,
        gets_vm_io,
        in_helper,
        is_core,
        makes_pte,
        maps_memory,
        maps_pages,
        never_built,
        reads_pte,
        repeats_a_call,
        sets_alone,
        sets_vm_io,
        tree_maps_foreign,
    )
}
