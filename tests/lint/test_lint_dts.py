"""Devicetree sources and YAML as trees: what they say, and what is wrong with them, by lines."""

from __future__ import annotations

import pytest

from patcher.lint import dts, yaml_tree
from patcher.lint.yaml_tree import Kind, NotYaml

SOURCE = """#include <dt-bindings/gpio/gpio.h>
/ {
	soc: soc@0 {
		#address-cells = <2>; /* a } in a comment; */
		/delete-property/ ranges;

		uart0: uart1: serial@1000 {
			compatible = "a;b", "c}d";
			reg = <0x0 0x1000 (A + B) 1>, <&{/soc@0} 2>;
			fast;
		};
	};
};

&{/chosen} {
	bootargs = "x";
};
"""


def test_nodes_know_their_lines_and_what_is_in_them() -> None:
    source = dts.read(SOURCE)
    assert not source.errors
    assert source.includes == ["dt-bindings/gpio/gpio.h"]
    serial = next(each for each in source.nodes() if each.name == "serial")
    assert (serial.unit, serial.line, serial.labels, serial.whole) == ("1000", 6, ["uart0", "uart1"], True)
    assert serial.parent and serial.parent.name == "soc"
    assert serial.properties["compatible"].strings() == ["a;b", "c}d"]
    assert serial.properties["reg"].cells() == ["0x0", "0x1000", "(A + B)", "1", "&{/soc@0}", "2"]
    assert serial.properties["fast"].value == ""
    assert [each.name for each in source.root.children] == ["/", "&{/chosen}"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a {\n\tb = <1>\n\tc = <2>;\n};", 1, "no semicolon"),
        ("a {\n\tb = <1>\n};", 1, "no semicolon"),
        ("a {\n\tb = <1>\n\tc {\n\t};\n};", 1, "no semicolon"),
        ("a {\n};\n};", 2, "a } without its {"),
        ("\na {\n\tb {\n\t};\n", 1, "the node a has no end"),
    ],
)
def test_what_dtc_does_not_read(text: str, line: int, what: str) -> None:
    assert (line, what) in dts.read(text).errors


def test_a_part_of_a_source_may_begin_and_end_anywhere() -> None:
    assert not dts.read("\t};\n\n\tb {\n\t\tc;\n", whole=False).errors


@pytest.mark.parametrize("text", ["{" * 500, "a {" * 500, '"' * 501, "<" * 500, "}" * 500, "= ; = {"])
def test_no_text_is_too_odd(text: str) -> None:
    dts.read(text)
    dts.read(text, whole=False)


def test_yaml_knows_its_lines() -> None:
    root = yaml_tree.read("a: 1\nb:\n  - x: |\n      text\n      more\n    y: [p, q]\n  - z\n")
    assert root.get("a").text == "1"
    first, second = root.get("b").items
    assert (first.get("x").text, first.get("x").style, first.at("y"), second.line) == ("text\nmore\n", "|", 5, 6)
    assert first.get("y").texts() == ["p", "q"]
    assert first.get("y").flow
    assert root.get("no", "such").kind is Kind.TEXT


@pytest.mark.parametrize(
    ("text", "line"), [("a: b: c", 0), ("a:\n\t- b", 1), ("a: [" * 80, 0), ("a: '", 0), ("\ud800", 0)]
)
def test_what_is_no_yaml(text: str, line: int) -> None:
    with pytest.raises(NotYaml) as caught:
        yaml_tree.read(text)
    assert caught.value.line == line


def test_an_alias_of_itself_ends() -> None:
    assert len(list(yaml_tree.read("a: &x [*x, *x]").below())) == 4
