"""`barycenter-jobs proxy`: a deployed stack on localhost:8081."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from urllib.parse import urlsplit

import click
import httpx

from console.cli.api import TIMEOUT, Api
from console.cli.documents import PING
from console.cli.endpoints import LOCAL_PORT, Choice, Endpoint, choose, is_loopback
from console.cli.exits import Unreachable
from console.cli.options import endpoint_options, json_option
from console.cli.output import printable
from console.cli.pace import Clock
from console.cli.proxying import Proxy
from console.local_stack.errors import CannotListen
from console.local_stack.local_only import LocalOnly
from console.local_stack.ports import address_of, listen, port_of
from console.local_stack.server import serving


@click.command(short_help="Put a deployed stack on http://localhost:8081.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=LOCAL_PORT,
    show_default=True,
    envvar="PORT",
    show_envvar=True,
    help="The port of this machine; 0 takes any free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="This machine; no other is possible.")
@json_option
@endpoint_options
@click.pass_obj
def proxy(clock: Clock, *, port: int, host: str, as_json: bool, choice: Choice) -> None:
    """Put a deployed stack on a port of this machine, signing each request with your credentials.

    Every curl line of the documentation and the web page work unchanged against it. Whoever can reach it
    acts as you do: it listens on the loopback interface only, and answers neither to another Host nor to
    pages of another Origin. Ctrl-C stops it.

    \b
    Examples:
      barycenter-jobs proxy --stack barycenter-jobs-prod
      barycenter-jobs proxy --endpoint https://jobs.example.com --port 9000
    """
    if not is_loopback(host) or ":" in host:
        raise click.UsageError(
            "The proxy acts with your credentials for whoever reaches it, so it listens on 127.0.0.1 and not "
            f"on {host}."
        )
    if not choice.is_deployed:
        raise click.UsageError("Name what to put here: --stack NAME or --endpoint URL.")
    endpoint = choose(choice)
    if is_loopback(urlsplit(endpoint.url).hostname or "") and urlsplit(endpoint.url).port == port:
        raise click.UsageError(f"{endpoint.url} is where the proxy itself would be. Name another --port.")
    _greet(endpoint, clock)
    asyncio.run(_serve(endpoint, port, as_json=as_json))


def _greet(endpoint: Endpoint, clock: Clock) -> None:
    """Say at once if the API does not answer or refuses; it may do better later."""
    try:
        with Api(endpoint, clock) as api:
            api.once(PING)
    except (Unreachable, click.UsageError) as error:
        click.echo(f"Warning: {error.message}", err=True)


async def _serve(endpoint: Endpoint, port: int, *, as_json: bool) -> None:
    try:
        listener = listen(port, "--port")
    except CannotListen as error:
        reason = str(error).split(". ", maxsplit=1)[0]
        raise click.ClickException(f"{reason}. Choose another one with --port.") from None
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    address = address_of(listener)
    # Nothing is followed, unpacked or added: what the API answers is what the client gets.
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=not endpoint.is_local) as client:
        app = LocalOnly(Proxy(endpoint, client, _tell), port_of(listener))
        async with serving(app, listener):
            if as_json:
                click.echo(json.dumps({"url": address, "upstream": endpoint.url}))
            else:
                click.echo(f"Ready: {address} is {endpoint.called} now. Ctrl-C stops it.")
            sys.stdout.flush()
            await stop.wait()


def _tell(message: str) -> None:
    click.echo(printable(message), err=True)
