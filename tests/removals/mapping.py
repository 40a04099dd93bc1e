"""Lambda's event source mapping for a stream, with everything that may go wrong on its way.

After "Configuring partial batch response with DynamoDB and Lambda" and "How Lambda processes records from
stream event sources": batches of one shard, in order the first time; a failed batch is repeated, halved if so
configured; a partial failure begins again at the lowest number that it names; records that went through may
come again, and then in any order. A shard's children begin once it has come to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.removals.stream import BY_TTL, Record

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Crashed(Exception):
    """The function died, or its answer did not arrive: Lambda knows nothing of what it did."""


def passes_the_filter(record: Record) -> bool:
    """Return what the template's FilterCriteria let through."""
    return record.get("eventName") == "REMOVE" and record.get("userIdentity") == BY_TTL


@dataclass
class Shard:
    """A shard, and the shard that it was split from."""

    records: list[Record]
    parent: Shard | None = None
    position: int = 0
    pending: list[list[Record]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.position >= len(self.records) and not self.pending

    @property
    def readable(self) -> bool:
        return not self.ended and (self.parent is None or self.parent.ended)


@dataclass
class Mapping:
    """Delivers the records of shards to a handler; `random` decides what goes wrong while `faults` is on."""

    shards: list[Shard]
    handler: Handler
    random: Random
    batch_size: int
    faults: bool = True
    delivered: list[list[Record]] = field(default_factory=list)

    def step(self) -> bool:
        """Deliver one batch of some shard; False where everything has gone through."""
        readable = [shard for shard in self.shards if shard.readable]
        if not readable:
            return False
        if self.faults and self.delivered and self.random.random() < 0.2:
            self._again()
        self._deliver(self.random.choice(readable))
        return True

    def drain(self) -> None:
        while self.step():
            pass

    def _deliver(self, shard: Shard) -> None:
        if not shard.pending:
            batch = shard.records[shard.position : shard.position + self.batch_size]
            shard.position += len(batch)
            shard.pending.append(batch)
        batch = shard.pending.pop(0)
        sent = [record for record in batch if passes_the_filter(record)]
        if not sent:
            return
        try:
            answer = self._answer({"Records": sent})
        except Crashed:
            half = len(batch) // 2
            shard.pending[:0] = [batch[:half], batch[half:]] if half else [batch]
            return
        self.delivered.append(sent)
        failures = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        if "" in failures:
            shard.pending.insert(0, batch)
        elif failures:
            lowest = min(map(int, failures))
            numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in batch]
            assert lowest in numbers, "the function names a record that it was not sent"
            shard.pending.insert(0, batch[numbers.index(lowest) :])

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        answer = self.handler(event)
        if self.faults and self.random.random() < 0.15:
            raise Crashed
        return answer

    def _again(self) -> None:
        """Deliver what went through before: all of a batch or some of it, in any order."""
        batch = list(self.random.choice(self.delivered))
        if self.random.random() < 0.5:
            batch = self.random.sample(batch, self.random.randint(1, len(batch)))
        try:
            self.handler({"Records": batch})
        except Crashed:
            return  # it went through before
