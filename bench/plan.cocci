// The question that `patcher plan` answers, put to Coccinelle: where are the symbols of rules/identity/group.toml?
// Asked on 2.6.37's names: what patcher derives by itself (macros made of a flag, functions that exist only for
// it) has to be listed here. bench/plan.py reads the names of the sets, so that nobody is blamed for a name that
// was not asked for. By hand: spatch --sp-file plan.cocci --no-includes --include-headers --very-quiet --dir DIR
// (files named one by one would be taken as one unit, which is ten times slower and never parallel).

@ use @
identifier what = {
  _PAGE_IOMAP, _PAGE_BIT_IOMAP,
  __PAGE_KERNEL_IO, __PAGE_KERNEL_IO_NOCACHE, __PAGE_KERNEL_IO_UC_MINUS, __PAGE_KERNEL_IO_WC,
  PAGE_KERNEL_IO, PAGE_KERNEL_IO_NOCACHE, PAGE_KERNEL_IO_UC_MINUS, PAGE_KERNEL_IO_WC,
  iomap_pte, xen_iomap_pte, xen_set_iomap_pte, xen_set_domain_pte,
  VM_IO, VM_SPECIAL
};
position at;
@@
what@at

@ macro @
identifier what = {
  _PAGE_IOMAP, _PAGE_BIT_IOMAP,
  __PAGE_KERNEL_IO, __PAGE_KERNEL_IO_NOCACHE, __PAGE_KERNEL_IO_UC_MINUS, __PAGE_KERNEL_IO_WC,
  PAGE_KERNEL_IO, PAGE_KERNEL_IO_NOCACHE, PAGE_KERNEL_IO_UC_MINUS, PAGE_KERNEL_IO_WC,
  VM_IO, VM_SPECIAL
};
position at;
@@
#define what@at ...

@ definition @
identifier what = {iomap_pte, xen_iomap_pte, xen_set_iomap_pte, xen_set_domain_pte};
position at;
@@
what@at(...) { ... }

@ prototype @
type result;
identifier what = {iomap_pte, xen_iomap_pte, xen_set_iomap_pte, xen_set_domain_pte};
position at;
@@
result what@at(...);

@ call @
identifier what = {
  io_remap_page_range, io_remap_pfn_range, pci_mmap_page_range, remap_page_range, remap_pfn_range,
  vm_insert_mixed, vm_insert_pfn, vm_insert_pfn_prot, vm_iomap_memory, vmf_insert_mixed,
  vmf_insert_pfn, vmf_insert_pfn_prot
};
expression list arguments;
position at;
@@
what@at(arguments)

@ script:python @
word << use.what;
at << use.at;
@@
for p in at: print(f"{p.file}:{p.line}:{word}")

@ script:python @
word << macro.what;
at << macro.at;
@@
for p in at: print(f"{p.file}:{p.line}:{word}")

@ script:python @
word << definition.what;
at << definition.at;
@@
for p in at: print(f"{p.file}:{p.line}:{word}")

@ script:python @
word << prototype.what;
at << prototype.at;
@@
for p in at: print(f"{p.file}:{p.line}:{word}")

@ script:python @
word << call.what;
at << call.at;
@@
for p in at: print(f"{p.file}:{p.line}:{word}")
