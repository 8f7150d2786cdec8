"""A kernel tree at one commit: its files, version, configuration and compile flags."""
