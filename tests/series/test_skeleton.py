"""``patcher series new``: a folder that works as it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.series.load import load

Run = Callable[..., tuple[int, str, str]]
RULE = "/// Use bar() instead of foo()\n@@\n@@\n- foo()\n+ bar()\n"


def test_a_new_series_can_be_loaded_and_shown(run: Run, tmp_path: Path) -> None:
    code, out, err = run("series", "new", "sub/mine", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "sub/mine/change/change.cocci\nsub/mine/change/message.txt\nsub/mine/series.toml\nnext: " in out
    made = load("", tmp_path / "sub/mine")
    assert (made.name, made.step[0].title) == ("mine", "use new_name() instead of old_name()")
    assert made.step[0].cocci and made.step[0].cocci.modes == ("patch",)
    code, out, _ = run("series", "show", "mine", "--series-dir", "sub/mine", cwd=tmp_path)
    assert (code, "by a semantic patch" in out) == (0, True)


def test_a_semantic_patch_of_ones_own_is_taken_along(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my.cocci").write_text(f'#include "more.cocci"\n{RULE}')
    (tmp_path / "more.cocci").write_text("// more\n")
    assert run("series", "new", "mine", "--cocci", "my.cocci", cwd=tmp_path)[0] == 0
    (step,) = load("", tmp_path / "mine").step
    assert step.cocci and step.cocci.text == (tmp_path / "my.cocci").read_bytes()
    assert step.cocci.beside == {"more.cocci": b"// more\n"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["there"], "there is there already"),
        (["Über"], "is no name for a series"),
        (["mine", "--cocci", "gone.cocci"], "cannot read gone.cocci"),
        (["file/mine"], "cannot write file/mine"),
    ],
)
def test_what_cannot_be_written_is_told_and_nothing_is_left(
    run: Run, tmp_path: Path, args: list[str], told: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    code, out, err = run("series", "new", *args, cwd=tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert not (tmp_path / "mine").exists()
