"""Checks on interfaces that are on their way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from patcher.lazy import expression
from patcher.lint.checks.drivers import year
from patcher.lint.gate import C_FILES
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check

_CODE = expression(r"(?:drivers|sound|net|fs|arch|block|kernel|mm|crypto|lib|security|io_uring)/.*\.[ch]\Z")
_NO_USE = expression(r"\s*(?:\*|/\*|//|#\s*define|static (?!(?:\w+ )?(?:SIMPLE|UNIVERSAL)_DEV_PM_OPS)|extern)")


class _Old(NamedTuple):
    """What is used instead of an interface, and the first year in which a patch should."""

    instead: str
    since: int = 0


_CALLS = {
    "strlcpy": _Old("strscpy()"),
    "strncpy": _Old("strscpy() or strscpy_pad()"),
    "strcpy": _Old("strscpy()", 2020),
    "simple_strtol": _Old("kstrtol()"),
    "simple_strtoll": _Old("kstrtoll()"),
    "simple_strtoul": _Old("kstrtoul()"),
    "simple_strtoull": _Old("kstrtoull()"),
    "strtobool": _Old("kstrtobool()"),
    "kmap_atomic": _Old("kmap_local_page()", 2021),
    "kunmap_atomic": _Old("kunmap_local()", 2021),
    "ida_simple_get": _Old("ida_alloc()"),
    "ida_simple_remove": _Old("ida_free()"),
    "create_singlethread_workqueue": _Old("alloc_ordered_workqueue()"),
    "create_workqueue": _Old("alloc_workqueue()"),
    "devm_reset_control_get": _Old("devm_reset_control_get_exclusive() or _shared()"),
    "devm_reset_control_get_optional": _Old("devm_reset_control_get_optional_exclusive() or _shared()"),
    "reset_control_get_optional": _Old("reset_control_get_optional_exclusive() or _shared()"),
    "of_get_named_gpio": _Old("devm_gpiod_get()"),
    "of_get_named_gpio_flags": _Old("devm_gpiod_get()"),
    "of_get_gpio": _Old("devm_gpiod_get()"),
    "of_node_full_name": _Old("%pOF"),
    "gpio_request": _Old("gpiod_get()"),
    "gpio_request_one": _Old("gpiod_get()"),
    "devm_gpio_request": _Old("devm_gpiod_get()"),
    "devm_gpio_request_one": _Old("devm_gpiod_get()"),
    "gpio_set_value": _Old("gpiod_set_value()"),
    "gpio_get_value": _Old("gpiod_get_value()"),
    "gpio_direction_output": _Old("gpiod_direction_output()"),
    "gpio_direction_input": _Old("gpiod_direction_input()"),
    "gpio_to_irq": _Old("gpiod_to_irq()"),
    "dma_request_slave_channel": _Old("dma_request_chan()"),
    "pci_enable_msix": _Old("pci_alloc_irq_vectors()"),
    "pci_enable_msi": _Old("pci_alloc_irq_vectors()"),
    "pci_alloc_consistent": _Old("dma_alloc_coherent()"),
    "pci_map_single": _Old("dma_map_single()"),
    "pci_set_dma_mask": _Old("dma_set_mask()"),
    "pcim_iomap_regions": _Old("pcim_iomap_region()", 2025),
    "ioremap_nocache": _Old("ioremap()", 2020),
    "devm_ioremap_nocache": _Old("devm_ioremap()", 2020),
    "do_gettimeofday": _Old("ktime_get_real_ts64()"),
    "getnstimeofday": _Old("ktime_get_real_ts64()"),
    "current_kernel_time": _Old("ktime_get_coarse_real_ts64()"),
    "get_seconds": _Old("ktime_get_real_seconds()"),
    "init_timer": _Old("timer_setup()"),
    "setup_timer": _Old("timer_setup()"),
    "tasklet_init": _Old("tasklet_setup(), or a work item", 2021),
    "del_timer": _Old("timer_delete()", 2026),
    "del_timer_sync": _Old("timer_delete_sync()", 2026),
    "from_timer": _Old("timer_container_of()", 2026),
    "hrtimer_init": _Old("hrtimer_setup()", 2026),
    "i2c_new_device": _Old("i2c_new_client_device()", 2020),
    "i2c_new_dummy": _Old("i2c_new_dummy_device()", 2020),
    "i2c_new_probed_device": _Old("i2c_new_scanned_device()", 2020),
    "of_device_get_match_data": _Old("device_get_match_data()", 2024),
    "of_modalias_node": _Old("of_alias_from_compatible()", 2024),
    "irq_domain_add_linear": _Old("irq_domain_create_linear()", 2026),
    "irq_domain_add_simple": _Old("irq_domain_create_simple()", 2026),
    "irq_domain_add_tree": _Old("irq_domain_create_tree()", 2026),
    "spi_master_get": _Old("spi_controller_get()", 2024),
    "spi_alloc_master": _Old("spi_alloc_host()", 2024),
    "devm_spi_alloc_master": _Old("devm_spi_alloc_host()", 2024),
    "spi_register_master": _Old("spi_register_controller()", 2024),
    "spi_master_get_devdata": _Old("spi_controller_get_devdata()", 2024),
    "rtc_device_register": _Old("devm_rtc_allocate_device() and devm_rtc_register_device()"),
    "devm_rtc_device_register": _Old("devm_rtc_allocate_device() and devm_rtc_register_device()"),
    "rtc_time_to_tm": _Old("rtc_time64_to_tm()"),
    "rtc_tm_to_time": _Old("rtc_tm_to_time64()"),
    "prandom_u32": _Old("get_random_u32()", 2023),
    "module_param_call": _Old("module_param_cb()"),
    "devm_clk_bulk_get_all_enable": _Old("devm_clk_bulk_get_all_enabled()", 2025),
    "SIMPLE_DEV_PM_OPS": _Old("DEFINE_SIMPLE_DEV_PM_OPS()", 2022),
    "UNIVERSAL_DEV_PM_OPS": _Old("DEFINE_RUNTIME_DEV_PM_OPS()", 2022),
    "SET_SYSTEM_SLEEP_PM_OPS": _Old("SYSTEM_SLEEP_PM_OPS()", 2022),
    "SET_RUNTIME_PM_OPS": _Old("RUNTIME_PM_OPS()", 2022),
    "MODULE_SUPPORTED_DEVICE": _Old("nothing", 2021),
}
_HEADERS = {
    "linux/gpio.h": _Old("linux/gpio/consumer.h"),
    "linux/of_gpio.h": _Old("linux/gpio/consumer.h"),
    "asm/uaccess.h": _Old("linux/uaccess.h"),
    "asm/io.h": _Old("linux/io.h"),
    "asm/gpio.h": _Old("linux/gpio/consumer.h"),
    "asm/irq.h": _Old("linux/irq.h"),
    "asm/delay.h": _Old("linux/delay.h"),
    "asm/atomic.h": _Old("linux/atomic.h"),
    "asm/unaligned.h": _Old("linux/unaligned.h", 2025),
}
_MEMBERS = {
    "probe_new": _Old(".probe", 2024),
    "remove_new": _Old(".remove", 2025),
}
_FIND = expression(
    rf"(?<![\w>.])(?P<call>{'|'.join(sorted(_CALLS, key=len, reverse=True))})\s*\("
    rf"|^#include <(?P<header>{'|'.join(map(re.escape, _HEADERS))})>"
    rf"|^\t\.(?P<member>{'|'.join(_MEMBERS)})\s*="
)
_QUICK = expression("|".join((*_CALLS, *_HEADERS, *_MEMBERS)))


@check(files=C_FILES, added=(*_CALLS, *_HEADERS, *_MEMBERS))
def deprecated_api(job: Change) -> Iterator[Hit]:
    """A new use of what is on its way out in the year the patch was sent; each told once a file."""
    if not _QUICK.search(job.patch.diff):
        return
    sent = year(job.patch) or 9999  # what has no date is of today
    for file in job.diff.files:
        if not _CODE.match(file.path) or re.match(r"arch/.*/include/", file.path):
            continue
        gone = "\n".join(line.text for line in file.removed)
        told: set[str] = set()
        for line in file.added:
            match = _FIND.search(line.text)
            if not match or _NO_USE.match(line.text):
                continue
            name = match.group("call") or match.group("header") or match.group("member")
            old = (_CALLS | _HEADERS | _MEMBERS)[name]
            if name in told or sent < old.since or (match.group("header") and file.path.startswith("arch/")):
                continue
            told.add(name)
            if not re.search(rf"\b{name}\b", gone):
                said = f"{name}()" if match.group("call") else name
                yield Hit(f"{said} is deprecated", job.file(file.path, line, name), f"use {old.instead}", key=name)
