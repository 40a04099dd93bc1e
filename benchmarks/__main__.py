"""`python -m benchmarks`, which is what `make bench` runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.api_overhead import overhead_of_the_api, overhead_table
from benchmarks.cold_start import starts_and_weight
from benchmarks.compare import Sizes, compare
from benchmarks.contenders import CONTENDERS, Contender, contender_named
from benchmarks.engine import environment, metered_engine
from benchmarks.live_rows import cost_beside_live_rows
from benchmarks.memory import memory_for_backlogs
from benchmarks.memory_size import memory_sizes, memory_table, plain, works
from benchmarks.report import backlogs, beside_live_rows, comparison
from benchmarks.results import write_results
from benchmarks.trials import Filling
from benchmarks.ttl_day import ttl_day, ttl_table

MODES = ("compare", "live-rows", "memory", "api", "ttl", "start", "memory-size")
_RESULTS = Path(__file__).with_name("results")
_INTERRUPTED = 130  # as a shell reports Ctrl-C


def main(arguments: Sequence[str]) -> int:
    """Measure what the arguments name, print it, write it, and return the exit status."""
    options = _options(arguments)
    at = datetime.now(UTC)
    results: dict[str, Any] = {
        "options": {name: value for name, value in vars(options).items() if name != "results"}
    }
    for mode in options.modes:
        results[mode], table = _measure(mode, options)
        sys.stdout.write(f"\n{table}\n")
        sys.stdout.flush()
    path = write_results(options.results, at, results)
    sys.stdout.write(f"\nEverything measured: {_shown(path)}\n")
    return 1 if results.get("start", {}).get("missed") else 0


def _measure(mode: str, options: argparse.Namespace) -> tuple[Any, str]:
    if mode == "compare":
        disturbed = Filling(options.disturbed, options.disturbed)
        distant = Filling(options.distant, options.distant)
        sizes = Sizes(Filling(options.expired, options.live), distant, disturbed, options.rounds)
        with metered_engine() as engine:
            results = compare(engine, options.contenders or CONTENDERS, sizes, _say)
        return results, comparison(results)
    if mode in {"start", "memory-size"}:
        return starts_and_weight() if mode == "start" else _memory_sizes(options)
    if mode == "api":
        with metered_engine() as engine:
            overheads = overhead_of_the_api(engine, options.executions, options.asked, _say)
        return overheads, overhead_table(overheads)
    if mode == "ttl":
        days = ttl_day(options.expiring, options.seed, options.patience_hours * 3600, _say)
        return days, ttl_table(days)
    if mode == "live-rows":
        chosen = options.contenders or _named("ours_partiql,scan_batch_writer")
        costs = cost_beside_live_rows(chosen, options.expired, options.live_rows, _say)
        return costs, beside_live_rows(costs)
    chosen = options.contenders or _named("ours_partiql")
    trials = memory_for_backlogs(chosen, options.backlogs, _say)
    return trials, backlogs(trials)


def _memory_sizes(options: argparse.Namespace) -> tuple[Any, str]:
    sizes = memory_sizes(works(*options.swept), options.rounds, _say)
    return plain(sizes), memory_table(sizes)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    quick = "quick" in arguments
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure our sweep beside what people use instead. Add the word quick for small tables.",
    )
    parser.add_argument("modes", nargs="*", help=f"{', '.join(MODES)}, or all; compare if none is named")
    parser.add_argument("--expired", type=int, default=600 if quick else 10_000, help="expired rows to clean")
    parser.add_argument("--live", type=int, default=600 if quick else 10_000, help="live rows beside them")
    parser.add_argument("--rounds", type=int, default=1 if quick else 3, help="medians are over so many")
    parser.add_argument(
        "--disturbed", type=int, default=150 if quick else 500, help="expired rows of disturbed trials"
    )
    parser.add_argument(
        "--distant", type=int, default=200 if quick else 2_000, help="expired rows of an engine 5 ms away"
    )
    parser.add_argument("--contenders", type=_named, help="names, separated by commas; all if none is named")
    parser.add_argument(
        "--live-rows",
        type=_sizes,
        default=[1_000, 10_000] if quick else [10_000, 500_000],
        help="for live-rows",
    )
    parser.add_argument(
        "--backlogs", type=_sizes, default=[2_000, 20_000] if quick else [5_000, 500_000], help="for memory"
    )
    parser.add_argument(
        "--swept",
        type=_sizes,
        default=[100, 500] if quick else [1_000, 10_000],
        help="for memory-size: the two backlogs",
    )
    parser.add_argument(
        "--executions",
        type=_sizes,
        default=[100, 1_000] if quick else [1_000, 100_000],
        help="for api: how many the log holds",
    )
    parser.add_argument("--asked", type=int, default=50 if quick else 200, help="for api: how often")
    parser.add_argument(
        "--expiring",
        type=int,
        default=100_000 if quick else 10_000_000,
        help="for ttl: rows that expire in a day",
    )
    parser.add_argument("--patience-hours", type=float, default=48.0, help="for ttl: how long TTL may take")
    parser.add_argument("--seed", type=int, default=1, help="for ttl: the dice's")
    parser.add_argument("--results", type=Path, default=_RESULTS, help="where the JSON goes")
    options = parser.parse_args([argument for argument in arguments if argument != "quick"])
    unknown = set(options.modes) - {*MODES, "all"}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from quick, all, {', '.join(MODES)}")
    if "all" in options.modes:
        options.modes = list(MODES)
    options.modes = options.modes or ["compare"]
    return options


def _named(names: str) -> list[Contender]:
    try:
        return [contender_named(name) for name in names.split(",")]
    except KeyError as unknown:
        known = ", ".join(contender.name for contender in CONTENDERS)
        raise argparse.ArgumentTypeError(f"{unknown} is none of {known}") from None


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.replace("_", "").split(",")]


def _say(step: str) -> None:
    sys.stderr.write(f"{step}\n")


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


if __name__ == "__main__":
    made_up = environment()
    os.environ.clear()
    os.environ.update(made_up)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        _say("interrupted: nothing was written")
        sys.exit(_INTERRUPTED)
