"""Semantic patches of Linux 6.12's own, on its own files: what spatch alone changes, and what becomes of it here."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.cocci import spatch
from patcher.plan.files import StepFiles
from patcher.series.patches import make_patches
from patcher.series.semantic import series
from patcher.tree.directory import DirectoryTree

if WHY := spatch.missing():
    pytest.skip(WHY, allow_module_level=True)

CASES = [
    ("api/string_choices.cocci", "drivers/usb/core/hub.c", 3),
    ("api/device_attr_show.cocci", "drivers/scsi/pmcraid.c", 3),
    ("api/platform_get_irq.cocci", "drivers/memory/tegra/tegra20-emc.c", 1),
    ("api/memdup.cocci", "drivers/usb/core/hub.c", 0),
    ("free/ifnullfree.cocci", "drivers/gpu/drm/ttm/ttm_tt.c", 0),
]


@pytest.mark.parametrize(("script", "path", "places"), CASES, ids=lambda value: str(value))
def test_it_is_what_spatch_alone_makes(script: str, path: str, places: int, tmp_path: Path) -> None:
    named = os.environ.get("PATCHER_LINUX_6_12", "")
    top, file = Path(named), Path(named) / "scripts/coccinelle" / script
    if not named or not file.is_file() or not (top / path).is_file():
        pytest.skip(f"PATCHER_LINUX_6_12 names no sources of Linux 6.12 with {path} and scripts/coccinelle")
    spec = series(file, [path])
    found = make_patches(spec, {spec.step[0].slug}, StepFiles(DirectoryTree(top), (), (), (), (), Cache(tmp_path)), {})
    ours = found.made[0].changes[path] if found.made else (top / path).read_bytes()
    assert not found.refused and not any(patch.unseen for patch in found.made)
    assert sum(len(patch.lines) for patch in found.made) == places
    head = (line for line in file.read_text().splitlines() if line.startswith("// Options:"))
    options = shlex.split(next(head, "").partition(":")[2])
    alone = tmp_path / "alone.c"
    shutil.copyfile(top / path, alone)
    command = ["spatch", "--very-quiet", "-D", "patch", "--sp-file", str(file), *options, path, "-o", str(alone)]
    subprocess.run(command, cwd=top, check=True, capture_output=True)
    assert ours == alone.read_bytes()
