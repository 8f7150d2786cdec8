"""The checks that need code. Importing them registers them."""

from __future__ import annotations

from patcher.lint.checks import (
    appearance,
    c_style,
    code,
    devicetree,
    devicetree_layout,
    devicetree_nodes,
    devicetree_sources,
    diffs,
    documents,
    drivers,
    examples,
    history,
    idioms,
    interfaces,
    kconfig,
    layout,
    messages,
    needless,
    people,
    prefixes,
    references,
    schema_layout,
    schema_parts,
    schema_review,
    schema_rules,
    schema_yaml,
    schemas,
    series,
    signing,
    sorting,
    spelling,
    statements,
    style,
    tags,
    transport,
    wording,
)

MODULES = (
    appearance, c_style, code, devicetree, devicetree_layout, devicetree_nodes, devicetree_sources, diffs, documents,
    drivers, examples, history, idioms, interfaces, kconfig, layout, messages, needless, people, prefixes, references,
    schema_layout, schema_parts, schema_review, schema_rules, schema_yaml, schemas, series, signing, sorting,
    spelling, statements, style, tags, transport, wording,
)  # fmt: skip
