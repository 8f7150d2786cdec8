"""The tree's own P2M code, compiled for user space and run against the scheme."""
