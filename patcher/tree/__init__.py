"""A kernel tree at one commit: its files, version, configuration and compile flags."""

import os

# No git: we say so ourselves, when one is needed. While it is imported, GitPython is not to ask any for its version.
os.environ |= {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": os.devnull}
