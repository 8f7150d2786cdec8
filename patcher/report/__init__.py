"""Verdict in, string out: text, JSON. Nothing here reads a tree."""
