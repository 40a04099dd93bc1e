"""The arguments and options that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.expiry import DEFAULT_SHARDS, MOST_SHARDS
from barycenter_jobs.core.jobs import JOBS, Job
from console.cli.access import Access
from console.cli.api import Api
from console.cli.endpoints import Choice, choose
from console.cli.output import Output
from console.cli.pace import Clock
from console.cli.times import MomentType

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
    """The address of an engine or an API."""

    name = "url"

    def __init__(self, example: str) -> None:
        self._example = example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            usable = usable and not (parts.username or parts.password or parts.query or parts.fragment)
        except ValueError:
            usable = False
        if not usable:
            self.fail(f"It must be a URL such as {self._example}, not {text!r}.", param, ctx)
        return text.rstrip("/")


job_argument = click.argument("job", type=_JobOrKind(), metavar="JOB|KIND")

optional_job_argument = click.argument("job", type=_JobOrKind(), metavar="[JOB|KIND]", required=False)

id_argument = click.argument("run_id", type=click.IntRange(min=1), metavar="ID")

job_option = click.option("--job", type=_JobOrKind(), metavar="JOB|KIND", help="Only the runs of this job.")

reason_option = click.option("--reason", metavar="TEXT", help="Why, for the record: up to 500 characters.")

timeout_option = click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="With --wait: how long to wait at the most.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def filter_options(command: Command) -> Command:
    """Add the options that choose among the runs, save the job."""
    for option in reversed(
        (
            click.option("--failures", is_flag=True, help="Only runs that failed, timeouts among them."),
            click.option(
                "--status",
                type=click.Choice([status.value for status in Status]),
                help="Only runs with this status.",
            ),
            click.option(
                "--since", type=MomentType(), help="Only runs that began then or later: 2h, 3d, 2026-02-14."
            ),
            click.option("--until", type=MomentType(), help="Only runs that began before then."),
        )
    ):
        command = option(command)
    return command


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
        type=_Url("http://127.0.0.1:8000"),
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


def endpoint_options(command: Command) -> Command:
    """Add the options that tell where the API is and who asks; the command gets them as `choice`."""

    @click.option(
        "--stack",
        metavar="NAME",
        envvar="BARYCENTER_JOBS_STACK",
        show_envvar=True,
        help="A deployed stack, by its name in CloudFormation.",
    )
    @click.option(
        "--endpoint",
        type=_Url("https://jobs.example.com"),
        envvar="BARYCENTER_JOBS_ENDPOINT",
        show_envvar=True,
        help="An HTTP API, by its address. By default the local stack, http://127.0.0.1:8081 (or PORT).",
    )
    @click.option(
        "--token",
        metavar="TOKEN",
        envvar="BARYCENTER_JOBS_TOKEN",
        show_envvar=True,
        help="A bearer token. Better in the environment, where other users cannot see it.",
    )
    @click.option(
        "--sign/--no-sign",
        default=None,
        help="Sign with AWS credentials. By default where the host is Amazon's.",
    )
    @click.option(
        "--region",
        envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
        show_envvar=True,
        help="The AWS region. By default that of the host or the profile.",
    )
    @click.option("--profile", help="The profile of your AWS configuration. By default AWS_PROFILE.")
    @functools.wraps(command)
    def with_choice(
        *args: object,
        stack: str | None,
        endpoint: str | None,
        token: str | None,
        sign: bool | None,
        region: str | None,
        profile: str | None,
        **options: object,
    ) -> object:
        choice = Choice(stack, endpoint, token, sign, region, profile, os.environ.get("PORT", ""))
        return command(*args, choice=_one_place(click.get_current_context(), choice), **options)

    return with_choice  # type: ignore[return-value]  # it takes what the command takes, less `choice`


def _one_place(ctx: click.Context, choice: Choice) -> Choice:
    """Return the choice with one place only: what the command line says goes before the environment."""
    if not (choice.stack and choice.url):
        return choice
    typed = {
        name
        for name in ("stack", "endpoint")
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    if typed == {"stack"}:
        return replace(choice, url=None)
    if typed == {"endpoint"}:
        return replace(choice, stack=None)
    raise click.UsageError(
        "Name one place: --stack or --endpoint (BARYCENTER_JOBS_STACK or BARYCENTER_JOBS_ENDPOINT)."
    )


def _clock() -> Clock:
    return click.get_current_context().ensure_object(Clock)


def output_options(command: Command) -> Command:
    """Add the options that tell how to answer; the command gets them as `output`."""

    @json_option
    @click.option("--utc", is_flag=True, help="Show and read times in UTC instead of the local zone.")
    @functools.wraps(command)
    def with_output(*args: object, as_json: bool, utc: bool, **options: object) -> object:
        return command(*args, output=Output(_clock(), as_json, utc), **options)

    return with_output  # type: ignore[return-value]  # it takes what the command takes, less `output`


def api_only_options(command: Command) -> Command:
    """Add the options that tell where the API is; the command gets it as `api`."""

    @endpoint_options
    @functools.wraps(command)
    def with_api(*args: object, choice: Choice, **options: object) -> object:
        with Api(choose(choice), _clock()) as api:
            return command(*args, api=api, **options)

    return with_api  # type: ignore[return-value]  # it takes what the command takes, less `api`


def api_options(command: Command) -> Command:
    """Add the options of a command that asks the API: it gets `api` and `output`."""
    return output_options(api_only_options(command))
