"""A series on each commit of a range: whether plan and apply agree, and whether a property is lost."""
