"""The shipped rules, read once for all tests of a worker."""

from patcher.lint.rules import shipped

RULES = shipped()
