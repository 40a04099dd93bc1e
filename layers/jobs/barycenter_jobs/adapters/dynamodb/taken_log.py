"""Where the log keeps what runs have taken of the account of TTL's removals."""

from __future__ import annotations


def taken_log(kind: str) -> str:
    """Return the partition of what runs have taken of a kind's counters."""
    return f"removals taken {kind}"
