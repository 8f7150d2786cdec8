"""The plan: what a series would mean for a tree. Looks, and changes nothing."""
