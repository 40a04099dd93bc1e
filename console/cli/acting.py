"""How a command tells what came of an act."""

from __future__ import annotations

import click

from console.cli.api import Json
from console.cli.exits import BAD
from console.cli.output import Output, printable


def tell(result: Json, output: Output, more: str = ".") -> None:
    """Show what the API answered to a mutation and `more`, and end with 1 where it would not do as asked."""
    if output.as_json:
        output.json(result)
    elif result["success"]:
        click.echo(printable(str(result["message"]).rstrip(".")) + more)
    else:
        click.echo(f"Error: {printable(str(result['message']))}.", err=True)
    if not result["success"]:
        raise click.exceptions.Exit(BAD)
