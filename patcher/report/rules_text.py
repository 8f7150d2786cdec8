"""Rules and series as text: a table, a page for each, and how their examples came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from patcher.escape import safe
from patcher.report.fold import WIDTH, fitted
from patcher.rules.model import Match, Rule, RuleSet
from patcher.series.load import Condition, SeriesSpec

Style = Callable[..., str]


def rules_table(groups: Iterable[RuleSet], style: Style, width: int = WIDTH) -> str:
    """One line a rule, in the order they are tried."""
    lines = []
    for group in groups:
        lines.append(style(f"{group.name}: {safe(group.group.title)}", bold=True))
        lines += [f"  {rule.order:4} {rule.id:24} {rule.verdict.value:10}  {safe(rule.title)}" for rule in group.rules]
    return fitted(lines, width)


def rule_page(rule: Rule) -> str:
    """All there is to say of a rule, as Markdown."""
    return safe("\n".join(_page(rule))) + "\n"


def _page(rule: Rule) -> Iterator[str]:
    yield f"# {rule.id}: {rule.title}"
    yield f"\nVerdict: **{rule.verdict.value}**. Tried at {rule.order}; of the rules that match, the first one decides."
    yield f"\n{rule.explain.strip()}"
    yield "\n## Matches\n"
    yield from (f"- {line}" for line in _match(rule.match))
    yield f"\nA finding says: {rule.why}."
    yield f"\nSource: {rule.source}."
    if rule.limits:
        yield f"\n## Known limits\n\n{rule.limits}"
    for example in rule.example:
        yield f"\n## Example: {example.name} ({'fires' if example.fires else 'does not fire'}, in {example.path})"
        yield f"\n```c\n{example.code.strip()}\n```"


def _match(match: Match) -> Iterator[str]:
    yield f"a use of the subject `{match.subject}`" + (f" ({match.role})" if match.role else "")
    if match.how:
        yield "that is " + " or ".join(each.value for each in match.how)
    for field, text in (
        ("symbol", match.symbol), ("enclosing function", match.function), ("call it is an argument of", match.callee),
        ("assigned to", match.target), ("path", match.path),
    ):  # fmt: skip
        if text:
            yield f"{field} matches `{text}`"
    if match.mentions:
        yield "in a function that reaches " + " or ".join(f"`{name}`" for name in match.mentions)
    yield from (f"where `{name}` holds: {_question(name)}" for name in match.holds)
    yield from (f"where `{name}` does not hold: {_question(name)}" for name in match.lacks)


def _question(name: str) -> str:
    from patcher.rules.matchers import MATCHERS

    return " ".join((MATCHERS[name].__doc__ or "").split())


class Shown(Protocol):
    """How an example came out, of whichever kind of rule."""

    @property
    def rule(self) -> str: ...
    @property
    def example(self) -> str: ...
    @property
    def wanted(self) -> bool: ...
    @property
    def fired(self) -> tuple[str, ...]: ...
    @property
    def errors(self) -> tuple[str, ...]: ...
    @property
    def right(self) -> bool: ...


def examples_report(results: Sequence[Shown], *, quiet: bool, verbose: bool, width: int = WIDTH) -> str:
    """What the examples showed: the wrong ones, and a count."""
    lines = []
    for result in results:
        if result.right and not verbose:
            continue
        state = "ok" if result.right else "FAIL"
        lines.append(f"{state}: {result.rule}: {result.example!r}: {_outcome(result)}")
    wrong = sum(not result.right for result in results)
    if wrong or not quiet:
        lines.append(f"{len(results)} examples, {wrong} wrong")
    return fitted(map(safe, lines), width)


def _outcome(result: Shown) -> str:
    if result.errors:
        return f"the code does not parse ({'; '.join(result.errors)})"
    wanted = "should fire" if result.wanted else "should not fire"
    return f"{wanted}; fired: {', '.join(result.fired) or 'nothing'}"


def series_page(spec: SeriesSpec, width: int = WIDTH) -> str:
    """The steps of a series and their conditions."""
    lines = [f"{spec.name}: {spec.summary}", ""]
    asked = [f"  the series {base.name} is there" for base in spec.bases]
    asked += [f"  {_condition(each)}" for requirement in spec.requirements for each in requirement.all]
    lines += ["It fits a tree in which:", *asked, ""] if asked else []
    lines.append("Steps:")
    for number, step in enumerate(spec.step, 1):
        lines.append(f"  {number:2}. {step.title}  ({step.slug})")
        if step.cocci:
            where = ", ".join(step.over) or "wherever a file has a word that it needs"
            lines.append(f"      by a semantic patch, {where}; present where it finds nothing to change")
            continue
        forms = "".join(f", {len(each)} forms of {each[0].function}()" for each in step.edits.by_function())
        edits = f"{len(step.edits.edit)} edit{'' if len(step.edits.edit) == 1 else 's'}{forms}"
        lines.append(f"      changes {', '.join(step.targets) or 'what its patterns find'} ({edits})")
        if step.where:
            lines.append(f"      only where {' and '.join(map(_condition, step.where))}")
        ways = [" and ".join(_condition(each) for each in group) for group in step.present]
        lines.append(f"      present where {'; or where '.join(ways) or 'they find nothing to change'}")
    return fitted(map(safe, lines), width)


def _condition(condition: Condition) -> str:
    if condition.defines:
        return f"{' or '.join(condition.defines)} is defined"
    if condition.undefined:
        return f"{' or '.join(condition.undefined)} is not defined"
    if condition.type:
        return f"{condition.of} has the type {condition.type}"
    if condition.says:
        return f"a comment in the file of {condition.of} speaks of {condition.says}"
    if condition.value:
        return f"{condition.of} has the value of {condition.value}"
    if condition.without:
        return f"{' and '.join(condition.inside)} does without {' and '.join(condition.without)}"
    return f"{' or '.join(condition.inside)} reaches {' or '.join(condition.mentions)}"
