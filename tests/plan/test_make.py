"""Plans of the miniature tree, and of what a person might do to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from patcher import data
from patcher.cache import Cache
from patcher.errors import InputError
from patcher.model import Finding, Plan, Status, StepStatus, Verdict
from patcher.plan.make import make_plan
from patcher.plan.request import Request
from patcher.rules.load import load_group
from patcher.series.load import load
from patcher.tree.find import open_tree

MMU = "arch/x86/xen/mmu.c"


def plan_of(place: Path, cache: Path, scope: str = "xen", profile: str = "") -> Plan:
    request = Request("identity", load("identity"), load_group(data.directory("rules") / "identity"), scope, profile)
    store = Cache(cache)
    try:
        return make_plan(open_tree(place, None, worktree=(place / ".git").exists()), request, store)
    finally:
        store.close()


@pytest.fixture(scope="module")
def cache(shared_cache: Path) -> Path:
    return shared_cache


@pytest.fixture(scope="module")
def plan(mini: Path, cache: Path) -> Plan:
    return plan_of(mini, cache)


@pytest.fixture(scope="module")
def whole(mini: Path, cache: Path) -> Plan:
    return plan_of(mini, cache, "tree")


def at(plan: Plan, function: str, symbol: str) -> list[Finding]:
    return [finding for finding in plan.findings if (finding.function, finding.symbol) == (function, symbol)]


@pytest.mark.parametrize(
    ("function", "symbol", "rule"),
    [
        ("xen_iomap_pte", "_PAGE_IOMAP", "iomap-predicate"),
        ("xen_set_pte_at", "xen_iomap_pte", "iomap-helper"),
        ("xen_set_pte_at", "xen_set_iomap_pte", "iomap-helper"),
        ("xen_set_iomap_pte", "xen_set_domain_pte", "iomap-helper"),
        ("xen_make_pte", "iomap_pte", "iomap-helper"),
        ("xen_pte_val", "_PAGE_IOMAP", "iomap-read-foreign"),
        ("xen_set_fixmap", "_PAGE_IOMAP", "iomap-raw"),
        ("xen_make_pte", "_PAGE_IOMAP", "iomap-make-foreign iomap-stray"),
        ("xen_ident_map_ISA", "PAGE_KERNEL_IO", "iomap-isa"),
        ("xen_remap_domain_mfn_range", "_PAGE_IOMAP", "iomap-foreign"),
        ("xen_remap_domain_mfn_range", "VM_IO", "vm-io-foreign"),
        ("xen_start_kernel", "_PAGE_IOMAP", "iomap-mask"),
        ("__supported_pte_mask", "_PAGE_IOMAP", "iomap-mask"),
        ("pci_mmap_page_range", "_PAGE_IOMAP", "iomap-device"),
        ("early_ioremap", "PAGE_KERNEL_IO", "iomap-device"),
        ("privcmd_mmap", "VM_IO", "vm-io-foreign"),
    ],
)
def test_verdicts_on_xen(plan: Plan, function: str, symbol: str, rule: str) -> None:
    assert {finding.rule for finding in at(plan, function, symbol)} == set(rule.split())


@pytest.mark.parametrize(
    ("function", "symbol", "rule"),
    [
        ("mmap_mem", "remap_pfn_range", "map-pfn"),
        ("hpet_mmap", "io_remap_pfn_range", "map-vm-io-set"),
        ("nohint_fault", "vm_insert_pfn", "map-vm-io-none"),
        ("remap_pfn_range", "VM_IO", "vm-io-core"),
        ("hpet_mmap", "VM_IO", "vm-io-repeated"),
        ("ttm_bo_mmap", "VM_IO", "vm-io-needed"),
        ("fb_mmap", "VM_IO", "vm-io-repeated"),
        ("snd_pcm_lib_mmap_iomem", "VM_IO", "vm-io-repeated"),
        ("snd_pcm_lib_mmap_iomem", "io_remap_pfn_range", "map-unclear"),
        ("fb_mmap", "io_remap_pfn_range", "map-unclear"),
        ("usbcam_mmap", "VM_IO", "vm-io-ram"),
    ],
)
def test_verdicts_on_drivers(whole: Plan, function: str, symbol: str, rule: str) -> None:
    assert {finding.rule for finding in at(whole, function, symbol)} == {rule}


def test_every_appearance_has_a_verdict(whole: Plan, mini: Path) -> None:
    """Found by a search that knows no C: each line that names the flag outside of comments is judged."""
    judged = {(finding.path, finding.line) for finding in whole.findings}
    for file in sorted(mini.rglob("*.[ch]")):
        path = file.relative_to(mini).as_posix()
        code = re.sub(
            r"/\*.*?\*/|//[^\n]*", lambda match: "\n" * match.group().count("\n"), file.read_text(), flags=re.S
        )
        for number, line in enumerate(code.splitlines(), 1):
            if re.search(r"\b_PAGE_IOMAP\b|\bVM_IO\b", line):
                assert (path, number) in judged, f"{path}:{number}: {line}"


def test_nothing_was_parsed_with_errors(whole: Plan) -> None:
    assert whole.coverage.errors == ()
    assert [item.path for item in whole.coverage.text_only] == ["arch/alpha/kernel/pci-sysfs.c"]


def test_what_nothing_compiles_is_told(plan: Plan) -> None:
    regions = [(region.path, region.condition) for region in plan.coverage.regions_skipped]
    assert ("arch/x86/mm/ioremap.c", "#ifdef CONFIG_NEVER_SET") in regions
    undecided = [finding for finding in plan.findings if finding.verdict is Verdict.UNDECIDED]
    assert [finding.path for finding in undecided] == ["arch/x86/mm/ioremap.c"]
    assert "CONFIG_NEVER_SET" in undecided[0].why


def test_code_of_another_word_size_is_read(plan: Plan) -> None:
    assert at(plan, "__supported_pte_mask", "_PAGE_IOMAP")
    paths = {finding.path for finding in at(plan, "__supported_pte_mask", "_PAGE_IOMAP")}
    assert paths == {"arch/x86/mm/init_32.c", "arch/x86/mm/init_64.c"}


def test_steps(plan: Plan) -> None:
    assert plan.status is Status.APPLICABLE
    assert {step.status for step in plan.steps} == {StepStatus.NEEDED}
    targets = {target.symbol: target for step in plan.steps for target in step.targets}
    assert targets["get_phys_to_machine"].path == MMU
    assert targets["xen_memory_setup"].path == "arch/x86/xen/setup.c"
    assert all(target.line for target in targets.values())


def test_fingerprints_survive_moved_lines(plan: Plan, mini_repo: Path, cache: Path) -> None:
    for path in (MMU, "arch/x86/pci/i386.c"):
        file = mini_repo / path
        file.write_text("/* one more\n * comment\n */\n" + file.read_text())
    moved = plan_of(mini_repo, cache)
    assert [finding.line for finding in moved.findings] != [finding.line for finding in plan.findings]
    assert {finding.fingerprint for finding in moved.findings} == {finding.fingerprint for finding in plan.findings}
    assert len({finding.fingerprint for finding in plan.findings}) == len(plan.findings)


def test_code_that_moved_to_another_file_is_found(mini_repo: Path, cache: Path) -> None:
    source = (mini_repo / MMU).read_text()
    (mini_repo / MMU).rename(mini_repo / "arch/x86/xen/pagetable.c")
    moved = plan_of(mini_repo, cache)
    assert moved.status is Status.APPLICABLE
    assert {finding.path for finding in at(moved, "xen_pte_val", "_PAGE_IOMAP")} == {"arch/x86/xen/pagetable.c"}
    assert source


def test_a_tree_that_has_some_of_it(mini_repo: Path, cache: Path) -> None:
    file = mini_repo / MMU
    text = file.read_text() + "\nunsigned long set_phys_range_identity(unsigned long start, unsigned long end)\n"
    file.write_text(text + "{\n\treturn end - start;\n}\n")
    partly = plan_of(mini_repo, cache)
    assert partly.status is Status.PARTLY
    step = next(step for step in partly.steps if step.slug == "identity-ranges")
    assert step.status is StepStatus.PRESENT
    assert f"{MMU}:" in step.reason


def test_a_step_whose_edit_finds_no_place_is_blocked(mini_repo: Path, cache: Path) -> None:
    file = mini_repo / MMU
    text = file.read_text()
    old = "\t\t\tfree_p2m_page(mid);\n"
    assert text.count(old) == 1
    file.write_text(text.replace(old, "\t\t\tgive_back(mid);\n"))
    plan = plan_of(mini_repo, cache)
    assert plan.status is Status.NOT_APPLICABLE
    steps = {step.slug: step for step in plan.steps}
    assert steps["lost-race"].status is StepStatus.BLOCKED
    assert f"{MMU}:" in steps["lost-race"].reason and "give_back(mid)" in steps["lost-race"].reason
    assert steps["split-shared"].reason.startswith("tried without lost-race")
    assert steps["keep-behind-end"].status is StepStatus.NEEDED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("(1UL << (sizeof(unsigned long) * 8 - 1))", StepStatus.PRESENT),
        ("(~(~0UL >> 1))", StepStatus.PRESENT),
        ("(1UL << 31)", StepStatus.NEEDED),
        ("0x80000000UL", StepStatus.NEEDED),
        ("(1UL << 30)", StepStatus.BLOCKED),
    ],
)
def test_what_a_macro_is_its_value_tells(mini_repo: Path, cache: Path, body: str, status: StepStatus) -> None:
    file = mini_repo / "arch/x86/include/asm/xen/page.h"
    text = file.read_text()
    assert "(1UL<<31)" in text
    file.write_text(text.replace("(1UL<<31)", body))
    step = next(step for step in plan_of(mini_repo, cache).steps if step.slug == "foreign-bit")
    assert step.status is status
    assert status is not StepStatus.PRESENT or step.reason.startswith("FOREIGN_FRAME_BIT is 1UL << ")


def test_a_two_level_tree_is_refused_with_the_reason(mini_repo: Path, cache: Path) -> None:
    file = mini_repo / MMU
    file.write_text(re.sub(r"\bp2m_top\b(?!_)", "p2m_flat", file.read_text()) + "\nunsigned long *p2m_top[512];\n")
    plan = plan_of(mini_repo, cache)
    assert plan.status is Status.NOT_APPLICABLE
    assert {step.status for step in plan.steps} == {StepStatus.BLOCKED}
    assert "three-level" in plan.steps[0].reason


def test_without_the_p2m(mini_repo: Path, cache: Path) -> None:
    (mini_repo / MMU).unlink()
    with pytest.raises(InputError, match="get_phys_to_machine"):
        plan_of(mini_repo, cache)


def test_the_old_out_of_tree_patch_is_redundant(mini_repo: Path, cache: Path) -> None:
    file = mini_repo / "arch/x86/mm/ioremap.c"
    hook = "\npgprot_t arch_vm_get_page_prot(unsigned long vm_flags)\n{\n\tpgprot_t prot = __pgprot(0);\n\n"
    hook += "\tif (vm_flags & VM_IO)\n\t\tprot = __pgprot(_PAGE_IOMAP);\n\treturn prot;\n}\n"
    file.write_text(file.read_text() + "#include <linux/mm.h>\n" + hook)
    found = at(plan_of(mini_repo, cache), "arch_vm_get_page_prot", "VM_IO")
    assert [finding.rule for finding in found] == ["vm-io-hook"]


def test_without_foreign_mappings_reading_back_is_redundant(mini_repo: Path, cache: Path) -> None:
    file = mini_repo / MMU
    file.write_text(file.read_text().replace("prot = __pgprot(pgprot_val(prot) | _PAGE_IOMAP);", ""))
    found = at(plan_of(mini_repo, cache), "xen_pte_val", "_PAGE_IOMAP")
    assert [finding.rule for finding in found] == ["iomap-read-back"]


def test_an_exported_helper_with_another_caller_stays(mini_repo: Path, cache: Path) -> None:
    (mini_repo / "drivers/xen/user.c").write_text("void f(void)\n{\n\txen_set_domain_pte(0, (pte_t){0}, 1);\n}\n")
    assert not at(plan_of(mini_repo, cache), "xen_set_iomap_pte", "xen_set_domain_pte")


@pytest.mark.parametrize("profile", ["i386-xen-domu", "x86_64-xen-domu", "x86_64-xen-dom0-up-nodebugfs"])
def test_the_first_profile_makes_no_difference_to_the_verdicts(
    plan: Plan, mini: Path, cache: Path, profile: str
) -> None:
    other = plan_of(mini, cache, profile=profile)
    assert other.tree.profile == profile
    verdicts = {(finding.path, finding.line, finding.symbol): finding.rule for finding in plan.findings}
    assert {(finding.path, finding.line, finding.symbol): finding.rule for finding in other.findings} == verdicts


def test_a_file_that_does_not_parse_is_not_taken_for_another_kernel(mini_repo: Path, cache: Path) -> None:
    file = mini_repo / MMU
    file.write_text(file.read_text().replace("static RESERVE_BRK_ARRAY(unsigned long, p2m_missing", "}}}} @@ (((", 1))
    with pytest.raises(InputError, match=f"cannot be understood: {re.escape(MMU)}"):
        plan_of(mini_repo, cache)


def test_frames_are_followed_through_variables_and_helpers(mini_repo: Path, cache: Path) -> None:
    (mini_repo / "drivers/xen/user.c").write_text(
        "#include <linux/mm.h>\n"
        "unsigned long __pa(void *address);\n"
        "static unsigned long frame_of(void *p)\n{\n\treturn __pa(p) >> PAGE_SHIFT;\n}\n"
        "int one(struct vm_area_struct *vma, void *p)\n{\n\tunsigned long pfn;\n\n\tpfn = frame_of(p);\n"
        "\treturn remap_pfn_range(vma, 0, pfn, 1, vma->vm_page_prot);\n}\n"
        "int two(struct vm_area_struct *vma, unsigned long smem_start)\n{\n\tunsigned long pos = smem_start;\n\n"
        "\treturn remap_pfn_range(vma, 0, __pa((void *)pos), 1, vma->vm_page_prot);\n}\n"
    )
    plan = plan_of(mini_repo, cache)
    for function in ("one", "two"):
        assert [finding.rule for finding in at(plan, function, "remap_pfn_range")] == ["map-ram"]


def test_a_use_that_no_parse_has_seen_is_told_with_its_function(mini_repo: Path, cache: Path) -> None:
    (mini_repo / "drivers/xen/user.c").write_text(
        "#ifdef CONFIG_NEVER_SET\nvoid given(unsigned long pfn)\n{\n\tset_phys_to_machine(pfn, 2);\n}\n#endif\n"
    )
    (found,) = [each for each in plan_of(mini_repo, cache).findings if each.path == "drivers/xen/user.c"]
    assert found.function == "given" and found.why.startswith("given uses set_phys_to_machine")
