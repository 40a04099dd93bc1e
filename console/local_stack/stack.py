"""The composition of the local stack: what starts, in which order, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from barycenter_jobs.core.schedules import Schedule
from console.checkout import REPOSITORY
from console.local_stack.credentials import Credentials, credentials_for_engine_elsewhere
from console.local_stack.demo_data import demo_rows
from console.local_stack.engine import Engine, embedded_engine
from console.local_stack.errors import CannotRun
from console.local_stack.functions import Functions, Invocation
from console.local_stack.gateway import Gateway
from console.local_stack.lambda_endpoint import lambda_endpoint
from console.local_stack.local_only import LocalOnly
from console.local_stack.ports import address_of, listen, port_of
from console.local_stack.report import Addresses, invocation_line, ready_lines
from console.local_stack.rules import fire_when_due, manual_event, scheduled_event, schedules_of
from console.local_stack.server import serving
from console.local_stack.settings import Settings
from console.local_stack.tables import connect, create_missing_tables, put_rows
from console.local_stack.template import Rule, Template, read_template
from console.local_stack.ttl_player import TtlPlayer, played

# The first minute shows work done: every job runs once in it, whatever its schedule.
_FIRST_RUN_SECONDS, _LAST_RUN_SECONDS = 15.0, 45.0
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Database:
    """The engine in use. `embedded` is None for one that somebody else runs."""

    endpoint: str
    credentials: Credentials
    embedded: Engine | None = None


async def run(settings: Settings, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Run the stack until it is cancelled, telling `say` what happens. Raises CannotRun."""
    template = read_template(REPOSITORY / "template.yaml", settings.parameters)
    schedules = schedules_of(template.rules)

    def observe(invocation: Invocation) -> None:
        if line := invocation_line(invocation, template.jobs):
            say(line)

    async with AsyncExitStack() as parts:
        http_listener = parts.enter_context(listen(settings.port, "PORT"))
        lambda_listener = parts.enter_context(listen(0, "PORT"))
        database = await parts.enter_async_context(_database(settings, environment))
        addresses = Addresses(address_of(http_listener), database.endpoint, address_of(lambda_listener))
        functions = Functions(
            template.functions.values(),
            _shared_environment(database, addresses),
            observe,
            verbose=settings.verbose,
        )
        invoke = LocalOnly(lambda_endpoint(functions), port_of(lambda_listener))
        await parts.enter_async_context(serving(invoke, lambda_listener))
        # Ends before the servers do: what still runs may need them.
        parts.push_async_callback(functions.close, _GRACE_SECONDS)

        routed = {route.function for route in template.routes}
        warming = [asyncio.create_task(functions.warm(name)) for name in routed]
        rows = await asyncio.to_thread(_fill, database, template, seed=settings.seed)
        await asyncio.gather(*warming)
        http_api = LocalOnly(Gateway(template.routes, functions), port_of(http_listener))
        await parts.enter_async_context(serving(http_api, http_listener))

        say("\n".join(ready_lines(addresses, template.routes, rows)))
        try:
            if player := _ttl_player(database, template, functions, say):
                parts.callback(asyncio.create_task(player.play()).cancel)
            await _keep_running(settings, template, schedules, functions, database.embedded)
        except* CannotRun as errors:
            raise errors.exceptions[0] from None


async def _keep_running(
    settings: Settings,
    template: Template,
    schedules: list[tuple[Rule, Schedule]],
    functions: Functions,
    engine: Engine | None,
) -> None:
    fired: set[str] = set()

    def fire(rule: Rule, due_at: datetime) -> None:
        if rule.transformer is None:
            fired.add(rule.function)
        functions.invoke_later(rule.function, scheduled_event(rule, due_at))

    async with asyncio.TaskGroup() as tasks:
        for rule, schedule in schedules:
            tasks.create_task(fire_when_due(rule, schedule, fire, _now))
        for name in {rule.function for rule in template.rules}:
            tasks.create_task(functions.warm(name))
        if settings.seed:
            tasks.create_task(_first_round(list(template.jobs), functions, fired))
        if engine:
            tasks.create_task(_watch(engine))
        await asyncio.Event().wait()


async def _first_round(names: list[str], functions: Functions, fired: set[str]) -> None:
    """Run each job once in the first minute, unless its own rule has done so."""
    await asyncio.sleep(_FIRST_RUN_SECONDS)
    for name in names:
        if name not in fired:
            functions.invoke_later(name, manual_event(_now()))
        await asyncio.sleep((_LAST_RUN_SECONDS - _FIRST_RUN_SECONDS) / max(1, len(names) - 1))


def _ttl_player(
    database: _Database, template: Template, functions: Functions, say: Callable[[str], None]
) -> TtlPlayer | None:
    """Return who plays TTL for the tables where it goes first, None where nobody has to."""
    tables = played(template.tables)
    if not tables or database.embedded is None:
        return None
    names = ", ".join(table.name for table in tables)
    say(f"TTL goes first for {names}: the embedded engine's tells nobody of it, so it is played here.")
    return TtlPlayer(connect(database.endpoint, database.credentials), tables, functions, say)


async def _watch(engine: Engine) -> None:
    raise await engine.stopped()


@asynccontextmanager
async def _database(settings: Settings, environment: Mapping[str, str]) -> AsyncIterator[_Database]:
    if settings.engine_endpoint:
        yield _Database(settings.engine_endpoint, credentials_for_engine_elsewhere(environment))
        return
    listener = listen(settings.dynamodb_port, "DYNAMODB_PORT")
    endpoint = address_of(listener)
    async with embedded_engine(listener) as engine:
        yield _Database(endpoint, Credentials(), engine)


def _fill(database: _Database, template: Template, *, seed: bool) -> int:
    """Make the tables that are missing and return how many demo rows went into them."""
    connection = connect(database.endpoint, database.credentials)
    own = played(template.tables) if database.embedded else []
    tables = [replace(table, ttl_attribute=None) if table in own else table for table in template.tables]
    created = create_missing_tables(connection, tables)
    written = 0
    for table in created if seed else ():
        if shards := template.expiry_shards.get(table.name):
            rows = list(demo_rows(table.key, int(time.time()), shards))
            put_rows(connection, table.name, rows)
            written += len(rows)
    return written


def _shared_environment(database: _Database, addresses: Addresses) -> dict[str, str]:
    """Return what every function gets beside the template's variables: where things are, and who it is."""
    credentials = database.credentials
    shared = {
        "DYNAMODB_ENDPOINT_URL": database.endpoint,
        "LAMBDA_ENDPOINT_URL": addresses.lambda_endpoint,
        # Nothing here plays Step Functions, and without an endpoint a function would ask AWS.
        "SHARE_OUT_STATE_MACHINE": "",
        # Nor CloudWatch, which would be asked how far this one has read.
        "STREAM_READER": "",
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_REGION": credentials.region,
        "AWS_DEFAULT_REGION": credentials.region,
    }
    if credentials.session_token:
        shared["AWS_SESSION_TOKEN"] = credentials.session_token
    return shared


_now = partial(datetime.now, UTC)
