"""Checks on messages, diffs and whole series, before they go to a mailing list."""
