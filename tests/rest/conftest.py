"""Fixtures for tests of the REST API."""

from __future__ import annotations

import pytest

from tests.rest.asking import Ask, asking


@pytest.fixture
def ask() -> Ask:
    """What asks an API whose past is known."""
    return asking()
