from __future__ import annotations

from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.source.walk import enumerators, read

ARGUMENTS = ["-x", "c", "-std=gnu89", "-target", "x86_64-linux-gnu", "-nostdinc", "-w"]


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    (tmp_path / "a.h").write_text("#define FLAG 1\nint in_header;\n")
    (tmp_path / "a.c").write_text('#include "a.h"\nint in_source = FLAG;\n#if 0\n#endif\n')
    return tmp_path / "a.c"


def test_only_the_files_asked_for(unit: Path) -> None:
    found = read(str(unit), ARGUMENTS, [str(unit)])
    assert list(found.files) == [str(unit)]
    assert [item.name for item in found.files[str(unit)].declared] == ["in_source"]
    assert found.files[str(unit)].macros == []


def test_a_header_with_its_source(unit: Path) -> None:
    header = str(unit.with_suffix(".h"))
    found = read(str(unit), ARGUMENTS, [str(unit), header])
    assert [item.name for item in found.files[header].declared] == ["in_header"]
    assert len(found.files[header].macros) == 1
    assert len(found.files[str(unit)].expansions) == 1
    assert len(found.files[str(unit)].skipped) == 1


def test_a_file_that_is_no_part_of_the_unit(unit: Path) -> None:
    (unit.parent / "other.h").write_text("int x;\n")
    assert (
        str(unit.parent / "other.h") not in read(str(unit), ARGUMENTS, [str(unit), str(unit.parent / "other.h")]).files
    )


def test_nodes_come_parents_first(unit: Path) -> None:
    nodes = read(str(unit), ARGUMENTS, [str(unit)]).files[str(unit)].nodes
    assert all(node.parent < index for index, node in enumerate(nodes))
    assert all(node.start <= node.end <= unit.stat().st_size for node in nodes)


def test_no_translation_unit_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="libclang cannot parse"):
        read(str(tmp_path / "missing.c"), ARGUMENTS, [])


def test_enumerators(tmp_path: Path) -> None:
    file = tmp_path / "a.c"
    file.write_text(
        "enum { x_A = 3, other };\nvoid f(void) { enum { x_B = sizeof(long) * 2 }; { enum { x_C = -1 }; } }\n"
    )
    assert enumerators(str(file), ARGUMENTS, "x_") == {"A": 3, "B": 16, "C": -1}
    assert enumerators(str(file), ARGUMENTS, "x_", bodies=False) == {"A": 3}
