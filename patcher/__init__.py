"""patcher: generate Linux kernel patch series from rules, prove them, and lint any series before LKML."""

__version__ = "0.1.0"
