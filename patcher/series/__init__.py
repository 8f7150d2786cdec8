"""A patch series as a folder: what it asks of a tree, its steps, and how a tree stands to them."""
