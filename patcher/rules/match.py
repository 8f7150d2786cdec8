"""From facts to findings: the first rule that matches a use decides."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from patcher.model import Finding, How, Use, Verdict
from patcher.pattern import pattern
from patcher.rules.areas import Setting
from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.matchers import MATCHERS, Asked, is_core, origins, setting
from patcher.rules.model import Match, Role, Rule, RuleSet
from patcher.rules.origins import Nature, Origin
from patcher.template import filled

UNDECIDED = "no-rule"
_FEW, _MANY, _LONG = 3, 20, 60
_WHERE = "the rules"


class Sources:
    """The text of files, line by line, for snippets."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._lines: dict[str, list[bytes]] = {}

    def line(self, path: str, number: int) -> str:
        """One line without its indentation, trailing space and line ending."""
        if path not in self._lines:
            self._lines[path] = self._files.get(path, b"").splitlines()
        lines = self._lines[path]
        return lines[number - 1].decode("utf-8", "replace").strip() if 0 < number <= len(lines) else ""

    def quote(self, path: str, number: int) -> str:
        """``path:line: text``."""
        return f"{path}:{number}: {self.line(path, number)}"


def findings(
    rules: RuleSet, topics: Mapping[str, Topic], knowledge: Knowledge, sources: Sources
) -> tuple[Finding, ...]:
    """A finding for every use of every subject, in the order of path and line."""
    found = []
    seen: Counter[str] = Counter()
    for topic, use in _uses(topics, knowledge):
        asked = Asked(use, topic, dict(topics), knowledge)
        rule = decide(rules.rules, asked)
        found.append(_finding(rule, asked, sources, seen))
    return tuple(sorted(found, key=lambda finding: (finding.path, finding.line, finding.column)))


def ask(topics: Mapping[str, Topic], knowledge: Knowledge) -> None:
    """Ask all that findings will ask about frames and flags, so that the library notes what it lacks."""
    for topic, use in _uses(topics, knowledge):
        asked = Asked(use, topic, dict(topics), knowledge)
        if not asked.unbuilt and setting(asked) is None and not is_core(asked):
            origins(asked)


def _uses(topics: Mapping[str, Topic], knowledge: Knowledge) -> Iterator[tuple[Topic, Use]]:
    for topic in topics.values():
        for use in knowledge.uses_of(sorted(topic.symbols)):
            if use.symbol in topic.subject.calls and not _maps(use, topic):
                continue
            in_macro = use.how is How.DEFINED and use.function in topic.carriers
            if in_macro and use.symbol in topic.carriers - set(topic.subject.flag):
                continue  # the line that defines the macro speaks for it
            yield topic, use


def _maps(use: Use, topic: Topic) -> bool:
    """A mapping function is of interest where it is called, where another one is made of it, and where only text is
    known."""
    named = use.how is How.READ and not use.function and not use.callee.startswith("EXPORT_")
    return use.how is How.CALLED or use.function in topic.subject.calls or named


def decide(rules: Sequence[Rule], asked: Asked) -> Rule | None:
    """The rule with the lowest order that matches, or None."""
    return next((rule for rule in rules if matches(rule.match, asked)), None)


def matches(match: Match, asked: Asked) -> bool:
    """Whether all that the match asks holds for the use."""
    use, topic = asked.use, asked.topic
    if not pattern(match.subject, _WHERE).fullmatch(topic.subject.name) or (match.how and use.how not in match.how):
        return False
    if match.role and (match.role is Role.HELPER) != (use.symbol not in topic.carriers):
        return False
    texts = (
        (match.symbol, use.symbol),
        (match.function, use.function),
        (match.callee, use.callee),
        (match.target, use.target),
    )
    if any(asked_for and not pattern(asked_for, _WHERE).fullmatch(text) for asked_for, text in texts):
        return False
    if match.path and not pattern(match.path, _WHERE).match(use.span.path):
        return False
    if match.mentions and asked.reach.isdisjoint(match.mentions):
        return False
    return all(MATCHERS[name](asked) for name in match.holds) and not any(MATCHERS[name](asked) for name in match.lacks)


def _finding(rule: Rule | None, asked: Asked, sources: Sources, seen: Counter[str]) -> Finding:
    use = asked.use
    snippet = sources.line(use.span.path, use.line)
    if rule:
        name, verdict = rule.id, rule.verdict
        values = {
            "symbol": use.symbol, "function": _enclosing(asked) or "file level", "callee": use.callee,
            "target": use.target or "a value", "how": use.how.value,
            "reason": _reason(asked) if "{reason}" in rule.why else "",
        }  # fmt: skip
        why = filled(rule.why, values)
    else:
        name, verdict = UNDECIDED, Verdict.UNDECIDED
        why = _why_undecided(use)
    identity = "\0".join((name, use.span.path, use.function, use.symbol, " ".join(snippet.split())))
    seen[identity] += 1
    return Finding(
        rule=name,
        verdict=verdict,
        path=use.span.path,
        line=use.line,
        column=use.column,
        function=_enclosing(asked),
        symbol=use.symbol,
        snippet=snippet,
        why=why,
        evidence=tuple(_evidence(rule, asked, sources)),
        fingerprint=hashlib.sha256(f"{identity}\0{seen[identity]}".encode()).hexdigest()[:16],
        **_others(setting(asked)),
    )


def _others(found: Setting | None) -> dict[str, Any]:
    """What sets the flag besides a use that sets it, for a message."""
    if found is None or not (found.repeats or found.asks):
        return {}
    places = (f"{name}() in {path}" for name, (path, _) in zip(found.setters, found.sets, strict=False))
    return {
        "calls": found.names, "setters": tuple(dict.fromkeys(places)), "remarks": found.remarks, "asks": found.asks,
    }  # fmt: skip


def _enclosing(asked: Asked) -> str:
    """The function that a use stands in, "" for none; where no parse tells it, the text does."""
    around = None if asked.use.function else asked.knowledge.around(asked.use.span.path, asked.use.span.start)
    return asked.use.function or (around.name if around else "")


def _reason(asked: Asked) -> str:
    """What led to the verdict, in words: why the place is not built, where frames come from, what else sets a flag."""
    if asked.unbuilt:
        return asked.unbuilt
    if found := setting(asked):
        return found.reason
    told = sorted(origins(asked), key=lambda each: (each.distance, each.path, each.line, each.text))
    unclear = [each for each in told if each.nature in (Nature.UNKNOWN, Nature.BUS)]
    texts = dict.fromkeys(_origin(each) for each in unclear or told)
    more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return ", ".join(list(texts)[:_FEW]) + more


def _origin(origin: Origin) -> str:
    text = origin.text if len(origin.text) <= _LONG else f"{origin.text[: _LONG - 1]}…"
    return f"{text} in {origin.path}" if origin.nature is Nature.UNKNOWN else f"{text}: {origin.nature.value}"


def _why_undecided(use: Use) -> str:
    if use.how is How.READ and not use.function:
        where = f"under {use.conditions[0]}" if use.conditions else "here"
        return f"no parse has understood {use.symbol} {where}: it was only read as text, look at it"
    return f"no rule knows {use.symbol} {use.how.value} {'in ' + use.function if use.function else 'here'}; look at it"


def _evidence(rule: Rule | None, asked: Asked, sources: Sources) -> Iterator[str]:
    """The places that led to the verdict: the condition, the callers of a helper, the definition of a macro."""
    use, topic, knowledge = asked.use, asked.topic, asked.knowledge
    if use.conditions:
        yield "under " + " and ".join(use.conditions)
    reason = topic.helpers.get(use.symbol) or topic.orphans.get(use.symbol)
    if reason:
        yield f"{use.symbol}: {reason}"
        if use.how is How.DEFINED:
            for other in knowledge.uses.get(use.symbol, ()):
                if other.how not in (How.DEFINED, How.DECLARED):
                    yield sources.quote(other.span.path, other.line)
    elif use.symbol in topic.carriers - set(topic.subject.flag) and use.how is not How.DEFINED:
        definition = knowledge.defined(use.symbol)
        if definition:
            yield sources.quote(definition.span.path, definition.line)
    if found := setting(asked):
        yield from (sources.quote(*place) for place in dict.fromkeys((*found.calls, *found.sets)))
    if rule is None or "{reason}" not in rule.why or asked.unbuilt:
        return
    told = [each for each in origins(asked) if each.line]
    told.sort(key=lambda each: (each.path, each.line, each.text))
    lines = (f"{sources.quote(each.path, each.line)} ({each.nature.value}: {each.text})" for each in told)
    yield from list(dict.fromkeys(lines))[:_MANY]
