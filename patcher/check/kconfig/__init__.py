"""What a tree's Kconfig allows, asked of kconfiglib in a process that can open nothing."""
