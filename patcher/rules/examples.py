"""Running the examples that every rule carries."""

from __future__ import annotations

from collections.abc import Iterator

from patcher.model import FileFacts
from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.library import Library
from patcher.rules.match import Sources, findings
from patcher.rules.model import Example, ExampleResult, Rule, RuleSet
from patcher.rules.unread import only_named, plain_facts, plain_use
from patcher.source import lex
from patcher.source.snippet import snippet_facts
from patcher.tree.buildable import elsewhere


def run_examples(rules: RuleSet, only: str | None = None) -> Iterator[ExampleResult]:
    """Run the examples of every rule of the group (or of the rule ``only``) against the whole group."""
    for rule in rules.rules:
        if only in (None, rule.id):
            for example in rule.example:
                yield _run(rules, rule, example)


def _run(rules: RuleSet, rule: Rule, example: Example) -> ExampleResult:
    facts = snippet_facts(example.path, example.code)
    code = lex.code_only(example.code.encode())
    subjects = {name for subject in rules.group.subject for name in (*subject.flag, *subject.calls)}
    names = frozenset(word for word, _ in lex.words(code))
    explained = {use.span.start for use in facts.uses}
    plain, unbuilt = [], {}
    for word, at in lex.words(code):
        region = next((one for one in facts.regions if one.start <= code.count(b"\n", 0, at) + 1 <= one.end), None)
        if region and at not in explained and word in subjects and not only_named(code, at, word):
            plain.append(plain_use(example.path, at, word, lex.line_starts(code), region.condition))
            unbuilt[f"{example.path}:{at}"] = elsewhere(region.condition)
    library = Library({example.path: code})
    knowledge = Knowledge([facts, plain_facts(example.path, plain)], names, library, unbuilt)
    topics = {
        subject.name: Topic(subject, _carriers(subject.flag, code) if subject.flag else (), knowledge)
        for subject in rules.group.subject
    }
    found = findings(rules, topics, knowledge, Sources({example.path: example.code.encode()}))
    return ExampleResult(
        rule=rule.id,
        example=example.name,
        wanted=example.fires,
        fired=tuple(dict.fromkeys(finding.rule for finding in found)),
        errors=_errors(facts),
    )


def _carriers(flags: tuple[str, ...], code: bytes) -> tuple[str, ...]:
    carriers = set(flags)
    defined = list(lex.macros(code))
    while more := {name for name, body in defined if name not in carriers and body & carriers}:
        carriers |= more
    return tuple(sorted(carriers))


def _errors(facts: FileFacts) -> tuple[str, ...]:
    return tuple(f"line {item.line}: {item.message}" for item in facts.diagnostics)
