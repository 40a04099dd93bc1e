"""Fixtures for tests of the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def terminal(engine: str, new_name: Callable[[str], str], tmp_path: Path) -> Terminal:
    """A terminal whose commands use the embedded engine."""
    return Terminal(engine, tmp_path / "state", new_name)
