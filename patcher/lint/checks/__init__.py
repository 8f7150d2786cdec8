"""The checks that need code. Importing them registers them."""

from __future__ import annotations

from patcher.lint.checks import (
    c_style,
    code,
    devicetree,
    devicetree_sources,
    diffs,
    history,
    kconfig,
    messages,
    needless,
    people,
    prefixes,
    schema_layout,
    schemas,
    series,
    signing,
    sorting,
    spelling,
    style,
    tags,
    transport,
)

MODULES = (
    c_style, code, devicetree, devicetree_sources, diffs, history, kconfig, messages, needless, people, prefixes,
    schema_layout, schemas, series, signing, sorting, spelling, style, tags, transport,
)  # fmt: skip
