"""What a check costs on many machines: measured here with a few workers, and computed from that for more.

    python bench/scale.py measure --tree DIR --range A..B --configs LIST [--workers 1,2,4] -o FILE
    python bench/scale.py model FILE [--patches 300] [--configurations 12] [--workers 2,10,50] [--mbit 1000] [--anybody]

``measure`` checks the range once for each number of workers (local:N), each time with empty caches, and writes what
each unit cost: the processor's seconds of its process, bytes there and back, and packs of commits. The reports must be
the same. The tree's build is run without the sandbox, in which time is not counted: the tree must be trusted.

``model`` plays dask's part with units drawn from the measured ones: the worker that is free first gets the unit that
patcher.cluster.nearest has for it; a worker first takes in the tree, and prepares each configuration it has not had.
All that is sent shares one line of that many Mbit/s. One worker is one core. With --anybody a unit goes to whoever is
free, as if nobody knew what is prepared. Exit codes: 0 done, 1 reports differ, 2 the call is wrong.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.check.run import Means, Options
from patcher.check.session import check
from patcher.cluster.address import Where
from patcher.cluster.client import Cluster
from patcher.cluster.nearest import Nearest
from patcher.report.check_json import check_json

_CONFIGURING = " configuring"


class Run(msgspec.Struct, frozen=True):
    """One check: what its units cost (processor's seconds, bytes there, bytes back), and what was sent beside them."""

    workers: int
    configuring: list[tuple[float, int, int]]
    compiling: list[tuple[float, int, int]]
    packs: int
    pack_bytes: int
    asking_seconds: float


class Measured(msgspec.Struct, frozen=True):
    """What was measured, of how many commits and configurations."""

    commits: int
    configurations: int
    runs: list[Run]


class Model(NamedTuple):
    """What a check comes to: seconds by the clock and of all processors, the part of these that prepares and takes in
    trees, and megabytes sent."""

    clock: float
    work: float
    overhead: float
    sent: float


def measured(tree: Path, span: str, configs: str, workers: int) -> tuple[Run, str, int]:
    """Check once. The run, the report as JSON, and how many commits it has."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["PATCHER_CACHE_DIR"] = f"{place}/cache"
        before = os.times()
        with Cluster(Where(local=workers)) as cluster:
            options = Options(trusted=True, configs=(configs,), sandboxed=False, most=8)
            report = check([span], None, tree, options, Means(Cache(), elsewhere=cluster))
        after = os.times()
        units = [(each.seconds, each.sent, each.received, each.about.endswith(_CONFIGURING)) for each in cluster.costs]
        found = Run(
            workers,
            [unit[:3] for unit in units if unit[3]],
            [unit[:3] for unit in units if not unit[3]],
            cluster.sent.packs,
            cluster.sent.bytes,
            after.user + after.system - before.user - before.system,
        )
        return found, check_json(report, {}), len(report.rows)


def simulated(
    found: Measured, patches: int, configurations: int, workers: int, mbit: float, *, anybody: bool = False
) -> Model:  # fmt: skip
    """A check of that many patches in that many configurations."""
    draw = random.Random(0)
    base = found.runs[0]
    prepare = sum(unit[0] for unit in base.configuring) / len(base.configuring)
    pack = base.pack_bytes / max(1, base.packs)
    count = round(len(base.compiling) * patches * configurations / (found.commits * found.configurations))
    waiting: Nearest[tuple[tuple[float, int, int], int]] = Nearest()
    line = mbit * 1e6 / 8
    ready = [(pack * (number + 1) / line, number) for number in range(workers)]  # one after the other over one line
    heapq.heapify(ready)
    had: set[tuple[int, int]] = set()
    work = overhead = clock = 0.0
    sent = pack * workers
    for units in ([(0.0, 0, 0)] * configurations, draw.choices(base.compiling, k=count)):  # the bases come first
        for number, cost in enumerate(units):
            waiting.add("" if anybody else str(number % configurations), (cost, number % configurations))
        left = [(max(free, clock), worker) for free, worker in ready]
        ready = []
        while left:
            free, worker = heapq.heappop(left)
            if (given := waiting.take(str(worker))) is None:
                ready.append((free, worker))
                continue
            (seconds, there, back), configuration = given
            if (worker, configuration) not in had:
                had.add((worker, configuration))
                overhead += prepare
                free += prepare
            work += seconds
            sent += there + back
            heapq.heappush(left, (free + seconds + (there + back) / line, worker))
        clock = max(free for free, _ in ready)
    return Model(clock, work + overhead, overhead, sent / 1e6)


def _measure(arguments: argparse.Namespace) -> int:
    runs, reports, commits = [], set(), 0
    for workers in arguments.workers:
        run, report, commits = measured(arguments.tree, arguments.range, arguments.configs, workers)
        runs.append(run)
        reports.add(report)
        compiling = sum(unit[0] for unit in run.compiling)
        configuring = sum(unit[0] for unit in run.configuring)
        print(
            f"{workers} workers: {len(run.configuring)} units configure, {configuring:.1f} s; {len(run.compiling)} "
            f"compile, {compiling:.1f} s; {run.packs} packs, {run.pack_bytes / 1e6:.1f} MB; "
            f"units {sum(unit[1] for unit in run.compiling) / 1e3:.0f} KB there, "
            f"{sum(unit[2] for unit in run.compiling) / 1e3:.0f} KB back; asking {run.asking_seconds:.1f} s"
        )
    found = Measured(commits, len(arguments.configs.split(",")), runs)
    arguments.output.write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    print("the reports are the same" if len(reports) == 1 else "THE REPORTS DIFFER")
    return int(len(reports) != 1)


def _model(arguments: argparse.Namespace) -> int:
    found = msgspec.convert(json.loads(arguments.file.read_text()), Measured)
    print(f"{arguments.patches} patches x {arguments.configurations} configurations, {arguments.mbit:g} Mbit/s")
    print(f"{'workers':>7} {'hours':>7} {'speed-up':>8} {'overhead':>8} {'GB sent':>8}")
    many = (found, arguments.patches, arguments.configurations)
    one = simulated(*many, 1, arguments.mbit)
    for workers in arguments.workers:
        model = simulated(*many, workers, arguments.mbit, anybody=arguments.anybody)
        print(
            f"{workers:7} {model.clock / 3600:7.2f} {one.clock / model.clock:8.1f} "
            f"{model.overhead / model.work:8.0%} {model.sent / 1e3:8.1f}"
        )
    return 0


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    measure = commands.add_parser("measure")
    measure.add_argument("--tree", type=Path, required=True)
    measure.add_argument("--range", required=True)
    measure.add_argument("--configs", required=True)
    measure.add_argument("--workers", type=_numbers, default=[1, 2, 4])
    measure.add_argument("-o", "--output", type=Path, required=True)
    measure.set_defaults(call=_measure)
    model = commands.add_parser("model")
    model.add_argument("file", type=Path)
    model.add_argument("--patches", type=int, default=300)
    model.add_argument("--configurations", type=int, default=12)
    model.add_argument("--workers", type=_numbers, default=[1, 2, 10, 50])
    model.add_argument("--mbit", type=float, default=1000)
    model.add_argument("--anybody", action="store_true")
    model.set_defaults(call=_model)
    arguments = parser.parse_args()
    return int(arguments.call(arguments))


if __name__ == "__main__":
    raise SystemExit(main())
