"""What Python and the program under test say to each other, in one place: the C header is made from it.

Nothing here is written down a second time in C, so that a new entry cannot shift the others' numbers.
"""

from __future__ import annotations

from enum import Enum, IntEnum

BACKTRACE = 8  # of layout.h
HEADER = 9 + BACKTRACE  # why, three numbers, operation, warnings, the first one's place, lines; the lines; the seal
MOST_IN, MOST_OUT = 1 << 18, 1 << 20  # words, of layout.h


class Why(IntEnum):
    """How a scenario ended."""

    DONE = 1
    SIGNAL = 2  # number, instruction, address
    BRK_FULL = 3  # pages wanted, pages reserved
    BRK_LATE = 4  # extend_brk() after boot
    ALLOC_EARLY = 5  # the page allocator before it is there
    BAD_FREE = 6  # address
    HYPERCALL = 7  # number, first argument
    PANIC = 8
    NO_SYMBOL = 9  # call
    BAD_SCENARIO = 10  # a fault of ours
    OUTPUT_FULL = 11
    KILLED = 12  # signal
    HEAP_FULL = 13  # pages there were
    SYSTEM_CALL = 14  # number, instruction: the code called the kernel below
    TIME = 15  # seconds of the clock
    BROKEN = 16  # what came back is not what the shim says: the code ended the run, or wrote into it
    DEADLOCK = 17  # who takes a lock that is taken, the lock
    UNLOCK = 18  # who gives a lock back that is free, the lock
    LOCKED = 19  # a call came back with a lock that it took


class Point(Enum):
    """Where a rival comes: while a page is allocated, or behind any access to memory that both can see; the last also
    where the code's own data are only read."""

    ALLOC = "alloc"
    ACCESS = "access"
    ACCESS_DATA = "access_data"

    @property
    def number(self) -> int:
        return 1 + list(Point).index(self)


OPERATIONS = ("end", "machine", "e820", "booted", "call", "scan", "view", "m2p", "fail", "race", "resume", "facts",
              "snapshot", "diff", "peek", "limit", "watch", "stats", "jumps", "lost", "owners", "high",
              "override")  # fmt: skip
CALLS = ("build", "list", "memory", "set", "get", "identity", "make_pte", "pte_val", "pfn_to_mfn",
         "mfn_to_pfn", "valid", "missing", "add_device", "modify", "hide")  # fmt: skip
FACTS = ("bits", "invalid", "foreign_bit", "identity_bit", "max_domain_pages", "page_offset", "iomap", "present",
         "pfn_mask", "isa_start", "isa_end", "p2m_top", "p2m_missing", "p2m_mid_missing", "p2m_identity",
         "p2m_mid_identity", "p2m_top_mfn", "p2m_top_mfn_p", "max_p2m_pfn", "extra_start", "extra_size",
         "identity_mark", "foreign_mark", "mask_shift")  # fmt: skip


def header() -> str:
    """The same as C: protocol.h, which every file of the shim includes."""
    lines = ["/* Made by protocol.py. */", "#ifndef PROVE_PROTOCOL_H", "#define PROVE_PROTOCOL_H"]
    lines += _enum("stop", [f"STOP_{why.name} = {why.value}" for why in Why])
    lines += _enum("op", [f"OP_{name.upper()}" for name in OPERATIONS])
    lines += _enum("call", [*(f"CALL_{name.upper()}" for name in CALLS), "CALL_COUNT"])
    lines += _enum("fact", [*(f"FACT_{name.upper()}" for name in FACTS), "FACT_COUNT"])
    lines += _enum("point", [f"RACE_{point.name} = {point.number}" for point in Point])
    return "\n".join([*lines, "#endif", ""])


def _enum(name: str, members: list[str]) -> list[str]:
    return [f"enum {name} {{", *(f"\t{member}," for member in members), "};"]
