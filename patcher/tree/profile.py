"""The shipped configurations: which CONFIG symbols are set when the tree has no configuration of its own.

A profile is a file ``profiles/NAME.toml``; ``-up`` behind its name turns SMP off, ``-nodebugfs`` debugfs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from patcher.errors import InputError

HOME = Path(__file__).parent / "profiles"
VARIANTS = {
    "up": ("SMP", "X86_32_SMP", "XEN_PV_SMP", "XEN_PVHVM_SMP", "HOTPLUG_CPU", "TREE_RCU", "X86_HT"),
    "nodebugfs": ("DEBUG_FS", "XEN_DEBUG_FS"),
}
_VARIANT_SAYS = {"up": "one processor (SMP off)", "nodebugfs": "debugfs off"}
_VARIANT_ON = {"up": ("TINY_RCU", "BROKEN_ON_SMP"), "nodebugfs": ()}
DEFAULTS = ("x86_64-xen-dom0", "i386-xen-domu", "x86_64-xen-domu")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base: str = ""
    arch: str = ""
    target: str = ""
    description: str = ""
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    values: dict[str, str] = msgspec.field(default_factory=dict)


class Profile(msgspec.Struct, frozen=True):
    """A configuration: ``config`` maps symbols without ``CONFIG_`` to the text autoconf.h gives them.

    ``arch`` is the kernel's ARCH (``x86_64`` or ``i386``), ``target`` the compiler's triple. What
    is in ``never`` stays off even where the tree's Kconfig selects it.
    """

    name: str
    arch: str
    target: str
    description: str
    config: dict[str, str]
    never: frozenset[str]


def autoconf(config: Mapping[str, str]) -> bytes:
    """``include/generated/autoconf.h`` for a configuration."""
    return "".join(f"#define CONFIG_{name} {value}\n" for name, value in sorted(config.items())).encode()


def names() -> tuple[str, ...]:
    """Every profile with every variant, the default first."""
    bases = sorted((file.stem for file in HOME.glob("*.toml")), key=lambda name: (name not in DEFAULTS, name))
    bases.sort(key=lambda name: DEFAULTS.index(name) if name in DEFAULTS else len(DEFAULTS))
    suffixes = ("", "-up", "-nodebugfs", "-up-nodebugfs")
    return tuple(base + suffix for suffix in suffixes for base in bases)


def load(name: str) -> Profile:
    """The profile of that name. Raises InputError where there is none."""
    if name not in names():
        raise InputError(f"there is no profile {name!r}", f"choose one of: {', '.join(names())}")
    base, variants = name, []
    for variant in reversed(VARIANTS):
        if base.endswith(f"-{variant}"):
            base = base.removesuffix(f"-{variant}")
            variants.append(variant)
    profile = _load_base(base)
    config = dict(profile.config)
    for variant in variants:
        for symbol in VARIANTS[variant]:
            config.pop(symbol, None)
        config.update(dict.fromkeys(_VARIANT_ON[variant], "1"))
        if variant == "up":
            config["NR_CPUS"] = "1"
    never = profile.never.union(*(VARIANTS[variant] for variant in variants))
    description = ", ".join([profile.description, *(_VARIANT_SAYS[variant] for variant in variants)])
    return msgspec.structs.replace(profile, name=name, description=description, config=config, never=never)


def _load_base(name: str) -> Profile:
    file = msgspec.toml.decode((HOME / f"{name}.toml").read_bytes(), type=_File)
    below = _load_base(file.base) if file.base else Profile(name, "", "", "", {}, frozenset())
    config = {symbol: value for symbol, value in below.config.items() if symbol not in file.off}
    config.update(dict.fromkeys(file.on, "1"))
    config.update(file.values)
    return Profile(
        name=name,
        arch=file.arch or below.arch,
        target=file.target or below.target,
        description=file.description or below.description,
        config=config,
        never=below.never.union(file.off) - set(file.on),
    )
