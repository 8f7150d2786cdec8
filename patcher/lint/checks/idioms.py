"""Checks on added C code for what drivers do as others do: errors that are kept, resources that are managed, calls that
there is one for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patcher.lazy import expression
from patcher.lint.checks.drivers import year
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, hunks_of_c
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.diff import FileDiff

_DRIVERS = ("drivers/", "sound/")
_CALL = expression(r"(?P<indent>\t+)(?P<name>ret|err|rc|error|retval|status|[a-z]\w*) = (?P<call>[a-z]\w*)\(")
_OTHER_ERROR = expression(r"\t+return (?:-E[A-Z]+|ERR_PTR\(-E[A-Z]+\)|dev_err_probe\(\w+, -E[A-Z]+,.*);\Z")
_SAYS = expression(r"\t+(?:dev|pr|netdev)_(?:err|warn|dbg|info)\(")
_PROBE = expression(r"(?:static )?int (?:__init )?\w*_?probe\w*\(")
_OWN = tuple(f"&{name}->dev" for name in ("pdev", "client", "spi", "pci_dev", "i2c", "op", "ofdev"))
_OWN_DEVICE = expression(rf"(?:{'|'.join(_OWN)})\b")
_MANAGED = {
    "clk_get": "devm_clk_get()",
    "of_clk_get": "devm_clk_get()",
    "ioremap": "devm_ioremap()",
    "of_iomap": "devm_of_iomap(), or devm_platform_ioremap_resource()",
    "request_irq": "devm_request_irq()",
    "request_threaded_irq": "devm_request_threaded_irq()",
    "kzalloc": "devm_kzalloc()",
    "kcalloc": "devm_kcalloc()",
    "regulator_get": "devm_regulator_get()",
    "reset_control_get": "devm_reset_control_get_exclusive()",
    "input_allocate_device": "devm_input_allocate_device()",
    "iio_device_alloc": "devm_iio_device_alloc()",
    "hwmon_device_register_with_info": "devm_hwmon_device_register_with_info()",
    "dma_request_chan": "devm_dma_request_chan()",
    "spi_alloc_host": "devm_spi_alloc_host()",
    "led_classdev_register": "devm_led_classdev_register()",
    "gpiod_get": "devm_gpiod_get()",
    "pwm_get": "devm_pwm_get()",
    "mfd_add_devices": "devm_mfd_add_devices()",
    "power_supply_register": "devm_power_supply_register()",
    "watchdog_register_device": "devm_watchdog_register_device()",
}
_UNMANAGED = expression(rf"(?<![\w>.])(?P<name>{'|'.join(sorted(_MANAGED, key=len, reverse=True))})\(")
_ALLOCATES = expression(
    r"\t+(?P<name>[\w>.-]+) = (?:devm_)?k[mz]alloc\((?:\w+(?:->\w+)*, )?(?P<size>[^;]+), GFP_\w+\);\Z"
)


@check(files=C_FILES, added=("return -E", "return ERR_PTR(-E", "return dev_err_probe("))
def errno_kept(job: Change) -> Iterator[Hit]:
    """An error that a call returned and another one is returned for; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for at, each in enumerate(hunk[:-2]):
            match = _CALL.match(each.text) if each.added and file.path not in told else None
            if not match or not each.text.endswith(");"):
                continue
            name = re.escape(match.group("name"))
            number = rf"(?:ret|err|rc|error|retval|status)(?<={name})(?: < 0| != 0)?"
            if not re.match(rf"\t+if \((?:{number}|IS_ERR\({name}\))\)(?: \{{)?\Z", hunk[at + 1].text):
                continue
            end = next(
                (line for line in hunk[at + 2 : at + 6] if "return" in line.text or line.text.strip() == "}"), None
            )
            between = hunk[at + 2 : hunk.index(end)] if end else ()
            if end and end.added and _OTHER_ERROR.match(end.text) and all(
                _SAYS.match(line.text) or line.text.startswith(match.group("indent") + "\t\t") for line in between
            ):  # fmt: skip
                told.add(file.path)
                yield Hit(f"the error of {match.group('call')}() is lost", job.file(file.path, end.line), "return it")


@check(files=C_FILES, added=("goto ",))
def needless_goto(job: Change) -> Iterator[Hit]:
    """A goto to what returns only; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for at, each in enumerate(hunk[:-2]):
            match = re.match(r"(?P<name>[a-z]\w*):\Z", each.text) if each.added and file.path not in told else None
            if not match or not re.match(r"\treturn\b[^(]*;\Z", hunk[at + 1].text) or hunk[at + 2].text != "}":
                continue
            jumps = next(
                (line for line in hunk[:at] if line.added and line.text.endswith(f"goto {match['name']};")), None
            )
            if jumps:
                told.add(file.path)
                yield Hit(f"a goto to {match['name']}, which returns only", job.file(file.path, jumps.line))


def _functions(hunk: Sequence[Shown]) -> Iterator[Sequence[Shown]]:
    """The functions of a hunk that it shows from their first line to their last."""
    start = None
    for at, each in enumerate(hunk):
        if re.match(r"[A-Za-z_][^;=]*\([^;]*\Z", each.text):
            start = at
        elif each.text == "}" and start is not None:
            yield hunk[start : at + 1]
            start = None


def _probes(job: Change) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    """The probe functions of drivers that a patch adds to."""
    for file, hunk in hunks_of_c(job.diff):
        if file.path.startswith(_DRIVERS) and file.path.endswith(".c"):
            for function in _functions(hunk):
                if _PROBE.match(function[0].text) and any(each.added for each in function):
                    yield file, function


@check(files=_DRIVERS, added=_OWN)
def device_variable(job: Change) -> Iterator[Hit]:
    """A new probe() that writes out its device many times; told once a file."""
    told: set[str] = set()
    for file, function in _probes(job):
        used = [each for each in function if each.added and _OWN_DEVICE.search(each.text)]
        if len(used) > 5 and function[0].added and file.path not in told:
            told.add(file.path)
            yield Hit(f"the device is written out {len(used)} times", job.file(file.path, used[0].line))


@check(files=_DRIVERS, added=tuple(f"{name}(" for name in _MANAGED))
def managed_resource(job: Change) -> Iterator[Hit]:
    """A call of a new probe() that has a managed sister; told once a file."""
    told: set[str] = set()
    for file, function in _probes(job):
        for each in function if function[0].added and file.path not in told else ():
            if match := _UNMANAGED.search(each.text):
                told.add(file.path)
                name = match.group("name")
                yield Hit(
                    f"{name}() in probe()", job.file(file.path, each.line, name), f"use {_MANAGED[name]}", key=name
                )
                break


@check(files=_DRIVERS, added=("clk_prepare_enable(",))
def managed_clock(job: Change) -> Iterator[Hit]:
    """A managed clock that is enabled by hand; told once a file."""
    told: set[str] = set()
    for file, function in _probes(job) if (year(job.patch) or 9999) > 2022 else ():
        text = "\n".join(each.text for each in function)
        enabled = next((each for each in function if each.added and "clk_prepare_enable(" in each.text), None)
        if enabled and file.path not in told and re.search(r"\bdevm_clk_get(?:_optional)?\(", text):
            told.add(file.path)
            yield Hit("a managed clock that is enabled by hand", job.file(file.path, enabled.line))


@check(files=_DRIVERS, added=("_info(", "_notice("))
def probe_silent(job: Change) -> Iterator[Hit]:
    """A message of a probe() that went well; told once a file."""
    told: set[str] = set()
    for file, function in _probes(job):
        for at, each in enumerate(function):
            if not each.added or file.path in told or not re.match(r"\t(?:dev|pr)_(?:info|notice)\(", each.text):
                continue
            rest = [line.text for line in function[at + 1 : at + 6]]
            if "\treturn 0;" in rest and not any(re.match(r"\t(?:if|for|ret|err)\b", line) for line in rest):
                told.add(file.path)
                yield Hit("a message that all went well", job.file(file.path, each.line))


@check(files=C_FILES, added=("alloc(", "if (IS_ERR(", "tmp", "temp"))
def one_call(job: Change) -> Iterator[Hit]:
    """Two statements for which there is one call; each told once a file."""
    told: set[tuple[str, str]] = set()
    for file, hunk in hunks_of_c(job.diff):
        for at, each in enumerate(hunk[:-1]):
            use = _one(hunk, at) if each.added else ""
            if use and (file.path, use) not in told:
                told.add((file.path, use))
                yield Hit("there is one call for it", job.file(file.path, each.line), f"use {use}", key=use)


def _one(hunk: Sequence[Shown], at: int) -> str:
    """What does all that begins at a line, "" where it is nothing that is known."""
    text, below = hunk[at].text, hunk[at + 1]
    if not below.added:
        return ""
    if match := _ALLOCATES.match(text):
        name, size = re.escape(match.group("name")), re.escape(match.group("size"))
        rest = "\n".join(line.text for line in hunk[at + 1 : at + 7] if line.added)
        for call, use in (
            (rf"memcpy\({name}, [^,;]+, {size}\)", "kmemdup()"),
            (rf"copy_from_user\({name}, [^,;]+, {size}\)", "memdup_user()"),
            (rf"strcpy\({name}, ", "kstrdup()"),
            (rf"memset\({name}, 0, ", "kzalloc()"),
        ):
            if re.search(rf"\b{call}", rest):
                return use
    if (match := re.match(r"(\t+)if \(IS_ERR\((?P<name>[\w>.-]+)\)\)\Z", text)) and at + 2 < len(hunk):
        name, indent = re.escape(match.group("name")), match.group(1)
        after = next((line for line in hunk[at + 2 : at + 4] if line.text), None)
        if re.match(rf"\t+return PTR_ERR\({name}\);\Z", below.text) and after and after.text == f"{indent}return 0;":
            return "PTR_ERR_OR_ZERO()" if after.added else ""
    if (match := re.match(r"\t+(?P<tmp>\w*te?mp\w*) = (?P<a>[\w>.\[\]-]+);\Z", text)) and at + 2 < len(hunk):
        a = re.escape(match.group("a"))
        moved = re.match(rf"\t+{a} = (?P<b>[\w>.\[\]-]+);\Z", below.text)
        if moved and hunk[at + 2].text.strip() == f"{moved.group('b')} = {match.group('tmp')};":
            return "swap()"
    return ""


@check(files=C_FILES, added=("bool ",))
def bool_number(job: Change) -> Iterator[Hit]:
    """A bool that is set to 1 or 0; told once a file."""
    for file in job.diff.files:
        if not file.path.endswith(C_FILES) or not file.added:
            continue
        text = "\n".join(line.text for line in file.added)
        names = set(re.findall(r"\bbool (\w+)(?: =|;)", text))
        others = set(re.findall(r"\b(?:int|u8|u16|u32|unsigned|long|char|s32) \**(\w+)(?: =|;|,)", text))
        for line in file.added if names - others else ():
            match = re.search(r"\b(?P<name>\w+) = [01];", line.text)
            if match and match.group("name") in names - others:
                yield Hit(f"{match.group('name')} is a bool", job.file(file.path, line), "write true or false")
                break
