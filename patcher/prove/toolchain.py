"""The compiler: whether there is one, for which word sizes, and calls of it."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Sequence

from patcher import temporary
from patcher.errors import InputError

_TOOLS = ("gcc", "nm", "objcopy", "objdump", "addr2line")
_SECONDS = 120


class CompilerError(Exception):
    """The compiler refused a file, or the linker the program: its first error lines."""


@functools.cache
def identity() -> str:
    """The compiler's version line. Raises InputError where there is no compiler."""
    for tool in _TOOLS:
        if not shutil.which(tool):
            package = "gcc" if tool == "gcc" else "binutils"
            raise InputError(f"{tool} was not found", f"prove compiles the tree's code; install the package {package}")
    return run(["gcc", "--version"]).partition("\n")[0]


@functools.cache
def missing(bits: int) -> str:
    """Why this machine cannot build or run a program of 32 or 64 bits, or ""."""
    identity()
    with temporary.directory("prove") as place:
        source = place / "try.S"
        source.write_text(_TRY)
        try:
            run(["gcc", f"-m{bits}", "-nostdlib", "-static", "-o", f"{place}/try", str(source)])
        except CompilerError as error:
            return f"gcc cannot build for {bits} bits ({error}); install the package gcc-multilib"
        try:
            done = subprocess.run([f"{place}/try"], check=False, timeout=10)
        except OSError as error:
            return f"this machine does not run {bits}-bit programs ({error.strerror})"
        return "" if done.returncode == 42 else f"this machine does not run {bits}-bit programs"


_TRY = """
	.globl _start
_start:
#ifdef __x86_64__
	mov $60, %eax
	mov $42, %edi
	syscall
#else
	mov $1, %eax
	mov $42, %ebx
	int $0x80
#endif
	.section .note.GNU-stack, "", @progbits
"""


def run(command: Sequence[str], text: str | None = None) -> str:
    """What a tool prints. Raises CompilerError with its first errors."""
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise CompilerError(f"{command[0]} took more than {_SECONDS} seconds") from error
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error:" in line or "undefined" in line]
        first = errors[0] if errors else (done.stderr.strip().splitlines() or ["it gave no reason"])[0]
        raise CompilerError(first)
    return done.stdout
