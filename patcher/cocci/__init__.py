"""Semantic patches: what their heads say, what spatch makes of files, and the edits that this comes to."""
