"""The series vm-io: settings of VM_* flags go where the mapping function makes them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from generate.goldens import are_golden

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
GOLDEN = Path(__file__).parent / "golden-vm-io"

HEAD = """\
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

static int {name}_mmap(struct file *file, struct vm_area_struct *vma)
{{
"""
MAP = "vma, vma->vm_start, 0xfed00, PAGE_SIZE, vma->vm_page_prot"
RIGHT = {
    "kept": f"""\
	/* VM_IO keeps it out of core dumps */
	vma->vm_flags |= VM_IO | VM_RESERVED;
	vma->vm_flags |= VM_DONTCOPY | VM_PFNMAP;
	return remap_pfn_range({MAP});
""",
    "unlooked": f"""\
	unsigned long device = vma->vm_pgoff;

	if (device)
		vma->vm_flags |= VM_IO;
	remap_pfn_range({MAP});
	return 0;
""",
}
WRONG = {
    "ifdef": f"""\
	vma->vm_flags |= VM_IO;
#ifdef CONFIG_SPARC
	return 0;
#else
	return remap_pfn_range({MAP});
#endif
""",
    "path": f"""\
	vma->vm_flags |= VM_IO;
	if (vma->vm_pgoff)
		return 0;
	return remap_pfn_range({MAP});
""",
    "asked": f"""\
	vma->vm_flags |= VM_IO;
	if (vma->vm_flags & VM_IO)
		return remap_pfn_range({MAP});
	return -EINVAL;
""",
    "instead": f"""\
	vma->vm_flags |= VM_IO;
	if (remap_pfn_range({MAP}))
		printk(KERN_INFO "to be mapped page by page\\n");
	return 0;
""",
    "later": """\
	vma->vm_flags |= VM_IO | VM_RESERVED;
	vma->vm_private_data = file;
	return 0;
""",
    "other": f"""\
	vma->vm_flags |= VM_DONTEXPAND;
	return remap_pfn_range({MAP});
""",
}


@pytest.fixture
def planted(mini_repo: Path, git: Git) -> Path:
    """The miniature tree with drivers that look alike."""
    for name, body in {**RIGHT, **WRONG}.items():
        tail = f"}}\n\nconst struct file_operations {name}_fops = {{\n\t.mmap = {name}_mmap,\n}};\n"
        (mini_repo / f"drivers/char/{name}.c").write_text(HEAD.format(name=name) + body + tail)
    makefile = mini_repo / "drivers/char/Makefile"
    makefile.write_text(makefile.read_text() + "".join(f"obj-y += {name}.o\n" for name in (*RIGHT, *WRONG)))
    git(mini_repo, "add", "-A")
    git(mini_repo, "commit", "-qm", "char: more drivers")
    return mini_repo


def test_just_the_settings_that_repeat_a_call_go(run: Run, git: Git, planted: Path, tmp_path: Path) -> None:
    mails = tmp_path / "mails"
    code, out, err = run("apply", "--series", "vm-io", "--tree", planted, "-o", mails, "--branch", "patcher/vm-io")
    assert (code, err) == (0, "")
    are_golden(mails, GOLDEN)
    assert "left as it is" not in out
    names = git(planted, "diff", "--name-only", "HEAD", "patcher/vm-io").split()
    assert names == [
        "arch/alpha/kernel/pci-sysfs.c", "drivers/char/hpet.c", "drivers/char/kept.c", "drivers/char/unlooked.c",
        "drivers/video/fbmem.c", "sound/core/pcm_native.c",
    ]  # fmt: skip
    changed = git(planted, "diff", "--unified=0", "HEAD", "patcher/vm-io", "--", "drivers/char").splitlines()
    assert [line for line in changed if line[:1] in "-+" and line[:3] not in ("+++", "---")] == [
        "-\tvma->vm_flags |= VM_IO;",
        "-\t/* VM_IO keeps it out of core dumps */",
        "-\tvma->vm_flags |= VM_IO | VM_RESERVED;",
        "-\tvma->vm_flags |= VM_DONTCOPY | VM_PFNMAP;",
        "+\tvma->vm_flags |= VM_DONTCOPY;",
        "-\tunsigned long device = vma->vm_pgoff;",
        "-",
        "-\tif (device)",
        "-\t\tvma->vm_flags |= VM_IO;",
    ]
    assert "nothing to do" in run("apply", "--series", "vm-io", "--tree", planted, "--rev", "patcher/vm-io")[1]


def test_what_the_mapping_function_sets_is_read_from_the_tree(run: Run, git: Git, mini_repo: Path) -> None:
    core = mini_repo / "mm/memory.c"
    text = core.read_text()
    core.write_text(text.replace("vm_flags |= VM_IO | VM_RESERVED | VM_PFNMAP", "vm_flags |= VM_RESERVED | VM_PFNMAP"))
    git(mini_repo, "commit", "-qam", "mm: no VM_IO")
    code, _, err = run("apply", "--series", "vm-io", "--tree", mini_repo)
    assert (code, err) == (0, "")
    changed = git(mini_repo, "diff", "--unified=0", "HEAD", "patcher/vm-io").splitlines()
    assert [line for line in changed if line[:1] in "-+" and line[:3] not in ("+++", "---")] == [
        "-\tvma->vm_flags |= (VM_IO | VM_RESERVED);",
        "+\tvma->vm_flags |= VM_IO;",
        "-\tvma->vm_flags |= VM_IO | VM_RESERVED;",
        "+\tvma->vm_flags |= VM_IO;",
    ]
