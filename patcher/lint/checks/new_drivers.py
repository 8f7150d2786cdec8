"""Checks on new drivers as a whole: what they keep and nobody asks for, callbacks that do nothing, what a macro
writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patcher.lazy import expression
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.diff import FileDiff, Line

_FILES = ("drivers/", "sound/")
_BY_OTHERS = ("drivers/mfd/", "sound/")  # where other files ask for the data
_SETS = expression(
    r"^\t+(?P<set>(?:platform_set_drvdata|i2c_set_clientdata|spi_set_drvdata|dev_set_drvdata|pci_set_drvdata"
    r"|hid_set_drvdata|usb_set_intfdata|amba_set_drvdata|auxiliary_set_drvdata)\()",
    re.MULTILINE,
)
_GETS = expression(
    r"\w*get_drvdata|get_clientdata|get_intfdata|\bdriver_data\b|_set_drvdata\([^;]*component|devm_hwmon|\bATTRIBUTE_GROUPS"
    r"|dev_get_platdata|iio_priv\(dev"
    r"|mfd_add|of_platform_populate|to_i2c_client\(dev->parent"
)
_OWN = expression(r"\.(?:remove|remove_new|shutdown)\s*=\s*(\w+)")
_EMPTY = expression(
    r"^(?:static )?(?:int|void)\s+(?:__exit |__init )?(?P<name>\w+)\([^;{}]{0,300}\)\n"
    r"\{\n(?:\treturn 0;\n|\treturn;\n)?\}$",
    re.MULTILINE,
)
_CALLBACKS = r"\t+\.(?:remove|remove_new|shutdown|suspend|resume|exit|runtime_suspend|runtime_resume)\s*=\s*&?{name},"
_MACROS = {
    "platform_driver_register": "module_platform_driver()", "i2c_add_driver": "module_i2c_driver()",
    "spi_register_driver": "module_spi_driver()", "pci_register_driver": "module_pci_driver()",
    "usb_register": "module_usb_driver()", "hid_register_driver": "module_hid_driver()",
    "mipi_dsi_driver_register": "module_mipi_dsi_driver()", "auxiliary_driver_register": "module_auxiliary_driver()",
    "phy_driver_register": "module_phy_driver()", "acpi_bus_register_driver": "module_acpi_driver()",
    "serio_register_driver": "module_serio_driver()", "wmi_driver_register": "module_wmi_driver()",
}  # fmt: skip
_REGISTERS = expression(r"^static int __init \w+\(void\)\n\{\n\treturn (?P<call>\w+)\(&\w+\);\n\}$", re.MULTILINE)
_LEAVES = expression(r"^static void __exit \w+\(void\)\n\{\n\t\w+\(&\w+\);\n\}$", re.MULTILINE)


def _new(job: Change) -> Iterator[tuple[FileDiff, str]]:
    """The new drivers of a patch, with their code."""
    for file in job.diff.files:
        if file.created and file.path.endswith(".c") and file.path.startswith(_FILES):
            yield file, "\n".join(line.text for line in file.added)


def _line(file: FileDiff, text: str, at: int) -> Line:
    return file.added[text.count("\n", 0, at)]


@check(files=_FILES, added=("_drvdata(", "_clientdata(", "_intfdata("))
def drvdata_unused(job: Change) -> Iterator[Hit]:
    """Data of a driver that it sets and never asks for."""
    for file, text in _new(job):
        match = _SETS.search(text)
        shared = {
            name for name in _OWN.findall(text) if not re.search(rf"^(?:static )?\w+ {name}\(", text, re.MULTILINE)
        }
        whole = not shared and re.search(r"^MODULE_LICENSE\(", text, re.MULTILINE)
        if match and whole and not _GETS.search(text) and not file.path.startswith(_BY_OTHERS):
            name = match.group("set")[:-1]
            yield Hit(f"{name}(), and nothing gets it", job.file(file.path, _line(file, text, match.start("set"))))


@check(files=_FILES, added=("return 0;", "\n}"))
def empty_callback(job: Change) -> Iterator[Hit]:
    """A callback of a new driver that does nothing, and need not be there."""
    for file, text in _new(job):
        for match in _EMPTY.finditer(text):
            if re.search(_CALLBACKS.replace("{name}", match.group("name")), text):
                where = job.file(file.path, _line(file, text, match.start()), match.group("name"))
                yield Hit(f"{match.group('name')}() does nothing", where)


@check(files=_FILES, added=("__exit",))
def driver_macro(job: Change) -> Iterator[Hit]:
    """Functions for the begin and the end of a module that one macro writes."""
    for file, text in _new(job):
        match, leaves = _REGISTERS.search(text), _LEAVES.search(text)
        macro = _MACROS.get(match.group("call")) if match else None
        if match and leaves and macro and re.search(r"^module_init\(", text, re.MULTILINE):
            yield Hit("the module registers a driver, and nothing else",
                      job.file(file.path, _line(file, text, match.start())), f"use {macro}")  # fmt: skip
