"""How expired rows go."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How a kind's expired rows are removed."""

    SWEEP = "sweep"
    TTL_FIRST = "ttl-first"
