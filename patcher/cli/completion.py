"""``patcher completion``: scripts by which a shell completes patcher's words."""

from __future__ import annotations

import os
from pathlib import Path

import click

from patcher.cli.command import COMPLETE, Command
from patcher.cli.common import CLEAN, deliver
from patcher.errors import InputError
from patcher.files import SMALL, home, read_optional

_MARK = "# Made by: patcher completion"
# git's own completion calls this function for "git patcher"; it has set words, cword and __git_C_args.
_OF_GIT = """
_git_patcher() {
    local at
    for ((at = 1; at < cword; at++)); do
        [[ ${words[at]} == patcher ]] && break
    done
    local COMP_WORDS=(patcher "${__git_C_args[@]}" "${words[@]:at+1}")
    local COMP_CWORD=$((cword - at + ${#__git_C_args[@]}))
    compopt +o nospace
    _patcher_completion patcher
}
"""
_NEXT = {
    "bash": "bash reads it where the package bash-completion is installed; else add to ~/.bashrc:\n  . {file}",
    "zsh": "zsh reads it if ~/.zshrc has, above compinit:\n  fpath+=({directory})",
    "fish": "fish reads it when it is started next.",
}


@click.command(cls=Command)
@click.argument("shell", required=False, type=click.Choice(list(_NEXT)))
@click.option("--install", is_flag=True, help="Write it to where that shell looks for scripts of yours.")
def completion(shell: str | None, install: bool) -> int:
    """Show the script by which a shell completes options, rules, series, configurations and revisions.

    Default: the shell that SHELL names. With --install it is shown, and written; no file of yours is changed. In bash,
    git patcher is completed, too.
    """
    named = shell or Path(os.environ.get("SHELL", "")).name
    if named not in _NEXT:
        raise InputError(f"there is no completion for the shell {named!r}", f"name one of {', '.join(_NEXT)}")
    text = _script(named)
    deliver(text, None)
    if install:
        files = _places(named)
        for file in files:
            _write(file, text)
        told = _NEXT[named].format(file=files[0], directory=files[0].parent)
        click.echo(f"written: {', '.join(map(str, files))}\n{told}", err=True)
    return CLEAN


def _script(shell: str) -> str:
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    root = click.get_current_context().find_root().command
    text = made(root, {}, "patcher", COMPLETE).source().rstrip("\n")
    first, _, rest = text.partition("\n")  # zsh wants its #compdef in the first line
    return f"{first}\n{_MARK} {shell}\n{rest}\n{_OF_GIT if shell == 'bash' else ''}"


def _places(shell: str) -> list[Path]:
    """Where a shell looks for scripts of the user's. Raises InputError where there is no home."""
    data = Path(os.environ.get("XDG_DATA_HOME") or home() / ".local/share")
    if shell == "bash":
        own = Path(os.environ.get("BASH_COMPLETION_USER_DIR") or data / "bash-completion") / "completions"
        return [own / "patcher", own / "git-patcher"]
    if shell == "zsh":
        return [data / "zsh/site-functions/_patcher"]
    return [Path(os.environ.get("XDG_CONFIG_HOME") or home() / ".config") / "fish/completions/patcher.fish"]


def _write(file: Path, text: str) -> None:
    """Write a script, over one of ours at most. Raises InputError."""
    before = read_optional(file, most=SMALL, advice="remove it")
    if before is not None and _MARK.encode() not in before:
        raise InputError(f"{file} is there, and was not made by patcher", "remove it, or write to another file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {file.parent} ({error.strerror})", "see to the permissions") from error
    deliver(text, file)
