"""`barycenter-jobs` as an operator has it: commands, a clock that nobody waits for, and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from console.cli.group import cli
from console.cli.pace import Clock
from tests.engine import client, create_table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]


@dataclass
class FakeTime:
    """Seconds that pass at once. `meanwhile` is what others do each time that a command waits."""

    now: float = 1000.0
    meanwhile: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile()


@dataclass
class Terminal:
    """Somebody's terminal, on an engine. State is kept below `state`."""

    endpoint: str
    state: Path
    new_name: Callable[[str], str]
    time: FakeTime = field(default_factory=FakeTime)

    @property
    def dynamodb(self) -> DynamoDBClient:
        return client(self.endpoint)

    def run(self, *arguments: str | Path, **environment: str | None) -> Result:
        """Run a command to its end."""
        return CliRunner().invoke(
            cli,
            [str(argument) for argument in arguments],
            obj=Clock(lambda: self.time.now, self.time.sleep),
            env={"DYNAMODB_ENDPOINT_URL": self.endpoint, "XDG_STATE_HOME": str(self.state)} | environment,
            catch_exceptions=False,
        )

    def table(self, rows: Iterable[Item], kind: str = "sessions", *, indexed: bool = True) -> str:
        """Make a table with these rows and return its name."""
        name = self.new_name(kind)
        create_table(self.dynamodb, kind, name, indexed=indexed)
        self.put(name, rows)
        return name

    def put(self, table: str, rows: Iterable[Item]) -> None:
        requests: list[Any] = [{"PutRequest": {"Item": row}} for row in rows]
        for start in range(0, len(requests), 25):
            answer = self.dynamodb.batch_write_item(RequestItems={table: requests[start : start + 25]})
            assert not answer["UnprocessedItems"]

    def rows(self, table: str, key: str = "session_id") -> dict[str, Item]:
        """Return all rows by their keys."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {item[key]["S"]: item for page in pages for item in page["Items"]}

    def resume_files(self) -> list[Path]:
        return sorted(path for path in self.state.rglob("*") if path.is_file())


def session(key: str, expires_at: int | Mapping[str, Any] | None = 1_800_000_000, **more: Any) -> Item:  # noqa: ANN401
    """Return a row without a shard; `expires_at` is a time, an attribute of another type, or left out."""
    row: Item = {"session_id": {"S": key}, "subject": {"S": "alice"}, **more}
    if expires_at is not None:
        row["expires_at"] = {"N": str(expires_at)} if isinstance(expires_at, int) else dict(expires_at)
    return row


def several_pages() -> list[Item]:
    """Return rows that no single reading brings, since it ends after 1 MB."""
    return [session(f"large-{number}", filler={"S": "x" * 300_000}) for number in range(16)]


def sessions(count: int) -> list[Item]:
    return [session(f"secret-{number:04}") for number in range(count)]
