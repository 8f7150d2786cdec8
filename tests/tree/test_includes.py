from __future__ import annotations

from pathlib import Path

from patience import not_stuck

from patcher.tree.config import Config
from patcher.tree.directory import DirectoryTree
from patcher.tree.includes import Includes, follow

AUTOCONF = "include/generated/autoconf.h"


def graph(
    place: Path,
    files: dict[str, str],
    *roots: str,
    own: dict[str, tuple[str, ...]] | None = None,
    generate: bool = True,
) -> Includes:
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    made = {AUTOCONF: b"#define CONFIG_HZ 250\n"}
    directories = ("arch/x86/include", "include")
    config = Config("test", "x86_64", "test", directories, (AUTOCONF,), (), made, {}, generate)
    return follow(DirectoryTree(place), config, roots, own or {})


def test_quotes_look_beside_the_file_first(tmp_path: Path) -> None:
    files = {"mm/a.c": '#include "x.h"\n#include <x.h>\n', "mm/x.h": "", "include/x.h": ""}
    assert graph(tmp_path, files, "mm/a.c").edges["mm/a.c"] == ("mm/x.h", "include/x.h")


def test_angles_do_not_look_beside_the_file(tmp_path: Path) -> None:
    found = graph(tmp_path, {"mm/a.c": "#include <x.h>\n", "mm/x.h": ""}, "mm/a.c")
    assert found.missing == {"x.h": ("mm/a.c",)}


def test_the_first_directory_wins(tmp_path: Path) -> None:
    files = {"a.c": "#include <asm/x.h>\n", "include/asm/x.h": "", "arch/x86/include/asm/x.h": ""}
    assert graph(tmp_path, files, "a.c").edges["a.c"] == ("arch/x86/include/asm/x.h",)


def test_dots_are_folded(tmp_path: Path) -> None:
    files = {"mm/deep/a.c": '#include "../x.h"\n#include "../../lib/./y.h"\n', "mm/x.h": "", "lib/y.h": ""}
    assert graph(tmp_path, files, "mm/deep/a.c").edges["mm/deep/a.c"] == ("mm/x.h", "lib/y.h")


def test_what_a_build_has_left_is_made_anew(tmp_path: Path) -> None:
    """Another architecture's, or another configuration's: committed by mistake, or just lying there."""
    stray = ("include/generated/utsrelease.h", "include/linux/version.h", "include/linux/bounds.h")
    files = {
        "a.c": "#include <generated/utsrelease.h>\n#include <linux/version.h>\n#include <linux/bounds.h>\n",
        "Makefile": "VERSION = 2\nPATCHLEVEL = 6\n",
        "kernel/bounds.c": "",
        **dict.fromkeys(stray, "stray\n"),
        AUTOCONF: "#define CONFIG_ARM 1\n",
    }
    found = graph(tmp_path, files, "a.c")
    assert found.made[AUTOCONF] == b"#define CONFIG_HZ 250\n" and b"2.6" in found.made[stray[0]]
    assert found.constants == {"include/linux/bounds.h": "kernel/bounds.c"}
    assert b"stray\n" not in found.made.values()
    assert set(found.blobs) == {"a.c", "kernel/bounds.c"}


def test_a_cycle_ends(tmp_path: Path) -> None:
    files = {"a.c": "#include <x.h>\n", "include/x.h": "#include <y.h>\n", "include/y.h": "#include <x.h>\n"}
    assert graph(tmp_path, files, "a.c").reach(["a.c"]) == {"a.c", "include/x.h", "include/y.h"}


def test_reach_is_only_what_a_root_needs(tmp_path: Path) -> None:
    files = {"a.c": "#include <x.h>\n", "b.c": "#include <y.h>\n", "include/x.h": "", "include/y.h": ""}
    found = graph(tmp_path, files, "a.c", "b.c")
    assert found.reach(["b.c"]) == {"b.c", "include/y.h"}
    assert found.reach(["no/such.c"]) == frozenset()
    assert set(found.blobs) == {"a.c", "b.c", "include/x.h", "include/y.h"}


def test_distances_are_the_shortest(tmp_path: Path) -> None:
    files = {
        "a.c": "#include <x.h>\n#include <y.h>\n",
        "include/x.h": "#include <y.h>\n#include <z.h>\n",
        "include/y.h": "#include <x.h>\n",
        "include/z.h": "",
    }
    found = graph(tmp_path, files, "a.c").distances(["a.c", "no/such.c"])
    assert found == {"a.c": 0, "include/x.h": 1, "include/y.h": 1, "include/z.h": 2}


def test_what_nothing_answers_is_told(tmp_path: Path) -> None:
    files = {"a.c": "#include <no/such.h>\n", "b.c": "#include <no/such.h>\n"}
    assert set(graph(tmp_path, files, "a.c", "b.c").missing["no/such.h"]) == {"a.c", "b.c"}


def test_nothing_outside_the_tree_is_reached(tmp_path: Path) -> None:
    (tmp_path / "secret.h").write_text("")
    text = f'#include "../secret.h"\n#include "{tmp_path}/secret.h"\n#include <../../secret.h>\n'
    found = graph(tmp_path / "linux", {"a.c": text}, "a.c")
    assert set(found.blobs) == {"a.c"}


def test_all_branches_are_followed(tmp_path: Path) -> None:
    files = {"a.c": "#if 0\n # \tinclude <x.h>\n#else\n#include\t<y.h>\n#endif\n", "include/x.h": "", "include/y.h": ""}
    assert set(graph(tmp_path, files, "a.c").edges["a.c"]) == {"include/x.h", "include/y.h"}


def test_a_macro_that_holds_the_name(tmp_path: Path) -> None:
    files = {"a.c": "#define TRACE <x.h>\n#include TRACE\n", "include/x.h": ""}
    assert graph(tmp_path, files, "a.c").edges["a.c"] == ("include/x.h",)


def test_namesakes_of_a_file_that_computes_the_name(tmp_path: Path) -> None:
    gcc = "#define gcc_header(x) _gcc_header(linux/compiler-gcc##x.h)\n#include gcc_header(__GNUC__)\n"
    files = {
        "a.c": "#include <linux/compiler-gcc.h>\n",
        "include/linux/compiler-gcc.h": gcc,
        "include/linux/compiler-gcc4.h": "#include <deep.h>\n",
        "include/linux/compiler-intel.h": "",
        "include/deep.h": "",
    }
    reached = graph(tmp_path, files, "a.c").reach(["a.c"])
    assert {"include/linux/compiler-gcc4.h", "include/deep.h"} <= reached
    assert "include/linux/compiler-intel.h" not in reached


def test_a_generated_header_is_made(tmp_path: Path) -> None:
    files = {"a.c": "#include <generated/utsrelease.h>\n", "Makefile": "VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 37\n"}
    found = graph(tmp_path, files, "a.c")
    assert found.edges["a.c"] == ("include/generated/utsrelease.h",)
    assert found.made["include/generated/utsrelease.h"] == b'#define UTS_RELEASE "2.6.37"\n'
    assert graph(tmp_path, files, "a.c", generate=False).missing == {"generated/utsrelease.h": ("a.c",)}


def test_a_header_of_the_tree_is_not_made(tmp_path: Path) -> None:
    files = {"a.c": "#include <asm/unistd_32.h>\n", "arch/x86/include/asm/unistd_32.h": "/* as it was once */\n"}
    assert "arch/x86/include/asm/unistd_32.h" not in graph(tmp_path, files, "a.c").made


def test_constants_need_what_they_are_computed_from(tmp_path: Path) -> None:
    files = {"a.c": "#include <generated/bounds.h>\n", "kernel/bounds.c": "#include <x.h>\n", "include/x.h": ""}
    found = graph(tmp_path, files, "a.c")
    assert found.constants == {"include/generated/bounds.h": "kernel/bounds.c"}
    assert {"kernel/bounds.c", "include/x.h"} <= found.reach(["a.c"])


def test_own_directories_hold_for_what_the_root_includes(tmp_path: Path) -> None:
    files = {
        "drivers/a/a.c": "#include <own.h>\n", "drivers/b/b.c": "#include <own.h>\n",
        "drivers/a/inc/own.h": "#include <deeper.h>\n", "drivers/a/inc/deeper.h": "",
    }  # fmt: skip
    found = graph(tmp_path, files, "drivers/a/a.c", "drivers/b/b.c", own={"drivers/a/a.c": ("drivers/a/inc",)})
    assert "drivers/a/inc/deeper.h" in found.reach(["drivers/a/a.c"])
    assert found.missing == {"own.h": ("drivers/b/b.c",)}


def test_forced_includes_are_in_the_graph(tmp_path: Path) -> None:
    assert AUTOCONF in graph(tmp_path, {"a.c": ""}, "a.c").edges


def test_a_chain_is_followed_as_deep_as_libclang_goes(tmp_path: Path) -> None:
    files = {f"include/h{number}.h": f"#include <h{number + 1}.h>\n" for number in range(1000)}
    found = graph(tmp_path, {"a.c": "#include <h0.h>\n", **files}, "a.c")
    assert "include/h150.h" in found.edges
    assert "include/h500.h" not in found.edges


def test_a_hundred_thousand_includes(tmp_path: Path) -> None:
    names = "".join(f"#include <none{number}.h>\n" for number in range(50_000))
    files = {"a.c": names + "#include <same.h>\n" * 100_000, "include/same.h": '#include "same.h"\n'}
    with not_stuck():  # it takes one second; each against each would take an hour
        found = graph(tmp_path, files, "a.c")
    assert found.edges["a.c"] == ("include/same.h",)
    assert len(found.missing) == 50_000
