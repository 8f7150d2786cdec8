"""Slips of grammar that a few words tell: forms of verbs that do not go together, articles that do not fit the word
after them, a preposition that is missing, words that are mistaken for others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from patcher.lazy import expression
from patcher.lint.gate import has


class Slip(NamedTuple):
    """A kind of slip. ``words``: a text that has it has one of these."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    what: str


_NOT = r"(?:do|does|did)(?: not|n't)"
_MODAL = r"(?:should|shall|must|could|would|might|cannot|can't|won't|shouldn't|couldn't|wouldn't|mustn't)"
_THIRD = (
    r"(?:has|is|are|was|were|does|gets|makes|introduces|causes|allows|returns|needs|happens"
    r"|fails|adds|removes|becomes"
    r"|occurs|provides|requires|contains|depends|leads|ensures|means|works|goes|takes|gives|comes|keeps|lets|helps"
    r"|prevents|avoids|supports|exists|appears|consumes|triggers|enables|disables|matches|contains)"
)
_DONE = (
    r"(?:removed|added|called|changed|enabled|disabled|handled|moved|replaced|done|made|passed|fixed|caused|updated"
    r"|avoided|used|initialized|registered|allocated|considered|treated|ignored|dropped|converted|supported|been)"
)
_DO = (
    r"(?:remove|add|use|enable|disable|handle|replace|make|pass|fix|update|avoid|initialize"
    r"|register|allocate|consider"
    r"|ignore|convert|prevent|introduce|provide|delete|detect|ensure|allow)"
)
_NO_OBJECT = (  # of a sentence in which it is no subject
    "(?<!make )(?<!makes )(?<!let )(?<!that )(?<!using )(?<!with )(?<!from )(?<!into )(?<!for )(?<!at )(?<!in )(?<!of )"
    "(?<!on )(?<!to )(?<!by )"
)
_THINGS = (
    r"(?:patch|commit|change|function|driver|device|register|variable|macro|option|field|file"
    r"|flag|value|case|error|bit|pin"
    r"|clock|line|helper|member|property|warning|structure|struct|buffer|interrupt|controller"
    r"|board|chip|platform|code"
    r"|node|binding|compatible|subsystem|filesystem|extent|request|command|message|thread|task|process|hardware"
    r"|firmware|sector|page|block|bio|kernel|interface|format|pointer|lock|queue|channel|regulator|gpio)"
)
_PLURALS = (
    r"(?:patches|functions|drivers|devices|registers|variables|macros|options|fields|files"
    r"|values|cases|errors|commits"
    r"|bits|pins|clocks|helpers|members|properties|warnings|structures)"
)
_BEGINNINGS = (
    "This", "The", "It", "In", "We", "If", "So", "And", "But", "Add", "Also", "When", "For", "These", "Then", "There",
    "Use", "Fix", "Remove", "As", "To", "Since", "Otherwise", "Therefore", "Thus", "However",
)  # fmt: skip
_LINKS = (
    "and", "but", "the", "so", "this", "it", "which", "we", "all", "then", "if", "or", "because", "when", "that", "as",
    "not", "there", "they",
)  # fmt: skip
_SLIPS = (
    Slip(
        ("ould ", "hall ", "ust ", "ight ", "annot ", "n't "),
        expression(rf"(?<!['\w-]){_MODAL}(?: not| never| also| only| always| then)? (?:{_THIRD}|had)\b(?! no\b)"),
        "the plain form of the verb follows",
    ),
    Slip(
        ("to makes", "to gets ", "to allows", "to returns ", "to provides", "to ensures", "to avoids", "to prevents"),
        expression(r"\bto (?:makes|gets|allows|returns|provides|ensures|avoids|prevents) (?=[a-z])"),
        "the plain form of the verb follows",
    ),
    Slip(
        (" not ", "n't "),
        expression(
            rf"\b{_NOT} (?:{_THIRD}|(?!need|feed|exceed|proceed|embed|succeed|speed|seed|bleed|shed)"
            r"[a-z]{2,}(?<!e)ed)\b(?!-)"
        ),
        "the plain form of the verb follows",
    ),
    Slip(
        (" to ",),
        expression(
            r"\b(?:aims?|aimed|try|tries|trying|wants?|needs?|needed|allows?|used|order|able|has"
            r"|have|not|how|so as)"
            rf" to {_DONE}\b"
        ),
        "the plain form of the verb follows to",
    ),
    Slip(
        ("hould ", "ust ", "ould ", "annot "),
        expression(rf"\b(?:should|must|would|could|cannot)(?: not)? {_DONE}\b(?<!used)"),
        "be is missing",
    ),
    Slip(
        (" be ",),
        expression(
            rf"\b(?:should|must|would|could|cannot|can|may|might|will|shall"
            rf"|to)(?: not)? be {_DO}\b(?! of\b|-)"
        ),
        "the participle follows be",
    ),
    Slip(
        (
            "for fix",
            "for avoid",
            "for prevent",
            "for add ",
            "for remove ",
            "for handle ",
            "for ensure",
            "for allow ",
            "for make ",
        ),
        expression(
            r"\bfor (?:fix|avoid|prevent|add|remove|handle|ensure|allow|make) (?=(?:the|an?|this|that"
            r"|it)\b)"
        ),
        "write to, or the form with -ing",
    ),
    Slip(
        ("by add ", "by remove ", "by use ", "by make ", "by replace ", "by introduce ", "by enable ", "by disable "),
        expression(r"\bby (?:add|remove|use|make|replace|introduce|enable|disable) (?=(?:the|an?|this|that|it)\b)"),
        "the form with -ing follows by",
    ),
    Slip(
        ("hese ",),
        expression(
            rf"\b[Tt]hese {_THINGS}(?: (?:is|are|has|have|was|were|to|in|of|from|with|and|for)\b|[.,;])"
            r"(?<!ware )"
        ),
        "the plural follows these",
    ),
    Slip(("his ",), expression(rf"\b[Tt]his {_PLURALS}\b(?! (?:the|a|an)\b)"), "the singular follows this"),
    Slip(
        (" an ", " a "),
        expression(rf"(?<![\w.:/-])an? {_PLURALS}\b(?!\.|/| (?:argument|parameter|field|variable|member))"),
        "the singular follows a",
    ),
    Slip(
        ("ne of ",),
        expression(
            rf"\b[Oo]ne of (?:the |these |those |its )?{_THINGS}(?: (?:is|are|has|was|to|in|from|with"
            rf"|and)\b|[.,;])"
        ),
        "the plural follows one of",
    ),
    Slip(
        ("any ", "ome of ", "ifferent ", "everal "),
        expression(
            rf"\b(?:[Ss]everal|[Mm]any) {_THINGS}(?: (?:is|are|has|have|was|were|to|in|of|from|with|and"
            rf"|for)\b|[.,;])"
        ),
        "the plural follows",
    ),
    Slip(
        (
            "it have ",
            "it don't",
            "it do not",
            "they is ",
            "they has ",
            "they was ",
            "we is ",
            "we has ",
            "we was ",
            "you is",
            "you has ",
        ),
        expression(
            r"\b{_NO_OBJECT}(?:it (?:have"
            r"|don't|do not)"
            r"|(?:they|we|you) (?:is|has|was))\b"
        ),
        "the verb does not go with the word before",
    ),
    Slip(
        ("due ", "rior ", "ccording ", "hanks "),
        expression(r"\b(?:(?:is|are|was|were) due|[Pp]rior|[Aa]ccording|[Tt]hanks) (?:the|an?|this|that) \w+"),
        "to is missing",
    ),
    Slip(("instead ",), expression(r"\binstead (?:using|doing|calling|having|the|an?)\b"), "of is missing"),
    Slip(
        (
            "epends of",
            "epend of",
            "epends from",
            "epending of",
            "apable to",
            "esponsible of",
            "ade use the",
            "ake use the",
            "egardless the",
            "n the same time",
            "eed of be",
            "n other to",
            "imilar with",
            "onsists from",
            "omply to",
            "s able handle",
            "efer the ",
            "efers the ",
        ),
        expression(
            r"\b[Dd]epend(?:s|ing)? (?:of|from)\b|(?<!-)\bcapable to\b|\bresponsible of\b"
            r"|\bmade? use the\b|\b[Mm]ake use the\b"
            r"|\b[Rr]egardless the\b|\b[Ii]n the same time\b|\b[Ii]n other to\b|\bsimilar with\b"
            r"|\bconsists? from\b|\bcomply to\b|\brefers? the (?:above|below|following|datasheet|manual)"
        ),
        "another preposition goes with it",
    ),
    Slip(
        ("its ",),
        expression(
            r"\bits (?:an?|the|not|been|possible to|necessary|going to|unlikely|because|really|OK|ok"
            r"|fine|also)\b"
            r"(?! (?:-|own))"
        ),
        "write it's, or it is",
    ),
    Slip(
        ("it's ",),
        expression(
            r"\bit's (?:name|value|size|type|address|state|users?|callers?|members?|contents?|parents?"
            r"|child"
            r"|children|length|flags?|fields?|purpose|behaviou?r|functionality|driver|clock"
            r"|parameters?|arguments?|position|index|device|data|usage|dependenc(?:y|ies)"
            r"|register|registers|properties|property)\b(?! (?:is|are|was|has)\b)"
        ),
        "write its",
    ),
    Slip(
        ("weather ",),
        expression(
            r"\b(?:check|checks|checking|see|decide|determine|know|tell|tells|or|of|on|not) weather\b"
            r"|\bweather (?:or not|the|to|it|a|this)\b"
        ),
        "write whether",
    ),
    Slip(
        (" effect ", "affect"),
        expression(
            r"\b(?:not|n't|will|can|may|might|could|would) effect (?:the|this|any|an?|other|on)\b|\bside[- ]affects?\b"
            r"|\b(?:no|takes?|any|an|this) affects?\b(?! (?:the|on the|all|any))"
        ),
        "effect is what affects",
    ),
    Slip(
        (" lead", " build ", " send"),
        expression(
            r"\b(?:has|have|had|was|were) lead to\b|\b(?:is|are|be|was|were|been) build (?:as|with|on|into|by|in)\b"
            r"|\b(?:is|are|be|was|were|been) send\b"
        ),
        "the participle is led, built, sent",
    ),
    Slip(
        (" became ", " went ", " broke ", " wrote ", " chose ", " gave ", " took ", " did ", " saw "),
        expression(r"\b(?:has|have|had) (?:became|went|wrote|chose|gave|took|saw)\b"),
        "the participle follows have",
    ),
    Slip(
        (
            " the a",
            " a the ",
            " the this",
            " to of ",
            " of to ",
            " for to ",
            " to for ",
            " and and ",
            " is are ",
            " are is ",
            " is was ",
            " from of ",
            " be be ",
        ),
        expression(
            r"\b(?:the an? (?=[a-z]{3,})(?!flag|bit|option|field|register|record|class|side|type)"
            r"|a the |the this |to of |(?:from|for) of (?=the|an?\b)|is are |are is "
            r"|has have |have has |an the )"
        ),
        "two words that do not go together",
    ),
    Slip(
        ("nformations", "oftwares", "ardwares", "quipments", "eedbacks"),
        expression(r"\b[Ii]nformations\b|\b[Ss]oftwares\b|\b[Hh]ardwares\b|\b[Ee]quipments\b|\b[Ff]eedbacks\b"),
        "it has no plural",
    ),
    Slip(
        (" i ", "i'm ", "i've "),
        expression(
            r"(?<![\w.<\[(/'\"-])i (?:think|am|have|was|get|got|see|saw|don't|can|will|found|tested"
            r"|added|used|guess"
            r"|believe|did|made|want|need|know|also)\b"
        ),
        "write I",
    ),
    Slip(
        (" a big ", "bit big"),
        expression(
            r"\ba big (?:more|less|too|better|faster|slower|longer|different|confusing|misleading"
            r"|easier|harder"
            r"|cleaner|simpler|tricky|late|early)\b"
        ),
        "write a bit",
    ),
    Slip(
        ("ore ", "ost "),
        expression(
            r"\b[Mm]ore (?:easier|faster|slower|bigger|smaller|better|simpler|cleaner|safer|clearer"
            r"|shorter|longer"
            r"|larger|higher|lower|cheaper)\b|\b[Mm]ost (?:easiest|fastest|best|simplest)\b"
        ),
        "more is in the word already",
    ),
    Slip(
        (" a", "A"),
        expression(
            r"(?:(?<![\w.:/&'\"(@-])a|(?:\A|(?<=\. ))A) (?:(?=[aeio][a-z]{2,})(?!one\b|once|eu|one-"
            r"|and\b|are\b|about\b|into\b|also\b|all\b|each\b"
            r"|either\b|over\b|only\b|after\b|onto\b|etc\b|even\b|else\b|i2c|in\b|is\b|ie\b"
            r"|ewe)[a-z]+(?:-[a-z]+)?(?![\w(]|->)"
            r"|un(?!i)[a-z]{3,}(?![\w(])|hour\b|honest|[AEIO][A-Z]{2,}s?(?![\w=]))"
        ),
        "write an",
    ),
    Slip(
        (" an ", "An "),
        expression(
            r"(?<![\w.:/&'\"(-])[Aa]n (?:(?=[bcdfgjkpqtvwyz][aeiourl][a-z]+)[a-z]+(?:-[a-z]+)?(?![\w(]"
            r"|->)|(?=[lmnrs][aeiou][a-z]{3,})[a-z]+(?![\w(]|->)"
            r"|one\b|uni[fqtov]\w*|us(?:er|e|age|ed|eful|able|ual)\b|(?:[BCDGJKPQTVWYZ][A-Z]{2,}|USB"
            r"|UART|UDP|UUID|UFS|UEFI)s?(?![\w=]))"
        ),
        "write a",
    ),
    Slip(
        (" who ", " whose "),
        expression(
            rf"\b(?:{_THINGS}s?|(?:patch|process|address)es|properties), ?who\b|\b(?:{_THINGS}s?"
            rf"|(?:patch|process|address)es|[a-z]+\d\w*) who (?!am)\w+"
        ),
        "who is for people: write which, or that",
    ),
    Slip(
        tuple(f".{word} " for word in _BEGINNINGS),
        expression(rf"\.(?<=[a-z]{{3}}\.)(?=(?:{'|'.join(_BEGINNINGS)}) [a-z])"),
        "a blank follows a full stop",
    ),
    Slip(
        tuple(f",{word} " for word in _LINKS),
        expression(rf",(?<=[a-z]{{3}},)(?=(?:{'|'.join(_LINKS)}) )"),
        "a blank follows a comma",
    ),
    Slip(
        (" , ", " . ", " ,\n", " .\n"),
        expression(r" [,.](?<=[a-z]{3} [,.])(?= [a-z]{2,}(?![\w.(\[-])| [A-Z][a-z]|\n)"),
        "no blank before it",
    ),
)


def slips(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The slips in a text, and what is wrong with each."""
    for slip in _SLIPS:
        if has(text, slip.words):
            for match in slip.pattern.finditer(text):
                yield match, slip.what
