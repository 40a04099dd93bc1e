"""The ways to delete what has expired: ours, and what a user would write instead.

A contender is a module with `prepare(target)`, which returns what cleans the target's table. Whatever a
program does once in its life (clients, sessions, models) belongs into `prepare` and is not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module


@dataclass(frozen=True)
class Target:
    """The table to clean, as the contenders know it: rows have expired when `expires_at` is below `now`."""

    endpoint: str
    table: str
    now: int
    shards: int = 16


@dataclass(frozen=True)
class Claim:
    """What a contender says that it did. `others` are the outcomes that it tells apart from deleting."""

    deleted: int
    others: dict[str, int] = field(default_factory=dict)


Cleaning = Callable[[], Claim]


@dataclass(frozen=True)
class Contender:
    """A way to delete. Its module is imported only where it runs.

    `scans`: it reads the whole table. `on_stand_in`: the stand-in engine knows all its requests.
    """

    name: str
    title: str
    scans: bool = False
    on_stand_in: bool = False

    def prepare(self, target: Target) -> Cleaning:
        """Return what cleans the target's table."""
        module = import_module(f"benchmarks.contenders.{self.name}")
        prepare: Callable[[Target], Cleaning] = module.prepare
        return prepare(target)


OURS = Contender("ours_partiql", "ours, partiql", on_stand_in=True)
CONTENDERS = (
    OURS,
    Contender("ours_delete_item", "ours, delete-item"),
    Contender("scan_batch_writer", "scan with filter, batch_writer", scans=True),
    Contender("query_batch_writer", "index query, batch_writer"),
    Contender("conditional_loop", "conditional DeleteItem, a loop"),
    Contender("conditional_threads", "conditional DeleteItem, 16 threads"),
    Contender("pynamodb_batch_write", "PynamoDB batch_write"),
    Contender("aiodynamo_conditional", "aiodynamo, conditional, 16 at once"),
)


def contender_named(name: str) -> Contender:
    """Return the contender with this name. Raises KeyError."""
    return {contender.name: contender for contender in CONTENDERS}[name]
