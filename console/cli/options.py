"""The arguments and options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

from barycenter_jobs.core.expiry import DEFAULT_SHARDS
from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.settings import MOST_SHARDS
from console.cli.database import Access

Command = TypeVar("Command", bound=Callable[..., Any])


class _JobOrKind(click.ParamType[Job]):
    """A job, by its own name or by that of the kind of row that it removes."""

    name = "job"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Job:
        job = next((job for job in JOBS if value in (job, job.name, job.kind.name)), None)
        if job is None:
            kinds = ", ".join(self._kinds())
            self.fail(f"There is no job or kind {value!r}. The kinds are {kinds}.", param, ctx)
        return job

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(kind) for kind in self._kinds() if kind.startswith(incomplete)]

    @staticmethod
    def _kinds() -> list[str]:
        return [job.kind.name for job in JOBS]


class _Url(click.ParamType[str]):
    """The address of an engine."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            self.fail(f"It must be a URL such as http://127.0.0.1:8000, not {text!r}.", param, ctx)
        return text.rstrip("/")


job_argument = click.argument("job", type=_JobOrKind(), metavar="JOB|KIND")

table_option = click.option(
    "--table", metavar="NAME", help="The table. By default it has the name of its kind, such as sessions."
)

shards_option = click.option(
    "--shards",
    type=click.IntRange(1, MOST_SHARDS),
    default=DEFAULT_SHARDS,
    show_default=True,
    help="The number of shards that the table's writers use (the stack's ExpiryShards).",
)

read_rate_option = click.option(
    "--read-units-per-second",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="The most read units to consume in a second; 0 for no ceiling.",
)


def access_options(command: Command) -> Command:
    """Add the options that tell where DynamoDB is and who asks; the command gets them as `access`."""

    @click.option(
        "--endpoint-url",
        type=_Url(),
        envvar="DYNAMODB_ENDPOINT_URL",
        show_envvar=True,
        help="A DynamoDB engine to use instead of AWS, such as that of the local stack.",
    )
    @click.option(
        "--region",
        envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
        show_envvar=True,
        help="The AWS region of the table. By default that of the profile.",
    )
    @click.option("--profile", help="The profile of your AWS configuration. By default AWS_PROFILE.")
    @functools.wraps(command)
    def with_access(
        *args: object, endpoint_url: str | None, region: str | None, profile: str | None, **options: object
    ) -> object:
        return command(*args, access=Access(endpoint_url, region, profile), **options)

    return with_access  # type: ignore[return-value]  # it takes what the command takes, less `access`
