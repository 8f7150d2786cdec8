"""MAINTAINERS, read as get_maintainer.pl reads it."""

from __future__ import annotations

from typing import Any

import pytest
from maintainersfile import TEXT

from patcher import pattern
from patcher.errors import InputError
from patcher.tree.maintainers import Maintainers


@pytest.fixture
def known() -> Maintainers:
    return Maintainers(TEXT)


@pytest.mark.parametrize(
    ("path", "titles"),
    [
        ("arch/x86/xen/mmu.c", ["XEN HYPERVISOR INTERFACE", "X86 ARCHITECTURE"]),
        ("arch/x86/xen/vga.c", ["X86 ARCHITECTURE"]),
        ("drivers/video/xen-fbfront.c", ["XEN HYPERVISOR INTERFACE"]),
        ("drivers/video/sub/xen-fbfront.c", []),
        ("drivers/x/xenbus_probe.c", ["XEN HYPERVISOR INTERFACE"]),
        ("include/linux/in.h", ["NETWORKING"]),
        ("include/linux/in.hpp", ["NETWORKING"]),  # the script takes any end of the name
        ("include/linux/in.h/x", []),
        ("network/x.c", []),
    ],
)
def test_whose_a_path_is(known: Maintainers, path: str, titles: list[str]) -> None:
    assert [section.title for _, section in known.of(path)] == titles


def test_a_path_of_any_length_is_compared_as_far_as_patterns_go(known: Maintainers) -> None:
    asked: list[str] = []

    class Noting(dict[str, list[Any]]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.append(key)
            return super().get(key, default)

    found = known.of("arch/x86/xen/mmu.c")
    known.__dict__["_globs"] = Noting(known._globs)
    assert known.of(f"arch/x86/xen/{'x' * 200_000}.c") == found
    assert max(map(len, asked)) == max(map(len, known._globs)) < 100


def test_a_section(known: Maintainers) -> None:
    section = known.sections[0]
    assert section.open_lists == ("xen-devel@lists.xensource.com",)
    assert section.status == "Supported"


@pytest.mark.parametrize("text", ["", "\0", "X\n" * 3, "T\nF:\t[\nN:\t(\n", "T\nM:\t<<<\nF:\tx\n"])
def test_damage_is_survived(text: str) -> None:
    Maintainers(text).of("x/y.c")


@pytest.mark.parametrize(
    ("entry", "path", "expected"),
    [
        ("F:\tdrivers/net/*", "drivers/net/x.c", 1),
        ("F:\tdrivers/net/*", "drivers/net/y/x.c", 0),
        ("F:\t*/net/*", "drivers/net/x.c", 1),
        ("F:\tdrivers/net", "drivers/net/y/x.c", 1),
        ("F:\tsound/da[79]?.[ch]", "sound/da7x.c", 1),
        ("F:\tsound/da[79]?.[ch]", "sound/da8x.c", 0),
        ("F:\tsound/a+b/", "sound/aab/x.c", 1),
        ("F:\tsound/a|drivers/b", "drivers/b", 0),
        ("F:\tsound/a|drivers/b", "x/sound/a/b", 0),
        ("N:\tsun[x4]i", "a/sun4i.c", 1),
        ("N:\tbcm28 3*", "a/bcm28.c", 1),  # white space means nothing
        ("N:\t[^a-z]tegra", "a/xtegra.c", 0),
        ("N:\t(?i)tegra", "a/TEGRA.c", 1),
        ("N:\t[[]x", "a/[x", 1),
        ("N:\t[[:digit:]]x", "a/9x", 1),
        ("N:\tx\\z", "a/x", 1),
        ("N:\t\\.c$", "a/x.c", 1),
        ("N:\t", "a/x.c", 0),
    ],
)
def test_patterns(entry: str, path: str, expected: int) -> None:
    assert len(Maintainers(f"TITLE\nM:\ta@example.org\n{entry}\n").fits(path)) == expected


def test_the_order_is_that_of_the_script() -> None:
    """By the slashes of the last pattern that fits, with those of the file in order."""
    text = "A\nF:\tx/y/z.c\nN:\tz\n\nB\nF:\tx/\n\nC\nF:\tx/*/\n\nTHE REST\nF:\t*\nF:\t*/\n\nD\nF:\tx/y/\n"
    fits = Maintainers(text).fits("x/y/z.c")
    assert [(fit.section.title, fit.depth) for fit in fits] == [
        ("C", 2),
        ("D", 2),
        ("B", 1),
        ("A", 0),
        ("THE REST", -1),
    ]


def test_keywords() -> None:
    text = "A\nK:\tof_overlay\nK:\t(?:\\b|_)bpf(?:\\b|_)\n\nB\nK:\t(?i)pidfd\n\nC\nK:\tone|two\n\nD\nK:\t^other$\n"
    known = Maintainers(text)

    def found(message: list[str], hunks: list[str]) -> list[tuple[str, str]]:
        return [(section.title, expression) for section, expression in known.about(message, hunks)]

    assert found(["about x_bpf_y"], []) == [("A", r"(?:\b|_)bpf(?:\b|_)")]
    assert found([], [" of_overlay()", " bpf", " PIDFD"]) == []
    assert found([], ["+of_overlay()", "- a PIDFD"]) == [("A", "of_overlay"), ("B", "(?i)pidfd")]
    assert found([], [" one", " "]) == []
    assert found([], [" two"]) == [("C", "one|two")]  # what Perl makes of it behind its own beginning
    assert found(["other"], []) == [("D", "^other$")]


@pytest.mark.parametrize("letter", ["N", "F", "K"])
def test_expressions_that_explode_end(monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    monkeypatch.setattr(pattern._Budget, "left", 0.3)
    value = "a*a*a*a*a*a*a*a*a*a*a*a*b" if letter == "F" else r"(a|aa|a?a)+[xyz]"
    known = Maintainers(f"TITLE\n{letter}:\t{value}\n")
    with pytest.raises(InputError, match=r"MAINTAINERS, .: .*takes too long") as told:
        known.about(["a" * 2000], []) if letter == "K" else known.fits("a" * 2000)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("value", ["(", "*x", "(?{ die })", "a{3,1}", "[z-a]", "x" * 3000 + "+", r"\Qa\E"])
def test_what_cannot_be_read_fits_nothing_and_is_told(value: str) -> None:
    known = Maintainers(f"TITLE\nN:\t{value}\nK:\t{value}\nF:\tx/\n")
    assert [fit.section.title for fit in known.fits("x/y.c")] == ["TITLE"]
    assert known.about(["x" * 10], ["+a"]) == ()
    assert all(line.startswith("MAINTAINERS, ") and "\n" not in line and len(line) < 400 for line in known.unread)
    assert len(known.unread) == 2


def test_more_than_a_kernel_has_is_refused() -> None:
    with pytest.raises(InputError, match="has more than 20000 patterns"):
        Maintainers("TITLE\n" + "N:\t(x|y)\n" * 20_001).fits("x")
    with pytest.raises(InputError, match="characters"):
        Maintainers("T" * (16 * 2**20 + 1))


def test_long_lines_take_no_time() -> None:
    """Not even white space that does not end, nor a name of a megabyte."""
    text = f"{'T' * 2**20}\nM:{' ' * 2**20}\nM:\t{'a@' * 2**19}\nF:\t{'x/' * 2**19}\nF:\tx/\nX:\t{'y*' * 500}\n"
    assert len(Maintainers(text).fits("x/y.c")) == 1
    assert Maintainers("\ufffd\0\x1b" * 2**20).fits("x/y.c") == ()
