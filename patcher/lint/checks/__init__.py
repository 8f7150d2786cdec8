"""The checks that need code. Importing them registers them."""

from __future__ import annotations

from patcher.lint.checks import (
    code,
    devicetree,
    diffs,
    history,
    kconfig,
    messages,
    people,
    series,
    signing,
    spelling,
    style,
    tags,
    transport,
)

MODULES = (
    code,
    devicetree,
    diffs,
    history,
    kconfig,
    messages,
    people,
    series,
    signing,
    spelling,
    style,
    tags,
    transport,
)
