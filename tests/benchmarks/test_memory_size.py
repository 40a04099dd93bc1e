"""The curve by memory: its sums, what it measures, and what docs/benchmarks.md says was chosen by it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.memory_size import (
    GB_SECOND,
    SIZES,
    Measured,
    Took,
    memory_sizes,
    memory_table,
    plain,
    share,
    works,
)
from benchmarks.throttle import CannotThrottle, throttled
from tests.template.reading import functions

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
BUSY = "import os, time\nwhile time.process_time() < 0.3: pass\n"
ONE_SECOND = Measured("a second", Took(1.0, 0.4, 50_000_000), {})


def test_a_size_of_one_processor_takes_what_was_measured() -> None:
    assert ONE_SECOND.with_memory(1769).seconds == pytest.approx(1.0)


def test_half_a_processor_computes_for_twice_as_long_and_waits_as_before() -> None:
    half = Measured("half", Took(1.0, 0.4, 0), {}).with_memory(1769 // 2)

    assert half.seconds == pytest.approx(0.6 + 0.8, rel=0.001)


def test_more_than_one_processor_is_no_faster() -> None:
    assert ONE_SECOND.with_memory(3538).seconds == ONE_SECOND.with_memory(1769).seconds


def test_what_computes_all_the_time_costs_the_same_at_any_size() -> None:
    busy = Measured("busy", Took(2.0, 2.0, 0), {})

    assert busy.with_memory(128).dollars == pytest.approx(busy.with_memory(1769).dollars, rel=0.001)


def test_what_waits_all_the_time_costs_by_its_memory() -> None:
    idle = Measured("idle", Took(2.0, 0.0, 0), {})

    assert idle.with_memory(1024).dollars == pytest.approx(2.0 * GB_SECOND)
    assert idle.with_memory(256).dollars == pytest.approx(idle.with_memory(1024).dollars / 4)


def test_a_begun_millisecond_is_billed_whole() -> None:
    short = Measured("short", Took(0.0012, 0.0, 0), {})

    assert short.with_memory(1024).dollars == pytest.approx(0.002 * GB_SECOND)


def test_the_table_has_a_line_for_each_and_one_for_each_check() -> None:
    table = memory_table([Measured("a second", Took(1.0, 0.4, 50_000_000), {512: 2.1})])

    assert table.count("| a second ") == 2
    assert "| 512 MB | 1,982 | 2,100 | 1.06 |" in table


def test_the_results_file_has_the_curve() -> None:
    (found,) = plain([ONE_SECOND])

    assert [size["megabytes"] for size in found["sizes"]] == list(SIZES)


def test_a_limited_process_takes_as_much_longer_as_it_has_less() -> None:
    began = time.monotonic()
    try:
        with throttled(0.2) as group:
            join = f"open({str(group)!r}, 'w').write(str(os.getpid()))\n"
            program = BUSY.replace("while", f"{join}while")
            subprocess.run([sys.executable, "-I", "-c", program], check=True)
            stopped = re.search(
                r"^nr_throttled (\d+)$", (group.parent / "cpu.stat").read_text(), re.MULTILINE
            )
    except CannotThrottle as refused:
        pytest.skip(f"this machine lets nobody limit a processor: {refused}")

    assert stopped is not None
    assert int(stopped[1]) > 0
    # Whatever else the machine does only adds to it. The interpreter's own start is not limited.
    assert time.monotonic() - began > 0.2 / 0.2
    assert not group.parent.exists()


def test_a_share_is_in_proportion_to_memory() -> None:
    assert share(1769) == 1
    assert share(512) == pytest.approx(0.289, abs=0.001)


@pytest.mark.scale
def test_every_function_is_measured_and_holds_less_than_half_of_its_memory() -> None:
    sizes = {name: properties["MemorySize"] for name, properties in functions().items()}
    asked = works(40, 400)

    found = memory_sizes(asked, 1, lambda _step: None, checked=())

    assert [each.title for each in found] == [work.title for work in asked]
    for work, each in zip(asked, found, strict=True):
        assert each.took.cpu_seconds > 0
        assert 0 < each.took.peak_bytes < sizes[work.play.function] * 1024 * 1024 / 2, each


def test_the_page_says_which_sizes_the_template_has() -> None:
    page = PAGE.read_text()
    chosen = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+) MB \|", page, re.MULTILINE))

    assert chosen == {name: f"{properties['MemorySize']:,}" for name, properties in functions().items()}
