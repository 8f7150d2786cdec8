"""Longer help texts, one file a topic."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from patcher.errors import InputError
from patcher.report.fold import WIDTH, fitted

HOME = Path(__file__).parent / "help"


def topics() -> dict[str, str]:
    """Each topic with its first line."""
    return {file.stem: file.read_text().partition("\n")[0] for file in sorted(HOME.glob("*.txt"))}


def topic_text(topic: str | None, commands: Collection[str] = (), width: int = WIDTH) -> str:
    """The text of a topic, or the list of topics. One of ``commands`` points to its options. Raises InputError where
    there is no such topic."""
    known = topics()
    if topic is None:
        lines = [f"  {name:12} {title}" for name, title in known.items()]
        return fitted(["Topics (patcher help TOPIC):", *lines], width)
    if topic not in known:
        raise InputError(f"there is no help on {topic!r}", f"there is help on {', '.join(known)}")
    text = (HOME / f"{topic}.txt").read_text()
    pointer = f"\nOptions: patcher {topic} --help, or man patcher-{topic}.\n" if topic in commands else ""
    return fitted(f"{text}{pointer}".splitlines(), width)
