"""The checks that need code. Importing them registers them."""

from __future__ import annotations

from patcher.lint.checks import code, diffs, history, messages, people, series, signing, tags, transport

MODULES = (code, diffs, history, messages, people, series, signing, tags, transport)
