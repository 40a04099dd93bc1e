"""Somebody at a terminal, whose commands ask an API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from click.testing import CliRunner, Result

from console.cli.group import cli
from console.cli.pace import Clock
from tests.cli.terminal import FakeTime
from tests.graphql.service import NOW

NOBODY = dict.fromkeys(("BARYCENTER_JOBS_STACK", "BARYCENTER_JOBS_TOKEN", "DYNAMODB_ENDPOINT_URL", "PORT"))


@dataclass
class Operator:
    """Somebody to whom no time is lost: what commands wait for passes at once."""

    url: str
    time: FakeTime = field(default_factory=FakeTime)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.time.now - 1000)

    def run(self, *arguments: str, stdin: str | None = None, **environment: str | None) -> Result:
        """Run a command to its end."""
        variables: Mapping[str, str | None] = NOBODY | {"BARYCENTER_JOBS_ENDPOINT": self.url} | environment
        clock = Clock(lambda: self.time.now, self.time.sleep, self.now)
        return CliRunner().invoke(
            cli, [*arguments], obj=clock, env=variables, input=stdin, catch_exceptions=False
        )

    def json(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever it answers
        """Run a command with --json and return what it says."""
        result = self.run(*arguments, "--json")
        assert result.exit_code in (0, 1), result.output
        return json.loads(result.stdout)

    def lines(self, *arguments: str) -> list[list[str]]:
        """Run a command and return its plain columns."""
        result = self.run(*arguments)
        assert result.exit_code in (0, 1), result.output
        return [line.split("\t") for line in result.stdout.splitlines()]
