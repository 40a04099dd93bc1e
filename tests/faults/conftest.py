"""What the tests of faults share, and the count of the faults that were survived."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faults.scene import Scene, scene_on

SURVIVED = "faults survived"


@pytest.fixture
def scene(engine: str, new_name: Callable[[str], str]) -> Iterator[Scene]:
    """Four hundred sessions that have expired, ten that have not, and an empty log."""
    with scene_on(engine, new_name) as scene:
        yield scene


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many faults runs have survived."""
    survived = sum(
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == SURVIVED and isinstance(value, int)
    )
    if survived:
        terminalreporter.write_line(f"faults survived: {survived}")
