"""Fixtures for tests that need a running stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_stack.processes import StackProcess, started_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A stack as `make run` starts it, ready, one for each process of the test run."""
    with started_stack(tmp_path_factory.mktemp("stack")) as started:
        started.wait_until_ready()
        yield started
        assert started.stop() == 0
        assert started.errors.read_text() == ""
