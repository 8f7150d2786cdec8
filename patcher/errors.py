"""The exceptions a user may see: a line that says what, where, and what to do."""

from __future__ import annotations


class InputError(Exception):
    """The call or its input is wrong. The command line prints it as one line and exits with 2.

    Arguments:
        what: what is wrong, and where (a path, a revision, a rule file with its place)
        advice: what the user can do about it, or an empty string
    """

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what}: {advice}" if advice else what)


class MachineError(Exception):
    """This tool does not work on this machine, and was caught at it: nothing that it would say could be believed.

    The command line prints it as one line and exits with 70.
    """
