"""HTML reports: one self-contained file each, in which nothing of a tree or mail is more than text."""
