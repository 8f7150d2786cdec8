"""Where the command begins. Nothing is imported at its top: what takes time, or can fail, is told in a line."""

import sys


def main() -> None:
    """Run the command line. Until it is ready, an interrupt ends the process as it ends any other program."""
    import _signal  # type: ignore[import-not-found]  # built in, while signal would load modules first
    import gc

    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    gc.set_threshold(50_000)  # values and modules are many, and hardly one is part of a circle
    _open_standard_streams()
    try:
        from patcher.cli import main as command
    except (ImportError, OSError, MemoryError, RecursionError) as error:
        why = " ".join((str(error) or type(error).__name__).split())
        _tell(f"patcher: cannot load a part of itself ({why}): see to memory, open files and the installation\n")
        sys.exit(2)
    command()


def _open_standard_streams() -> None:
    """What a caller has closed leads to nowhere, or a file that is opened later would be taken for it."""
    import posix

    for descriptor in range(3):
        try:
            posix.fstat(descriptor)
        except OSError:
            try:
                posix.open("/dev/null", posix.O_RDWR)
            except OSError:
                return


def _tell(line: str) -> None:
    try:
        sys.stderr.write(line)
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        sys.stderr = None
