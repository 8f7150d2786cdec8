"""A kernel tree at one commit: its files, version, configuration and compile flags."""

import os

os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # no git: we say so ourselves, when one is needed
