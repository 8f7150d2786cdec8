from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.tree.kconfig import fits, holds, parse, settled

NAMES = ("A", "B", "C", "D")
configs = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1", "m", "7", ""]))
expressions = st.recursive(
    st.sampled_from([*NAMES, "y", "n", "A=y", "B!=n", 'C="7"']),
    lambda inner: st.one_of(
        st.builds("!({})".format, inner),
        st.builds("({} && {})".format, inner, inner),
        st.builds("({}||{})".format, inner, inner),
    ),
    max_leaves=8,
)


@given(expressions, expressions, configs)
def test_de_morgan(left: str, right: str, config: dict[str, str]) -> None:
    assert holds(f"!({left} && {right})", config) == holds(f"!({left}) || !({right})", config)
    assert holds(f"!({left} || {right})", config) == holds(f"!({left}) && !({right})", config)


@given(expressions, configs)
def test_double_negation_and_excluded_middle(one: str, config: dict[str, str]) -> None:
    assert holds(f"!!({one})", config) == holds(one, config)
    assert holds(f"{one} || !{one}", config)
    assert not holds(f"{one} && !{one}", config)


@given(expressions, expressions, expressions, configs)
def test_and_binds_tighter_than_or(one: str, two: str, three: str, config: dict[str, str]) -> None:
    assert holds(f"{one} || {two} && {three}", config) == holds(f"{one} || ({two} && {three})", config)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("", True),
        ("XEN", True),
        ("KVM", False),
        ("!KVM", True),
        ("XEN=y", True),
        ("KVM=n", True),
        ("XEN!=y", False),
        ("M=m", True),
        ("M", True),
        ('NAME="vega"', True),
        ('NAME="deneb"', False),
        ("$(cc-option,-mfoo)", False),
        ("XEN &&", False),
        ("LEVELS > 4", False),
        ("XEN KVM", False),
    ],
)
def test_holds(expression: str, wanted: bool) -> None:
    config = {"XEN": "1", "M": "m", "LEVELS": "5", "NAME": '"vega"'}
    assert holds(expression, config) is wanted


def test_parse_reads_blocks() -> None:
    (symbol,) = parse(
        'config XEN\n\tbool "Xen"\n\tdepends on X86_64 || \\\n\t\tX86_PAE\n\tselect PARAVIRT if SMP # why\n'
    )
    assert symbol.name == "XEN"
    assert symbol.asked
    assert [" ".join(each.split()) for each in symbol.depends] == ["X86_64 || X86_PAE"]
    assert symbol.selects == (("PARAVIRT", "SMP"),)


def test_parse_knows_who_is_asked() -> None:
    text = (
        'config A\n\tdef_bool y\n\nconfig B\n\tbool\n\tprompt "B"\n\n'
        'config C\n\tbool\n\tdefault y\n\nmenuconfig D\n\tbool "D"\n'
    )
    assert {symbol.name: symbol.asked for symbol in parse(text)} == {"A": False, "B": True, "C": False, "D": True}


def test_if_is_a_dependency_of_what_it_holds() -> None:
    text = (
        "config BEFORE\n\tdef_bool y\nif XEN\nconfig IN\n\tdef_bool y\nif PCI\nconfig DEEP\n\tdef_bool y\nendif\n"
        "config STILL\n\tdef_bool y\nendif # XEN\nconfig AFTER\n\tdef_bool y\n"
    )
    depends = {symbol.name: symbol.depends for symbol in parse(text)}
    assert depends == {"BEFORE": (), "IN": ("XEN",), "DEEP": ("XEN", "PCI"), "STILL": ("XEN",), "AFTER": ()}


def test_help_is_prose() -> None:
    """Help texts talk of selecting and depending; that is no Kconfig."""
    text = (
        "config XEN\n\tdef_bool y\n\thelp\n\t  The drivers\n\t  select what they need, and\n\t  depends on nobody.\n\n"
        "\t  default behaviour is fine.\n\nconfig NEXT\n\tdef_bool y\n\tselect PARAVIRT\n"
    )
    xen, following = parse(text)
    assert (xen.selects, xen.depends, xen.defaults) == ((), (), (("y", ""),))
    assert following.selects == (("PARAVIRT", ""),)


def test_settled_is_a_closure() -> None:
    symbols = tuple(
        parse(
            'config XEN\n\tbool "Xen"\n\tselect A\n\tselect NOT if KVM\n'
            "config A\n\tbool\n\tselect B if X86_64\n"
            "config B\n\tbool\n"
            "config AUTO\n\tdef_bool y\n\tdepends on B\n"
            "config TWO\n\tdef_bool AUTO && !KVM\n"
            'config ASKED\n\tbool "a person decides"\n\tdefault y\n'
        )
    )
    config = settled(symbols, {"XEN": "1", "X86_64": "1"}, frozenset())
    assert config.keys() == {"XEN", "X86_64", "A", "B", "AUTO", "TWO"}
    assert settled(symbols, config, frozenset()) == config


def test_settled_leaves_never_off() -> None:
    symbols = tuple(parse('config XEN\n\tbool "Xen"\n\tselect SMP\n\tselect PARAVIRT\nconfig SMP\n\tdef_bool y\n'))
    assert settled(symbols, {"XEN": "1"}, frozenset({"SMP"})) == {"XEN": "1", "PARAVIRT": "1"}


def test_settled_does_not_change_what_was_given() -> None:
    given_ = {"XEN": "2"}
    assert settled(tuple(parse("config XEN\n\tdef_bool y\n\tselect XEN\n")), given_, frozenset()) == given_


@pytest.mark.parametrize(
    ("kconfig", "config", "wanted"),
    [
        ("", {}, True),
        ('config XEN\n\tbool "Xen"\n\tdepends on X86_64 || X86_PAE\n', {"X86_PAE": "1"}, True),
        ('config XEN\n\tbool "Xen"\n\tdepends on X86_64 || X86_PAE\n', {"X86_32": "1"}, False),
        ('config XEN\n\tbool "Xen"\nconfig XEN_PV\n\tbool "PV"\n\tdepends on X86_64\n', {"X86_32": "1"}, False),
    ],
)
def test_fits(kconfig: str, config: dict[str, str], wanted: bool) -> None:
    assert fits(tuple(parse(kconfig)), config) is wanted
