"""The commands, and how each of them ends."""

from __future__ import annotations

import click

from barycenter_jobs.core.errors import InvalidInput, StoreError
from console.cli.commands.backfill import backfill
from console.cli.commands.quarantine import quarantine
from console.cli.pace import INTERRUPTED, Clock


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except StoreError as error:
            raise click.ClickException(f"{error}.") from None
        except InvalidInput as error:
            raise click.UsageError(f"{error}.") from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Look after the tables that barycenter-jobs cleans up.

    Exit status: 0 done, 1 the store or the machine would not do as asked, 2 wrong usage, 130 interrupted.
    """
    ctx.ensure_object(Clock)


cli.add_command(backfill)
cli.add_command(quarantine)
