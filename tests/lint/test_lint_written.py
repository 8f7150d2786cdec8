"""Cases of what reviewers ask of bindings, C and messages, that the examples of the rules do not show."""

from __future__ import annotations

import pytest

from tests.lint.test_lint_kinds import found, mail, rules


def _new(path: str, text: str) -> str:
    lines = text.strip("\n").split("\n")
    head = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n"
    return f"{head}@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)


_SCHEMA = """# SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
%YAML 1.2
---
$id: http://devicetree.org/schemas/pwm/foo,bar.yaml#
$schema: http://devicetree.org/meta-schemas/core.yaml#

title: Foo PWM controller

maintainers:
  - A U Thor <author@example.org>
{before}
properties:
  compatible:
    const: foo,bar

  reg:
    maxItems: 1
{reg}
  "#pwm-cells":
    const: 3
{cells}
required:
  - compatible
  - reg

additionalProperties: false

examples:
  - |
    pwm@1000 {{
      compatible = "foo,bar";
      reg = <0x1000 0x100>;
      #pwm-cells = <3>;
    }};
"""
_REFERS = "\nallOf:\n  - $ref: pwm.yaml#\n"


def _said(before: str = _REFERS, reg: str = "", cells: str = "", change: tuple[str, str] = ("", "")) -> set[str]:
    text = _SCHEMA.format(before=before, reg=reg, cells=cells).replace(*change)
    findings = found(mail(diff=_new("Documentation/devicetree/bindings/pwm/foo,bar.yaml", text)))
    return {each.message for each in findings if each.rule.startswith(("binding", "dts"))}


def test_a_binding_as_it_should_be() -> None:
    assert not _said() - {"a new binding that is not under (GPL-2.0-only OR BSD-2-Clause)"}


@pytest.mark.parametrize(
    ("told", "arguments"),
    [
        ("no reference to pwm.yaml", {"before": ""}),
        ("the description of reg says what is known", {"reg": "    description: Base address and length of it\n"}),
        ("the description of #pwm-cells says what is known", {"cells": "    description: Should be 3.\n"}),
        ("the description speaks of software", {"before": f"\ndescription: It is used by Linux.\n{_REFERS}"}),
        ("items of reg repeat", {"reg": "    items:\n      - description: Address and size of a bank\n"}),
        ("maxItems of reg says what items says", {"reg": "    items:\n      - description: a bank\n"}),
        ("additionalProperties of a device is true", {"change": ("Properties: false", "Properties: true")}),
        ("no reference to pwm.yaml", {"before": "", "cells": "    description: See pwm.yaml.\n"}),
        ("the example shows a user", {"change": ('compatible = "foo,bar";', 'compatible = "foo,bar", "pwm-leds";')}),
        ("a device without an example", {"change": ("examples:", "x-none:")}),
        ("compatible is not the first property", {"change": ("properties:\n", "properties:\n  clocks: true\n\n")}),
        ("an empty line at the start of the example", {"change": ("  - |\n", "  - |\n\n")}),
        ("the space around =", {"change": ("compatible = ", "compatible= ")}),
        ("a label: Foo has capitals", {"change": ("    pwm@1000", "    Foo: pwm@1000")}),
        ("text of ", {"reg": f"    description: {'one bank of them all ' * 4}and more\n"}),
    ],
)
def test_a_binding(told: str, arguments: dict[str, object]) -> None:
    assert any(message.startswith(told) for message in _said(**arguments))  # type: ignore[arg-type]


def test_a_file_with_several_compatibles_has_the_vendor_in_its_name() -> None:
    enum = "enum:\n      - foo,a\n      - foo,b"
    text = _SCHEMA.format(before=_REFERS, reg="", cells="").replace("const: foo,bar", enum)
    for name, said in (("foo", True), ("foo,a", False)):
        path = f"Documentation/devicetree/bindings/pwm/{name}.yaml"
        findings = found(mail(diff=_new(path, text.replace("foo,bar.yaml", f"{name}.yaml"))))
        assert any(each.message.startswith("the file is not called") for each in findings) is said


def test_scissors_drop_the_letter_above() -> None:
    letter = "Hi All,\n\nI would like to.\n\n-- >8 --\nSubject: [PATCH] xen: foo: Add it\n\nIt is needed."
    assert not {"body-letter", "pasted-headers"} & rules(mail(text=letter))
    assert "body-letter" in rules(mail(text="Hi All,\n\nI would like to."))


@pytest.mark.parametrize(("lines", "said"), [(3, True), (2, False)])
def test_time_stamps_of_a_log(lines: int, said: bool) -> None:
    log = "\n".join(f"[   {at}.799719] foo: failed" for at in range(lines))
    assert ("trace-long" in rules(mail(text=f"It fails:\n\n{log}\n\nLook before."))) is said


def test_a_licence_in_full_beside_its_name() -> None:
    text = "// SPDX-License-Identifier: GPL-2.0\n/*\n * you can redistribute it and/or modify it\n */\nint a;"
    assert "spdx" in rules(mail(diff=_new("drivers/xen/y.c", text)))


@pytest.mark.parametrize(("blanks", "said"), [("\t    ", True), ("\t\t", False)])
def test_a_statement_stands_on_a_tab_stop(blanks: str, said: bool) -> None:
    text = f"int f(void)\n{{\n\tif (a ||\n\t    b)\n{blanks}return 0;\n}}"
    assert ("space-indent" in rules(mail(diff=_new("drivers/xen/y.c", text)))) is said


def test_what_is_only_added_to_is_not_used() -> None:
    text = "int f(void)\n{\n\tint flags = 0;\n\n\tflags |= 1;\n\n\treturn 0;\n}"
    assert "unused-variable" in rules(mail(diff=_new("drivers/xen/y.c", text)))
