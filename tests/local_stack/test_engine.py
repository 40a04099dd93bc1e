"""The embedded engine that is missing or will not start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.local_stack.engine import embedded_engine
from console.local_stack.errors import EngineMissing, EngineStopped
from console.local_stack.ports import listen


def start(python: Path) -> None:
    async def started() -> None:
        with listen(0, "DYNAMODB_PORT") as listener:
            async with embedded_engine(listener, python):
                pass

    asyncio.run(started())


def test_an_engine_that_is_not_set_up_is_told_with_what_sets_it_up(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"is not set up \(\.venv/engine\)\. Start with: make run"):
        start(tmp_path / "python")


def test_an_engine_that_dies_at_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho first >&2\necho 'No module named ministack' >&2\nexit 3\n")
    python.chmod(0o755)

    with pytest.raises(EngineStopped, match="ended with status 3: No module named ministack") as stopped:
        start(python)
    assert "\n" not in str(stopped.value)
