"""Fixtures for tests of the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.operator import Operator
from tests.cli.served import Served, served
from tests.cli.terminal import Terminal
from tests.local_stack.processes import StackProcess, quiet_stack


@pytest.fixture
def terminal(engine: str, new_name: Callable[[str], str], tmp_path: Path) -> Terminal:
    """A terminal whose commands use the embedded engine."""
    return Terminal(engine, tmp_path / "state", new_name)


@pytest.fixture
def api() -> Iterator[Served]:
    """The API over a day in memory."""
    with served() as server:
        yield server


@pytest.fixture
def operator(api: Served) -> Operator:
    """Somebody whose commands ask that API."""
    return Operator(api.url)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A local stack of the command line's own, one for each process of the test run."""
    with quiet_stack(tmp_path_factory.mktemp("stack")) as started:
        yield started
